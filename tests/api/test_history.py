# SPDX-License-Identifier: Apache-2.0
"""`edgeproof.check_history` judges files of recorded events as `edgeproof check` does, and gives a ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import edgeproof
from edgeproof import Promise, Verdict


def event(kind: str, at: float, version: int, **more: Any) -> str:
    line = {"kind": kind, "unit": "u", "invoke": at, "return": at + 0.01, "outcome": "ok", "version": version}
    return json.dumps({**line, **more}) + "\n"


def read(at: float, version: int, pop: str = "LIS") -> str:
    return event("read", at, version, pop=pop, reader=pop, source="kv")


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Two commits in one file; in another, a location that is 98 s late with the second."""
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "commits.jsonl").write_text(event("commit", 0, 1) + event("commit", 10, 2), encoding="utf-8")
    (folder / "reads.jsonl").write_text(read(1, 1) + read(12, 2) + read(108.01, 1, "GRU"), encoding="utf-8")
    return folder


def test_files_folders_and_patterns_are_one_history(logs: Path) -> None:
    ways: list[Any] = [logs, str(logs / "*.jsonl"), [logs / "commits.jsonl", logs / "reads.jsonl"]]
    for paths in ways:
        found = edgeproof.check_history(paths, Promise(90.0), properties=["bounded-staleness"]).of("bounded-staleness")
        assert found.verdict is Verdict.VIOLATED
        assert "GRU was told version 1, 98.000 s after" in found.reason


def test_what_a_promise_allows_holds_and_what_nobody_promised_is_as_expected_either_way(logs: Path) -> None:
    ledger = edgeproof.check_history(logs, Promise(100.0), properties=["bounded-staleness", "cross-pop-monotonic"])
    assert ledger.of("bounded-staleness").verdict is Verdict.HOLDS_TO_BOUND
    assert ledger.of("cross-pop-monotonic").verdict is Verdict.VIOLATED
    assert ledger.ok


def test_without_a_promise_everything_else_is_checked(logs: Path) -> None:
    ledger = edgeproof.check_history(logs)
    assert "bounded-staleness" not in {one.property for one in ledger.conclusions}
    assert ledger.of("never-ahead").verdict is Verdict.HOLDS_TO_BOUND


def test_malformed_lines_leave_everything_open_or_are_refused(logs: Path) -> None:
    (logs / "more.jsonl").write_text("{}\n", encoding="utf-8")
    ledger = edgeproof.check_history(logs, Promise(100.0))
    assert {one.verdict for one in ledger.conclusions} == {Verdict.UNKNOWN}
    with pytest.raises(ValueError, match=r"more\.jsonl"):
        edgeproof.check_history(logs, strict=True)


def test_times_in_another_unit_are_those_that_are_stated(logs: Path) -> None:
    for path in logs.iterdir():
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        scaled = [{**line, "invoke": line["invoke"] * 1e3, "return": line["return"] * 1e3} for line in lines]
        path.write_text("".join(json.dumps(line) + "\n" for line in scaled), encoding="utf-8")
    found = edgeproof.check_history(logs, Promise(90.0), times="ms").of("bounded-staleness")
    assert "GRU was told version 1, 98.000 s after" in found.reason
    with pytest.raises(ValueError, match="times is one of s, ms, us, ns, iso, not 'minutes'"):
        edgeproof.check_history(logs, times="minutes")


def test_what_cannot_be_asked_is_refused_with_the_reason(logs: Path) -> None:
    with pytest.raises(edgeproof.DesignError, match="no history can be checked for 'atomic-write'"):
        edgeproof.check_history(logs, properties=["atomic-write"])
    with pytest.raises(ValueError, match="there is no"):
        edgeproof.check_history(logs / "nothing.jsonl")
