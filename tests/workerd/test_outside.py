# SPDX-License-Identifier: Apache-2.0
"""The Worker on the real runtime, in real time, judged as any deployment is: through its front and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from attrs import evolve

from edgeproof.impl.edge.kv import KVNamespace, Limits
from edgeproof.impl.live.pulse import Pulse
from edgeproof.impl.target.driver import Driver
from edgeproof.impl.target.events import recorded
from edgeproof.impl.target.programs import Step
from edgeproof.impl.workerd.adversary import Adversary, SuiteClock
from edgeproof.impl.workerd.adversary_http import Door
from edgeproof.impl.workerd.client import Client
from edgeproof.impl.workerd.config import Bindings
from edgeproof.impl.workerd.http_system import HttpSystem
from edgeproof.impl.workerd.processes import Processes
from edgeproof.model.designs import load
from edgeproof.model.machine import Instance
from edgeproof.properties.catalogue import CATALOGUE, askable
from edgeproof.properties.engines.fuzz.engine import Budget
from edgeproof.properties.engines.outside.engine import CONTRACT, outside
from edgeproof.properties.evidence import Evidence, Verdict
from edgeproof.reports.target.file import read_description
from edgeproof.reports.target.judging import judged as by_file
from edgeproof.reports.target.judging import reasons_in
from tests.outside.test_outside import HOLD
from tests.target.driving import SMALL, describe, described, taken

WAIT = Step("wait", ms=1100)

Edits = Mapping[str, Sequence[tuple[str, str]]]


@contextmanager
def deployment(edits: Edits | None = None, epoch: str = "off") -> Iterator[str]:
    """The Worker as it would be deployed, over a KV that does nobody any harm, at an address on loopback."""
    clock = SuiteClock(time.time())
    door = Door(Adversary(KVNamespace(clock, limits=Limits(write_spacing=0)), clock, 1))
    headers: dict[str, str] = {}
    processes = Processes(
        Bindings({"reader": "guarded", "epoch": epoch}, "the-token", main="index.js"), 0, door.address, headers, edits
    )
    try:
        yield f"http://127.0.0.1:{processes.store.port}"
    finally:
        processes.close()
        door.close()


def judged(address: str, budget: Budget, bound_ms: int | None = None) -> dict[str, Evidence]:
    instance = Instance.of(load("do_kv"), Pop=1, S=0, D=0, R=0, M=0, F=0, T=bound_ms or 0)
    system = lambda: HttpSystem(address, "the-token")  # noqa: E731
    found = outside(instance, [CATALOGUE[name] for name in askable(instance)], system, budget, bound_ms)
    return {one.property: one for one in found}


def judged_fairly(address: str, budget: Budget) -> dict[str, Evidence]:
    """With a bound that the machine is fast enough for, as it can only be kept by one that is."""
    for bound_ms in (500, 2000, 8000, 32000):
        pulse = Pulse(lambda: Client(urlsplit(address).port or 0, {}).do("GET", "/edge/nobody"))
        pulse.start()
        try:
            found = judged(address, budget, bound_ms)
        finally:
            slowest = pulse.end()
        # A publication comes after a write: twice the way of a question.
        if 2000 * slowest <= bound_ms:
            break
    return found


@pytest.fixture(scope="module")
def sound(workerd: Path) -> Iterator[str]:
    """The address of the Worker as it is."""
    with deployment() as address:
        yield address


def test_of_the_worker_everything_that_an_outsider_can_judge_holds(sound: str) -> None:
    found = judged_fairly(sound, Budget(10, 25))
    for name in (*HOLD, CONTRACT, "bounded-staleness"):
        assert found[name].verdict is Verdict.HOLDS_TO_BOUND, (name, found[name].reason)
    for name in ("never-ahead", "monotonic-kv", "convergence", "local-reads"):
        assert found[name].verdict is Verdict.UNKNOWN
        assert found[name].reason
    assert found[CONTRACT].measures["unanswered"] == 0


def test_a_file_comes_to_the_same_verdicts_as_the_code_for_this_front(sound: str, tmp_path: Path) -> None:
    one = described(tmp_path, sound, "32s", "the-token")
    runs = taken(one, evolve(SMALL, runs=3, steps=12), bound=False)
    found = by_file(one.target, one.promise, runs, [recorded(one.target, run) for run in runs], HOLD, 0)
    for verdict in found.evidence:
        assert verdict.verdict is Verdict.HOLDS_TO_BOUND, verdict


RESTORE = """
[restore]
request = "POST /units/{unit}/restore"
body = { version = "{version}" }
"""


@pytest.mark.parametrize(("epoch", "broken"), [("off", ["convergence"]), ("on", [])])
def test_a_restored_config_reaches_guarded_readers_only_with_an_epoch(
    epoch: str, broken: list[str], tmp_path: Path, workerd: Path
) -> None:
    write, edge, strong = Step("write"), Step("read", at="edge"), Step("read", at="strong")
    program = (write, write, strong, WAIT, edge, Step("restore"), strong, write, strong, Step("restore"), WAIT, edge)
    version = 'version = "json:/version"\n'
    edits = {f"{version}content": f'{version}era = "json:/era"\ncontent', "[promise]": f"{RESTORE}[promise]"}
    with deployment(epoch=epoch) as address:
        one = read_description(describe(tmp_path, address, bearer="the-token", **edits, **{'"3s"': '"1s"'}))
        run = Driver(one.target, one.bearer).take(program)
    asked = ("never-ahead", "no-partial-read", "label-is-content", "monotonic-reads", "convergence", "durable-ack")
    assert [*reasons_in(one.target, one.promise, run, recorded(one.target, run), asked)] == broken


HALF = """const { config, ...rest } = found.snapshot;
    return Response.json({ ...rest, config: { first: config.first } });"""
BROKEN: Mapping[str, tuple[Edits, str]] = {
    "no check of the expected version": (
        {"store.js": [("const version = this.next(expectedVersion);", "const version = this.next(undefined);")]},
        "single-writer-order",
    ),
    "a key is kept and not looked up": (
        {"store.js": [("if (first) return", "if (false) return"), ("TEXT UNIQUE", "TEXT")]},
        "idempotent-write",
    ),
    "a write does its second field only now and then": (
        {"store.js": [("this.set(name, value", 'if (version % 3 || name === "first") this.set(name, value')]},
        "atomic-write",
    ),
    "the changelog forgets a field": (
        {"store.js": [('this.sql.exec("INSERT INTO change', 'if (name < "g") this.sql.exec("INSERT INTO change')]},
        "changelog-complete",
    ),
    "an acknowledged write is never made": (
        {
            "store.js": [
                ('if (this.options.ack === "early") {', "if (this.meta().version > 1) {"),
                ("this.ctx.waitUntil(this.later(request));", ""),
            ]
        },
        "durable-ack",
    ),
    "copies carry the version of another config": (
        {"store.js": [("? era : 0, version };", "? era : 0, version: version + 1 };")]},
        "never-ahead",
    ),
    "one KV key for all units": ({"options.js": [("(unit) => `config:${unit}`", '() => "config"')]}, "unit-isolation"),
    "copies hold half of the config": (
        {"index.js": [("return Response.json(found.snapshot, { headers: cacheStatusOf(found) });", HALF)]},
        "no-partial-read",
    ),
}  # fmt: skip
OF_READERS = ("never-ahead", "unit-isolation", "no-partial-read")
"""What only a reader is told, once there is something published."""
SURELY_PUBLISHED_MS = 3000


@pytest.mark.parametrize("what", BROKEN)
def test_a_worker_whose_mistake_shows_outside_is_caught(what: str, workerd: Path) -> None:
    edits, broken = BROKEN[what]
    with deployment(edits) as address:
        found = judged(address, Budget(3, 25), SURELY_PUBLISHED_MS if broken in OF_READERS else None)
    assert found[broken].verdict is Verdict.VIOLATED, found[broken]
