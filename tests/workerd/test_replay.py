# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from model.trace import dump_trace
from reports.cli import main
from tests.workerd.traces import trace_of

pytestmark = pytest.mark.xdist_group("workerd-anomalies")

TRACE = dump_trace(trace_of("bare-statements", "uncaught", "atomic-write"))


def test_the_command_line_replays_a_trace_on_the_real_runtime(
    workerd: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = tmp_path / "trace.itf.json"
    trace.write_text(TRACE, encoding="utf-8")
    assert main(["replay", str(trace), "--on", "workerd"]) == 0
    assert "atomic-write: broken, as the trace claims" in capsys.readouterr().out


def test_without_the_runtime_the_command_line_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGEPROOF_WORKERD", "/nowhere/workerd")
    trace = tmp_path / "trace.itf.json"
    trace.write_text(TRACE, encoding="utf-8")
    assert main(["replay", str(trace), "--on", "workerd"]) == 2
    assert "/nowhere/workerd" in capsys.readouterr().err
