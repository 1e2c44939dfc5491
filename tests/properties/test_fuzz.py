# SPDX-License-Identifier: Apache-2.0
"""Lockstep runs: the reference system does what the model does, and whoever breaks it is caught."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis.internal.observability import TestCaseObservation, with_observability_callback

from edgeproof.impl.pattern.system import ReferenceSystem
from edgeproof.impl.system import Observation, Setup
from edgeproof.model.designs import load
from edgeproof.model.expr import FALSE
from edgeproof.model.kernel import KernelSource
from edgeproof.model.machine import Design, DesignError, Instance, action, boolean, count, hazard, natural
from edgeproof.model.trace import dump_trace, replay
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE, Property, applicable
from edgeproof.properties.engines.fuzz.engine import Budget, fuzz
from edgeproof.properties.engines.fuzz.run import LOCKSTEP
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Evidence, Verdict
from edgeproof.properties.replay import replay_on
from edgeproof.properties.verify import PLANS
from tests.impl.mutants import MUTANTS, Mutant
from tests.properties.designs import instance, settles, state, step

QUICK = Budget(PLANS["quick"].examples, PLANS["quick"].steps, PLANS["quick"].seed)
CASES = {case.name: case for case in scoreboard("do_kv")}


def configured(setup: Setup) -> Instance:
    """The instance of do_kv that a setup speaks of, with the room that `edgeproof verify` gives to runs."""
    chosen: dict[str, Any] = {
        "writes": 12,
        **setup.options,
        **dict.fromkeys(setup.hazards, True),
        **setup.numbers,
        **setup.sizes,
    }
    return Instance.of(load("do_kv"), **chosen)


def asked(at: Instance) -> list[Property]:
    return [CATALOGUE[name] for name in applicable(at)]


@cache
def source_for(setup: str) -> KernelSource:
    one = next(m for m in MUTANTS if repr(m.setup) == setup)
    return kernel_source([configured(one.setup)], asked(configured(one.setup)))


# --- mutants


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_broken_system_is_caught_within_the_quick_plan_by_a_short_trace(mutant: Mutant) -> None:
    at = configured(mutant.setup)
    found = fuzz(at, asked(at), source_for(repr(mutant.setup)), mutant.system, QUICK)[0]
    assert (found.property, found.verdict) == (LOCKSTEP, Verdict.VIOLATED)
    trace = found.witness
    assert trace is not None
    # The longest needs two cycles of publishing, a restore and an expired copy; a run has up to 80 steps.
    assert len(trace.events) <= 25
    assert trace.note == found.reason
    replay(at.machine, trace)

    broken = replay_on(trace, mutant.system())
    assert broken.mismatch != ""
    assert not broken.completed
    sound = replay_on(trace, ReferenceSystem())
    assert (sound.completed, sound.mismatch) == (True, "")


# --- the reference system


@pytest.mark.parametrize("name", ["recommended", "inline-crash", "late-put", "bare-statements", "outbox-memo"])
def test_the_reference_system_does_what_the_model_does(name: str) -> None:
    at = instance_of(CASES[name])
    evidence = fuzz(at, asked(at), kernel_source([at], asked(at)), ReferenceSystem, Budget(20, 40, seed=1))
    lockstep, *others = evidence
    assert lockstep.verdict is Verdict.HOLDS_TO_BOUND, lockstep.reason
    assert lockstep.reason.startswith("compared: config, ")
    assert lockstep.bound.startswith(f"{lockstep.measures['runs']} runs, ")
    for one in others:
        violated = CASES[name].expected.get(one.property) is Verdict.VIOLATED
        assert one.verdict is not Verdict.VIOLATED or violated
        if one.witness is not None:
            told = replay_on(one.witness, ReferenceSystem())
            assert (told.completed, told.confirmed) == (True, True)


def test_everything_that_the_model_can_do_happens_over_a_modest_set_of_configurations() -> None:
    chosen = ("outbox-faults", "recommended", "inline-crash", "rollback", "bare-statements", "partition", "early-ack")
    performed: Counter[str] = Counter()
    for name in (*chosen, "guard-evicted"):
        at = instance_of(CASES[name])
        found = fuzz(at, [], kernel_source([at], []), ReferenceSystem, Budget(12, 60, seed=0))[0]
        performed.update(found.fired)
    inline = Instance.of(load("do_kv"), publisher="inline", put_fails=True)
    late = Instance.of(load("do_kv"), put_late=True, put_ambiguous=True)
    for at in (inline, late):
        performed.update(fuzz(at, [], kernel_source([at], []), ReferenceSystem, Budget(25, 60, seed=0))[0].fired)
    assert {action.name for action in load("do_kv").actions} - set(performed) == set()


def test_the_same_seed_gives_the_same_runs_and_another_seed_gives_others() -> None:
    at = instance_of(CASES["inline"])
    source = kernel_source([at], asked(at))

    def traces(seed: int) -> list[str]:
        found = fuzz(at, asked(at), source, ReferenceSystem, Budget(15, 30, seed))
        return [dump_trace(one.witness) for one in found if one.witness is not None]

    assert traces(3) == traces(3) != traces(4)


# --- what the engine does with tiny systems


class Lamp(Design):
    """A lamp that can be switched on once, and a fly that sits on it."""

    most = count(2)
    on = boolean()
    uses = natural(most)

    @action(fair=False)
    def switch(s: Any) -> None:
        s.require(~s.on)
        s.on = True

    @hazard()
    def surge(s: Any) -> None:
        s.require(s.on & (s.uses < s.most))
        s.uses = s.uses + 1


class LampSystem:
    """A lamp as a system; subclasses break it."""

    def __init__(self) -> None:
        self.on, self.uses, self.observed = False, 0, 0
        self.closed = False

    def start(self, setup: Setup) -> None:
        self.on, self.uses, self.observed = False, 0, 0

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        if action == "switch":
            self.on = True
        else:
            self.uses += 1

    def observe(self) -> Observation:
        self.observed += 1
        return {"on": self.on, "uses": self.uses}

    def close(self) -> None:
        self.closed = True


class BurnsOut(LampSystem):
    """Goes off by itself after a while in which nothing happens."""

    def observe(self) -> Observation:
        super().observe()
        return {"on": self.on and self.observed < 4, "uses": self.uses}


class Refuses(LampSystem):
    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        raise RuntimeError("no current")


class GoesBlind(LampSystem):
    def observe(self) -> Observation:
        if self.on:
            raise RuntimeError("too bright")
        return super().observe()


class FailsInTwoWays(LampSystem):
    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        if action == "surge":
            raise RuntimeError("no current")
        super().perform(action, arguments)

    def observe(self) -> Observation:
        return {"on": self.on and self.observed < 0, "uses": self.uses} if self.uses else super().observe()


class FailsOnce(LampSystem):
    """Does what it should, but for a moment that does not come again."""

    moments = 0

    def observe(self) -> Observation:
        FailsOnce.moments += 1
        seen = super().observe()
        return {**seen, "on": not self.on} if FailsOnce.moments == 37 else seen


class ShowsNothing(LampSystem):
    def observe(self) -> Observation:
        return {}


class Misspells(LampSystem):
    def observe(self) -> Observation:
        return {"on": self.on, "usse": self.uses}


class ShowsWhatThereIsNot(LampSystem):
    def observe(self) -> Observation:
        return {**super().observe(), "colour": "red"}


def on_lamp(system: type[LampSystem], *properties: Property, **chosen: Any) -> list[Evidence]:
    at = instance(Lamp, **chosen)
    return fuzz(at, properties, kernel_source([at], properties), system, Budget(30, 20))


def test_a_system_that_does_what_the_model_does_passes_and_is_closed() -> None:
    made: list[LampSystem] = []

    class Kept(LampSystem):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    assert on_lamp(Kept)[0].verdict is Verdict.HOLDS_TO_BOUND
    assert [one.closed for one in made] == [True]


def test_runs_are_as_many_and_as_long_as_the_budget_says() -> None:
    at = instance(Lamp)
    measures = fuzz(at, [], kernel_source([at], []), LampSystem, Budget(31, 19))[0].measures
    assert (measures["runs"], measures["steps"]) == (31, 31 * 19)


def test_where_nothing_can_happen_the_system_is_still_watched() -> None:
    found = on_lamp(BurnsOut)[0]
    assert found.verdict is Verdict.VIOLATED
    assert found.reason == "after switch: on is True in the model, False in the system"
    assert found.witness is not None
    assert [str(event) for event in found.witness.events] == ["switch"]


@pytest.mark.parametrize(
    ("system", "says"),
    [
        (Refuses, "switch is possible in the model, but the system says: RuntimeError: no current"),
        (GoesBlind, "the system cannot be observed: RuntimeError: too bright"),
    ],
)
def test_a_system_that_raises_has_failed(system: type[LampSystem], says: str) -> None:
    found = on_lamp(system)[0]
    assert (found.verdict, found.reason) == (Verdict.VIOLATED, says)


def test_a_system_that_fails_in_several_ways_is_reported_by_one_of_them() -> None:
    assert on_lamp(FailsInTwoWays, surge=True)[0].verdict is Verdict.VIOLATED


def test_a_failure_that_does_not_come_again_is_a_failure_and_is_called_one_that_comes_and_goes() -> None:
    FailsOnce.moments = 0
    found = on_lamp(FailsOnce)[0]
    assert found.verdict is Verdict.VIOLATED
    assert found.reason.endswith("(not every time)")


def test_a_system_that_shows_nothing_was_not_tested() -> None:
    found = on_lamp(ShowsNothing)[0]
    assert found.verdict is Verdict.VACUOUS


@pytest.mark.parametrize(
    ("system", "says"),
    [
        (Misspells, "did you mean 'uses'"),
        (ShowsWhatThereIsNot, "'colour', which Lamp does not declare; it has on, uses"),
    ],
)
def test_a_name_that_nothing_is_compared_with_is_an_error(system: type[LampSystem], says: str) -> None:
    with pytest.raises(DesignError, match=says):
        on_lamp(system)


def test_properties_are_judged_in_the_same_runs() -> None:
    dark = state(lambda s: ~s.on, name="dark")
    spared = step(lambda t: t.after.uses == t.before.uses, name="spared")
    never = state(lambda s: s.uses <= s.most, tested=lambda s: FALSE, name="never")
    lit = settles(lambda s: s.on, name="lit")
    first = state(lambda s: s.on, name="first")
    found = {one.property: one for one in on_lamp(LampSystem, dark, spared, never, lit, first, surge=True)}
    assert found["dark"].verdict is Verdict.VIOLATED
    assert [str(e) for e in found["dark"].witness.events] == ["switch"]  # type: ignore[union-attr]
    assert [str(e) for e in found["spared"].witness.events] == ["switch", "surge"]  # type: ignore[union-attr]
    assert found["never"].verdict is Verdict.VACUOUS
    assert found["lit"].verdict is Verdict.UNKNOWN
    assert found["first"].witness.events == ()  # type: ignore[union-attr]
    quiet = {one.property: one for one in on_lamp(LampSystem, spared)}
    assert quiet["spared"].verdict is Verdict.HOLDS_TO_BOUND


def test_each_run_draws_which_hazards_may_strike() -> None:
    calm = on_lamp(LampSystem, surge=True)[0]
    assert 0 < calm.fired["surge"] < calm.fired["switch"] * 2


class Leaky(Design):
    """A counter without a guard."""

    most = count(2)
    uses = natural(most)

    @action()
    def use(s: Any) -> None:
        s.uses = s.uses + 1


def test_a_model_that_leaves_its_range_leaves_the_verdict_open() -> None:
    at = instance(Leaky)
    one = state(lambda s: s.uses < 99)
    for evidence in fuzz(at, [one], kernel_source([at], [one]), LampSystem, Budget(30, 20)):
        assert evidence.verdict is Verdict.UNKNOWN
        assert evidence.reason.startswith("uses left its declared range in the model")


# --- what others see of the runs


def test_every_run_is_told_to_hypothesis_observability_with_what_it_did() -> None:
    at = Instance.of(load("do_kv"), writes=12, crash=True)
    told: list[TestCaseObservation] = []
    with with_observability_callback(lambda seen: told.append(seen) if seen.type == "test_case" else None):
        conformance, *_ = fuzz(at, [], kernel_source([at], []), ReferenceSystem, Budget(20, 30, 0))
    features = [one.features for one in told]
    assert len(features) == 20
    assert {one["hazards"] for one in features} == {"none", "crash"}
    fired = Counter[str]()
    for one in features:
        actions = {name.removeprefix("action "): n for name, n in one.items() if name.startswith("action ")}
        assert one["steps"] == sum(actions.values())
        fired.update(actions)
    assert fired == Counter(conformance.fired)
