# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import threading
import time
import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.properties.engines.history.engine import Promise, check_history, check_table
from edgeproof.properties.engines.history.follow import FOLLOWED, Limits, Report, follow
from edgeproof.properties.evidence import Verdict
from edgeproof.properties.intake.columns import MALFORMED
from edgeproof.properties.intake.lines import LONGEST
from edgeproof.properties.intake.tail import tail
from tests.properties.histories import Line, clean, commit, digest, fault, publish, read, text
from tests.properties.naive_traffic import Numbers, breaking
from tests.properties.random_traffic import as_table, random_unit

BOUND = 2.25
PATIENT = Limits(patience=1e9)
AT_LAST = read(0, 60, 61, unit="other")
"""With it, all patience with what came before has come to its end."""


def reports(lines: Iterable[Line], limits: Limits | None = None, every: int = 10**9) -> list[Report]:
    return list(follow([line.encode() for line in text(list(lines))], Promise(BOUND), limits=limits, every=every))


def verdicts(found: list[Report]) -> dict[str, Verdict]:
    return {one.property: one.verdict for one in found[-1].evidence}


def violating(found: list[Report]) -> dict[str, set[int]]:
    lines: dict[str, set[int]] = {name: set() for name in FOLLOWED}
    for report in found:
        for violation in report.new:
            lines[violation.property].add(violation.line)
    return lines


def defined(lines: list[Line]) -> dict[str, set[int]]:
    """The lines that break each property, by its definition."""
    numbered = [{**line, "line": n} for n, line in enumerate(lines, 1)]
    return {name: {one["line"] for one in breaking(name, numbered, Numbers(BOUND))} for name in FOLLOWED}


def lawless(seed: int) -> list[Line]:
    dice = Random(seed)
    lines = [line for unit in ("a", "b") for line in random_unit(dice, unit)]
    dice.shuffle(lines)
    # What a restore takes back is not decided on the way.
    return [line for line in lines if line["kind"] != "fault" or line["note"] != "rollback"]


# --- the same verdicts


PARTLY = ("never-ahead", "no-partial-read", "label-is-content")
"""Of these some is left to the finished file, or only the first event is named of those that are wrong in one way."""

FIRST = "label-is-content"
"""Which of two contents came first may be another one once a write is known to have been sent before."""


@given(st.integers(0, 2**32))
def test_whoever_waits_for_everything_finds_what_breaks_a_property_by_its_definition(seed: int) -> None:
    for lines in (lawless(8 * seed + n) for n in range(8)):
        found, broken = reports(lines, PATIENT), defined(lines)
        said, verdict = violating(found), verdicts(found)
        for name in FOLLOWED:
            if name in PARTLY:
                assert said[name] <= broken[name] or (name == FIRST and broken[name]), name
                assert not broken[name] or verdict[name] in (Verdict.VIOLATED, Verdict.UNKNOWN), name
            else:
                assert said[name] == broken[name], name


@given(st.integers(0, 2**32))
def test_what_restores_take_back_is_left_to_the_finished_file_and_nothing_wrong_is_said(seed: int) -> None:
    for n in range(8 * seed, 8 * seed + 8):
        lines = random_unit(Random(n), "a")
        said, broken = violating(reports(lines, PATIENT)), defined(lines)
        assert all(said[name] <= broken[name] or (name == FIRST and broken[name]) for name in FOLLOWED)


@given(st.integers(0, 2**32), st.sampled_from([3.0, 4.0]))
def test_patience_for_what_comes_late_is_enough(seed: int, patience: float) -> None:
    """Lines as recorders write them: at the end of what they tell of, some a little later."""
    for one in range(8 * seed, 8 * seed + 8):
        dice = Random(one)
        lines = sorted(lawless(one), key=lambda line: (line["return"] or line["invoke"] + 3) + dice.random())
        found = reports(lines, Limits(patience=patience + 1))
        if not found[-1].late:
            assert verdicts(found) == verdicts(reports(lines, PATIENT))
            # A content that seemed wrong may turn out to be that of another attempt at the same version.
            judged, whole = violating(found), violating(reports(lines, PATIENT))
            assert all(judged[name] == whole[name] for name in FOLLOWED if name not in PARTLY)
        else:
            assert set(verdicts(found).values()) == {Verdict.UNKNOWN}


@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 3), st.integers(5, 60))
def test_what_is_forgotten_makes_a_verdict_open_but_never_wrong(
    seed: int, versions: int, sessions: int, waiting: int
) -> None:
    for one in range(8 * seed, 8 * seed + 8):
        lines = sorted(lawless(one), key=lambda line: float(line["invoke"]))
        remembered = verdicts(reports(lines, PATIENT))
        found = verdicts(reports(lines, Limits(1e9, waiting, versions, sessions)))
        for name in FOLLOWED:
            assert found[name] in (remembered[name], Verdict.UNKNOWN), name


def test_who_was_told_a_version_before_its_unit_had_a_record_is_remembered_or_the_verdict_is_open() -> None:
    elsewhere = read(4, 0.2, 0.3, unit="other", digest=None)
    lines = [read(9, 0, 0.1, digest=None), elsewhere, commit(5, 2, 2.1)]
    assert verdicts(reports(lines))["never-ahead"] is Verdict.VIOLATED
    assert verdicts(reports(lines, Limits(versions=1)))["never-ahead"] is Verdict.UNKNOWN


def test_where_a_key_came_to_two_versions_nobody_knows_with_which_of_them_the_record_began() -> None:
    second, first = commit(2, 4, 4, key="k"), commit(1, 0, 0.5, era=1, key="k")
    lines = [second, first, commit(None, 0, key="k"), publish(3, 4, 4.5)]
    assert defined(lines)["never-ahead"] == {4}
    assert verdicts(reports(lines, PATIENT))["never-ahead"] is Verdict.UNKNOWN


@pytest.mark.parametrize(("came_to", "verdict"), [(2, Verdict.VIOLATED), (3, Verdict.HOLDS_TO_BOUND)])
def test_a_lost_answer_excuses_what_was_told_until_the_write_is_known_to_have_come_to_something(
    came_to: int, verdict: Verdict
) -> None:
    told = [commit(1, 0, 0.5), commit(None, 1, key="k"), read(3, 1.5, 2, digest=None)]
    lines = [*told, AT_LAST, commit(came_to, 90, 91, key="k")]
    assert verdicts(reports(told))["never-ahead"] is Verdict.HOLDS_TO_BOUND
    assert verdicts(reports(lines))["never-ahead"] is verdicts(reports(lines, PATIENT))["never-ahead"] is verdict


def test_a_record_that_turns_out_to_begin_with_an_older_version_of_the_same_write_holds_what_was_known_to_it() -> None:
    lines = [publish(2, 1, 1.5), commit(None, 1, key="k"), commit(2, 5, 6, era=1, key="k")]
    lines += [AT_LAST, commit(1, 70, 71, key="k"), commit(2, 80, 81)]
    assert defined(lines)["never-ahead"] == {1}
    assert (
        verdicts(reports(lines))["never-ahead"] is verdicts(reports(lines, PATIENT))["never-ahead"] is Verdict.VIOLATED
    )


def test_what_was_said_to_be_ahead_is_taken_back_if_a_write_that_was_answered_is_answered_anew_with_it() -> None:
    lines = [commit(None, 0, key="k"), commit(1, 0.5, 3, key="k"), publish(4, 1, 2), AT_LAST]
    assert verdicts(reports(lines))["never-ahead"] is Verdict.VIOLATED
    assert verdicts(reports([*lines, commit(4, 70, 71, key="k")]))["never-ahead"] is Verdict.HOLDS_TO_BOUND


def test_who_was_told_a_version_that_is_not_on_record_is_tested_once_its_write_is_known_to_have_been_sent() -> None:
    lines = [commit(1, 0, 0.5, era=1), read(3, 2, 2.5, digest=None), commit(None, 2, key="k")]
    lines += [AT_LAST, commit(3, 90, 91, key="k")]
    assert verdicts(reports(lines[:2]))["never-ahead"] is Verdict.VACUOUS
    assert (
        verdicts(reports(lines))["never-ahead"]
        is verdicts(reports(lines, PATIENT))["never-ahead"]
        is Verdict.HOLDS_TO_BOUND
    )


def test_what_begins_at_a_moment_that_had_to_be_judged_already_comes_too_late() -> None:
    lines = [read(2, 4, 5, pop="ams"), read(1, 5, 6)]
    assert verdicts(reports(lines, PATIENT))["cross-pop-monotonic"] is Verdict.HOLDS_TO_BOUND
    assert verdicts(reports(lines, Limits(1e9, waiting=0)))["cross-pop-monotonic"] is Verdict.UNKNOWN


def test_forgetting_is_said_to_be_so() -> None:
    lines = [commit(n, n, n + 0.1) for n in range(1, 20)] + [read(2, 30, 30.1), read(19, 31, 31.1)]
    (found,) = [one for one in reports(lines, Limits(versions=5))[-1].evidence if one.property == "never-ahead"]
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "1 times something was needed that had to be forgotten")


def test_verdicts_on_a_finished_file_are_those_of_the_checks(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    promise = Promise(1.9, guarded=True)
    for more in (
        [],
        [read(3, 10, 10.1, digest=None)],
        [read(2, 10, 10.1, digest=digest(9))],
        [commit(3, 9.2, 9.3), read(3, 9.4, 9.5), read(2, 9.6, 9.7)],
        [read(1, 1, 2)],
        [commit(None, 9.2), read(3, 9.4, 9.5, digest=None)],
    ):
        file.write_text("".join(text([*clean(), *more])))
        followed = {one.property: one for one in list(follow(tail(file, until_idle=0), promise))[-1].evidence}
        for one in check_history(file, promise):
            assert followed[one.property].verdict == one.verdict
            assert followed[one.property].measures.get("violations") == one.measures.get("violations")


@settings(max_examples=30)
@given(st.integers(0, 2**32))
def test_wherever_a_history_ends_it_is_judged_on_the_way_as_the_checks_judge_it_or_left_to_them(seed: int) -> None:
    """Restores and all. What is left open is little enough for the rest to be held to something."""
    decided = 0
    for n in range(8 * seed, 8 * seed + 8):
        dice = Random(n)
        lines = [line for unit in ("a", "b") for line in random_unit(dice, unit)]
        lines = sorted(lines, key=lambda line: float(line["invoke"]))[: dice.randint(1, len(lines))]
        followed = verdicts(reports(lines, PATIENT))
        checked = check_table(as_table(lines), MALFORMED.empty_table(), Promise(BOUND), FOLLOWED)
        for one in checked:
            assert followed[one.property] in (one.verdict, Verdict.UNKNOWN), (n, one)
        decided += sum(verdict is not Verdict.UNKNOWN for verdict in followed.values())
    assert decided > 4 * len(FOLLOWED)


def test_who_is_told_a_version_that_a_restore_undid_is_left_to_the_checks_until_somebody_makes_it_anew() -> None:
    lines = [commit(1, 0, 0.5), commit(2, 1, 1.5), fault("rollback", 3, 3.1, version=1)]
    told = [*lines, read(2, 5, 5.1, digest=None)]
    (checked,) = check_table(as_table(told), MALFORMED.empty_table(), Promise(BOUND), ["never-ahead"])
    assert (verdicts(reports(told))["never-ahead"], checked.verdict) == (Verdict.UNKNOWN, Verdict.VIOLATED)
    anew = [*lines, commit(3, 4, 4.1), read(3, 5, 5.1, digest=None)]
    assert verdicts(reports(anew))["never-ahead"] is Verdict.HOLDS_TO_BOUND


def test_malformed_lines_leave_everything_open() -> None:
    lines = [line.encode() for line in text(clean())]
    lines[3:3] = [b"{\n", b"\n"]
    (final,) = follow(lines, Promise(BOUND))
    assert (final.lines, final.events, final.malformed) == (11, 9, 1)
    assert set(verdicts([final]).values()) == {Verdict.UNKNOWN}
    assert final.evidence[0].reason.startswith("1 malformed lines: line 4: ")


def test_what_the_environment_or_a_restore_may_have_caused_is_left_to_the_finished_file() -> None:
    late = [*clean(), read(0, 10, 10.1, reader="r2")]
    assert verdicts(reports(late))["bounded-staleness"] is Verdict.VIOLATED
    breach_before = [*late, fault("rollback", 11, 11.1, version=1)]
    assert verdicts(reports(breach_before))["bounded-staleness"] is Verdict.VIOLATED
    read_after = [*clean(), fault("rollback", 9.5, 9.6, version=1), read(0, 20, 20.1, reader="r2")]
    assert verdicts(reports(read_after))["bounded-staleness"] is Verdict.UNKNOWN
    promise = Promise(BOUND, failures=2)
    (final,) = follow([line.encode() for line in text(late)], promise)
    assert verdicts([final])["bounded-staleness"] is Verdict.UNKNOWN


def test_violations_are_reported_as_they_come() -> None:
    lines = [*clean(), read(9, 100, 100.1, digest=None), *(read(2, 200 + n, 200.1 + n) for n in range(5))]
    found = reports(lines, every=3)
    ahead = [[one.line for one in report.new if one.property == "never-ahead"] for report in found]
    assert ahead == [[], [], [], [10], [], []]
    assert found[-1].final
    assert not found[-2].final


# --- memory


def traffic(count: int) -> Iterator[bytes]:
    """Commits, puts and reads, ever new versions and ever new isolates."""
    for n in range(count):
        at, version = n * 0.01, n // 50 + 1
        line = (
            commit(version, at, at + 0.001)
            if n % 50 == 0
            else publish(version, at, at + 0.001)
            if n % 50 == 1
            else read(version, at, at + 0.001, reader=f"r{n // 100}")
        )
        yield json.dumps(line).encode() + b"\n"


def peak(count: int) -> int:
    tracemalloc.start()
    try:
        for report in follow(traffic(count), Promise(BOUND), limits=Limits(5, 5000, 100, 50)):
            assert not report.new
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_file() -> None:
    peak(1000)
    less = peak(6000)
    # What other threads of the test's process allocate meanwhile only adds: one undisturbed run shows it.
    assert any(peak(20_000) < 1.1 * less for _ in range(2))


# --- a growing file


def until(lines: Iterator[bytes | None], count: int) -> list[bytes]:
    found: list[bytes] = []
    while len(found) < count:
        found += [line] if (line := next(lines)) else []
    return found


def test_a_line_is_given_once_it_has_ended(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    file.write_bytes(b"one\ntw")
    lines = tail(file, pause=0.001)
    assert until(lines, 1) == [b"one\n"]
    assert next(lines) == b""
    with file.open("ab") as out:
        out.write(b"o\nthree")
    assert until(lines, 1) == [b"two\n"]
    assert list(tail(file, until_idle=0, pause=0.001)) == [b"one\n", b"two\n", b"three"]


def test_a_file_that_is_cut_short_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    file.write_bytes(b"one\ntwo\nthr")
    lines = tail(file, pause=0.001)
    assert until(lines, 2) == [b"one\n", b"two\n"]
    assert next(lines) == b""
    file.write_bytes(b"new\n")
    assert until(lines, 1) == [b"new\n"]


def test_a_file_that_is_rotated_is_read_to_its_end_and_then_its_successor(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    file.write_bytes(b"one\n")
    lines = tail(file, pause=0.001)
    assert until(lines, 1) == [b"one\n"]
    assert next(lines) == b""
    with file.open("ab") as out:
        out.write(b"two")
    file.rename(tmp_path / "h.jsonl.1")
    assert until(lines, 0) == []
    file.write_bytes(b"three\n")
    assert until(lines, 2) == [b"two", b"three\n"]


def test_of_an_endless_line_no_more_is_kept_than_shows_that_it_is_none(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    with file.open("wb") as out:
        for _ in range(40):
            out.write(b"x" * 2**20)
        out.write(b"\nnext\n")
    long, following = (line or b"" for line in tail(file, until_idle=0))
    assert LONGEST < len(long) < LONGEST + 2**22
    assert following == b"next\n"


def test_a_file_that_is_being_written_is_checked_as_it_grows(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    file.touch()

    def write() -> None:
        with file.open("ab", buffering=0) as out:
            for line in text([*clean(), read(9, 100, 100.1, digest=None)]):
                out.write(line[:20].encode())
                time.sleep(0.002)
                out.write(line[20:].encode())

    writer = threading.Thread(target=write)
    writer.start()
    found = list(follow(tail(file, until_idle=1.0, pause=0.001), Promise(BOUND), every=4))
    writer.join()
    assert found[-1].events == len(clean()) + 1
    assert verdicts(found)["never-ahead"] is Verdict.VIOLATED


def test_a_file_that_is_not_there_is_said_not_to_be(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        next(tail(tmp_path / "none.jsonl"))


def test_waiting_costs_no_processor_time(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    file.touch()
    before = os.times()
    assert not any(tail(file, until_idle=0.5))
    after = os.times()
    assert after.user + after.system - before.user - before.system < 0.2
