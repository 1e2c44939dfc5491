# SPDX-License-Identifier: Apache-2.0
"""The scoreboard of flagship: one answer per person and config, ramps that drop nobody, a kill switch in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edgeproof.impl.flags.control import ANY, FlagControl, StoredFlag
from edgeproof.impl.flags.evaluation import Evaluator
from edgeproof.impl.flags.service import EdgeFlags
from edgeproof.impl.flags.system import FlagSystem, SaltedFlags
from edgeproof.impl.snapshot import Snapshot
from edgeproof.model.designs import flagship
from edgeproof.model.designs.flagship import Flagship, lets_in
from edgeproof.model.machine import Design, Instance, action, read_design
from edgeproof.properties.bounds import formula, present_terms
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.engines.prove.engine import prove
from edgeproof.properties.evidence import Status, Verdict, conclude
from tests.properties import boards

CASES = {case.name: case for case in scoreboard("flagship")}

ELSEWHERE = {"cross-pop-monotonic": 11}

DEPTHS = {
    "flag": ELSEWHERE,
    # The flag is made for some; somebody opens it, somebody else turns it off, the first one saves it as it was.
    "flag-blind": {"no-lost-update": 6},
    # A version that lets the person in is read; the next one, with as many people, is published and read elsewhere.
    "flag-salted": {**ELSEWHERE, "rollout-monotone": 11},
    # A config is read, chance draws again, and it is read elsewhere.
    "flag-random": {**ELSEWHERE, "evaluation-pure": 8, "rollout-monotone": 8},
}


@pytest.fixture(scope="module")
def found() -> boards.Found:
    return boards.searched("flagship")


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_every_verdict_is_the_expected_one(case: Any, found: boards.Found) -> None:
    boards.expected_verdict(case, found)


@pytest.mark.parametrize(("case", "name"), boards.violations("flagship"))
def test_every_violation_shows_in_the_model_and_on_code(case: str, name: str, found: boards.Found) -> None:
    boards.shows_on_code(found[case, name].witness)


def test_the_implementation_does_what_the_model_does_and_leaves_nothing_out(found: boards.Found) -> None:
    boards.runs_in_lockstep("flagship", found)


def test_the_shortest_runs_are_this_long(found: boards.Found) -> None:
    assert boards.steps(found) == DEPTHS


def test_all_is_proved_for_any_number_of_people_locations_and_versions() -> None:
    asked = set(CASES["flag"].properties) - set(ELSEWHERE)
    assert {"evaluation-pure", "rollout-monotone", "kill-switch", "no-lost-update"} <= asked
    assert boards.proved(CASES["flag"]) == asked


def test_what_a_mistake_does_not_touch_is_proved_beside_it() -> None:
    assert {"kill-switch", "evaluation-pure", "no-lost-update"} <= boards.proved(CASES["flag-salted"])
    assert {"kill-switch", "bounded-staleness", "no-lost-update"} <= boards.proved(CASES["flag-random"])
    assert {"kill-switch", "bounded-staleness"} <= boards.proved(CASES["flag-blind"])


def test_the_kill_switch_is_in_time_and_not_earlier() -> None:
    at = instance_of(CASES["flag"]).with_(D=2, S=3, T=3)
    assert formula(at) == "D + S + F*(D + R) + D + T"
    assert sum(value for _, value in present_terms(at)) == 13
    assert boards.reaches_the_bound(at.with_(Pop=1)).states[-1]["since"] == 13


def test_a_flag_takes_as_long_as_the_pattern_that_it_is_built_on() -> None:
    (pattern,) = (case for case in scoreboard("do_kv") if case.name == "outbox-faults")
    numbers = {"D": 2, "S": 3, "R": 5, "T": 7, "F": 4}
    (of_a_flag, of_the_pattern) = (instance_of(case).with_(**numbers) for case in (CASES["flag"], pattern))
    assert formula(of_a_flag) == formula(of_the_pattern)
    assert [value for _, value in present_terms(of_a_flag)] == [value for _, value in present_terms(of_the_pattern)]


# --- teeth: the design


class LooksAtTheLocation(Flagship):
    @action(pop=Flagship.Pop)
    def read(s: Any, pop: Any) -> None:
        """The isolate evaluates what the location's cache holds, and lets people in only while that is fresh."""
        fresh = s.cached[pop] & (s.age[pop] <= s.T)
        with s.when(~fresh):
            s.cache[pop] = s.kv
            s.cache_share[pop] = s.kv_share
            s.age[pop] = 0
        s.served[pop] = s.cache[pop]
        s.served_share[pop] = s.cache_share[pop]
        s.on[pop] = ~fresh & lets_in(s, s.cache[pop], s.cache_share[pop])


class CountsFromTheTop(Flagship):
    @action(pop=Flagship.Pop)
    def read(s: Any, pop: Any) -> None:
        """The isolate asks whether the bucket is the last one that the percentage covers, not whether it is covered."""
        s.cache[pop] = s.kv
        s.cache_share[pop] = s.kv_share
        s.age[pop] = 0
        s.served[pop] = s.cache[pop]
        s.served_share[pop] = s.cache_share[pop]
        s.on[pop] = s.bucket + 1 == s.cache_share[pop]


class RemembersWhoIsIn(Flagship):
    @action(pop=Flagship.Pop)
    def read(s: Any, pop: Any) -> None:
        """Whoever was let in once at a location is let in there for ever."""
        s.cache[pop] = s.kv
        s.cache_share[pop] = s.kv_share
        s.age[pop] = 0
        s.served[pop] = s.cache[pop]
        s.served_share[pop] = s.cache_share[pop]
        s.on[pop] = s.on[pop] | lets_in(s, s.cache[pop], s.cache_share[pop])


class KeepsItsCopyForEver(Flagship):
    @action(pop=Flagship.Pop)
    def read(s: Any, pop: Any) -> None:
        """The location never asks KV again."""
        with s.when(~s.cached[pop]):
            s.cache[pop] = s.kv
            s.cache_share[pop] = s.kv_share
            s.age[pop] = 0
        s.served[pop] = s.cache[pop]
        s.served_share[pop] = s.cache_share[pop]
        s.on[pop] = lets_in(s, s.cache[pop], s.cache_share[pop])


class ComparesNothing(Flagship):
    @action(fair=False)
    def save(s: Any) -> None:
        """The editor's version is asked for, and not looked at."""
        s.require(s.editing & (s.config < s.writes))
        s.config = s.config + 1
        s.share = s.draft
        s.editing = False


@pytest.mark.parametrize(
    ("design", "name"),
    [
        (LooksAtTheLocation, "evaluation-pure"),
        (RemembersWhoIsIn, "evaluation-pure"),
        (CountsFromTheTop, "rollout-monotone"),
        (RemembersWhoIsIn, "kill-switch"),
        (KeepsItsCopyForEver, "kill-switch"),
        (KeepsItsCopyForEver, "bounded-staleness"),
    ],
)
def test_a_broken_design_is_caught(design: type[Design], name: str) -> None:
    assert boards.violated_by(design, name, "flagship")


def test_a_design_that_compares_no_versions_is_caught() -> None:
    assert boards.violated_by(ComparesNothing, "no-lost-update", "flagship", Pop=1, writes=3)


def test_a_broken_design_is_not_proved() -> None:
    instance = Instance.of(read_design(RemembersWhoIsIn, "flagship"))
    asked = [CATALOGUE[name] for name in ("evaluation-pure", "kill-switch")]
    assert all(one.verdict is not Verdict.PROVED for one in prove(instance, asked, dossier_of("flagship").lemmas))


# --- teeth: the code


class SortsPeopleByTheirPercentage(EdgeFlags):
    async def read(self) -> tuple[Snapshot, Evaluator]:
        snapshot, _ = await super().read()
        rules = [rule for flag in snapshot.config.values() for rule in flag["rules"]]
        share = sum(rule["rollout"]["percentage"] for rule in rules)
        return snapshot, Evaluator(snapshot.config, f"acct-1/{share}")


class KeepsItsFirstConfig(EdgeFlags):
    first: tuple[Snapshot, Evaluator] | None = None

    async def read(self) -> tuple[Snapshot, Evaluator]:
        found = await super().read()
        if found[0].version > 0 and self.first is None:
            self.first = found
        return self.first or found


class IgnoresTheSwitch(EdgeFlags):
    async def read(self) -> tuple[Snapshot, Evaluator]:
        snapshot, _ = await super().read()
        on = {key: {**flag, "enabled": True} for key, flag in snapshot.config.items()}
        return snapshot, Evaluator(on, "acct-1")


class TakesAnyVersion(FlagControl):
    def update(self, key: str, document: Any, actor: str, expected: Any, idempotency_key: Any = None) -> StoredFlag:
        self._blind = True
        return super().update(key, document, actor, ANY, idempotency_key)


@pytest.mark.parametrize(
    "edge",
    [SaltedFlags, SortsPeopleByTheirPercentage, KeepsItsFirstConfig, IgnoresTheSwitch],
    ids=lambda it: it.__name__,
)
def test_a_broken_evaluation_is_caught_in_lockstep(edge: Callable[..., EdgeFlags]) -> None:
    assert boards.caught_in_lockstep(CASES["flag"], lambda: FlagSystem(edge=edge), FlagSystem)


def test_a_control_plane_that_compares_no_versions_is_caught_in_lockstep() -> None:
    assert boards.caught_in_lockstep(CASES["flag"], lambda: FlagSystem(control=TakesAnyVersion), FlagSystem)


def test_a_kill_switch_that_is_never_watched_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgets_to_watch(s: Any, share: Any) -> None:
        s.config = s.config + 1
        s.share = share
        with s.when(s.sending == "idle"):
            flagship._wait(s, "due")
        with s.when((s.config == s.watched) & s.stays_off):
            s.watching = True
        s.stays_off = s.watching & (share == 0) & (s.stays_off | (s.config == s.watched))

    monkeypatch.setattr(flagship, "_commit", forgets_to_watch)
    at = Instance.of(read_design(Flagship, "flagship"), **CASES["flag"].constants)
    one = CATALOGUE["kill-switch"]
    (proved,) = prove(at, [one], dossier_of("flagship").lemmas)
    (searched,) = explore(at, [one], kernel_source([at], [one]))
    assert (proved.verdict, searched.verdict) == (Verdict.VACUOUS, Verdict.VACUOUS)
    assert conclude(CASES["flag"], one.id, (searched, proved)).status is Status.UNDECIDED
