# SPDX-License-Identifier: Apache-2.0
"""`edgeproof check` on a cluster says what it says in one process, of the same files, with one shuffle.

`long_agrees` asks for all rows as well, for what is learnt, and for measures.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from edgeproof.properties.intake import ColumnMapping, splits
from edgeproof.properties.traffic.backends import BackendError
from edgeproof.properties.traffic.executors import on_cluster
from edgeproof.properties.traffic.facts import Facts
from edgeproof.reports.cli import main
from tests.spark.agreeing import by_the_command, write_history


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A history whose text is cut into splits, three for each worker, as if it were large."""
    write_history(tmp_path)
    monkeypatch.setattr(splits, "_BYTES", (1, 2**30))
    return tmp_path


def test_a_cluster_of_two_workers_finds_what_one_process_finds(
    master: str, session: Any, history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    executors = session.sparkContext._jsc.sc().statusTracker().getExecutorInfos()
    assert len(executors) == 3  # the driver is listed, too
    told = by_the_command(history, capsys, "--engine", "spark", "--master", master)
    assert told == by_the_command(history, capsys)


def test_malformed_lines_are_counted_named_and_refused_as_in_one_process(
    master: str, session: Any, history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (history / "1.jsonl").read_text().splitlines(keepends=True)
    for place in (len(lines), len(lines) // 2, 7):
        lines.insert(place, "{}\n")
    (history / "1.jsonl").write_text("".join(lines))
    there = ("--engine", "spark", "--master", master)
    told = by_the_command(history, capsys, *there, status=3)
    assert told == by_the_command(history, capsys, status=3)
    assert "3 malformed lines: " in json.dumps(told)
    assert main(["check", str(history), *there, "--strict"]) == main(["check", str(history), "--strict"]) == 2
    first, second = [line for line in capsys.readouterr().err.splitlines() if line.startswith("edgeproof: ")]
    assert first == second
    assert "1.jsonl, line 8: " in first


def test_an_executor_that_fails_is_said_in_a_line(session: Any, history: Path) -> None:
    def kernel(facts: Facts) -> None:
        raise RuntimeError(f"of {len(facts.units)} units, one is too many")

    with pytest.raises(BackendError, match=r"the executors failed, .*: RuntimeError: of \d+ units, one is too many"):
        on_cluster(session, [history], ColumnMapping()).ask(kernel)


def test_the_plan_has_one_shuffle_which_is_by_parts_of_the_units(
    master: str, session: Any, history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(history), "--engine", "spark", "--master", master, "--explain", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert re.findall(r"Exchange (\w+)\(part", said["plan"]) == ["hashpartitioning"]
    assert len(re.findall(r"Exchange|Shuffle|Sort|Broadcast|Scan", said["plan"])) == 1
    assert (said["splits"], said["parts"]) == (1 + 6, 6)
