# SPDX-License-Identifier: Apache-2.0
"""Whether everything that can happen did happen on the system."""

from __future__ import annotations

from attrs import evolve

from edgeproof.model.smt import possible_actions
from edgeproof.properties.cases import instance_of, with_room
from edgeproof.properties.engines.fuzz.cover import EVERY_ACTION, Least, coverage
from edgeproof.properties.evidence import Case, Evidence, Status, Verdict

OUTBOX = Case("outbox", "do_kv", {"Put": 1}, ())
CRASHING = Case("crashing", "do_kv", {"Put": 1, "crash": True}, ())


def ran(fired: dict[str, int]) -> Evidence:
    return Evidence("lockstep", "fuzz", Verdict.HOLDS_TO_BOUND, measures={"steps": sum(fired.values())}, fired=fired)


def met(fired: dict[str, int]) -> Evidence:
    return Evidence("p", "explore", Verdict.HOLDS_TO_BOUND, exhaustive=True, fired=fired)


def everything(case: Case) -> dict[str, int]:
    return {action.name: 1 for action in possible_actions(instance_of(case))}


def test_a_run_in_which_everything_happened_is_as_expected() -> None:
    found = coverage([OUTBOX], {"outbox": [ran(everything(OUTBOX))]})
    assert (found.property, found.verdict, found.status) == (
        EVERY_ACTION,
        Verdict.HOLDS_TO_BOUND,
        Status.AS_EXPECTED,
    )


def test_an_action_that_never_happened_makes_the_runs_vacuous_and_is_named() -> None:
    fired = {**everything(OUTBOX), "retry": 0}
    found = coverage([OUTBOX], {"outbox": [ran(fired), met(everything(OUTBOX))]})
    assert (found.verdict, found.status) == (Verdict.VACUOUS, Status.UNDECIDED)
    assert "never performed on the system: retry" in found.reason


def test_without_a_search_an_action_that_never_happened_may_be_impossible() -> None:
    found = coverage([OUTBOX], {"outbox": [ran({**everything(OUTBOX), "retry": 0})]})
    assert (found.verdict, found.status) == (Verdict.UNKNOWN, Status.UNDECIDED)


def test_without_a_search_only_what_the_model_allowed_in_the_runs_is_asked_for() -> None:
    fired = {**everything(OUTBOX), "retry": 0}
    offered = tuple(name for name in fired if name != "retry")
    found = coverage([OUTBOX], {"outbox": [evolve(ran(fired), offered=offered)]})
    assert (found.verdict, found.evidence[0].reason) == (
        Verdict.HOLDS_TO_BOUND,
        "possible in no state of the runs: retry",
    )
    found = coverage([OUTBOX], {"outbox": [evolve(ran(fired), offered=tuple(fired))]})
    assert (found.verdict, found.status) == (Verdict.UNKNOWN, Status.UNDECIDED)
    assert found.evidence[0].reason == "never performed on the system: retry"


def test_less_can_be_asked_for_and_more() -> None:
    fired = {**everything(OUTBOX), "retry": 0}
    evidence = {"outbox": [evolve(ran(fired), measures={"steps": 90, "transitions": 70})]}
    share = 100 * (len(fired) - 1) / len(fired)
    for least, verdict in (
        (Least(share), Verdict.HOLDS_TO_BOUND),
        (Least(share + 1), Verdict.UNKNOWN),
        (Least(share, 70), Verdict.HOLDS_TO_BOUND),
        (Least(share, 71), Verdict.UNKNOWN),
    ):
        found = coverage([OUTBOX], evidence, least=least)
        assert found.verdict is verdict, least
    assert "70 different transitions, and 71 are asked for" in found.reason


def test_what_runs_with_more_room_took_is_no_share_of_what_was_searched() -> None:
    searched = evolve(met(everything(OUTBOX)), measures={"transitions": 100})
    evidence = {"outbox": [evolve(ran(everything(OUTBOX)), measures={"steps": 90, "transitions": 70}), searched]}
    small, large = instance_of(OUTBOX), with_room(instance_of(OUTBOX))
    assert small != large
    assert "reachable" not in coverage([OUTBOX], evidence, [small]).evidence[0].measures
    assert coverage([OUTBOX], evidence, [large]).evidence[0].measures["reachable"] == 100


def test_an_action_that_the_search_never_met_is_not_asked_for() -> None:
    fired = {**everything(OUTBOX), "retry": 0}
    found = coverage([OUTBOX], {"outbox": [ran(fired), met(fired)]})
    assert found.verdict is Verdict.HOLDS_TO_BOUND


def test_what_one_case_allows_may_happen_in_another() -> None:
    without_crash = {name: times for name, times in everything(CRASHING).items() if name != "crash"}
    apart = coverage([OUTBOX, CRASHING], {"outbox": [ran(everything(OUTBOX))], "crashing": [ran(without_crash)]})
    assert "never performed on the system: crash" in apart.reason
    together = coverage([OUTBOX, CRASHING], {"outbox": [ran({})], "crashing": [ran(everything(CRASHING))]})
    assert together.verdict is Verdict.HOLDS_TO_BOUND
