# SPDX-License-Identifier: Apache-2.0
"""Runs of the Worker in real time: recorded in the same format as those of the reference, and judged by it."""

from __future__ import annotations

import json
import multiprocessing
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from edgeproof.impl.edge.kv import KVNamespace, KVThrottled
from edgeproof.impl.history import Recorder
from edgeproof.impl.live.network import FaultPlan
from edgeproof.impl.live.pulse import STALL
from edgeproof.impl.live.run import LiveError, LiveOptions, run_live
from edgeproof.impl.snapshot import Snapshot, to_kv
from edgeproof.impl.workerd.live import LiveKV, WallClock, WorkerdSite
from edgeproof.impl.workerd.processes import Processes
from edgeproof.properties.evidence import Verdict
from edgeproof.reports.cli import main
from tests.impl.live_runs import QUICK, checked, run_until

SLOWER: Final = {**QUICK, "cache_ttl": 1.0}
"""As the tests of the reference; workerd knows no TTL below a second."""


def lines(history: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in history.read_text(encoding="utf-8").splitlines()]


def test_a_run_with_kill_9_has_every_property_and_the_format_of_every_history(
    workerd: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "--pops 2 --flags 20 --put-timeout 200ms --cache-ttl 1s --sync-delay 300ms"
    out = tmp_path / "out"
    status = main(
        ["run", "--system", "workerd", "--for", "7s", "--fault", "crash", *words.split(), "--out", str(out), "--json"]
    )
    said = json.loads(capsys.readouterr().out)
    if said["slowest_answer_s"] <= 0.3:
        assert status == 0, said
    else:
        # More than S: the machine may be to blame for what was late, and is then named.
        assert status in (0, 4), said
        (case,) = said["report"]["cases"]
        missed = {one["id"] for one in case["properties"] if one["verdict"] == "MISSED"}
        assert missed <= {"bounded-staleness"}, said
    found = lines(out / "history.jsonl")
    assert Counter(f"{line['kind']} {line['outcome']}" for line in found) == said["counts"]
    assert {line["note"] for line in found if line["kind"] == "fault"} - {STALL} == {"crash"}
    schema = Draft202012Validator(
        json.loads(resources.files("edgeproof.properties").joinpath("history.schema.json").read_text())
    )
    assert [error.message for line in found for error in schema.iter_errors(line)] == []
    assert not multiprocessing.active_children()


def test_every_fault_that_is_asked_for_happens(workerd: Path, tmp_path: Path) -> None:
    faults = ("crash", "evict", "put-fails", "put-ambiguous", "put-slow", "put-late")
    more = {"fault_every": 0.8, "fault_share": 0.8, "heartbeat": 0.2, "zombie_window": 0.1, "retries": 9}
    kept = tmp_path / "kept"
    options = LiveOptions(5.0, tmp_path / "history.jsonl", kept, faults=faults, seed=3, **{**SLOWER, **more})
    result = run_until(options, set(faults), WorkerdSite)
    assert {line["note"] for line in lines(options.history) if line["kind"] == "fault"} - {STALL} == set(faults)
    found = checked(options, result.slowest_answer)
    assert Verdict.VIOLATED not in {one.verdict for one in found.values()}, found
    assert int(found["bounded-staleness"].measures["failed_in_a_row"]) <= options.failures


BROKEN: Mapping[str, tuple[Mapping[str, Sequence[tuple[str, str]]], str]] = {
    "a handler that drops what it should publish": (
        {"store.js": [("  async alarm(info) {", "  async alarm(info) {\n    if (this.meta().version > 3) return;")]},
        "bounded-staleness",
    ),
    "copies carry the version of another config": (
        {"store.js": [("? era : 0, version };", "? era : 0, version: version + 1 };")]},
        "no-partial-read",
    ),
    "no version guard, and an isolate that forgets to ask": (
        {
            "edge.js": [
                ("refuses(found, kept, overtaken) {", "refuses() { return false;"),
                (
                    "let found;",
                    "this.n = (this.n ?? 0) + 1; if (this.n % 3 === 0) return { snapshot: EMPTY }; let found;",
                ),
            ]
        },
        "monotonic-reads",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_worker_is_caught_by_what_its_readers_were_told(what: str, workerd: Path, tmp_path: Path) -> None:
    edits, broken = BROKEN[what]
    options = LiveOptions(5.0, tmp_path / "history.jsonl", tmp_path / "kept", **{**SLOWER, "sync_delay": 0.3})
    result = run_until(options, set(), partial(WorkerdSite, edits=edits))
    assert checked(options, result.slowest_answer)[broken].verdict is Verdict.VIOLATED


def test_a_runtime_that_dies_by_itself_ends_the_run_with_an_error_that_says_which(
    workerd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Processes, "ended", lambda self: "the workerd of location 1")
    options = LiveOptions(30.0, tmp_path / "history.jsonl", **SLOWER)
    with pytest.raises(LiveError, match="the workerd of location 1 died"):
        run_live(options, site=WorkerdSite)
    assert not multiprocessing.active_children()


def test_without_the_runtime_the_command_says_what_to_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGEPROOF_WORKERD", "/nowhere/workerd")
    assert main(["run", "--system", "workerd", "--for", "1s", "--out", str(tmp_path)]) == 2
    assert "/nowhere/workerd" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"cache_ttl": 0.5}, "whole number of seconds"),
        ({"retry_delay": 0.0}, "retry delay must be more than 0"),
        ({"size": 900_000}, "the Worker takes 900000"),
    ],
)
def test_what_the_worker_cannot_do_is_refused(wrong: dict[str, Any], says: str, tmp_path: Path) -> None:
    options = LiveOptions(1.0, tmp_path / "h", **{**SLOWER, **wrong})
    with pytest.raises(ValueError, match=says):
        run_live(options, site=WorkerdSite)


# --- KV by itself


@pytest.mark.parametrize(
    ("fault", "status", "applied", "outcome"),
    [
        ("", 200, True, "ok"),
        ("put-slow", 200, True, "ok"),
        ("put-ambiguous", 503, True, "unknown"),
        ("put-fails", 503, False, "fail"),
        ("put-late", 200, True, "unknown"),
        ("too soon", 429, False, "fail"),
        ("crash", 0, False, "fail"),
    ],
)
def test_a_put_fares_as_the_plan_has_it_and_is_recorded(
    fault: str, status: int, applied: bool, outcome: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = (fault,) if fault.startswith("put") else ()
    more = {"put_timeout": 0.02, "zombie_window": 0.02, "heartbeat": 1.0, "fault_share": 1.0, "retries": 9}
    options = LiveOptions(1.0, tmp_path / "h", faults=drawn, **{**SLOWER, **more})
    kv = LiveKV(KVNamespace(WallClock()), options, Recorder(tmp_path / "part"))
    done: list[str] = []

    def act() -> None:
        if fault == "too soon":
            raise KVThrottled("too soon")
        done.append("applied")

    if fault == "crash":
        monkeypatch.setattr(FaultPlan, "draw", lambda plan: ("", 0.2))
        threading.Timer(0.02, kv.crash).start()
    value, _ = to_kv(Snapshot(3, 0, {"a": 1}))
    answer = kv.write("PUT", "config", value, act)
    assert (bool(done), 0 if answer.dropped else answer.status) == (applied, status)
    events = [json.loads(line)["event"] for line in (tmp_path / "part").read_text(encoding="utf-8").splitlines()]
    assert [one["outcome"] for one in events if one["kind"] == "publish"] == ["unknown", outcome]
    assert [one["note"] for one in events if one["kind"] == "fault"] == list(drawn)
    assert kv.calm is (fault != "crash")
