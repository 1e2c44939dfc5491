# SPDX-License-Identifier: Apache-2.0
"""`edgeproof check` on somebody's own logs: what it says of them before it can check them, and the way there."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.reports.conftest import Run

LINES = [
    {"ts": 1795435200000, "op": "write", "app": "a", "ver": "7", "ms": 20, "colo": None, "isolate": None},
    {"ts": 1795435201000, "op": "read", "app": "a", "ver": "7", "ms": 1, "colo": "LIS", "isolate": "i-1"},
    {"ts": 1795435202000, "op": "read", "app": "a", "ver": "7", "ms": 1, "colo": "LIS", "isolate": "i-1"},
]


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "logs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LINES), encoding="utf-8")
    return tmp_path / "logs.jsonl"


def test_foreign_logs_are_refused_once_explored_and_then_checked(cli: Run, logs: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    refused = cli("check", logs)
    assert (refused.status, refused.err.count("\n")) == (2, 1)
    assert "Its columns: ts, op, app, ver, ms, colo, isolate" in refused.err
    assert cli("check", "--explore", logs, "--out", mapping).status == 0
    assert 'unit = "app"  # by its name; a\n' in mapping.read_text(encoding="utf-8")
    checked = cli("check", logs, "--mapping", mapping, "--property", "never-ahead")
    assert (checked.status, "2 reads, 1 versions" in checked.out) == (0, True)


def test_a_proposal_is_printed_as_the_file_that_it_is_and_never_written_over_another(cli: Run, logs: Path) -> None:
    assert cli("check", "--explore", logs).out.startswith("# logs.jsonl: of 3 records 3 are events with this")
    (said,) = json.loads(cli("check", "--explore", logs, "--json").out)["files"]
    assert said["mapping"]["columns"]["invoke"] == "ts"
    assert said["reasons"]["invoke"].endswith("in ms, by its size")
    assert cli("check", "--explore", logs, "--out", logs).status == 2
    assert cli("check", logs, "--out", "x.toml").status == 2


def test_a_unit_of_time_is_asked_for_and_given(cli: Run, tmp_path: Path) -> None:
    line = {
        "kind": "commit",
        "unit": "a",
        "invoke": 1795435200000,
        "return": 1795435200001,
        "outcome": "ok",
        "version": 1,
    }
    path = tmp_path / "h.jsonl"
    path.write_text(json.dumps(line), encoding="utf-8")
    asked = cli("check", path)
    assert (asked.status, "`--times ms`" in asked.err) == (2, True)
    assert "2026" not in cli("check", path, "--times", "ms", "--property", "never-ahead").err


def test_what_is_no_file_is_one_line_and_not_waited_for(cli: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "gone.jsonl").symlink_to("nowhere")
    for arguments in (
        ("check", "pipe.jsonl"),
        ("check", "gone.jsonl"),
        ("follow", "pipe.jsonl"),
        ("learn", "gone.jsonl"),
    ):
        outcome = cli(arguments[0], tmp_path / arguments[1])
        assert (outcome.status, outcome.err.count("\n")) == (2, 1)
        assert "bug" not in outcome.err


def test_malformed_lines_are_said_once_for_all_properties(cli: Run, tmp_path: Path) -> None:
    good = [{**line, "kind": "commit" if line["op"] == "write" else "read"} for line in LINES]
    named = [
        {
            "kind": line["kind"],
            "unit": "a",
            "invoke": n,
            "return": n,
            "outcome": "ok",
            "version": 7,
            "pop": "l",
            "reader": "r",
        }
        for n, line in enumerate(good)
    ]
    lines = [*named, {**named[0], "return": -1}]
    (tmp_path / "h.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    outcome = cli("check", tmp_path / "h.jsonl")
    assert (outcome.status, outcome.out.count("1 malformed line")) == (3, 1)
