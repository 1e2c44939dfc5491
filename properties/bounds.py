# SPDX-License-Identifier: Apache-2.0
"""How late a reader can be told: a design's staleness bound as a formula over its parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from edgeproof.model.expr import Expr, walk
from edgeproof.model.interpret import evaluate
from edgeproof.model.machine import DesignError, Instance, State
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.designs.dossier import Beside, Term, total

__all__ = [
    "bound_beside",
    "bounds_beside",
    "dominant",
    "formula",
    "formula_of",
    "is_promised",
    "parameters",
    "present_of",
    "present_terms",
    "staleness_bound",
]

Terms: TypeAlias = Callable[[State], tuple[Term, ...]]
"""The summands of a bound."""


def is_promised(instance: Instance) -> bool:
    """Whether the instance's design promises a bound."""
    return dossier_of(instance.machine.name).terms is not None


def staleness_bound(s: State) -> Expr:
    """How long after a config was superseded a reader can still be told it.

    Raises DesignError where none is promised.
    """
    return total(_terms(s))


def formula(instance: Instance) -> str:
    """The bound of an instance as text, such as `D + S + F*(D + R) + D + T`."""
    return formula_of(instance, _terms)


def formula_of(instance: Instance, terms: Terms) -> str:
    """A bound that is made of other terms, of an instance as text."""
    return " + ".join(term.formula for term, _ in present_of(instance, terms)) or "0"


def bounds_beside(instance: Instance) -> Mapping[str, Beside]:
    """The bounds that an instance has beside that of staleness, by the property that speaks of each."""
    beside = dossier_of(instance.machine.name).beside
    return {name: one for name, one in beside.items() if one.applies(instance)}


def bound_beside(s: State, about: str) -> Expr:
    """The bound of which a property speaks that a state's design has beside that of staleness."""
    return total(dossier_of(s.design).beside[about].terms(s))


def dominant(instance: Instance) -> tuple[Term, int]:
    """The largest term of an instance's bound and its value in ticks."""
    return max(present_terms(instance), key=lambda pair: pair[1])


def present_terms(instance: Instance) -> list[tuple[Term, int]]:
    """The terms that an instance's bound has, with their values in ticks.

    Raises DesignError where none is promised.
    """
    return present_of(instance, _terms)


def present_of(instance: Instance, terms: Terms) -> list[tuple[Term, int]]:
    """The same of a bound that is made of other terms."""
    empty: Mapping[str, int] = {}
    return [
        (term, int(evaluate(instance, term.value, empty)))
        for term in terms(instance.machine.state())
        if evaluate(instance, term.present, empty)
    ]


def parameters(instance: Instance) -> tuple[str, ...]:
    """The numbers that an instance's bounds are made of, in the order of its design.

    Not those of failures of which there are none: a term counts that is more than 0 where every duration is.
    """
    lasting = instance.with_(**dict.fromkeys(instance.of_role("duration"), 1))
    bounds = (_terms, *(one.terms for one in bounds_beside(lasting).values()))
    present = (pair for terms in bounds for pair in present_of(lasting, terms))
    nodes = (node for term, ticks in present if ticks for node in walk(term.value))
    used = {node.name for node in nodes if node.op == "prm"}
    return tuple(name for name in instance.machine.rigids if name in used)


def _terms(s: State) -> tuple[Term, ...]:
    terms = dossier_of(s.design).terms
    if terms is None:
        raise DesignError(f"{s.design} promises no bound")
    return terms(s)
