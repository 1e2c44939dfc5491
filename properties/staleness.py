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

from edgeproof.model.interpret import State, apply, initial_states
from edgeproof.model.machine import DesignError, Instance
from edgeproof.model.trace import Trace
from edgeproof.properties.bounds import dominant, formula, parameters, present_terms
from edgeproof.properties.catalogue import CATALOGUE, applicable
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.engines.prove.engine import prove
from edgeproof.properties.environment import Setting
from edgeproof.properties.evidence import HOLDS, Evidence, Verdict

__all__ = ["StalenessAnswer", "answer", "prove_bound", "say_reached", "tight_trace"]

_ABOUT: Final = ("bounded-staleness", "token-revocation-bound")
"""What the bound is a bound of: of configs, or of tokens that are revoked."""


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
    )


def prove_bound(instance: Instance) -> Evidence:
    """Whether the bound is one, for all numbers. Raises DesignError for a design that tells nobody anything."""
    about = next((CATALOGUE[name] for name in applicable(instance) if name in _ABOUT), None)
    if about is None:
        raise DesignError(f"{instance.machine.name} tells nobody anything that could be stale")
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
    if events is None:
        return None
    state: State = next(s for s in initial_states(instance) if s["watched"] == 2)
    states = [state]
    for event in events:
        try:
            state = apply(instance, state, event)
        except ValueError:
            return None
        states.append(state)
    told = state["served"]
    stale = isinstance(told, tuple) and told[0] == 1
    note = "a reader is told, exactly at the bound, what was superseded at its beginning"
    return (
        Trace(design, instance.values, tuple(states), tuple(events), "", None, "bound", None, note) if stale else None
    )
