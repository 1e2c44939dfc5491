# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgeproof.model.machine import DesignError
from edgeproof.properties.engines.history.engine import PROPERTIES, Promise, check_history
from edgeproof.properties.evidence import Evidence, Verdict
from edgeproof.properties.promises import promise_of
from tests.properties.histories import clean, commit, digest, fault, publish, read, text

PROMISE = Promise(2.5, guarded=True)


def check(lines: list[dict[str, Any]], promise: Promise = PROMISE) -> dict[str, Evidence]:
    return {one.property: one for one in check_history(text(lines), promise)}


def verdicts(lines: list[dict[str, Any]], promise: Promise = PROMISE) -> dict[str, Verdict]:
    return {name: one.verdict for name, one in check(lines, promise).items()}


def only(name: str) -> dict[str, Verdict]:
    return {one: Verdict.VIOLATED if one == name else Verdict.HOLDS_TO_BOUND for one in PROPERTIES}


def test_a_clean_history_has_every_property() -> None:
    assert verdicts(clean()) == dict.fromkeys(PROPERTIES, Verdict.HOLDS_TO_BOUND)


def test_a_file_is_read_as_its_lines_are(tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text("".join(text(clean())))
    found = check_history(tmp_path / "history.jsonl", PROMISE, seed=7)
    assert [(one.property, one.verdict, one.seed) for one in found] == [
        (name, Verdict.HOLDS_TO_BOUND, 7) for name in PROPERTIES
    ]


def test_lines_may_come_without_their_ends() -> None:
    lines = [line.rstrip("\n") for line in text(clean())]
    assert {one.verdict for one in check_history(lines, PROMISE)} == {Verdict.HOLDS_TO_BOUND}


# --- never-ahead


def test_a_read_of_a_version_that_was_never_committed_is_ahead() -> None:
    found = check([*clean(), read(3, 10, 10.1, digest=None)])
    assert {name: one.verdict for name, one in found.items()} == only("never-ahead")
    assert found["never-ahead"].reason == "line 10: r1 at lis was told version 3, which was never committed"


def test_a_read_that_returned_before_the_commit_was_asked_for_is_ahead() -> None:
    lines = [*clean(), read(3, 10, 10.1), commit(3, 10.2, 10.3)]
    assert "line 10: r1 at lis was told version 3, before line 11 asked" in check(lines)["never-ahead"].reason
    assert verdicts(lines) == only("never-ahead")


def test_a_put_that_was_over_before_its_commit_was_asked_for_is_ahead() -> None:
    lines = [*clean(), publish(3, 10, 10.1), commit(3, 10.2, 10.3), read(3, 11, 11.1)]
    assert "line 10: a put carried version 3, before line 11 asked" in check(lines)["never-ahead"].reason
    assert verdicts(lines) == only("never-ahead")
    begun_before = [*clean(), publish(3, 10, 10.4), commit(3, 10.2, 10.3), read(3, 11, 11.1)]
    assert verdicts(begun_before)["never-ahead"] is Verdict.HOLDS_TO_BOUND


def test_an_answer_that_came_while_the_commit_was_under_way_is_not_ahead() -> None:
    lines = [*clean(), commit(3, 10, 12), publish(3, 10.1, 10.2), read(3, 10.3, 10.4)]
    assert verdicts(lines)["never-ahead"] is Verdict.HOLDS_TO_BOUND


def test_a_refused_write_commits_nothing() -> None:
    lines = [*clean(), commit(3, 9.5, 9.6, outcome="fail"), read(3, 10, 10.1)]
    assert verdicts(lines)["never-ahead"] is Verdict.VIOLATED


def test_a_commit_whose_outcome_is_unknown_excuses_whoever_read_it() -> None:
    named = [*clean(), commit(3, 9.5), read(3, 10, 10.1)]
    assert verdicts(named)["never-ahead"] is Verdict.HOLDS_TO_BOUND
    unnamed = [*clean(), commit(None, 9.5), read(3, 10, 10.1)]
    found = check(unnamed)["never-ahead"]
    assert (found.verdict, found.measures["of_unknown_commits"]) == (Verdict.HOLDS_TO_BOUND, 1)
    too_early = [*clean(), read(3, 9.3, 9.4), commit(None, 9.5)]
    assert verdicts(too_early)["never-ahead"] is Verdict.VIOLATED


def test_a_unit_does_not_answer_for_another() -> None:
    lines = [*clean(), read(1, 10, 10.1, unit="other", digest=None), commit(1, 11, 11.1, unit="other", digest=None)]
    assert verdicts(lines)["never-ahead"] is Verdict.VIOLATED


def test_of_what_is_older_than_a_record_nobody_knows_when_it_was_made() -> None:
    """Reads of a unit whose commits nobody recorded, and of versions from before its first commit on record."""
    elsewhere = [read(4, 10, 10.1, unit="other", digest=None)]
    late = [read(41, 0, 0.1, digest=None), commit(42, 1, 1.2), read(41, 2, 2.1, digest=None), read(42, 3, 3.1)]
    for lines in ([*clean(), *elsewhere], late):
        assert verdicts(lines)["never-ahead"] is Verdict.HOLDS_TO_BOUND
    assert verdicts(elsewhere)["never-ahead"] is Verdict.VACUOUS
    ahead = [read(43, 0, 0.1, digest=None), *late]
    assert "line 1: r1 at lis was told version 43, which was never committed" in check(ahead)["never-ahead"].reason


def test_of_what_was_there_before_a_restore_with_which_a_record_begins_nobody_knows() -> None:
    restored = [fault("rollback", 1, 1.1, version=5), commit(6, 2, 2.1)]
    assert verdicts([read(7, 0, 0.1, digest=None), *restored])["never-ahead"] is not Verdict.VIOLATED
    began_before = [commit(3, 0.1, 0.2), *restored]
    assert verdicts([*began_before, read(9, 3, 3.1, digest=None)])["never-ahead"] is Verdict.VIOLATED


# --- no-partial-read


@pytest.mark.parametrize("version", [0, 1, 2])
def test_content_that_its_version_does_not_have_is_partial(version: int) -> None:
    lines = [
        {**line, "digest": digest(9)} if line["version"] == version and line["kind"] == "read" else line
        for line in clean()
    ]
    found = check(lines)
    assert {name: one.verdict for name, one in found.items()} == only("no-partial-read")
    at = next(number for number, line in enumerate(lines, 1) if line["digest"] == digest(9))
    assert found["no-partial-read"].reason.startswith(
        f"line {at}: r1 at lis was told version {version} with the digest"
    )


def test_reads_without_a_digest_put_content_to_no_test() -> None:
    lines = [{**line, "digest": None} if line["kind"] == "read" else line for line in clean()]
    assert verdicts(lines)["no-partial-read"] is Verdict.VACUOUS


# --- monotonic-reads


def test_a_reader_that_goes_back_is_seen() -> None:
    lines = [*clean(), commit(3, 9.2, 9.3), read(3, 9.4, 9.5), read(2, 9.6, 9.7)]
    found = check(lines)
    assert {name: one.verdict for name, one in found.items()} == only("monotonic-reads")
    assert found["monotonic-reads"].reason == "line 12: r1 at lis was told version 2 after line 11 was told version 3"


def test_reads_that_overlap_may_be_told_either_version() -> None:
    lines = [*clean(), commit(3, 9.2, 9.3), read(3, 9.4, 9.9), read(2, 9.6, 9.7)]
    assert verdicts(lines)["monotonic-reads"] is Verdict.HOLDS_TO_BOUND


@pytest.mark.parametrize("where", [{"reader": "r2"}, {"pop": "ams"}, {"unit": "other"}])
def test_going_back_is_a_matter_of_one_reader(where: dict[str, str]) -> None:
    lines = [*clean(), commit(3, 9.2, 9.3), read(3, 9.4, 9.5), read(2, 9.6, 9.7, **where)]
    assert verdicts(lines)["monotonic-reads"] is Verdict.HOLDS_TO_BOUND


def test_an_eviction_starts_a_new_session_only_if_it_is_recorded_there() -> None:
    def lines(*between: dict[str, Any]) -> list[dict[str, Any]]:
        return [*clean(), commit(3, 9.2, 9.3), read(3, 9.4, 9.5), *between, read(2, 9.6, 9.7)]

    assert (
        verdicts(lines(fault("evict", 9.52, 9.55, pop="lis", reader="r1")))["monotonic-reads"] is Verdict.HOLDS_TO_BOUND
    )
    assert verdicts(lines(fault("evict", 9.52, 9.55, pop="lis", reader="r2")))["monotonic-reads"] is Verdict.VIOLATED
    assert verdicts(lines(fault("crash", 9.52, 9.55)))["monotonic-reads"] is Verdict.VIOLATED


def test_an_era_comes_before_a_version() -> None:
    lines = [*clean(), commit(1, 9.2, 9.3, era=1), read(1, 9.4, 9.5, era=1), read(1, 9.6, 9.7, era=1)]
    assert verdicts(lines)["monotonic-reads"] is Verdict.HOLDS_TO_BOUND
    assert verdicts([*lines, read(2, 10, 10.1)])["monotonic-reads"] is Verdict.VIOLATED


def test_only_guarded_readers_are_held_to_it() -> None:
    assert "monotonic-reads" not in check(clean(), Promise(2.5))


def test_readers_that_were_told_one_version_put_it_to_no_test() -> None:
    lines = [line for line in clean() if line["kind"] != "read" or line["version"] < 2]
    assert verdicts(lines)["monotonic-reads"] is Verdict.VACUOUS


# --- bounded-staleness


def test_what_was_superseded_longer_ago_than_the_bound_is_too_old() -> None:
    assert verdicts(clean(), Promise(2.0, guarded=True)) == dict.fromkeys(PROPERTIES, Verdict.HOLDS_TO_BOUND)
    found = check(clean(), Promise(1.9, guarded=True))
    assert {name: one.verdict for name, one in found.items()} == only("bounded-staleness")
    said = (
        "line 7: r1 at lis was told version 1, 2.000 s after line 5 had committed something newer; the bound is 1.9 s"
    )
    assert found["bounded-staleness"].reason == said


def test_the_empty_config_gets_too_old_as_well() -> None:
    assert verdicts([*clean(), read(0, 10, 10.1, reader="r2")]) == only("bounded-staleness")


def test_any_newer_commit_supersedes_whichever_returned_first() -> None:
    slow = [commit(2, 3, 9) if line["kind"] == "commit" and line["version"] == 2 else line for line in clean()]
    assert verdicts(slow, Promise(1.9, guarded=True))["bounded-staleness"] is Verdict.HOLDS_TO_BOUND
    overtaken = [*slow, commit(3, 3.1, 3.2), read(2, 6, 6.1, reader="r2")]
    assert verdicts(overtaken, Promise(1.9, guarded=True))["bounded-staleness"] is Verdict.VIOLATED


def test_times_are_taken_as_favourably_as_their_intervals_allow() -> None:
    begun_in_time = [*clean(), commit(3, 9.2, 9.3), read(2, 11, 99)]
    assert verdicts(begun_in_time)["bounded-staleness"] is Verdict.HOLDS_TO_BOUND
    committed_late = [*clean(), commit(3, 9.2, 90), read(2, 91, 92)]
    assert verdicts(committed_late)["bounded-staleness"] is Verdict.HOLDS_TO_BOUND
    never_certain = [*clean(), commit(3, 9.2), read(2, 91, 92)]
    assert verdicts(never_certain)["bounded-staleness"] is Verdict.HOLDS_TO_BOUND


def test_staleness_is_measured_as_it_certainly_was_and_as_it_may_have_been() -> None:
    measures = check(clean())["bounded-staleness"].measures
    assert measures["certain_max_s"] == pytest.approx(2.0)
    assert measures["possible_max_s"] == pytest.approx(2.3)
    assert measures["certain_p50_s"] == 0
    assert measures["headroom_s"] == pytest.approx(0.5)


def test_a_history_shorter_than_the_bound_puts_it_to_no_test() -> None:
    found = check(clean(), Promise(60, guarded=True))["bounded-staleness"]
    assert (found.verdict, found.reason) == (
        Verdict.VACUOUS,
        "no read came later than the bound of 60 s after a commit",
    )


def test_a_broken_assumption_is_not_blamed_on_the_design() -> None:
    failed = [publish(2, 3.3 + n / 10, 3.35 + n / 10, outcome="fail") for n in range(3)]
    lines = sorted([*clean(), *failed], key=lambda line: float(line["invoke"]))
    allowed = check(lines, Promise(1.9, failures=3))["bounded-staleness"]
    assert (allowed.verdict, allowed.measures["failed_in_a_row"]) == (Verdict.VIOLATED, 3)
    broken = check(lines, Promise(1.9, failures=2))["bounded-staleness"]
    assert broken.verdict is Verdict.MISSED
    said = "the promise was missed by 0.100 s, and by this assumption: 3 puts in a row failed until line 8"
    assert said in broken.reason


def test_a_put_that_timed_out_breaks_the_assumption_that_none_lands_late() -> None:
    late = publish(2, 3.3, 3.9, outcome="unknown")
    lines = sorted([*clean(), late], key=lambda line: float(line["invoke"]))
    assert verdicts(lines, Promise(1.9, put_timeout=0.5))["bounded-staleness"] is Verdict.MISSED
    assert verdicts(lines, Promise(1.9, put_timeout=0.5, may_be_late=True))["bounded-staleness"] is Verdict.VIOLATED
    assert verdicts(lines, Promise(2.5, put_timeout=0.5))["bounded-staleness"] is Verdict.HOLDS_TO_BOUND


def test_a_machine_that_stalled_for_longer_than_is_allowed_for_is_not_blamed_on_the_design() -> None:
    lines = [*clean(), fault("stall", 3.3, 4.0)]
    assert verdicts(lines, Promise(1.9, machine=0.7 + 1e-9))["bounded-staleness"] is Verdict.VIOLATED
    late = check(lines, Promise(1.9, machine=0.6, guarded=True))
    assert {name: one.verdict for name, one in late.items() if name != "bounded-staleness"} == dict.fromkeys(
        [name for name in PROPERTIES if name != "bounded-staleness"], Verdict.HOLDS_TO_BOUND
    )
    assert late["bounded-staleness"].verdict is Verdict.MISSED
    assert (
        "the machine took 0.700 s to answer something trivial (line 10), and S allows for 0.6 s"
        in late["bounded-staleness"].reason
    )


# --- all of them


def test_nothing_recorded_is_nothing_tested() -> None:
    assert set(verdicts([]).values()) == {Verdict.VACUOUS}


def test_a_malformed_line_leaves_every_verdict_open_and_is_located() -> None:
    lines = text(clean())
    lines[3] = '{"kind": "read"'
    for one in check_history(lines, PROMISE):
        assert one.verdict is Verdict.UNKNOWN
        assert one.reason.startswith("1 malformed line: line 4: ")
        assert one.measures["malformed"] == 1


def test_many_violations_are_counted_and_the_first_ones_named() -> None:
    found = check([*clean(), *(read(7, 10 + n, 10.1 + n, digest=None) for n in range(9))])["never-ahead"]
    assert found.reason.startswith("line 10: ")
    assert found.reason.endswith("; and 6 more")
    assert found.measures["violations"] == 9


def test_the_promise_is_the_proved_formula_in_seconds() -> None:
    numbers = {"S": 2000, "D": 5000, "R": 1000, "F": 3, "T": 60_000}
    promise = promise_of({"put_fails": True, "reader": "guarded", **numbers})
    assert (promise.bound_s, promise.formula) == (90.0, "D + S + F*(D + R) + D + T")
    assert (promise.guarded, promise.failures, promise.put_timeout, promise.may_be_late) == (True, 3, 5.0, False)
    with pytest.raises(DesignError):
        promise_of({"no such": 1})
