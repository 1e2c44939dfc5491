# SPDX-License-Identifier: Apache-2.0
"""How late a reader of `do_only` can be told: not at all, as there is no copy that could be old."""

from __future__ import annotations

from edgeproof.model.machine import State
from edgeproof.properties.bounds.term import Term

__all__ = ["terms"]


def terms(s: State) -> tuple[Term, ...]:
    """No summand: the bound is 0."""
    return ()
