# SPDX-License-Identifier: Apache-2.0
"""How what the engines say becomes one conclusion, and a run one exit status."""

from __future__ import annotations

from itertools import product

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.model.interpret import Event
from edgeproof.model.trace import Trace
from edgeproof.properties.evidence import Case, Conclusion, Evidence, Ledger, Status, Verdict, conclude

HELD, PROVED, BROKEN = Verdict.HOLDS_TO_BOUND, Verdict.PROVED, Verdict.VIOLATED
UNKNOWN, VACUOUS = Verdict.UNKNOWN, Verdict.VACUOUS


def said(verdict: Verdict, engine: str = "explore", *, exhaustive: bool = False, reason: str = "") -> Evidence:
    return Evidence("p", engine, verdict, exhaustive=exhaustive, reason=reason)


def case(expected: Verdict | None = None) -> Case:
    return Case("c", "do_kv", {}, ("p",), {} if expected is None else {"p": expected})


def trace(length: int) -> Trace:
    return Trace("do_kv", {}, ({},) * (length + 1), (Event("write"),) * length)


@pytest.mark.parametrize(
    ("verdicts", "strongest"),
    [
        ((HELD, PROVED, UNKNOWN), PROVED),
        ((HELD, UNKNOWN), HELD),
        ((HELD, VACUOUS), HELD),
        ((UNKNOWN, VACUOUS), VACUOUS),
        ((UNKNOWN, BROKEN), BROKEN),
        ((HELD, BROKEN), BROKEN),
        ((UNKNOWN,), UNKNOWN),
        ((), UNKNOWN),
    ],
)
def test_the_strongest_verdict_counts(verdicts: tuple[Verdict, ...], strongest: Verdict) -> None:
    assert conclude(case(), "p", tuple(said(verdict) for verdict in verdicts)).verdict is strongest


def test_a_proof_of_what_is_never_put_to_the_test_is_vacuous() -> None:
    nothing = said(VACUOUS, "explore", exhaustive=True)
    assert conclude(case(), "p", (nothing, said(PROVED, "prove"))).verdict is VACUOUS
    assert conclude(case(), "p", (nothing, said(BROKEN, "prove"))).verdict is BROKEN
    assert conclude(case(), "p", (nothing, said(PROVED, "prove"), said(HELD, "fuzz"))).verdict is PROVED
    assert conclude(case(), "p", (said(VACUOUS, "explore"), said(PROVED, "prove"))).verdict is PROVED


@pytest.mark.parametrize("engine", ["explore", "prove", "fuzz"])
def test_nothing_holds_of_a_design_whose_variables_leave_their_ranges(engine: str) -> None:
    left = evolve(said(UNKNOWN, engine, reason="x left its declared range"), left_range="x")
    found = conclude(case(), "p", (said(PROVED, "another"), said(HELD, "a third", exhaustive=True), left))
    assert (found.verdict, found.status) == (UNKNOWN, Status.UNDECIDED)
    assert found.reason == f"{engine}: x left its declared range"
    assert conclude(case(), "p", (left, said(BROKEN))).verdict is BROKEN


@pytest.mark.parametrize(
    ("expected", "verdict", "status"),
    [
        (None, PROVED, Status.AS_EXPECTED),
        (None, HELD, Status.AS_EXPECTED),
        (None, BROKEN, Status.VIOLATED),
        (None, UNKNOWN, Status.UNDECIDED),
        (None, VACUOUS, Status.UNDECIDED),
        (BROKEN, BROKEN, Status.AS_EXPECTED),
        (BROKEN, PROVED, Status.HOLDS_UNEXPECTEDLY),
        (BROKEN, HELD, Status.UNDECIDED),  # samples that do not show it do not show that it is not there
        (BROKEN, UNKNOWN, Status.UNDECIDED),
        (BROKEN, VACUOUS, Status.UNDECIDED),
        (UNKNOWN, UNKNOWN, Status.AS_EXPECTED),
        (VACUOUS, VACUOUS, Status.AS_EXPECTED),
        (UNKNOWN, VACUOUS, Status.UNDECIDED),
        (VACUOUS, BROKEN, Status.VIOLATED),
        (UNKNOWN, PROVED, Status.AS_EXPECTED),
    ],
)
def test_a_verdict_is_compared_with_what_was_expected(
    expected: Verdict | None, verdict: Verdict, status: Status
) -> None:
    assert conclude(case(expected), "p", (said(verdict),)).status is status


@pytest.mark.parametrize(
    "certain", [said(PROVED, "prove"), said(HELD, "explore", exhaustive=True), said(HELD, "prove", exhaustive=True)]
)
def test_an_engine_that_covered_everything_contradicts_a_violation(certain: Evidence) -> None:
    for evidence in ((certain, said(BROKEN, "fuzz")), (said(BROKEN, "fuzz"), certain)):
        found = conclude(case(BROKEN), "p", evidence)
        assert found.status is Status.CONTRADICTION
        assert found.reason == f"{certain.engine} says {certain.verdict}, fuzz says VIOLATED"


@pytest.mark.parametrize("partial", [said(HELD, "fuzz"), said(UNKNOWN, "prove"), said(VACUOUS, "fuzz")])
def test_an_engine_that_covered_a_part_contradicts_nothing(partial: Evidence) -> None:
    found = conclude(case(), "p", (partial, said(BROKEN, "explore", exhaustive=True)))
    assert (found.verdict, found.status) == (BROKEN, Status.VIOLATED)


def test_a_sample_that_does_not_show_an_expected_violation_leaves_it_undecided() -> None:
    assert conclude(case(BROKEN), "p", (said(HELD, "fuzz"),)).status is Status.UNDECIDED
    searched = said(HELD, "explore", exhaustive=True)
    assert conclude(case(BROKEN), "p", (said(HELD, "fuzz"), searched)).status is Status.HOLDS_UNEXPECTEDLY


@pytest.mark.parametrize(
    ("expected", "verdict"), [(None, UNKNOWN), (None, VACUOUS), (BROKEN, HELD), (BROKEN, VACUOUS), (BROKEN, UNKNOWN)]
)
def test_what_runs_alone_were_asked_and_leave_open_is_told_apart_and_fails_nothing(
    expected: Verdict | None, verdict: Verdict
) -> None:
    runs = evolve(said(verdict, "fuzz"), by_runs=True)
    found = conclude(case(expected), "p", (runs, runs))
    assert (found.verdict, found.status) == (verdict, Status.NOT_BY_RUNS)
    assert Ledger((found,), seed=0, seconds=0.0).exit_status == 0
    # As soon as somebody else was asked, or the system did not show all that it takes, it is as undecided as before.
    for other in (said(UNKNOWN, "prove"), said(UNKNOWN, "fuzz")):
        assert conclude(case(expected), "p", (runs, other)).status is Status.UNDECIDED


def test_what_runs_show_to_be_broken_is_broken() -> None:
    runs = evolve(said(BROKEN, "fuzz"), by_runs=True)
    assert conclude(case(), "p", (runs,)).status is Status.VIOLATED
    assert conclude(case(BROKEN), "p", (runs,)).status is Status.AS_EXPECTED


def test_the_reasons_of_those_who_said_the_verdict_are_kept() -> None:
    evidence = (said(UNKNOWN, "prove", reason="time"), said(UNKNOWN, "fuzz", reason="steps"), said(UNKNOWN, "explore"))
    assert conclude(case(), "p", evidence).reason == "prove: time; fuzz: steps"
    held = conclude(case(), "p", (said(UNKNOWN, "prove", reason="time"), said(HELD)))
    assert held.reason == ""


def test_the_witness_is_the_shortest_trace_of_a_violation() -> None:
    lengths = (9, 4, 6)
    evidence = tuple(Evidence("p", "fuzz", BROKEN, witness=trace(n)) for n in lengths)
    aside = Evidence("p", "explore", HELD, witness=trace(1))
    assert conclude(case(), "p", (*evidence, aside)).witness == trace(4)
    assert conclude(case(), "p", (aside,)).witness is None


def ledger(*statuses: Status) -> Ledger:
    return Ledger(tuple(Conclusion(case(), "p", UNKNOWN, status, ()) for status in statuses), seed=0, seconds=0.0)


@pytest.mark.parametrize(
    ("statuses", "exit_status"),
    [
        ((Status.AS_EXPECTED,), 0),
        ((Status.AS_EXPECTED, Status.VIOLATED), 1),
        ((Status.AS_EXPECTED, Status.HOLDS_UNEXPECTEDLY), 1),
        ((Status.CONTRADICTION,), 1),
        ((Status.AS_EXPECTED, Status.UNDECIDED), 3),
        ((Status.UNDECIDED, Status.VIOLATED), 1),
        ((Status.NOT_BY_RUNS, Status.AS_EXPECTED), 0),
        ((Status.NOT_BY_RUNS, Status.UNDECIDED), 3),
        ((), 3),
    ],
)
def test_the_exit_status_says_violated_before_undecided(statuses: tuple[Status, ...], exit_status: int) -> None:
    assert ledger(*statuses).exit_status == exit_status


evidence_lists = st.lists(
    st.builds(said, st.sampled_from(Verdict), st.sampled_from(["explore", "prove", "fuzz"]), exhaustive=st.booleans()),
    max_size=4,
)


@given(evidence_lists, st.none() | st.sampled_from([BROKEN, UNKNOWN, VACUOUS]))
def test_a_conclusion_does_not_depend_on_the_order_of_the_evidence(
    evidence: list[Evidence], expected: Verdict | None
) -> None:
    one = conclude(case(expected), "p", tuple(evidence))
    other = conclude(case(expected), "p", tuple(reversed(evidence)))
    assert (one.verdict, one.status) == (other.verdict, other.status)


@given(evidence_lists)
def test_as_expected_is_never_said_of_what_somebody_violated_or_nobody_decided(evidence: list[Evidence]) -> None:
    found = conclude(case(), "p", tuple(evidence))
    verdicts = {one.verdict for one in evidence}
    if BROKEN in verdicts or not verdicts & {PROVED, HELD}:
        assert found.status is not Status.AS_EXPECTED


def test_every_combination_of_two_verdicts_has_a_status() -> None:
    for first, second in product(Verdict, repeat=2):
        assert conclude(case(), "p", (said(first), said(second, "prove"))).status in Status


def recorded(*conclusions: Conclusion) -> Ledger:
    return Ledger(conclusions, 0, 1.0)


def shown(length: int) -> Evidence:
    return evolve(said(BROKEN), witness=trace(length))


def test_a_ledger_is_asked_by_property_and_says_what_there_is_to_ask() -> None:
    one = conclude(case(), "p", (said(PROVED, "prove"),))
    assert recorded(one).of("p") is one
    assert recorded(one).ok
    assert not recorded(conclude(case(), "p", (said(BROKEN),))).ok
    assert not recorded().ok
    with pytest.raises(LookupError, match="nothing was concluded on 'q'; there is p"):
        recorded(one).of("q")
    with pytest.raises(LookupError, match="2 cases conclude on 'p'"):
        recorded(one, one).of("p")


@pytest.mark.parametrize(
    ("conclusion", "line"),
    [
        (conclude(case(), "p", (said(PROVED, "prove"), said(HELD))), "p: PROVED by prove"),
        (conclude(case(), "p", (said(UNKNOWN, reason="why"),)), "p: UNKNOWN by explore (undecided); explore: why"),
        (conclude(case(), "p", (shown(2),)), "p: VIOLATED by explore; 2 steps"),
        (conclude(case(BROKEN), "p", (shown(1),)), "p: VIOLATED by explore (as expected); 1 step"),
        (conclude(case(BROKEN), "p", (said(PROVED),)), "p: PROVED by explore (expected to be violated, but holds)"),
        (conclude(case(), "p", ()), "p: UNKNOWN (undecided)"),
    ],
)  # fmt: skip
def test_a_conclusion_is_a_line_and_a_ledger_a_line_each(conclusion: Conclusion, line: str) -> None:
    assert str(conclusion) == line
    assert str(recorded(conclusion)) == line
    other = evolve(conclusion, case=evolve(conclusion.case, name="d"))
    assert str(recorded(conclusion, other)) == f"c: {line}\nd: {line}"
