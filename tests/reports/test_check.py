# SPDX-License-Identifier: Apache-2.0
"""`edgeproof check`: what somebody with a history sees, and what a build can go by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from edgeproof import reports
from tests.properties.histories import clean, commit, fault, publish, read, text
from tests.reports.conftest import Run

NUMBERS = ("--sync-delay", "1s", "--put-timeout", "1s", "--cache-ttl", "2s")
BOUND = 5.0


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return write(tmp_path / "h.jsonl", clean())


def write(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(text(lines)))
    return path


def verdicts(document: Any) -> dict[str, str]:
    return {one["id"]: one["verdict"] for one in document["report"]["cases"][0]["properties"]}


def test_a_clean_history_holds_and_says_what_it_was_not_asked(cli: Run, history: Path) -> None:
    outcome = cli("check", history)
    assert "never-ahead" in outcome.out
    assert "not asked, as no bound was given: bounded-staleness, convergence" in outcome.out
    assert "not asked, as no read failed, and none was served from `fallback` or `last_good`" in outcome.out
    assert outcome.status == 0


def test_what_was_not_recorded_is_not_asked_and_what_it_would_decide_is_said(cli: Run, tmp_path: Path) -> None:
    bare = [{**line, "digest": None} for line in clean() if line["kind"] != "publish"]
    outcome = cli("check", write(tmp_path / "h.jsonl", bare))
    assert outcome.status == 0
    assert "recording the `digest` of what was committed, put and told would decide: no-partial-read, " in outcome.out
    assert "VACUOUS" not in outcome.out
    named = cli("check", tmp_path / "h.jsonl", "--property", "no-partial-read")
    assert (named.status, "VACUOUS" in named.out) == (3, True)


def test_a_history_that_puts_nothing_to_the_test_is_no_good_one(cli: Run, tmp_path: Path) -> None:
    for lines in ([], [fault("crash", 1, 2)]):
        outcome = cli("check", write(tmp_path / "h.jsonl", lines))
        assert (outcome.status, "never-ahead" in outcome.out) == (3, True)


def test_a_violation_names_the_lines_and_fails_a_build(cli: Run, tmp_path: Path) -> None:
    lines = [*clean(), read(9, 100, 100.1, digest=None)]
    outcome = cli("check", write(tmp_path / "h.jsonl", lines), "--property", "never-ahead")
    assert outcome.status == 1
    assert f"line {len(lines)}: " in outcome.out
    assert "version 9, which was never committed" in outcome.out


@pytest.mark.parametrize(("source", "verdict", "status"), [(None, "VIOLATED", 1), ("cache", "MISSED", 4)])
def test_a_read_staler_than_the_bound_is_the_designs_fault_unless_the_environment_broke_an_assumption(
    cli: Run, tmp_path: Path, source: str | None, verdict: str, status: int
) -> None:
    late = read(2, 51 + BOUND, 52 + BOUND, source=source)  # a cache that serves it for so long does not respect T
    lines = [*clean(), commit(3, 50, 50.1), publish(3, 50.5, 50.6), late]
    named = ("--property", "bounded-staleness")
    outcome = cli("check", write(tmp_path / "h.jsonl", lines), *NUMBERS, *named, "--json")
    assert outcome.status == status
    assert outcome.document["promise"]["bound_s"] == BOUND
    assert verdicts(outcome.document) == {"bounded-staleness": verdict}


def test_the_document_has_a_report_of_the_published_schema(cli: Run, history: Path) -> None:
    outcome = cli("check", history, *NUMBERS, "--staleness", "--json")
    schema = json.loads(Path(reports.__path__[0], "report.schema.json").read_text())
    Draft202012Validator(schema).validate(outcome.document["report"])
    assert {"certain", "possible"} <= set(outcome.document["staleness"]["overall"])


@pytest.mark.parametrize("command", [("check",), ("follow", "--idle", "0.1s")])
def test_a_malformed_line_is_located_and_leaves_everything_open(
    cli: Run, history: Path, command: tuple[str, ...]
) -> None:
    lines = history.read_text().splitlines(keepends=True)
    history.write_text("".join([*lines[:2], "{not json\n", *lines[2:]]))
    outcome = cli(*command, history, "--json")
    assert outcome.status == 3
    assert set(verdicts(outcome.document).values()) == {"UNKNOWN"}
    (row, *_) = outcome.document["report"]["cases"][0]["properties"]
    assert "line 3" in row["reason"]
    strict = cli(*command, history, "--strict")
    assert strict.status == 2
    assert "line 3" in strict.err


def test_names_that_come_from_a_history_do_not_move_the_cursor(cli: Run, tmp_path: Path) -> None:
    lines = [{**line, "unit": "app\x1b[31m", "pop": "\x1b[2Jlis"} for line in clean()]
    outcome = cli("check", write(tmp_path / "h.jsonl", lines), "--staleness")
    assert "stalest read" in outcome.out
    assert "\x1b" not in outcome.out + outcome.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "name a history"),
        (("none.jsonl",), "none.jsonl"),
        (("h.jsonl", "--property", "speed"), "no history can be checked for 'speed'"),
        (("h.jsonl", "--master", "spark://here:7077"), "add --engine spark"),
        (("h.jsonl", "--explain"), "--explain is Spark's: add --engine spark"),
        (("h.jsonl", "--memory", "much"), "is no size of memory"),
        (("h.jsonl", "--sync-delay", "1s"), "a bound takes --put-timeout and --cache-ttl as well"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(cli: Run, history: Path, words: tuple[str, ...], why: str) -> None:
    outcome = cli("check", *words)
    assert outcome.status == 2
    assert why in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    ("gone", "instead"), [(("--learn",), "learn"), (("--follow",), "follow"), (("--idle", "1s"), "follow")]
)
def test_an_option_that_has_become_a_command_names_it(
    cli: Run, history: Path, gone: tuple[str, ...], instead: str
) -> None:
    outcome = cli("check", history, *gone)
    assert (outcome.status, outcome.err) == (2, f"edgeproof: {gone[0]} is gone; use `edgeproof {instead}`\n")
    assert gone[0] not in cli("check", "--help").out


def test_without_spark_or_java_it_is_said_what_to_install(
    cli: Run, history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeproof.properties.traffic.backends.find_spec", lambda name: None)
    outcome = cli("check", history, "--engine", "spark")
    assert outcome.status == 2
    assert "pip install 'edgeproof[spark]'" in outcome.err
    assert "Java runtime, version 17 or 21" in outcome.err
