# SPDX-License-Identifier: Apache-2.0
"""Who notices a mutant: the first case and property that does not stand as it should, for each engine."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import cache

from attrs import frozen

from edgeproof.model.designs import load
from edgeproof.model.machine import DesignError, Instance, Machine
from edgeproof.model.structure import specialise
from edgeproof.properties.cases import scoreboard
from edgeproof.properties.catalogue import CATALOGUE, Property
from edgeproof.properties.covers import states
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.engines.explore.engine import explore_with_time
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.engines.prove.engine import prove
from edgeproof.properties.evidence import Case, Evidence, Status
from edgeproof.properties.mutation.mutants import Mutant
from edgeproof.properties.pins import held_to_pins, pins_for
from edgeproof.properties.possible import facts_of
from edgeproof.properties.verify import PLANS, conclusions_of

__all__ = ["ENGINES", "Fate", "Kill", "judged"]

ENGINES = ("explore", "prove")


@frozen
class Kill:
    """An engine noticed, by a property of a case: which, how it stands, and for a violation in how many steps."""

    engine: str
    case: str
    property: str
    status: Status
    reason: str
    steps: int


@frozen
class Fate:
    """What became of a mutant: who noticed it, and `apart`, whether any case has another state graph for it.

    `refused` says why it is no design at all, where that is so.
    """

    design: str
    mutant: str
    operator: str
    says: str
    kills: tuple[Kill, ...]
    apart: bool
    refused: str
    seconds: float

    @property
    def killed(self) -> bool:
        """Whether it would not pass unnoticed."""
        return bool(self.kills or self.refused)


def judged(design: str, mutant: Mutant, engines: Sequence[str] = ENGINES) -> Fate:
    """Let the engines look at the cases of a design, each until it notices something; small cases come first."""
    begun = time.perf_counter()
    kills, apart, refused = [], False, ""
    cases = [case for case in _by_size(design) if _can_tell(design, mutant, case)]
    try:
        for engine in engines if cases else ():
            look = _searched if engine == "explore" else _proved
            for case, found in look(design, mutant.machine, cases):
                apart = apart or (engine == "explore" and _count(found) != _pinned_states(case))
                if (kill := _noticed(engine, case, found)) is not None:
                    kills.append(kill)
                    break
    except (DesignError, ValueError, OverflowError) as error:
        refused = f"{type(error).__name__}: {error}"
    seconds = time.perf_counter() - begun
    return Fate(design, mutant.name, mutant.operator, mutant.says, tuple(kills), apart, refused, seconds)


@cache
def _by_size(design: str) -> tuple[Case, ...]:
    return tuple(sorted(scoreboard(design), key=_pinned_states))


def _pinned_states(case: Case) -> int:
    pin = pins_for(case.design).get(case.name, {}).get("time-diverges")
    return 0 if pin is None else states(pin.covers)


def _can_tell(design: str, mutant: Mutant, case: Case) -> bool:
    """Whether the mistake is anywhere in the case, with its options and hazards filled in."""
    before, after = (_shape(machine, case) for machine in (load(design), mutant.machine))
    return before != after


def _shape(machine: Machine, case: Case) -> str:
    values = {
        n: v
        for n, v in Instance.of(machine, **case.constants).values.items()
        if not isinstance(v, int) or isinstance(v, bool)
    }
    one = specialise(machine, values)
    initial = [(name, variable.initial) for name, variable in machine.variables.items()]
    actions = [
        (a.name, a.arguments, a.guard, sorted(a.post.items(), key=lambda item: item[0]), a.fair) for a in one.actions
    ]
    return repr((actions, one.deadlines, one.clocks, initial))


def _searched(design: str, machine: Machine, cases: Sequence[Case]) -> Iterator[tuple[Case, list[Evidence]]]:
    # All cases decide how fine the states are, as they do where the pins come from.
    instances = {case.name: Instance.of(machine, **case.constants) for case in scoreboard(design)}
    asked = {name for case in scoreboard(design) for name in case.properties}
    facts = [fact for case in scoreboard(design) for fact in facts_of(case)]
    source = kernel_source([*instances.values()], [*(p for p in CATALOGUE.values() if p.id in asked), *facts])
    for case in cases:
        limits = Limits(states=max(100_000, 4 * _pinned_states(case)))
        yield case, explore_with_time(instances[case.name], _properties(case), source, limits, facts_of(case))


def _proved(design: str, machine: Machine, cases: Sequence[Case]) -> Iterator[tuple[Case, list[Evidence]]]:
    effort = PLANS["quick"].effort
    for case in cases:
        instance = Instance.of(machine, **case.constants)
        yield case, prove(instance, _properties(case), dossier_of(design).lemmas, effort)


def _noticed(engine: str, case: Case, found: list[Evidence]) -> Kill | None:
    for one in held_to_pins(conclusions_of(case, found), (engine,)):
        if one.status not in (Status.AS_EXPECTED, *_silent(engine)):
            steps = 0 if one.witness is None else len(one.witness.events)
            return Kill(engine, case.name, one.property, one.status, one.reason[:200], steps)
    return None


def _silent(engine: str) -> tuple[Status, ...]:
    """What says nothing: a proof leaves open what only a search decides, and the pins say what it must not."""
    return (Status.UNDECIDED,) if engine == "prove" else ()


def _count(found: Sequence[Evidence]) -> int:
    return next((int(e.measures["states"]) for e in found if "states" in e.measures), 0)


def _properties(case: Case) -> list[Property]:
    return [CATALOGUE[name] for name in case.properties]
