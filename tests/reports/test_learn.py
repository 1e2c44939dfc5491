# SPDX-License-Identifier: Apache-2.0
"""`edgeproof learn`: the numbers of a history, and the check that they lead to."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.properties.histories import clean, commit, read, text
from tests.reports.conftest import Run


def write(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(text(lines)))
    return path


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return write(tmp_path / "a history.jsonl", clean())


def test_it_says_the_numbers_the_bound_that_they_make_and_how_to_check_it(cli: Run, history: Path) -> None:
    outcome = cli("learn", history)
    assert outcome.status == 0
    assert "2.103 s: what a reader is told was superseded at most this long ago" in outcome.out
    assert "= D + S + D + T\n" in outcome.out
    assert outcome.out.splitlines()[-1].startswith("  edgeproof check ")


def test_a_history_holds_against_what_was_learnt_of_it(cli: Run, history: Path) -> None:
    learnt = cli("learn", history, "--json").document
    program, *words = shlex.split(learnt["check"])
    checked = cli(*words, "--json")
    assert program == "edgeproof"
    assert checked.document["promise"] == learnt["promise"]
    verdicts = {one["id"]: one["verdict"] for one in checked.document["report"]["cases"][0]["properties"]}
    assert verdicts["bounded-staleness"] == "HOLDS_TO_BOUND"
    assert {one for name, one in verdicts.items() if name.startswith(("assumes-", "keeps-"))} == {"HOLDS_TO_BOUND"}


def test_what_no_history_shows_is_given_and_adds_its_terms(cli: Run, history: Path) -> None:
    words = ("--memo-ttl", "10s", "--heartbeat", "2s", "--zombie-window", "250us")
    learnt = cli("learn", history, *words, "--json").document
    assert learnt["promise"]["formula"] == "D + Z + D + H + S + F*(D + R) + D + T + M"
    assert learnt["check"].endswith("--memo-ttl 10s --heartbeat 2s --zombie-window 0.00025s")


def test_a_number_that_does_not_show_is_not_taken_for_nothing(cli: Run, tmp_path: Path) -> None:
    outcome = cli("learn", write(tmp_path / "h.jsonl", [commit(1, 1, 1.2), read(1, 2, 2.1, source="kv")]))
    assert outcome.status == 3
    assert "D is not known, as no put is recorded" in outcome.out
    assert "T is not known, as no" in outcome.out


def test_malformed_lines_are_counted_and_leave_it_open(cli: Run, history: Path) -> None:
    history.write_text(history.read_text() + "{not json\n")
    outcome = cli("learn", history)
    assert outcome.status == 3
    assert "1 malformed line passed over" in outcome.out
    assert cli("learn", history, "--strict").status == 2


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "name a history"),
        (("none.jsonl",), "none.jsonl"),
        (("none.jsonl", "--zombie-window", "3s"), "give --heartbeat"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(cli: Run, words: tuple[str, ...], why: str) -> None:
    outcome = cli("learn", *words)
    assert outcome.status == 2
    assert why in outcome.err
    assert outcome.err.count("\n") == 1
