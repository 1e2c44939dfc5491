# SPDX-License-Identifier: Apache-2.0
"""A deployment judged from outside: what shows is judged, what is broken is caught, the rest is said to be unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import pytest

from edgeproof.impl.system import ActionImpossible, ActionUnknown, Setup, SystemUnavailable
from edgeproof.impl.workerd.http_system import FrontError, HttpSystem, check_address
from edgeproof.model.designs import load
from edgeproof.model.machine import Instance
from edgeproof.properties.catalogue import CATALOGUE, askable
from edgeproof.properties.engines.fuzz.engine import Budget
from edgeproof.properties.engines.outside.engine import CONTRACT, outside
from edgeproof.properties.evidence import Evidence, Verdict
from tests.outside.front import BEARER, Answer, Front, Unit, served

HOLD = (
    "atomic-write",
    "changelog-complete",
    "single-writer-order",
    "durable-ack",
    "idempotent-write",
    "unit-isolation",
    "no-partial-read",
    "monotonic-reads",
)
"""What an outsider can judge without being told a bound."""


def judged(front: Front, bound_ms: int | None = None, budget: Budget | None = None) -> dict[str, Evidence]:
    instance = Instance.of(load("do_kv"), Pop=1, S=0, D=0, R=0, M=0, F=0, T=bound_ms or 0)
    with served(front) as address:
        system = lambda: HttpSystem(address, BEARER)  # noqa: E731
        found = outside(
            instance, [CATALOGUE[name] for name in askable(instance)], system, budget or Budget(4, 25), bound_ms
        )
    return {one.property: one for one in found}


# --- a front that does what it should


def test_of_a_good_deployment_all_that_shows_holds_and_the_rest_is_unknown_and_says_why() -> None:
    found = judged(Front(), bound_ms=150)
    for name in (*HOLD, CONTRACT, "bounded-staleness", "read-your-writes"):
        assert found[name].verdict is Verdict.HOLDS_TO_BOUND, (name, found[name].reason)
        assert name == CONTRACT or found[name].measures["tested"] != 0
    unknown = {name: one.reason for name, one in found.items() if one.verdict is Verdict.UNKNOWN}
    inside = {"never-ahead", "never-early", "monotonic-kv", "convergence", "local-reads", "answered-write"}
    assert unknown.keys() == inside
    assert unknown["monotonic-kv"] == "an outsider does not see kv, kv_era; nothing that shows breaks it"
    assert "sending" in unknown["never-ahead"]
    assert found["cross-pop-monotonic"].verdict is Verdict.VACUOUS


def test_without_a_bound_staleness_is_unknown() -> None:
    found = judged(Front())["bounded-staleness"]
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "no bound was given to hold it to")


def test_the_same_seed_does_the_same() -> None:
    def fired(seed: int) -> dict[str, int]:
        return dict(judged(Front(), budget=Budget(1, 20, seed))[CONTRACT].fired)

    assert fired(0) == fired(0) != fired(1)


# --- fronts that are broken


class ForgetsToCompare(Front):
    def accepts(self, unit: Unit, expected: int | None) -> bool:
        return True


class SkipsVersions(Front):
    def apply(self, unit: Unit, body: dict[str, Any]) -> None:
        unit.version += unit.version % 2
        super().apply(unit, body)


class AppliesTwice(Front):
    def remembers(self, unit: Unit, key: str) -> bool:
        return False


class WritesByHalf(Front):
    def apply(self, unit: Unit, body: dict[str, Any]) -> None:
        whole = dict(unit.config)
        super().apply(unit, body)
        if unit.version == 3:
            unit.config = {**unit.config, "second": whole["second"]}


class LogsByHalf(Front):
    def apply(self, unit: Unit, body: dict[str, Any]) -> None:
        super().apply(unit, body)
        if unit.version == 2:
            unit.log.pop()


class LosesWhatItAcknowledged(Front):
    def write(self, name: str, body: dict[str, Any]) -> Answer:
        unit = self.units.setdefault(name, Unit())
        if unit.version == 2 and body.get("idempotency_key") not in unit.keys and "expected_version" not in body:
            return 200, {"version": 3, "repeated": False}
        return super().write(name, body)


class SharesOneKey(Front):
    def key_of(self, unit: str) -> str:
        return "config"


class WritesToTheNeighbour(Front):
    def write(self, name: str, body: dict[str, Any]) -> Answer:
        answer = super().write(name, body)
        if f"{name}-n" in self.units:
            self.units[f"{name}-n"].config["first"] = "hit"
        return answer


class PublishesBeforeItCommits(Front):
    def publish(self, name: str) -> None:
        snapshot = self.snapshot(name)
        self.kv[name] = {**snapshot, "version": snapshot["version"] + 1}


class PublishesByHalf(Front):
    def publish(self, name: str) -> None:
        snapshot = self.snapshot(name)
        self.kv[name] = {**snapshot, "config": {"first": snapshot["config"]["first"]}}


class MixesVersions(Front):
    """As if every field had a key of its own: a reader gets the new value of one, and the old one of the other."""

    def publish(self, name: str) -> None:
        old = self.kv.get(name, {"config": {}})["config"]
        snapshot = deepcopy(self.snapshot(name))
        if snapshot["version"] == 3:
            snapshot["config"]["second"] = old.get("second")
        self.kv[name] = snapshot


class GoesBack(Front):
    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def read(self, name: str) -> Answer:
        self.reads += 1
        empty = {"config": {}, "era": 0, "version": 0}
        return super().read(name) if self.reads % 3 else (200, empty)


class NeverPublishesAgain(Front):
    def publish(self, name: str) -> None:
        if name not in self.kv:
            super().publish(name)


BROKEN: Sequence[tuple[Callable[[], Front], str]] = (
    (ForgetsToCompare, "single-writer-order"),
    (SkipsVersions, "single-writer-order"),
    (AppliesTwice, "idempotent-write"),
    (WritesByHalf, "atomic-write"),
    (LogsByHalf, "changelog-complete"),
    (LosesWhatItAcknowledged, "durable-ack"),
    (SharesOneKey, "unit-isolation"),
    (WritesToTheNeighbour, "unit-isolation"),
    (PublishesBeforeItCommits, "never-ahead"),
    (PublishesByHalf, "no-partial-read"),
    (MixesVersions, "no-partial-read"),
    (GoesBack, "monotonic-reads"),
    (NeverPublishesAgain, "read-your-writes"),
)


@pytest.mark.parametrize(("front", "broken"), BROKEN)
def test_a_broken_deployment_is_caught_by_a_short_run(front: Callable[[], Front], broken: str) -> None:
    found = judged(front())[broken]
    assert found.verdict is Verdict.VIOLATED
    steps = found.reason.split(": ")[0].split(", ")
    assert len(steps) <= 8, found.reason


def test_what_is_told_longer_than_the_bound_is_caught() -> None:
    found = judged(NeverPublishesAgain(), bound_ms=100, budget=Budget(2, 25))["bounded-staleness"]
    assert found.verdict is Verdict.VIOLATED
    assert "read" in found.reason


# --- answers that are none


class AnswersNonsense(Front):
    def read(self, name: str) -> Answer:
        return 200, {"config": [], "version": "new"}


class RefusesGoodWrites(Front):
    def accepts(self, unit: Unit, expected: int | None) -> bool:
        return expected is None


class IsOftenDown(Front):
    """Makes every fifth write and does not say so."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0

    def write(self, name: str, body: dict[str, Any]) -> Answer:
        self.writes += 1
        answer = super().write(name, body)
        return (0, {}) if self.writes % 5 == 4 else (500, {}) if self.writes % 5 == 0 else answer

    def read(self, name: str) -> Answer:
        return (503, {}) if self.writes % 7 == 0 else super().read(name)


@pytest.mark.parametrize("front", [AnswersNonsense, RefusesGoodWrites])
def test_an_answer_that_the_front_never_gives_is_a_violation_of_its_contract(front: Callable[[], Front]) -> None:
    found = judged(front())
    assert found[CONTRACT].verdict is Verdict.VIOLATED
    assert BEARER not in found[CONTRACT].reason


def test_answers_that_are_lost_are_counted_and_break_nothing() -> None:
    found = judged(IsOftenDown())
    assert found[CONTRACT].measures["unanswered"] != 0
    for name in HOLD:
        assert found[name].verdict is Verdict.HOLDS_TO_BOUND, (name, found[name].reason)


class DiesSoon(Front):
    def get(self, name: str) -> Answer:
        return (0, {}) if self.authorized > 100 else super().get(name)


def test_a_deployment_that_stops_answering_leaves_undecided_what_it_has_not_broken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edgeproof.impl.workerd.http_system._PAUSE", 0.0)
    found = judged(DiesSoon())
    assert {one.verdict for one in found.values()} == {Verdict.UNKNOWN}
    assert "; is it up, and the address right?" in found["atomic-write"].reason


# --- the system by itself


def test_what_an_outsider_cannot_do_is_unknown_here() -> None:
    with served(Front()) as address:
        system = HttpSystem(address, BEARER)
        system.start(Setup("do_kv"))
        for action in ("crash", "fire", "put_lands", "partition", "tick", "rollback"):
            with pytest.raises(ActionUnknown, match="there are read, retry, write, write_refused"):
                system.perform(action, {})
        for action in ("retry", "write_refused"):
            with pytest.raises(ActionImpossible):
                system.perform(action, {})
        assert system.observe()["config"] == 0
        system.close()
        system.close()


def test_a_run_takes_fresh_units_and_says_whose_they_are() -> None:
    front = Front()
    with served(front) as address:
        for _ in range(2):
            system = HttpSystem(address, BEARER, "edgeproof-7")
            for _ in range(2):
                system.start(Setup("do_kv"))
                system.perform("write", {})
            system.close()
    assert len(front.units) == 8
    assert all(name.startswith("edgeproof-7-") for name in front.units)


@pytest.mark.parametrize(
    ("address", "bearer", "says"),
    [
        ("http://127.0.0.1:1", BEARER, r"does not answer \(.*refused\); is it up, and the address right"),
        ("https{rest}", BEARER, r"does not answer \(.*SSL.*\); is it up"),
        ("{address}", "another", "answers 401: it does not accept this bearer"),
        ("{address}/elsewhere", BEARER, r"does not offer the front of impl/worker: GET /units/.* answers 404"),
    ],
)
def test_what_cannot_be_had_says_why(address: str, bearer: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeproof.impl.workerd.http_system._PAUSE", 0.0)
    with served(Front()) as there:
        system = HttpSystem(address.replace("{address}", there).replace("{rest}", there.removeprefix("http")), bearer)
        with pytest.raises(SystemUnavailable, match=says) as caught:
            system.start(Setup("do_kv"))
        assert bearer not in str(caught.value)


@pytest.mark.parametrize("bearer", ["", "two words", "two\nlines", "naïve", "nul\0"])
def test_a_bearer_that_no_header_can_carry_is_refused_without_being_shown(bearer: str) -> None:
    with pytest.raises(ValueError, match=r"^a bearer is one word of printable ASCII$"):
        HttpSystem("http://127.0.0.1:1", bearer)


@pytest.mark.parametrize(
    "address", ["ftp://host", "http://", "http://a:b@host", "https://host/?q=1", "http://host/#x", "host", "http://h:x"]
)
def test_an_address_is_a_host_a_port_and_a_path(address: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        check_address(address)
    assert "a:b" not in str(caught.value)


def test_a_path_in_front_of_the_front_is_kept() -> None:
    class Below(Front):
        def answer(self, method: str, path: str, bearer: str | None, body: Any) -> Answer:
            assert path.startswith("/below/")
            return super().answer(method, path.removeprefix("/below"), bearer, body)

    with served(Below()) as address:
        system = HttpSystem(address + "/below/", BEARER)
        system.start(Setup("do_kv"))
        system.perform("write", {})
        assert system.observe()["config"] == 1
        system.close()


def test_a_version_that_was_given_twice_is_no_answer_of_the_front() -> None:
    class GivesOneVersion(Front):
        def write(self, name: str, body: dict[str, Any]) -> Answer:
            status, said = super().write(name, body)
            return status, {**said, "version": 1}

    with served(GivesOneVersion()) as address:
        system = HttpSystem(address, BEARER)
        system.start(Setup("do_kv"))
        system.perform("write", {})
        with pytest.raises(FrontError, match="both told that they made version 1"):
            system.perform("write", {})
        system.close()
