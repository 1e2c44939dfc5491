# SPDX-License-Identifier: Apache-2.0
"""`edgeproof check`: what somebody with a history sees, and what a build can go by."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from edgeproof import reports
from tests.properties.histories import clean, commit, publish, read, text
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
    assert outcome.status in (0, 3)  # 3 where something was never put to the test


def test_a_violation_names_the_lines_and_fails_a_build(cli: Run, tmp_path: Path) -> None:
    lines = [*clean(), read(9, 100, 100.1, digest=None)]
    outcome = cli("check", write(tmp_path / "h.jsonl", lines), "--property", "never-ahead")
    assert outcome.status == 1
    assert f"line {len(lines)}: " in outcome.out
    assert "version 9, which was never committed" in outcome.out


@pytest.mark.parametrize(("source", "verdict", "status"), [(None, "VIOLATED", 1), ("cache", "UNKNOWN", 3)])
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
    outcome = cli("check", history, *NUMBERS, "--learn", "--staleness", "--json")
    schema = json.loads(Path(reports.__path__[0], "report.schema.json").read_text())
    Draft202012Validator(schema).validate(outcome.document["report"])
    assert set(outcome.document["learnt"]["numbers"]) == set("SDFRT")
    assert {"certain", "possible"} <= set(outcome.document["staleness"]["overall"])


@pytest.mark.parametrize("watched", [(), ("--follow", "--idle", "0.1s")])
def test_a_malformed_line_is_located_and_leaves_everything_open(
    cli: Run, history: Path, watched: tuple[str, ...]
) -> None:
    lines = history.read_text().splitlines(keepends=True)
    history.write_text("".join([*lines[:2], "{not json\n", *lines[2:]]))
    outcome = cli("check", history, *watched, "--json")
    assert outcome.status == 3
    assert set(verdicts(outcome.document).values()) == {"UNKNOWN"}
    (row, *_) = outcome.document["report"]["cases"][0]["properties"]
    assert "line 3" in row["reason"]
    strict = cli("check", history, *watched, "--strict")
    assert strict.status == 2
    assert "line 3" in strict.err


def test_following_reports_what_breaks_and_ends_with_verdicts(cli: Run, tmp_path: Path) -> None:
    lines = [*clean(), read(9, 100, 100.1, digest=None)]
    outcome = cli("check", "--follow", write(tmp_path / "h.jsonl", lines), "--idle", "0.1s")
    assert outcome.status == 1
    assert f"{len(lines)} lines, {len(lines)} events" in outcome.out
    assert "which was never committed" in outcome.out


def test_following_ends_with_verdicts_when_it_is_interrupted(history: Path) -> None:
    command = [sys.executable, "-m", "edgeproof.reports.cli", "check", "--follow", str(history), "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ})
    assert process.stderr is not None
    first = process.stderr.readline()  # said once all that there is has been read
    assert b"events" in first
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    document = json.loads(out)
    assert document["lines"] == len(clean())
    assert process.returncode == document["report"]["exit_status"] != 130


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "name a history"),
        (("none.jsonl",), "none.jsonl"),
        (("h.jsonl", "--property", "speed"), "no history can be checked for 'speed'"),
        (("h.jsonl", "--master", "spark://here:7077"), "add --engine spark"),
        (("h.jsonl", "--memory", "much"), "is no size of memory"),
        (("h.jsonl", "--idle", "1s"), "add --follow"),
        (("--follow", "h.jsonl", "more.jsonl"), "watches one file"),
        (("--follow", "h.jsonl", "--learn"), "--learn needs the finished file"),
        (("--follow", "none.jsonl"), "none.jsonl"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(cli: Run, history: Path, words: tuple[str, ...], why: str) -> None:
    outcome = cli("check", *words)
    assert outcome.status == 2
    assert why in outcome.err
    assert outcome.err.count("\n") == 1


def test_without_spark_or_java_it_is_said_what_to_install(
    cli: Run, history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeproof.properties.traffic.backends.find_spec", lambda name: None)
    outcome = cli("check", history, "--engine", "spark")
    assert outcome.status == 2
    assert "pip install 'edgeproof[spark]'" in outcome.err
    assert "Java runtime, version 17 or 21" in outcome.err
