# SPDX-License-Identifier: Apache-2.0
"""What is said of a location's cache: what it serves is as old as its copy, and what KV's centre had then."""

from __future__ import annotations

from collections.abc import Callable

from edgeproof.model.expr import TRUE, Expr, for_all, implies
from edgeproof.model.machine import State
from edgeproof.properties.designs.dossier import Term
from edgeproof.properties.designs.parts.alarm import Says

__all__ = ["cached_copy", "old_copies"]


def cached_copy(s: State) -> Term:
    """What a location's cache adds to a bound."""
    return Term("T", "a location serves its cached copy", s.T, TRUE)


def old_copies(old: Callable[[State, Expr], Expr], since: Says, bound: Says) -> Says:
    """The age of a change that a location's copy does not tell: KV's centre may not have told it for the `bound`."""
    return lambda s: for_all(s.Pop, lambda p: implies(old(s, p), since(s) <= bound(s) + s.age[p]))
