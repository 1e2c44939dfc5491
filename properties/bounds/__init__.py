# SPDX-License-Identifier: Apache-2.0
"""How late a reader can be told: a design's staleness bound as a formula over its parameters.

One file per design, one line in `TERMS`; a design that is not there promises no bound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from edgeproof.model.expr import Expr
from edgeproof.model.interpret import evaluate
from edgeproof.model.machine import Instance, State
from edgeproof.properties.bounds import (
    artifacts_tokens,
    do_kv,
    do_kv_manifest,
    do_kv_per_key,
    do_kv_regional,
    do_only,
    flagship,
    global_push,
    kv_only,
    levels,
)
from edgeproof.properties.bounds.term import Term, total

__all__ = ["TERMS", "Term", "dominant", "formula", "present_terms", "staleness_bound"]

TERMS: Final[Mapping[str, Callable[[State], tuple[Term, ...]]]] = {
    "do_kv": do_kv.terms,
    "do_kv_regional": do_kv_regional.terms,
    "do_kv_per_key": do_kv_per_key.terms,
    "do_kv_manifest": do_kv_manifest.terms,
    "do_only": do_only.terms,
    "kv_only": kv_only.terms,
    "artifacts_tokens": artifacts_tokens.terms,
    "flagship": flagship.terms,
    "global_push": global_push.terms,
    "levels": levels.terms,
}
"""Per design, the summands in the order in which a write on its way to a reader can meet them."""


def staleness_bound(s: State) -> Expr:
    """How long after a config was superseded a reader can still be told it. Raises KeyError for a design without."""
    return total(TERMS[s.design](s))


def formula(instance: Instance) -> str:
    """The bound of an instance as text, such as `D + S + F*(D + R) + D + T`."""
    return " + ".join(term.formula for term, _ in present_terms(instance)) or "0"


def dominant(instance: Instance) -> tuple[Term, int]:
    """The largest term of an instance's bound and its value in ticks."""
    return max(present_terms(instance), key=lambda pair: pair[1])


def present_terms(instance: Instance) -> list[tuple[Term, int]]:
    """The terms that an instance's bound has, with their values in ticks."""
    empty: Mapping[str, int] = {}
    return [
        (term, int(evaluate(instance, term.value, empty)))
        for term in TERMS[instance.machine.name](instance.machine.state())
        if evaluate(instance, term.present, empty)
    ]
