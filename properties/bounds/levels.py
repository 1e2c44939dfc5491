# SPDX-License-Identifier: Apache-2.0
"""How late a reader is told where a level of consistency says so."""

from __future__ import annotations

from edgeproof.model.machine import State
from edgeproof.properties.bounds.term import Term

__all__ = ["terms"]


def terms(s: State) -> tuple[Term, ...]:
    """The level's own bound; a strong read is never late."""
    return (Term("B", "what the level allows", s.B, s.level != "strong"),)
