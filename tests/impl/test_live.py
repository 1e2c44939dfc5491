# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib import resources
from math import inf
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from edgeproof.impl.durable.database import connect
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.edge.centre import DictCentre, KVEntry
from edgeproof.impl.edge.reader import EdgeReader, Reading
from edgeproof.impl.history import Event, Recorder, digest_of, digest_of_value
from edgeproof.impl.live.network import FaultPlan, ReplicatorRuntime, WatchedCentre
from edgeproof.impl.live.options import FAULTS, Paths
from edgeproof.impl.live.process import start
from edgeproof.impl.live.pulse import STALL, Pulse
from edgeproof.impl.live.recording import recover, unfinished
from edgeproof.impl.live.result import Writes
from edgeproof.impl.live.run import LiveError, LiveOptions, Truth, run_live
from edgeproof.impl.live.site import ReferenceSite
from edgeproof.impl.pattern.deployment import Parts
from edgeproof.impl.runtime import NetworkError, SimulatedRuntime
from edgeproof.impl.scratch import sweep
from edgeproof.impl.snapshot import REMOVED, ChangelogEntry, Snapshot, to_kv
from edgeproof.properties.engines.history.engine import PROPERTIES
from edgeproof.properties.evidence import Verdict
from edgeproof.properties.promises import promise_of
from tests.impl.file_limits import files_end_at
from tests.impl.live_runs import QUICK, checked, promise_to, run_until
from tests.impl.mutants import ServesForEver
from tests.impl.strategies import changes
from tests.processes import started


@pytest.fixture
def nothing_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], bool]]:
    """Temporary files go to a place of this test's own (a short path: a socket's is limited); are they gone again?"""
    with tempfile.TemporaryDirectory(prefix="live") as place:
        monkeypatch.setattr(tempfile, "tempdir", place)
        yield lambda: not list(Path(place).iterdir()) and not multiprocessing.active_children()


def test_a_run_with_crashes_has_every_property_and_leaves_nothing_behind(
    tmp_path: Path, nothing_left: Callable[[], bool]
) -> None:
    crashes: dict[str, Any] = {"faults": ("crash",), "fault_every": 1.5, "keep": tmp_path / "kept"}
    options = LiveOptions(4.5, tmp_path / "history.jsonl", **crashes, **QUICK)
    result = run_until(options, {"crash"})
    assert nothing_left()
    found = checked(options, result.slowest_answer)
    assert {name: one.verdict for name, one in found.items()} == dict.fromkeys(PROPERTIES, Verdict.HOLDS_TO_BOUND)

    lines = [json.loads(line) for line in options.history.read_text().splitlines()]
    assert sum(result.counts.values()) == len(lines)
    assert Counter(f"{line['kind']} {line['outcome']}" for line in lines) == result.counts
    assert [line["invoke"] for line in lines] == sorted(line["invoke"] for line in lines)
    assert {line["note"] for line in lines if line["kind"] == "fault"} - {STALL} == {"crash"}
    assert result.writes.sound
    schema = Draft202012Validator(
        json.loads(resources.files("edgeproof.properties").joinpath("history.schema.json").read_text())
    )
    assert [error.message for line in lines for error in schema.iter_errors(line)] == []


def test_a_cache_that_forgets_its_ttl_is_caught_by_the_staleness_of_reads(tmp_path: Path) -> None:
    broken = Parts(cache=ServesForEver)
    options = LiveOptions(3.0, tmp_path / "h.jsonl", keep=tmp_path / "kept", sync_delay=0.4, parts=broken, **QUICK)
    result = run_until(options, set())
    found = checked(options, result.slowest_answer)["bounded-staleness"]
    assert found.verdict is Verdict.VIOLATED
    bound = promise_to(options, result.slowest_answer).bound_s
    assert f"had committed something newer; the bound is {bound:g} s" in found.reason


def test_every_fault_that_is_asked_for_happens(tmp_path: Path) -> None:
    faults = tuple(name for name in FAULTS if name != "crash")
    quick = {**QUICK, "fault_every": 0.5, "fault_share": 0.9, "heartbeat": 0.05, "zombie_window": 0.1, "retries": 8}
    options = LiveOptions(3.0, tmp_path / "history.jsonl", faults=faults, keep=tmp_path / "kept", seed=8, **quick)
    result = run_until(options, set(faults))
    lines = [json.loads(line) for line in options.history.read_text().splitlines()]
    assert {line["note"] for line in lines if line["kind"] == "fault"} - {STALL} == set(faults)
    found = checked(options, result.slowest_answer)
    assert Verdict.VIOLATED not in {one.verdict for one in found.values()}
    assert int(found["bounded-staleness"].measures["failed_in_a_row"]) <= options.failures
    assert {"store.sqlite", "kv.sqlite"} <= {path.name for path in (tmp_path / "kept").iterdir()}
    with pytest.raises(FileExistsError, match="not empty"):
        run_live(options)


class BreaksDown(EdgeReader):
    async def find(self) -> Reading:
        raise MemoryError("no more of it")


def test_a_process_that_dies_ends_the_run_with_an_error_that_says_which(
    tmp_path: Path, nothing_left: Callable[[], bool]
) -> None:
    options = LiveOptions(30.0, tmp_path / "history.jsonl", parts=Parts(reader=BreaksDown), **QUICK)
    with pytest.raises(LiveError, match=r"pop-[12] died \(exit status 1\): MemoryError: no more of it"):
        run_live(options)
    assert nothing_left()
    assert list(tmp_path.iterdir()) == []


async def writes(path: Path, stopping: asyncio.Event, ready: Callable[[], None]) -> None:
    """What a process does that has something to keep."""
    path.write_text("something")


def test_a_full_disk_does_not_hide_what_a_process_died_of(tmp_path: Path) -> None:
    with files_end_at(0):
        child = start("store", writes, tmp_path / "file")
        child.process.join(20)
    assert child.obituary() == "store died (exit status 1): OSError: [Errno 27] File too large"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_keeps_what_was_recorded(
    tmp_path: Path, number: signal.Signals, nothing_left: Callable[[], bool]
) -> None:
    options = LiveOptions(30.0, tmp_path / "history.jsonl", **QUICK)

    def interrupt(line: str) -> None:
        threading.Timer(0.0, os.kill, (os.getpid(), number)).start()

    result = run_live(options, interrupt)
    assert result.interrupted
    assert result.seconds < 20
    assert result.counts["read ok"] > 0
    assert nothing_left()


def test_a_run_that_is_killed_leaves_no_process_and_what_it_recorded_makes_a_history(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(
        "from pathlib import Path\nfrom edgeproof.impl.live.run import LiveOptions, run_live\n"
        f"if __name__ == '__main__':\n    run_live(LiveOptions(60.0, Path({str(tmp_path / 'h')!r})), print)\n"
    )
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "TMPDIR": str(tmp_path)}
    with started([sys.executable, str(script)], env=environment) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "1 s of 60 s\n"
        children = [int(pid) for pid in Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()]
        assert len(children) >= 5
        parent.kill()
    patience = time.monotonic() + 20
    while any(running(pid) for pid in children) and time.monotonic() < patience:
        time.sleep(0.02)
    assert not any(running(pid) for pid in children)

    (near,) = sweep([str(tmp_path)])
    assert near.name.startswith("edgeproof-run-")
    left = unfinished(tmp_path)
    assert left is not None
    options, result = recover(left, tmp_path / "history.jsonl", {"reference": ReferenceSite})
    assert (options.seconds, unfinished(tmp_path)) == (60.0, None)
    assert result.counts["read ok"] > 0
    assert result.writes.acknowledged > 0
    assert result.writes.sound
    assert Verdict.VIOLATED not in {one.verdict for one in checked(options).values()}


def test_kills_at_any_moment_lose_no_write_that_was_acknowledged(
    tmp_path: Path, nothing_left: Callable[[], bool]
) -> None:
    quick: dict[str, Any] = {**QUICK, "pops": 1, "writes_per_second": 20.0}
    options = LiveOptions(inf, tmp_path / "history.jsonl", kills=4, seed=12, **quick)
    result = run_live(options)
    assert nothing_left()
    assert (result.kills, result.writes.sound) == (4, True)
    assert result.writes.acknowledged > 0
    lines = [json.loads(line) for line in options.history.read_text().splitlines()]
    assert {line["note"] for line in lines if line["kind"] == "fault"} - {STALL} == {"crash", "evict"}
    assert Verdict.VIOLATED not in {one.verdict for one in checked(options).values()}


def test_what_became_of_writes_is_counted_by_what_their_clients_were_told() -> None:
    def commit(key: str, version: int | None, outcome: str = "ok") -> Event:
        return Event("commit", "app", 1.0, 2.0, outcome, version, key=key)

    entries = [
        ChangelogEntry(version, "n", REMOVED, version, "me", 0.0, key)
        for version, key in ((1, "kept"), (2, "other"), (4, "again"), (5, "again"))
    ]
    events = [commit("kept", 1), commit("kept", 1), commit("lost", 3), commit("other", 9), commit("again", 5),
              commit("refused", None, "fail"), commit("unanswered", None, "unknown")]  # fmt: skip
    found = Writes.of(events, Truth.told(entries, {"n": 5}))
    assert found == Writes(acknowledged=4, lost=1, torn=1, twice=2)
    assert not found.sound
    assert Writes.of([], Truth.told(entries[:2], {"n": 1})).torn == 1, "the config is not what the changelog says"
    assert Writes.of(events[:2], Truth.told(entries[:1], {"n": 1})).sound


def running(pid: int) -> bool:
    """Whether there is such a process; one that only waits to be buried does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_machine_that_stands_still_is_not_held_against_the_design(tmp_path: Path) -> None:
    """The store's process is stopped while a put is under way: readers are told what is far too old."""
    slow = {**QUICK, "put_timeout": 1.0, "faults": ("put-slow",), "fault_share": 1.0}
    options = LiveOptions(9.0, tmp_path / "h.jsonl", sync_delay=0.4, **slow)
    sites: list[ReferenceSite] = []

    def site(options: LiveOptions, paths: Paths) -> ReferenceSite:
        sites.append(ReferenceSite(options, paths))
        return sites[0]

    def stand_still(line: str) -> None:
        (store,) = sites[0].children
        pid = store.process.pid
        assert pid is not None
        if line.startswith("2 s"):
            os.kill(pid, signal.SIGSTOP)
        if line.startswith("6 s"):
            os.kill(pid, signal.SIGCONT)

    result = run_live(options, stand_still, site)
    assert result.slowest_answer > 3
    found = checked(options)["bounded-staleness"]
    assert found.verdict is Verdict.MISSED
    assert "and by this assumption" in found.reason
    assert "the machine took" in found.reason
    assert "had committed something newer" in found.reason


# --- without processes


@given(writes=st.lists(changes, min_size=1, max_size=6))
def test_the_changelog_tells_the_digest_of_every_version(writes: list[dict[str, Any]]) -> None:
    connection = connect()
    store = ConfigStore(connection, SimulatedRuntime())
    expected = {}
    for number, one in enumerate(writes, 1):
        store.write(one, actor="ana", idempotency_key=f"k{number}")
        expected[number] = digest_of(store.snapshot().config)
    truth = Truth.read(store)
    assert truth.digests == expected
    assert truth.versions == {f"k{number}": number for number in expected}


@pytest.mark.parametrize(
    ("fault", "applied", "error"),
    [
        ("", True, None),
        ("put-slow", True, None),
        ("put-ambiguous", True, NetworkError),
        ("put-fails", False, NetworkError),
    ],
)
def test_a_put_fares_as_it_was_asked_to_and_is_recorded(
    tmp_path: Path, fault: str, applied: bool, error: type[Exception] | None
) -> None:
    memory = DictCentre()
    centre, snapshot = WatchedCentre(memory), Snapshot(3, 0, {"a": 1})
    value, _ = to_kv(snapshot)

    async def put() -> None:
        runtime = ReplicatorRuntime(Recorder(tmp_path / "part"), centre, lambda: (fault, 0.01))
        effect = lambda: centre.write("config", KVEntry(value, None, 0.0), 0.0, 0.0)  # noqa: E731
        await runtime.call("kv.put", effect, payload=snapshot, timeout=5.0)

    if error is None:
        asyncio.run(put())
    else:
        with pytest.raises(error):
            asyncio.run(put())
    assert (memory.read("config") is not None) == applied
    events = [json.loads(line)["event"] for line in (tmp_path / "part").read_text().splitlines()]
    publishes = [event for event in events if event["kind"] == "publish"]
    assert [one["outcome"] for one in publishes] == ["unknown", "ok" if error is None else "unknown"]
    assert publishes[-1]["digest"] == (digest_of_value(value) if applied else None)
    assert [one["note"] for one in events if one["kind"] == "fault"] == ([fault] if fault else [])


def test_the_slowest_answer_counts_the_time_without_anybody_who_could_answer() -> None:
    answers: Iterator[float | Exception] = iter([0.0, ConnectionRefusedError(), ConnectionRefusedError(), 0.05])
    asked: list[float | Exception] = []

    def ask() -> None:
        one = next(answers, 0.0)
        asked.append(one)
        if isinstance(one, Exception):
            time.sleep(0.1)
            raise one
        time.sleep(one)

    heard: list[float] = []
    pulse = Pulse(ask, lambda invoke, returned: heard.append(returned - invoke))
    pulse.start()
    try:
        until = time.monotonic() + 20
        while len(asked) < 5:
            assert time.monotonic() < until, asked
            time.sleep(0.01)
    finally:
        slowest = pulse.end()
    assert slowest == max(heard) == heard[1] >= 0.25


@pytest.mark.parametrize("fault", ["put-fails", "put-ambiguous", "put-late"])
def test_no_attempt_is_made_to_fail_that_may_not(fault: str) -> None:
    options = LiveOptions(1.0, Path("h"), faults=(fault,), heartbeat=1.0, fault_share=1.0)
    assert FaultPlan(options, Random(0), lambda late: True).draw()[0] == fault
    assert FaultPlan(options, Random(0), lambda late: False).draw() == ("", 0.0)


@pytest.mark.parametrize(("retries", "at_once"), [(2, 1), (3, 1), (4, 2), (6, 3)])
def test_no_more_puts_are_late_at_once_than_may_each_have_another_refused(retries: int, at_once: int) -> None:
    options = LiveOptions(1.0, Path("h"), faults=("put-late",), heartbeat=1.0, fault_share=1.0, retries=retries)
    failed = 0
    plan = FaultPlan(options, Random(0), lambda late: options.may_fail(failed, late))
    while plan.draw()[0]:
        failed += 1
    assert failed == at_once
    assert failed + at_once <= retries


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"faults": ("flood",)}, "there is no fault 'flood'; there is put-fails"),
        ({"faults": ("put-late",)}, "no bound without a heartbeat"),
        ({"faults": ("crash", "put-fails"), "retries": 1}, "2 attempts may fail in a row"),
        ({"reader": "wise"}, "a reader is plain, guarded or memo"),
        ({"flags": 5001}, "1 to 5000 flags"),
        ({"size": 26_000_000}, "at most 25000000 bytes"),
        ({"seconds": 0.0}, "seconds must be more than 0"),
        ({"cache_ttl": -1.0}, "cache ttl is from 0 on"),
    ],
)
def test_a_run_that_makes_no_sense_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        LiveOptions(**{"seconds": 1.0, "history": Path("h"), **wrong})


def test_the_platforms_limits_are_lifted_only_where_they_have_to_be_and_it_is_said() -> None:
    usual = LiveOptions(1.0, Path("h"), cache_ttl=30.0)
    assert (usual.remarks, usual.choices().limits.min_cache_ttl) == ((), 30)
    quick = LiveOptions(1.0, Path("h"), cache_ttl=2.0)
    assert quick.remarks == ("KV's minimum cacheTtl of 30 s is lifted to run with 2 s",)
    assert quick.choices().limits.min_cache_ttl == 2


def test_the_bound_of_a_run_counts_every_delay_that_its_faults_bring() -> None:
    plain = LiveOptions(1.0, Path("h"))
    assert promise_of(plain.constants()).bound_s == 1 + (1 + 1) + 1 + 2, "KV's second, and the alarm"
    crashing = LiveOptions(1.0, Path("h"), faults=("crash",), reader="memo")
    assert promise_of(crashing.constants()).bound_s == 1 + (1 + 1) + 1 * (1 + 2) + 1 + 2 + 1
    hasty = LiveOptions(1.0, Path("h"), faults=("put-fails",), retry_delay=0.1)
    assert promise_of(hasty.constants()).bound_s == 1 + (1 + 1) + 1 * (1 + 2) + 1 + 2, "no wait is shorter than KV's"
    late = LiveOptions(1.0, Path("h"), faults=("put-late",), heartbeat=5.0)
    assert promise_of(late.constants()).formula == "D + Z + D + H + S + F*(D + R) + D + T"
