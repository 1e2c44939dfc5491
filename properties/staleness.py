# SPDX-License-Identifier: Apache-2.0
"""What is my staleness bound, and why: the formula, its proof, and the run that reaches it.

The run counts only if the interpreter replays it, and it ends with a reader being told, exactly at the bound, what was
superseded at its beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from attrs import evolve, frozen

from edgeproof.model.interpret import Event, State, apply, initial_states
from edgeproof.model.machine import DesignError, Instance
from edgeproof.model.trace import Trace
from edgeproof.properties.bounds import (
    bounds_beside,
    dominant,
    formula,
    formula_of,
    parameters,
    present_of,
    present_terms,
)
from edgeproof.properties.cases import with_room
from edgeproof.properties.catalogue import CATALOGUE, Property, applicable
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.designs.dossier import Beside
from edgeproof.properties.engines.prove.engine import prove
from edgeproof.properties.environment import Setting
from edgeproof.properties.evidence import HOLDS, Evidence, Verdict
from edgeproof.properties.rate import rate_of_writes

__all__ = ["BoundBeside", "StalenessAnswer", "answer", "prove_bound", "say_reached", "tight_trace"]

_ABOUT: Final = ("bounded-staleness", "token-revocation-bound")
"""What the bound is a bound of: of configs, or of tokens that are revoked."""


@frozen
class BoundBeside:
    """Another bound of the design, in seconds: the property that speaks of it, its formula, and its proof.

    `reached` is how far the worst run gets that is known, in seconds.
    """

    property: str
    bound: Fraction
    formula: str
    proof: Evidence
    reached: Fraction | None


@frozen
class StalenessAnswer:
    """The bound in seconds; its terms as (formula, meaning, seconds); the first of those that are largest; the proof.

    `trace` is the worst run that is known, its clocks in units of `unit` seconds; `tight` says that it reaches the
    bound.
    """

    design: str
    bound: Fraction
    formula: str
    terms: tuple[tuple[str, str, Fraction], ...]
    dominant: str
    proof: Evidence
    trace: Trace | None
    tight: bool
    unit: Fraction
    beside: tuple[BoundBeside, ...] = ()
    """The other bounds that the design has."""
    writes: str = ""
    """Of which writes the bound holds, where KV's own rate makes a difference."""


def answer(setting: Setting) -> StalenessAnswer:
    """The staleness bound of a design with somebody's numbers. Raises DesignError for a design that has none."""
    instance = setting.instance
    parts = present_terms(instance)
    bound = sum(value for _, value in parts)
    # One of everything is enough for the run that is shown.
    trace = tight_trace(instance.with_(**dict.fromkeys(instance.of_role("sort"), 1)))
    return StalenessAnswer(
        instance.machine.name,
        bound * setting.unit,
        formula(instance),
        tuple((term.formula, term.meaning, value * setting.unit) for term, value in parts),
        dominant(instance)[0].formula if parts else "",
        prove_bound(instance),
        trace,
        trace is not None and trace.states[-1]["since"] == bound,
        setting.unit,
        tuple(_beside(setting, name, one) for name, one in bounds_beside(instance).items()),
        rate_of_writes(setting),
    )


def _beside(setting: Setting, name: str, one: Beside) -> BoundBeside:
    # A version more than a reader's staleness takes: what is bad has one before and one after it.
    instance = with_room(setting.instance)
    alone = instance.with_(**dict.fromkeys(instance.of_role("sort"), 1))
    states = _states_of(alone, one.watched, one.worst_run(alone))
    reached = states[-1][one.clock] if states is not None and one.shows(states[-1]) else None
    return BoundBeside(
        name,
        sum(value for _, value in present_of(instance, one.terms)) * setting.unit,
        formula_of(instance, one.terms),
        _proof_of(instance, CATALOGUE[name]),
        reached * setting.unit if isinstance(reached, (int, Fraction)) else None,
    )


def prove_bound(instance: Instance) -> Evidence:
    """Whether the bound is one, for all numbers. Raises DesignError for a design that tells nobody anything."""
    about = next((CATALOGUE[name] for name in applicable(instance) if name in _ABOUT), None)
    if about is None:
        raise DesignError(f"{instance.machine.name} tells nobody anything that could be stale")
    return _proof_of(instance, about)


def _proof_of(instance: Instance, about: Property) -> Evidence:
    lemmas = dossier_of(instance.machine.name).lemmas
    (proof,) = prove(instance, [about], lemmas)
    if proof.verdict is Verdict.VACUOUS:
        # What is proved of all numbers is put to the test by any, and soonest by small ones.
        (proof,) = prove(_smallest(instance), [about], lemmas)
    return proof


def _smallest(instance: Instance) -> Instance:
    """The same with a bound that has soon passed, and all else lasting longer than that."""
    used = parameters(instance)
    least = instance.with_(**{name: min(1, instance.number(name)) for name in used})
    enough = 2 * sum(value for _, value in present_terms(least))
    return least.with_(**{name: enough for name in instance.of_role("duration") if name not in used})


def say_reached(instance: Instance, evidence: Sequence[Evidence]) -> list[Evidence]:
    """The evidence, saying of a bound that holds how late, in ticks, a reader is told something in its worst run."""
    return [
        evolve(one, measures={**one.measures, "reached": worst})
        if one.property in _ABOUT and one.verdict in HOLDS and (worst := _age_at_the_end(tight_trace(instance)))
        else one
        for one in evidence
    ]


def _age_at_the_end(trace: Trace | None) -> int:
    since = 0 if trace is None else trace.states[-1]["since"]
    return since if isinstance(since, int) else 0


def tight_trace(instance: Instance) -> Trace | None:
    """The worst run as a trace, if one is known, it can happen, and its last read is told what the watched write
    superseded.

    It shows no violation: it is about no property, and reaches the bound without passing it.
    """
    design = instance.machine.name
    events = dossier_of(design).worst_run(instance)
    states = None if events is None else _states_of(instance, 2, events)
    if events is None or states is None:
        return None
    told = states[-1]["served"]
    stale = isinstance(told, tuple) and told[0] == 1
    note = "a reader is told, exactly at the bound, what was superseded at its beginning"
    return (
        Trace(design, instance.values, tuple(states), tuple(events), "", None, "bound", None, note) if stale else None
    )


def _states_of(instance: Instance, watched: int, events: Sequence[Event]) -> list[State] | None:
    """What the events lead through, where the write with this number is watched; None where one cannot happen."""
    state: State = next(s for s in initial_states(instance) if s["watched"] == watched)
    states = [state]
    for event in events:
        try:
            state = apply(instance, state, event)
        except ValueError:
            return None
        states.append(state)
    return states
