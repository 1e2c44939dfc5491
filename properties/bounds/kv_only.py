# SPDX-License-Identifier: Apache-2.0
"""How late a reader of `kv_only` can be told: a write is committed where it is read from, in KV's centre."""

from __future__ import annotations

from edgeproof.model.expr import TRUE
from edgeproof.model.machine import State
from edgeproof.properties.bounds.term import Term

__all__ = ["terms"]


def terms(s: State) -> tuple[Term, ...]:
    """The one summand."""
    return (Term("T", "a location serves its cached copy", s.T, TRUE),)
