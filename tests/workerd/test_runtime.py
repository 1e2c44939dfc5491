# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeproof.impl.edge.kv import KVNamespace, Limits
from edgeproof.impl.workerd.adversary import Adversary, Answer, Fault, SuiteClock
from edgeproof.impl.workerd.adversary_http import Door
from edgeproof.impl.workerd.config import Bindings, copy_worker
from edgeproof.impl.workerd.processes import Processes
from edgeproof.impl.workerd.runtime import RuntimeMissingError, Workerd, find_workerd
from tests.processes import started

PATIENCE = 60.0
"""Seconds."""


@pytest.fixture
def kv() -> Iterator[tuple[Adversary, Door]]:
    clock = SuiteClock()
    adversary = Adversary(KVNamespace(clock, limits=Limits(write_spacing=0)), clock, 1)
    door = Door(adversary)
    yield adversary, door
    door.close()


def deployed(door: Door, **options: str | float) -> Processes:
    """The Worker as it would be deployed: on its own clock, no doors."""
    headers = {"Authorization": "Bearer t"}
    return Processes(Bindings(options, "t", main="index.js"), 1, door.address, headers)


def write(processes: Processes, value: int) -> int:
    body = {"changes": {"first": value}, "actor": "me"}
    return processes.store.do("PUT", "/units/u/config", body).status


def test_without_a_runtime_the_error_says_what_to_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EDGEPROOF_WORKERD", str(tmp_path / "none"))
    with pytest.raises(RuntimeMissingError, match="EDGEPROOF_WORKERD names"):
        find_workerd()
    monkeypatch.delenv("EDGEPROOF_WORKERD")
    monkeypatch.setattr("edgeproof.impl.workerd.runtime._PACKAGES", {})
    monkeypatch.setattr("edgeproof.impl.workerd.runtime.platform.machine", lambda: "none")
    monkeypatch.setattr("edgeproof.impl.workerd.runtime.os.access", lambda *_: False)
    with pytest.raises(RuntimeMissingError, match="make workerd"):
        find_workerd()


def test_a_configuration_that_is_wrong_is_reported_with_what_the_runtime_says(workerd: Path, tmp_path: Path) -> None:
    config = tmp_path / "wrong.capnp"
    config.write_text('not a configuration with address = "127.0.0.1:0"', encoding="utf-8")
    with pytest.raises(OSError, match=r"wrong\.capnp"):
        Workerd(config, disks={}, externals={}).start()


def test_after_kill_9_it_is_started_over_what_it_had_stored(workerd: Path, kv: tuple[Adversary, Door]) -> None:
    processes = deployed(kv[1])
    try:
        assert write(processes, 1) == 200
        processes.kill_store()
        assert processes.store.get("/units/u").said == {"config": {"first": 1}, "era": 0, "version": 1}
    finally:
        processes.close()


def test_it_does_not_outlive_whoever_started_it(workerd: Path, tmp_path: Path) -> None:
    code = (
        "from tests.workerd.test_runtime import *\n"
        "clock = SuiteClock(); door = Door(Adversary(KVNamespace(clock), clock, 1)); processes = deployed(door)\n"
        "print(processes._store.pid, processes._scratch.name, flush=True)\nimport time; time.sleep(60)"
    )
    with started([sys.executable, "-c", code], cwd=Path(__file__).parents[2]) as child:
        assert child.stdout is not None
        words = child.stdout.readline().split()
        pid, left_behind = int(words[0]), words[1]
        os.kill(pid, 0)
        child.kill()
    shutil.rmtree(left_behind)
    # The kernel kills it with its parent; whoever adopts it has to collect it.
    for _ in range(1000):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] in "ZX":
            return
        time.sleep(0.02)
    pytest.fail("workerd lives on")


@pytest.mark.parametrize(
    "words",
    ["verify --system workerd --engine fuzz --case outbox", "run --system workerd --for 1m"],
    ids=["verify", "run"],
)
def test_nothing_outlives_a_command_that_is_killed(words: str, workerd: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [str(Path(sys.executable).with_name("edgeproof")), *words.split(), "--out", str(tmp_path / "out")]
    with started(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as parent:
        until = time.monotonic() + PATIENCE
        family: dict[int, str] = {}
        while not any("workerd\0serve" in name for name in family.values()):
            assert time.monotonic() < until, "it has started no runtime"
            time.sleep(0.05)
            family = descendants(parent.pid)
        parent.kill()
    while any(lives(pid, name) for pid, name in family.items()):
        assert time.monotonic() < until + PATIENCE, {pid: name for pid, name in family.items() if lives(pid, name)}
        time.sleep(0.05)
    for left_behind in re.findall(r"[^\0]*/edgeproof-workerd-\w+", "".join(family.values())):
        shutil.rmtree(left_behind.partition("=")[2] or left_behind, ignore_errors=True)


def descendants(pid: int) -> dict[int, str]:
    """The processes below one, with their commands."""
    found: dict[int, str] = {}
    try:
        children = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        for child in children:
            found |= {child: Path(f"/proc/{child}/cmdline").read_text()} | descendants(child)
    except OSError:
        pass  # it has ended meanwhile
    return found


def lives(pid: int, name: str) -> bool:
    """Whether it is there still; what only waits to be buried is not, nor another of its number."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return state not in "ZX" and Path(f"/proc/{pid}/cmdline").read_text() == name
    except OSError:
        return False


def test_the_deployed_worker_publishes_by_its_own_alarm(workerd: Path, kv: tuple[Adversary, Door]) -> None:
    adversary, door = kv
    adversary.holding = True
    processes = deployed(door, retry_base=0.01, retry_cap=0.01)
    try:
        assert write(processes, 1) == 200
        adversary.arrival().fail(503)
        again = adversary.arrival()
        assert write(processes, 2) == 200, "a write waits for no put"
        again.reply()
        last = adversary.arrival()
        assert b'"version":2' in last.value
        last.reply()
        assert processes.location(0).get("/edge/u").said["config"] == {"first": 2}
    finally:
        processes.close()


def test_a_crash_in_the_middle_of_a_put_is_followed_by_another_attempt(
    workerd: Path, kv: tuple[Adversary, Door]
) -> None:
    adversary, door = kv
    adversary.holding = True
    processes = deployed(door, put_timeout=0.2, retry_base=0.1, retry_cap=0.1)
    try:
        assert write(processes, 1) == 200
        adversary.arrival()
        processes.kill_store()
        assert b'"version":1' in adversary.arrival().value, "the lease is a real alarm, and nobody touched the object"
    finally:
        processes.close()


def test_between_commit_and_alarm_a_kill_loses_the_outbox_unless_they_are_one_transaction(
    workerd: Path, kv: tuple[Adversary, Door], tmp_path: Path
) -> None:
    adversary, door = kv
    right = 'if (this.options.publisher === "outbox") this.armForWrite(alarm);'
    late = "return result;\n    } catch"
    edits = {
        "store.js": [(right, ""), (late, 'await this.env.KV.get("anything"); this.armForWrite(alarm); ' + late)],
    }
    adversary.inject("GET", Fault(Answer(dropped=True), delay=30))
    headers = {"Authorization": "Bearer t"}
    processes = Processes(Bindings({}, "t"), 0, door.address, headers, edits)
    try:
        call = processes.store.send("PUT", "/units/u/config", {"changes": {"first": 1}, "actor": "me"})
        while not adversary.requests:
            time.sleep(0.001)
        processes.kill_store()
        call.drop()
        status = processes.store.get("/_/status/u").said
        assert (status["version"], status["alarm"]) == (1, None), "committed, and nobody will publish it"
    finally:
        processes.close()


def test_an_object_that_is_aborted_comes_back_with_its_storage_and_its_alarm(
    workerd: Path, kv: tuple[Adversary, Door]
) -> None:
    headers = {"Authorization": "Bearer t", "edgeproof-now": "4102444800000"}
    processes = Processes(Bindings({}, "t"), 0, kv[1].address, headers)
    try:
        assert write(processes, 1) == 200
        before = processes.store.get("/_/status/u").said
        assert before["alarm"] == 4102444800000
        assert processes.store.do("POST", "/_/abort/u").status == 500
        assert processes.store.get("/_/status/u").said == before
    finally:
        processes.close()


def test_an_edit_that_does_not_apply_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not one"):
        copy_worker(tmp_path, {"store.js": [("there is no such text", "")]})
