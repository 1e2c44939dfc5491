# SPDX-License-Identifier: Apache-2.0
"""A search of orbits held to a search of all states: what of its evidence is another's."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import asdict

from edgeproof.properties.evidence import Evidence

__all__ = ["differences", "reduction"]

_OF_THE_REDUCTION = ("reduction", "orbits")


def reduction(evidence: Sequence[Evidence]) -> str:
    """Which reduction a search says that it used."""
    (said,) = {str(one.measures["reduction"]) for one in evidence}
    return said


def differences(unreduced: Sequence[Evidence], reduced: Sequence[Evidence]) -> list[str]:
    """Where two searches differ: in anything but their time, and what one says of its reduction."""
    return [
        f"{one.property}: not the same {name}"
        for one, other in zip(unreduced, reduced, strict=True)
        for name, value in _compared(one).items()
        if value != _compared(other)[name]
    ]


def _compared(evidence: Evidence) -> dict[str, object]:
    measures = {name: value for name, value in evidence.measures.items() if name not in _OF_THE_REDUCTION}
    return {**asdict(evidence, recurse=False), "measures": measures, "seconds": 0}
