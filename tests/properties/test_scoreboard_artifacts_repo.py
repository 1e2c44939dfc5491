# SPDX-License-Identifier: Apache-2.0
"""The scoreboard of artifacts_repo: nothing pushed is lost and no ref dangles, and each omission that costs that."""

from __future__ import annotations

from typing import Any

import pytest

from edgeproof.impl.system import Observation
from edgeproof.model.designs import load
from edgeproof.model.designs.artifacts_repo import ArtifactsRepo
from edgeproof.model.machine import State, action
from edgeproof.model.trace import dump_trace, load_trace
from edgeproof.properties.bounds import formula, staleness_bound
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE, Property
from edgeproof.properties.catalogue.token_forms import when_asked
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.fuzz.engine import Budget, fuzz
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.engines.prove.engine import Effort, prove
from edgeproof.properties.engines.prove.known import Known
from edgeproof.properties.evidence import Verdict
from edgeproof.properties.replay import replay_on_model
from tests.properties import boards
from tests.properties.interpreted import Interpreted

DESIGN = "artifacts_repo"
CASES = {case.name: case for case in scoreboard(DESIGN)}

# Minted, revoked, and asked before the location has heard.
REVOKED = {"immediate-revocation": 3}

DEPTHS = {
    "repo-tokens": REVOKED,
    # Begun, a command, let in, moved; then somebody lists the refs and gets no object.
    "repo-refs-first": {"no-dangling-ref": 6},
    # A push of 5 steps lands and ends, a forced one of 4 takes the object away; in between somebody lists the refs.
    "repo-no-grace": {"no-dangling-ref": 13},
    # The same, and two ticks until the grace is over. The crash that ends pushes would end the fetch, too.
    "repo-short-grace": {"no-dangling-ref": 15},
    # The second push takes main away before side reaches the object, and in between that is collected.
    "repo-refs-singly": {"push-atomic": 5, "no-dangling-ref": 18},
    # Two pushes of 4 steps each, both let in before either moves; the loser's client had been answered.
    "repo-compared-on-arrival": {"no-lost-push": 9, "ref-race": 8},
    # A third push leaves out what the repo has still as it arrives.
    "repo-connected-on-arrival": {"no-dangling-ref": 20},
    # The second push borrows, and the first one breaks off.
    "repo-quarantine-visible": {"no-dangling-ref": 11},
    # Three pushes; two ticks until the object is collected for the first time.
    "repo-digest-names": {"no-dangling-ref": 22},
    "repo-shared-blobs": {"repo-isolation": 15},
    # Let in, and revoked before it moves; or let in in the last moment, and three ticks of life and one beyond.
    "repo-unchecked": {**REVOKED, "push-revocation": 6, "token-expiry": 9},
    "repo-scope-unchecked": {**REVOKED, "token-scope": 2, "push-revocation": 6, "token-expiry": 9},
    # Heard, brought back, and a tick beyond the bound.
    "repo-token-returns": {**REVOKED, "token-revocation-bound": 7},
}
"""How many steps the shortest runs take. A change here is a change of the model: explain it."""


@pytest.fixture(scope="module")
def found() -> boards.Found:
    return boards.searched(DESIGN)


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_every_verdict_is_the_expected_one(case: Any, found: boards.Found) -> None:
    boards.expected_verdict(case, found)


@pytest.mark.parametrize(("case", "name"), boards.violations(DESIGN))
def test_every_violation_shows_in_the_model(case: str, name: str, found: boards.Found) -> None:
    trace = boards.trace_of(found, case, name)
    assert trace == load_trace(dump_trace(trace))
    assert replay_on_model(trace).confirmed is True


def test_the_shortest_runs_are_this_long(found: boards.Found) -> None:
    assert boards.steps(found) == DEPTHS


@pytest.fixture(scope="module")
def known() -> Known:
    return Known()


@pytest.mark.parametrize("name", CASES)
def test_whatever_holds_is_proved_for_any_number_of_locations_and_pushes(name: str, known: Known) -> None:
    held = [CATALOGUE[one] for one in CASES[name].properties if one not in CASES[name].expected]
    # The search has seen each of them put to the test.
    effort = Effort(depth=1, k=1, reach=False)
    told = prove(instance_of(CASES[name]), held, dossier_of(DESIGN).lemmas, effort, known)
    assert {one.property: one.verdict for one in told} == {one.id: Verdict.PROVED for one in held}


# --- what each omission costs, told by its shortest run


def _order(found: boards.Found, case: str, name: str) -> list[str]:
    return [event.action for event in boards.trace_of(found, case, name).events]


def test_without_a_grace_the_object_goes_between_the_refs_and_their_objects(found: boards.Found) -> None:
    order = _order(found, "repo-no-grace", "no-dangling-ref")
    assert order.index("fetch") < order.index("collect") < order.index("download")
    assert "tick" not in order


def test_an_object_that_comes_back_is_taken_by_the_delete_of_its_old_blob(found: boards.Found) -> None:
    order = _order(found, "repo-digest-names", "no-dangling-ref")
    again = len(order) - 1 - order[::-1].index("spill")
    assert order.index("collect") < again < order.index("delete_lands")
    last: Any = boards.trace_of(found, "repo-digest-names", "no-dangling-ref").states[-1]
    assert (last["row"], last["blob"]) == (True, False)


def test_the_push_that_was_built_on_a_visible_quarantine_outlives_it(found: boards.Found) -> None:
    trace = boards.trace_of(found, "repo-quarantine-visible", "no-dangling-ref")
    last: Any = trace.states[-1]
    assert "borrow" in [event.action for event in trace.events]
    assert (last["row"], last["main_needs"] or last["side_needs"]) == (False, True)


def test_a_push_that_was_acknowledged_is_overwritten_by_one_that_was_compared_before(found: boards.Found) -> None:
    trace = boards.trace_of(found, "repo-compared-on-arrival", "no-lost-push")
    last: Any = trace.states[-1]
    assert (trace.events[-1].action, last["fate"], last["held"], last["forces"]) in [
        ("acknowledge", "acked", False, (False, False)),
        ("push", "acked", False, (False, False)),
    ]


# --- each omission that was asked for is noticed by a second engine, which knows nothing of the search

PROVER = {
    ("repo-refs-first", "no-dangling-ref"): 6,
    ("repo-no-grace", "no-dangling-ref"): 13,
    ("repo-refs-singly", "push-atomic"): 5,
    ("repo-quarantine-visible", "no-dangling-ref"): 11,
    ("repo-scope-unchecked", "token-scope"): 2,
    ("repo-scope-unchecked", "push-revocation"): 6,
    ("repo-token-returns", "token-revocation-bound"): 7,
}
"""How many steps the prover's bounded search looks ahead, where time is real."""


@pytest.mark.parametrize(("case", "name"), PROVER)
def test_the_prover_finds_the_violation_by_itself(case: str, name: str) -> None:
    (one,) = prove(instance_of(CASES[case]), [CATALOGUE[name]], {}, Effort(depth=PROVER[case, name], k=0))
    assert one.verdict is Verdict.VIOLATED, one.reason


class Unobserved(Interpreted):
    """The model in the place of a server, which does not know what the observer has chosen."""

    def observe(self) -> Observation:
        hidden = ("watched", "eyed", "carries", "held", "fate")
        return {name: value for name, value in super().observe().items() if name not in hidden}


@pytest.mark.parametrize(
    ("case", "name"),
    [
        ("repo-refs-first", "no-dangling-ref"),
        ("repo-refs-singly", "push-atomic"),
        ("repo-compared-on-arrival", "ref-race"),
        ("repo-scope-unchecked", "token-scope"),
    ],
)
def test_runs_at_random_find_the_violation_as_well(case: str, name: str) -> None:
    at = instance_of(CASES[case]).with_(pushes=12)
    asked = [CATALOGUE[name]]
    budget = Budget(60, 80, seed=1, shorten=False)
    drawn = fuzz(at, asked, kernel_source([at], asked), lambda: Unobserved(load(DESIGN)), budget)
    verdicts = {one.property: one.verdict for one in drawn}
    assert verdicts == {"lockstep": Verdict.HOLDS_TO_BOUND, name: Verdict.VIOLATED}


# --- the bound of a revocation is tight


def _revoked_a_tick_too_soon(before: State, admitted: Any) -> Any:
    return ~(admitted & (before.token == "revoked") & (staleness_bound(before) <= before.revoked_for))


@pytest.mark.parametrize(
    ("case", "request_", "bound"), [("repo-tokens", "fetch", "W"), ("repo-unchecked", "push", "W + U")]
)
def test_a_request_reaches_the_bound_exactly(case: str, request_: str, bound: str) -> None:
    at = instance_of(CASES[case])
    tight = Property("tight", "", "", step=when_asked(_revoked_a_tick_too_soon, (request_,)))
    (one,) = explore(at, [tight], kernel_source([at], [tight]))
    assert formula(at) == bound
    assert one.verdict is Verdict.VIOLATED


# --- teeth: a design that is broken on purpose


class PromotesNothing(ArtifactsRepo):
    @action(pop=ArtifactsRepo.Pop)
    def spill(s: Any, pop: Any) -> None:
        """The row says that the object is stored before the blob store has said so."""
        s.require((s.stage[pop] == "arrived") & ~s.spilled[pop] & ~s.moving[pop])
        s.spilled[pop] = True
        s.blob = False


class AnswersBeforeItMoves(ArtifactsRepo):
    @action(pop=ArtifactsRepo.Pop)
    def acknowledge(s: Any, pop: Any) -> None:
        """The client is told that its push is done once it has arrived."""
        s.require(s.stage[pop] == "arrived")
        with s.when(s.eyed[pop]):
            s.fate = "acked"


@pytest.mark.parametrize(
    ("design", "name"), [(PromotesNothing, "no-dangling-ref"), (AnswersBeforeItMoves, "no-lost-push")]
)
def test_a_broken_design_is_caught(design: type[ArtifactsRepo], name: str) -> None:
    assert boards.violated_by(design, name, DESIGN, Pop=1, door="open")


def test_every_property_of_repos_has_a_case_that_violates_it() -> None:
    asked: set[str] = {one for case in CASES.values() for one in case.properties}
    assert asked == {one for case in CASES.values() for one in case.expected}
