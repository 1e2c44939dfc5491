# SPDX-License-Identifier: Apache-2.0
"""`edgeproof.conforms` passes only what does what the design does, shows it, and breaks nothing that was promised."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import pytest

import edgeproof
from edgeproof import (
    ActionUnknown,
    Budget,
    ConformanceError,
    Observation,
    ReferenceSystems,
    Setup,
    UndecidedWarning,
    Verdict,
)


class Part:
    """The reference implementation, seen through a keyhole: subclasses leave out what they do not show or cannot do."""

    hidden: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.whole = ReferenceSystems()

    def start(self, setup: Setup) -> None:
        self.whole.start(setup)

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        if action in self.cannot:
            raise ActionUnknown(action)
        self.whole.perform(action, arguments)

    def observe(self) -> Observation:
        return {name: value for name, value in self.whole.observe().items() if name not in self.hidden}

    def close(self) -> None:
        self.whole.close()


class HidesTheChangelog(Part):
    hidden = ("logged",)


class CannotRefuse(Part):
    cannot = ("write_refused",)


class OnlyTicks(Part):
    """The least that could be called a system: time passes, and one thing is shown."""

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        if action != "tick":
            raise ActionUnknown(action)

    def observe(self) -> Observation:
        return {"config": 0}


class ShowsNothing(Part):
    def observe(self) -> Observation:
        return {}


class LosesTheThirdEntry(Part):
    """Right for two writes, which is as far as a search goes."""

    def observe(self) -> Observation:
        seen: dict[str, Any] = dict(self.whole.observe())
        return {**seen, "logged": seen["logged"] - (seen["logged"] > 2)}


def test_the_reference_implementation_conforms_and_every_verdict_is_in_the_ledger() -> None:
    few = Budget(examples=3, steps=20)
    with pytest.warns(UndecidedWarning, match="bounded-staleness .no step of any run put the property to the test"):
        ledger = edgeproof.conforms(ReferenceSystems, "do_kv", crash=True, put_fails=True, budget=few)
    assert ledger.conclusions[0].property == "lockstep"
    assert ledger.of("lockstep").verdict is ledger.of("changelog-complete").verdict is Verdict.HOLDS_TO_BOUND
    assert ledger.of("convergence").verdict is Verdict.UNKNOWN
    assert ledger.of("bounded-staleness").verdict is Verdict.VACUOUS
    assert ledger.of("lockstep").evidence[0].fired["write"] > 0


def test_more_runs_decide_more() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ledger = edgeproof.conforms(ReferenceSystems, "do_kv", budget=Budget(examples=60, steps=120, seed=1))
    assert ledger.ok
    assert ledger.seed == 1


def test_runs_have_the_room_that_verify_gives_them() -> None:
    with pytest.raises(ConformanceError, match="logged is 3 in the model, 2 in the system"):
        edgeproof.conforms(LosesTheThirdEntry, "do_kv")


@pytest.mark.parametrize(
    ("system", "says"),
    [
        (OnlyTicks, "it cannot perform .*write"),
        (OnlyTicks, "it does not show .*served"),
        (HidesTheChangelog, "it does not show logged\nwhich leaves open: atomic-write, changelog-complete"),
        (CannotRefuse, "it cannot perform write_refused\nwhich leaves open: lockstep"),
        (ShowsNothing, "is VACUOUS: the system shows nothing that the model knows"),
    ],
)
def test_a_part_of_a_system_does_not_pass_for_the_whole(system: type[Part], says: str) -> None:
    with pytest.raises(ConformanceError, match=says):
        edgeproof.conforms(system, "do_kv")


def test_a_part_may_be_meant_and_what_it_leaves_open_is_said() -> None:
    with pytest.warns(UndecidedWarning, match="changelog-complete .the system does not show logged"):
        ledger = edgeproof.conforms(HidesTheChangelog, "do_kv", partial=True)
    assert ledger.of("lockstep").verdict is Verdict.HOLDS_TO_BOUND
    assert ledger.of("changelog-complete").verdict is Verdict.UNKNOWN
    with pytest.warns(UndecidedWarning, match="lockstep .the system cannot perform write_refused"):
        edgeproof.conforms(CannotRefuse, "do_kv", partial=True)


def test_a_part_that_shows_nothing_at_all_is_never_enough() -> None:
    with pytest.raises(ConformanceError, match="is VACUOUS"):
        edgeproof.conforms(ShowsNothing, "do_kv", partial=True)


def test_a_design_that_breaks_a_promise_fails_although_the_system_does_what_it_does() -> None:
    with pytest.raises(ConformanceError, match="does what do_kv does, and that breaks monotonic-kv") as raised:
        edgeproof.conforms(ReferenceSystems, "do_kv", publisher="inline", properties=["monotonic-kv"])
    assert "4. stray_lands(slot=" in str(raised.value)
    assert raised.value.trace is not None
    assert edgeproof.replay(raised.value.trace, on=ReferenceSystems).confirmed is True
    expected = {"monotonic-kv": Verdict.VIOLATED}
    asked: dict[str, Any] = {"properties": ["monotonic-kv"], "expected": expected}
    assert edgeproof.conforms(ReferenceSystems, "do_kv", publisher="inline", **asked).ok


def test_the_same_seed_finds_the_same() -> None:
    def found(seed: int) -> list[tuple[str, ...]]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ledger = edgeproof.conforms(ReferenceSystems, "do_kv", budget=Budget(10, 40, seed))
        return [tuple(f"{name} {times}" for name, times in ledger.of("lockstep").evidence[0].fired.items())]

    assert found(3) == found(3) != found(4)


def test_a_system_is_given_as_what_makes_one() -> None:
    with pytest.raises(TypeError, match="a system is given as its class"):
        edgeproof.conforms(ReferenceSystems(), "do_kv")  # type: ignore[arg-type]


def test_a_case_of_the_scoreboard_brings_its_constants_and_what_is_expected_of_it() -> None:
    few = Budget(examples=10, steps=40)
    expected = {"properties": ["monotonic-kv", "never-ahead"], "budget": few}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ledger = edgeproof.conforms(ReferenceSystems, "do_kv", case="inline", **expected)  # type: ignore[arg-type]
    assert ledger.of("monotonic-kv").case.name == "inline"
    assert ledger.of("monotonic-kv").case.expected["monotonic-kv"] is Verdict.VIOLATED
    assert ledger.of("lockstep").evidence[0].fired["write_inline"] > 0


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"case": "inlien"}, "do_kv has no case 'inlien'; did you mean 'inline'?"),
        ({"case": "inline", "crash": True}, "'inline' has its own constants: crash cannot be given beside it"),
    ],
)
def test_a_case_is_there_and_stands_alone(given: dict[str, Any], says: str) -> None:
    with pytest.raises(edgeproof.DesignError, match=says):
        edgeproof.conforms(ReferenceSystems, "do_kv", **given)


def test_a_part_says_how_much_of_it_there_has_to_be() -> None:
    few = Budget(examples=4, steps=40)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ledger = edgeproof.conforms(HidesTheChangelog, "do_kv", require={"variables": 26}, budget=few)
        assert ledger.of("changelog-complete").verdict is Verdict.UNKNOWN
        with pytest.raises(
            ConformanceError, match="not far enough:\n    changelog-complete: not decided, and required"
        ):
            edgeproof.conforms(HidesTheChangelog, "do_kv", require={"properties": ["changelog-complete"]}, budget=few)
