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

from edgeproof.properties.intake import splits
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


def test_the_plan_has_one_shuffle_which_is_by_parts_of_the_units(
    master: str, session: Any, history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(history), "--engine", "spark", "--master", master, "--explain", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert re.findall(r"Exchange (\w+)\(part", said["plan"]) == ["hashpartitioning"]
    assert len(re.findall(r"Exchange|Shuffle|Sort|Broadcast|Scan", said["plan"])) == 1
    assert (said["splits"], said["parts"]) == (1 + 6, 6)
