# SPDX-License-Identifier: Apache-2.0
"""A design, a property, a lemma of one's own: nothing of it is registered anywhere, and every function takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

import edgeproof
from edgeproof import ActionUnknown, Instance, Observation, Property, Setup, Verdict
from edgeproof.model import Design, State, action, boolean, count, hazard, natural


class Lamp(Design):
    """A lamp that can be switched on once, and a fly that sits on it."""

    most = count(2)
    on = boolean()
    uses = natural(most)

    @action(fair=False)
    def switch(s: State) -> None:
        """Somebody switches it on."""
        s.require(~s.on)
        s.on = True

    @hazard()
    def surge(s: State) -> None:
        """A surge while it is on."""
        s.require(s.on & (s.uses < s.most))
        s.uses = s.uses + 1


class Socket:
    """A lamp as a system."""

    def start(self, setup: Setup) -> None:
        self.on, self.uses = False, 0

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        if action == "switch":
            self.on = True
        elif action == "surge":
            self.uses += 1
        else:
            raise ActionUnknown(action)

    def observe(self) -> Observation:
        return {"on": self.on, "uses": self.uses}

    def close(self) -> None:
        pass


class BlowsAtTheSecondSurge(Socket):
    def observe(self) -> Observation:
        return {"on": self.on and self.uses < 2, "uses": self.uses}


SAFE = Property("safe", "It is on while it is used.", "a test", state=lambda s: (s.uses == 0) | s.on)
CALM = Property("calm", "There is no surge.", "a test", state=lambda s: s.uses == 0)


def test_it_is_searched_proved_and_driven_under_its_own_name() -> None:
    ledger = edgeproof.check(
        Lamp, properties=[SAFE, CALM], expected={"calm": Verdict.VIOLATED}, system=Socket, surge=True
    )
    assert ledger.ok
    assert {c.case.design for c in ledger.conclusions} == {"Lamp"}
    safe, calm = ledger.of("safe"), ledger.of("calm")
    assert (safe.verdict, calm.verdict) == (Verdict.PROVED, Verdict.VIOLATED)
    assert [e.engine for e in safe.evidence] == ["explore", "prove", "fuzz"]
    assert ledger.of("lockstep").verdict is ledger.of("every-action-fires").verdict is Verdict.HOLDS_TO_BOUND


def test_what_was_found_replays_on_the_model_and_on_the_system() -> None:
    found = edgeproof.explore(Lamp, properties=[CALM], surge=True).of("calm").witness
    assert found is not None
    text = edgeproof.dump_trace(found)
    trace = edgeproof.load_trace(text)
    for on in (None, Socket):
        told = edgeproof.replay(trace, on=on, design=Lamp, properties=[CALM])
        assert (told.completed, told.confirmed, told.steps) == (True, True, ("switch", "surge"))
    with pytest.raises(edgeproof.DesignError, match="a trace of Lamp, which is no design of ours: give its class"):
        edgeproof.replay(trace)


def test_a_failing_run_is_shortened_and_replays_on_what_failed_and_on_what_does_not() -> None:
    with pytest.raises(edgeproof.ConformanceError) as raised:
        edgeproof.conforms(BlowsAtTheSecondSurge, Lamp, surge=True)
    trace = raised.value.trace
    assert trace is not None
    assert [str(event) for event in trace.events] == ["switch", "surge", "surge"]
    assert "after surge: on is True in the model, False in the system" in str(raised.value)
    assert edgeproof.replay(trace, on=BlowsAtTheSecondSurge, design=Lamp).confirmed is True
    assert edgeproof.replay(trace, on=Socket, design=Lamp).mismatch == ""


def test_a_design_is_given_by_class_by_machine_or_with_its_constants_fixed() -> None:
    machine = edgeproof.load(Lamp)
    ways: tuple[Any, ...] = (Lamp, machine, Instance.of(machine), Instance.of(machine, most=5).with_(most=2))
    bounds = [edgeproof.explore(one, properties=[SAFE]).of("safe").evidence[0].bound for one in ways]
    assert bounds == ["all 2 states with most=2"] * 4
    assert edgeproof.load(Lamp) is machine


def test_a_lemma_can_make_a_proof_and_is_not_trusted() -> None:
    class Stairs(Design):
        most = count(3)
        here = natural(most)
        there = natural(most)

        @action(fair=False)
        def both(s: State) -> None:
            s.require((s.here < s.most) & (s.there < s.most))
            s.here = s.here + 1
            s.there = s.there + 1

        @action(fair=False)
        def leap(s: State) -> None:
            s.require((s.here < s.there) & (s.there < s.most))
            s.here = s.there + 1

    level = Property("level", "Nobody is ahead.", "a test", state=lambda s: s.here <= s.there)
    lists: list[dict[str, Callable[[State], Any]]] = [
        {},
        {"wrong": lambda s: s.here == 0},
        {"same": lambda s: s.here == s.there},
    ]
    found = [edgeproof.prove(Stairs, properties=[level], lemmas=lemmas).of("level").verdict for lemmas in lists]
    assert found == [Verdict.UNKNOWN, Verdict.UNKNOWN, Verdict.PROVED]


class WithAPlan(Design):
    """A design with a constant that has the name of an argument."""

    plan = count(1)
    done = natural(plan)

    @action(fair=False)
    def work(s: State) -> None:
        s.require(s.done < s.plan)
        s.done = s.done + 1


ANY = Property("any", "Anything.", "a test", state=lambda s: s.done <= s.plan)


def test_constants_with_the_name_of_an_argument_are_given_by_an_instance() -> None:
    with pytest.raises(edgeproof.DesignError, match="a constant called 'plan', which has a meaning of its own here"):
        edgeproof.explore(WithAPlan, properties=[ANY])
    at = Instance.of(edgeproof.load(WithAPlan), plan=3)
    assert edgeproof.explore(at, properties=[ANY]).of("any").evidence[0].bound == "all 4 states with plan=3"


def test_what_was_searched_of_a_design_without_numbers_is_said_without_them() -> None:
    class Switch(Design):
        on = boolean()

        @action(fair=False)
        def flip(s: State) -> None:
            s.on = ~s.on

    some = Property("some", "Anything.", "a test", state=lambda s: s.on | ~s.on)
    assert edgeproof.explore(Switch, properties=[some]).of("some").evidence[0].bound == "all 2 states"


BROKEN = Verdict.VIOLATED


def do_kv() -> type[Design]:
    class do_kv(Design):
        """It has the name of one of ours."""

        on = boolean()

    return do_kv


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: edgeproof.check(Lamp), "Lamp is asked nothing"),
        (lambda: edgeproof.check(Lamp, properties=[SAFE, SAFE]), "'safe' is asked twice"),
        (lambda: edgeproof.check(Lamp, properties=["convergance"]), "did you mean 'convergence'?"),
        (lambda: edgeproof.check(Lamp, properties=["convergence"]), "convergence speaks of config, served, "),
        (lambda: edgeproof.check(Lamp, properties=[SAFE], surges=True), "no option, hazard or parameter 'surges'"),
        (lambda: edgeproof.check(Lamp, properties=[SAFE], expected={"calm": BROKEN}), "'calm' is expected to be"),
        (lambda: edgeproof.check("do_kw"), "there is no design 'do_kw'"),
        (lambda: edgeproof.load(do_kv()), "there is a design 'do_kv' already"),
        (lambda: edgeproof.bound(Lamp), "Lamp promises no bound"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_with_the_reason(ask: Callable[[], object], says: str) -> None:
    with pytest.raises(edgeproof.DesignError, match=says):
        ask()
