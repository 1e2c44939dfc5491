# SPDX-License-Identifier: Apache-2.0
"""How late a reader can be told: the staleness bound as a formula over the parameters.

A commit may find an older put in flight (D), then waits for the alarm (S); F attempts fail, each after D, with R until
the next; the successful one takes D; a location then serves its cached copy for T, and an isolate its own for M. Where
a put of a superseded instance may land late, the heartbeat repairs it: at the latest D + Z after the commit it lands,
over a newer one that landed a moment before; that one is confirmed within D, as if nothing had happened, and H later
the next put is due.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from model.expr import TIME, TRUE, Expr, ite, lift
from model.interpret import evaluate
from model.machine import Instance, State

__all__ = ["Term", "dominant", "formula", "present_terms", "publish_bound", "staleness_bound", "terms"]


@frozen
class Term:
    """One summand of the bound: its formula, what it is for, and whether the configuration has it."""

    formula: str
    meaning: str
    value: Expr
    present: Expr


def terms(s: State) -> tuple[Term, ...]:
    """The summands in the order in which a write on its way to a reader can meet them."""
    late: Expr = s.put_late
    may_fail = s.put_fails | s.put_ambiguous | s.crash | late
    always = TRUE
    return (
        Term("D", "an older put is in flight", s.D, always),
        Term("Z", "a superseded instance's put lands late", s.Z, late),
        Term("D", "the put that it overtook is confirmed all the same", s.D, late),
        Term("H", "the heartbeat is due", s.H, late),
        Term("S", "the alarm fires", s.S, always),
        Term("F*(D + R)", "failed attempts and the delays after them", s.F * (s.D + s.R), may_fail),
        Term("D", "the put that succeeds", s.D, always),
        Term("T", "a location serves its cached copy", s.T, always),
        Term("M", "an isolate serves its own copy", s.M, s.reader == "memo"),
    )


def publish_bound(s: State) -> Expr:
    """How long after its commit a write can be missing from KV's central store."""
    return _sum(terms(s)[:-2])


def staleness_bound(s: State) -> Expr:
    """How long after a config was superseded a reader can still be told it."""
    return _sum(terms(s))


def formula(instance: Instance) -> str:
    """The bound of an instance as text, such as `D + S + F*(D + R) + D + T`."""
    return " + ".join(term.formula for term, _ in present_terms(instance))


def dominant(instance: Instance) -> tuple[Term, int]:
    """The largest term of an instance's bound and its value in ticks."""
    return max(present_terms(instance), key=lambda pair: pair[1])


def present_terms(instance: Instance) -> list[tuple[Term, int]]:
    """The terms that an instance's bound has, with their values in ticks."""
    empty: Mapping[str, int] = {}
    return [
        (term, int(evaluate(instance, term.value, empty)))
        for term in terms(instance.machine.state())
        if evaluate(instance, term.present, empty)
    ]


def _sum(parts: tuple[Term, ...]) -> Expr:
    total = lift(0, TIME)
    for part in parts:
        total = total + ite(part.present, part.value, lift(0, TIME))
    return total
