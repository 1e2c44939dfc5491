# SPDX-License-Identifier: Apache-2.0
"""Every test here runs the command line in this process, in a folder of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from edgeproof.model.trace import Trace, dump_trace
from edgeproof.reports.cli import main
from tests.reports import standins


@frozen
class Outcome:
    """What a command left."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Outcome]
Keep = Callable[[Trace], str]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> standins.Calls:
    made = standins.Calls()
    monkeypatch.setattr("edgeproof.properties.verify.verify", made.verify)
    monkeypatch.setattr("edgeproof.properties.costs.table.costs", made.costs)
    return made


@pytest.fixture
def cli(
    calls: standins.Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run the command line."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        return Outcome(status, *capsys.readouterr())

    return run


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """Write a trace to a file."""

    def write(trace: Trace) -> str:
        path = tmp_path / "kept.itf.json"
        path.write_text(dump_trace(trace), encoding="utf-8")
        return str(path)

    return write
