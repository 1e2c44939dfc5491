# SPDX-License-Identifier: Apache-2.0
"""What was found in a history, as the one case of a ledger."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import inf

from edgeproof.properties.evidence import Case, Evidence, Ledger, conclude
from edgeproof.properties.traffic.promise import Promise

__all__ = ["history_ledger"]


def history_ledger(
    title: str,
    promise: Promise,
    evidence: Sequence[Evidence],
    anomalies: Collection[str],
    *,
    seed: int = 0,
    seconds: float = 0.0,
) -> Ledger:
    """A conclusion per property and assumption. `anomalies` are properties that nobody promised."""
    # Nobody promised that an anomaly would show, nor that it would not.
    either = {one.property: one.verdict for one in evidence if one.property in anomalies}
    case = Case(title, promise.design, _constants(promise), tuple(one.property for one in evidence), either)
    return Ledger(tuple(conclude(case, one.property, (one,)) for one in evidence), seed, seconds)


def _constants(promise: Promise) -> dict[str, int | str | bool]:
    reader: dict[str, int | str | bool] = {"reader": "guarded"} if promise.guarded else {}
    return reader if promise.bound_s == inf else {**reader, "bound": f"{promise.bound_s:g} s"}
