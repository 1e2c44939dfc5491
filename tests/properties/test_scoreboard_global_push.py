# SPDX-License-Identifier: Apache-2.0
"""The scoreboard of global_push: every verdict as expected, every violation shown on the real parts."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from edgeproof.impl.push.system import PushSystem
from edgeproof.model.designs import load
from edgeproof.model.designs.global_push import GlobalPush
from edgeproof.model.machine import Instance, action, deadline, each, read_design
from edgeproof.properties.cases import for_runs, instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.fuzz.engine import Budget, fuzz
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.engines.prove.engine import Effort, prove
from edgeproof.properties.evidence import Evidence, Verdict
from edgeproof.properties.replay import replay_on
from tests.impl.push_mutants import MUTANTS, PushMutant
from tests.properties import boards

DESIGN = "global_push"
CASES = {case.name: case for case in scoreboard(DESIGN)}
ASKED = [p for p in CATALOGUE.values() if any(p.id in case.properties for case in CASES.values())]

DEPTHS = {
    # Released bad, arrived, read, complained of, returned, read.
    "push-staged": {"monotonic-reads": 6, "cross-pop-monotonic": 4},
    # Stages drawn up, a link up for longer than H, a silence for longer than P + W, and two arrivals.
    "push-staged-silence": {"staged-blast-radius": 13},
    # Drawn up, released, arrived.
    "push-unstaged": {"staged-blast-radius": 3},
    # Cut off after H, a push lost, a bound of P + G to outlive; read.
    "push-unstaged-cut": {"bounded-staleness": 10, "convergence": 16},
    # Released bad, arrived, complained of, longer than P + W + P, read; in the end by everybody.
    "push-rollback-off": {"poison-bounded": 9, "convergence": 13},
    # The return of one location is overtaken by a good version, which arrives as late as it may.
    "push-rollback-overtaken": {"poison-bounded": 12},
}
"""How many steps the shortest run takes that shows an anomaly. A change here is a change of the model: explain it."""


@pytest.fixture(scope="module")
def found() -> boards.Found:
    return boards.searched(DESIGN)


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_every_verdict_is_the_expected_one(case: Any, found: boards.Found) -> None:
    boards.expected_verdict(case, found)


@pytest.mark.parametrize(("case", "name"), boards.violations(DESIGN))
def test_every_violation_shows_in_the_model_and_on_code(case: str, name: str, found: boards.Found) -> None:
    boards.shows_on_code(found[case, name].witness)


def test_the_shortest_runs_of_the_anomalies_are_this_long(found: boards.Found) -> None:
    assert boards.depths(found, DEPTHS) == DEPTHS


@pytest.mark.parametrize("case", ["push-staged", "push-staged-cut", "push-unstaged-pull"])
def test_a_run_reaches_the_bound_exactly(case: str) -> None:
    boards.reaches_the_bound(instance_of(CASES[case]))


@pytest.mark.parametrize(
    ("case", "numbers", "bound"),
    [("push-rollback", {"P": 2}, 5), ("push-rollback-manual", {"W": 2, "X": 3}, 7), ("push-rollback-off", {}, 3)],
)
def test_a_bad_version_is_told_until_the_bound_exactly_in_the_model_and_on_code(
    case: str, numbers: dict[str, int], bound: int
) -> None:
    at = instance_of(CASES[case]).with_(writes=3, bads=1, **numbers)
    assert boards.reaches_the_bound_of_poison(at).states[-1]["poisoned_for"] == bound


# --- proofs


@cache
def proofs(case: str) -> dict[str, Evidence]:
    one = CASES[case]
    properties = [CATALOGUE[name] for name in one.properties]
    return {e.property: e for e in prove(instance_of(one), properties, dossier_of(DESIGN).lemmas, Effort(depth=1, k=1))}


@pytest.mark.parametrize("case", CASES)
def test_whatever_holds_of_pushes_is_proved_for_any_fleet_any_stages_and_all_times(case: str) -> None:
    # That everybody comes to the current version is left to the search: a withdrawal begins the wait anew.
    held = [name for name in CASES[case].properties if name not in CASES[case].expected and name != "convergence"]
    assert {name: proofs(case)[name].verdict for name in held} == dict.fromkeys(held, Verdict.PROVED)


def test_the_bounds_are_told_with_the_proofs() -> None:
    told = {case: proofs(case)["bounded-staleness"].reason for case in CASES if case != "push-unstaged-cut"}
    assert told == {
        "push-staged": "B = K*(P + W + A) + P",
        "push-staged-again": "B = K*(P + W + A) + P",
        "push-staged-cut": "B = K*(P + W + A) + K*(G + H + G) + P + G + H",
        "push-staged-silence": "B = K*(P + W + A) + P + G + H",
        "push-unstaged": "B = P",
        "push-unstaged-pull": "B = P + G + H",
        **{case: "B = K*(P + W + A) + P" for case in CASES if case.startswith("push-rollback")},
    }


def test_the_bounds_of_poison_are_told_with_the_proofs() -> None:
    told = {case: proofs(case)["poison-bounded"].reason for case in ("push-rollback", "push-rollback-manual")}
    assert told == {"push-rollback": "B = P + W + P", "push-rollback-manual": "B = P + W + X + P"}


# --- teeth: designs broken on purpose


class ProceedsUnasked(GlobalPush):
    @action()
    def proceed(s: Any) -> None:
        """The next stage comes whatever the locations say."""
        s.require(s.under_way & (s.stage < s.stages))
        s.stage = s.stage + 1


class ForgetsTheStages(GlobalPush):
    @action(fair=False)
    def release_bad(s: Any) -> None:
        """After a bad version the next one begins where that one was."""
        stage = s.stage
        GlobalPush.release_bad(s)
        with s.when(s.flaws > 1):
            s.stage = stage + 1


class AnswersOnlyWhenConnected(GlobalPush):
    @action(pop=GlobalPush.Pop)
    def read(s: Any, pop: Any) -> None:
        """A request at a location that is cut off gets no answer."""
        s.failed[pop] = s.cut[pop]


class ReleasesTwoAtOnce(GlobalPush):
    @action(fair=False)
    def release_good(s: Any) -> None:
        """A release takes two numbers."""
        s.require(s.config + 2 <= s.writes)
        s.config = s.config + 2


class LosesPushes(GlobalPush):
    @action(pop=GlobalPush.Pop)
    def push_arrives(s: Any, pop: Any) -> None:
        """A push arrives, and nothing is run."""
        s.require(s.pushing[pop])
        s.pushing[pop] = False


class RunsWhatIsNotReleased(GlobalPush):
    @action(pop=GlobalPush.Pop)
    def push_arrives(s: Any, pop: Any) -> None:
        """A push brings the version after the one that was released."""
        s.require(s.pushing[pop] & (s.config < s.writes))
        s.pushing[pop] = False
        s.held[pop] = s.config + 1


class TellsWhatIsNotReleased(GlobalPush):
    @action(pop=GlobalPush.Pop)
    def read(s: Any, pop: Any) -> None:
        """A request is told something else than what the location runs."""
        s.require(s.config < s.writes)
        s.served[pop] = s.held[pop] + 1


class ReturnsOnlyWhoComplains(GlobalPush):
    @action(pop=GlobalPush.Pop)
    def complain(s: Any, pop: Any) -> None:
        """The others, on which the same version runs, are forgotten."""
        GlobalPush.complain(s, pop)
        each(s.pushing, lambda p: p == pop)


class AlertsNobody(GlobalPush):
    @deadline
    def the_operator_acts_in_time(s: Any) -> Any:
        """The operator acts some day."""
        return s.config > 0


BROKEN: dict[type[GlobalPush], tuple[str, dict[str, Any]]] = {
    ProceedsUnasked: ("staged-blast-radius", {}),
    ForgetsTheStages: ("staged-blast-radius", {"writes": 3, "bads": 2}),
    AnswersOnlyWhenConnected: ("local-reads", {"partition": True}),
    ReleasesTwoAtOnce: ("single-writer-order", {"writes": 3}),
    LosesPushes: ("bounded-staleness", {"rollout": "unstaged", "gate": "silence", "pull": "off"}),
    RunsWhatIsNotReleased: ("never-ahead", {"writes": 3}),
    TellsWhatIsNotReleased: ("no-partial-read", {"writes": 3}),
    ReturnsOnlyWhoComplains: ("poison-bounded", {"writes": 3, "freeze": "on", "pull": "off"}),
    AlertsNobody: ("poison-bounded", {"writes": 3, "freeze": "on", "rollback": "manual"}),
}


@pytest.mark.parametrize("design", BROKEN, ids=lambda design: design.__name__)
def test_a_broken_design_is_caught(design: type[GlobalPush]) -> None:
    name, constants = BROKEN[design]
    at = Instance.of(read_design(design, DESIGN), **constants)
    (evidence,) = explore(at, [CATALOGUE[name]], kernel_source([at], [CATALOGUE[name]]))
    assert evidence.verdict is Verdict.VIOLATED


def test_every_property_has_a_case_or_a_broken_design_that_violates_it() -> None:
    by_cases = {name for case in CASES.values() for name in case.expected}
    assert {p.id for p in ASKED} - by_cases - {name for name, _ in BROKEN.values()} == set()


# --- lockstep


@pytest.mark.parametrize(
    "name",
    ["push-staged-again", "push-staged-cut", "push-staged-silence", "push-unstaged-pull", "push-rollback-manual"],
)
def test_the_push_system_does_what_the_model_does(name: str) -> None:
    at = for_runs(CASES[name])
    lockstep = fuzz(at, [], kernel_source([at], []), PushSystem, Budget(40, 60, seed=1))[0]
    assert lockstep.verdict is Verdict.HOLDS_TO_BOUND, lockstep.reason
    compared, content = lockstep.reason.split("; ")
    assert content == "content of: config, good, held, served"
    unseen = {"watched", "watching", "poisoned"} | {one.name for one in load(DESIGN).clocks}
    assert set(load(DESIGN).variables) - unseen == set(compared.removeprefix("compared: ").split(", "))
    if name == "push-staged-cut":
        assert {one.name for one in load(DESIGN).actions} - {"withdraw"} == set(lockstep.fired)
    if name == "push-rollback-manual":
        assert "withdraw" in lockstep.fired


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_broken_system_is_caught_within_the_quick_plan(mutant: PushMutant) -> None:
    at = for_runs(CASES[mutant.case])
    caught = fuzz(at, [], kernel_source([at], []), mutant.system, Budget(50, 80))[0]
    assert caught.verdict is Verdict.VIOLATED
    assert caught.witness is not None
    assert not replay_on(caught.witness, mutant.system()).completed
    assert replay_on(caught.witness, PushSystem()).completed
