# SPDX-License-Identifier: Apache-2.0
"""What is said of waits that grow: by how much they are longer than R after every failure."""

from __future__ import annotations

from edgeproof.model.expr import FALSE, TIME, Expr, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.designs.dossier import Term

__all__ = ["grown", "growth", "longest"]


def doubled(s: State) -> Expr:
    """Whether all waits but the first after a success are twice as long."""
    return s.waits == "doubled" if "waits" in s else FALSE


def grown(s: State) -> Expr:
    """By how much the waits after the failures so far were longer."""
    return _longer(s, s.failures)


def longest(s: State) -> Expr:
    """The longest wait after a failure."""
    return s.R if "waits" not in s else ite(doubled(s), 2 * s.R, s.R)


def growth(s: State, may_fail: Expr) -> tuple[Term, ...]:
    """The term of a bound for that."""
    if "waits" not in s:
        return ()
    value = _longer(s, s.F)
    return (Term("(F - 1)*R", "all of these delays but the first are twice as long", value, may_fail & doubled(s)),)


def _longer(s: State, failures: Expr) -> Expr:
    nothing = lift(0, TIME)
    if "waits" not in s:
        return nothing
    return ite(doubled(s) & (failures > 0), failures * s.R - s.R, nothing)
