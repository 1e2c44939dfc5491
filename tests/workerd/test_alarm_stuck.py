# SPDX-License-Identifier: Apache-2.0
"""Where alarms are lost, the Worker does what the model and the reference do, step by step, and mistakes in it show.

A lost alarm is played here, in the suite's time; that the runtime loses them, and how, is in test_lost_alarm.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from edgeproof.impl.pattern.lost_alarms import LostAlarmsSystem
from edgeproof.impl.system import ActionImpossible, Observation, Setup, System
from edgeproof.impl.workerd.system import WorkerdSystem
from edgeproof.model.trace import Trace
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.replay import replay_on
from edgeproof.properties.staleness import tight_trace

pytestmark = pytest.mark.xdist_group("workerd-lockstep")

RUNS, TRIES = 40, 60
ACTIONS = {
    "write": 2, "acknowledge": 2, "retry": 1, "write_refused": 1, "fire": 4, "put_lands": 4, "put_confirmed": 6,
    "put_fails": 2, "put_ambiguous": 1, "put_late slot=0": 1, "put_given_up slot=0": 1, "stray_lands slot=0": 2,
    "crash": 1, "alarm_stuck": 3, "poke": 3, "tick": 8, "read pop=0 cache=0": 1,
}  # fmt: skip
"""What happens, and how often it is tried for every try of another."""


def setup(**numbers: int) -> Setup:
    options = {"repair": "heartbeat", "watchdog": "on", "epoch": "on"}
    return Setup(
        "do_kv_lost_alarms", options, (), {"S": 1, "D": 1, "R": 1, "T": 1, "H": 2, **numbers}, {"Pop": 1, "Put": 1}
    )


def perform(system: System, step: str) -> None:
    action, *arguments = step.split()
    system.perform(action, {name: int(value) for name, value in (one.split("=") for one in arguments)})


def differs(steps: str, worker: System) -> str:
    """Which step the worker does otherwise than the reference, and how; "" if none."""
    reference = LostAlarmsSystem()
    for system in (reference, worker):
        system.start(setup())
    for step in steps.split("; "):
        for system in (reference, worker):
            perform(system, step)
        if found := difference(reference.observe(), worker.observe()):
            return f"{step}: {found}"
    return ""


def difference(right: Observation, seen: Observation) -> str:
    assert right.keys() == seen.keys()
    wrong = [name for name in right if right[name] != seen[name]]
    return ", ".join(f"{name} is {seen[name]!r}, not {right[name]!r}" for name in wrong)


@pytest.fixture
def worker(workerd: Path) -> Iterator[WorkerdSystem]:
    one = WorkerdSystem()
    yield one
    one.close()


def test_where_any_alarm_may_be_lost_the_worker_does_what_the_reference_does(worker: WorkerdSystem) -> None:
    random, lost, began = Random(0), set(), set()
    for _ in range(RUNS):
        reference, numbers = LostAlarmsSystem(), {name: random.randint(1, 2) for name in "SRH"}
        for system in (reference, worker):
            system.start(setup(**numbers))
        done: list[str] = []
        for step in random.choices(list(ACTIONS), list(ACTIONS.values()), k=TRIES):
            before = reference.observe()
            # No version is old yet; and an attempt lasts no longer than its time-out, which here is no time.
            if (step == "write_refused" and before["config"] == 0) or (step == "tick" and before["sending"] != "idle"):
                continue
            try:
                perform(reference, step)
            except ActionImpossible:
                continue
            done.append(step)
            perform(worker, step)
            after = reference.observe()
            assert not difference(after, worker.observe()), (numbers, done)
            lost |= {after["alarm"]} if after["stuck"] else set()
            began |= {step} if (before["sending"], after["sending"]) == ("idle", "flying") else set()
    assert lost == {"sync", "lease", "retry", "beat", "again"}, "each kind of alarm has been lost"
    assert began == {"fire", "write", "retry", "poke"}, "and every kind of request has published"


CASES = {case.name: case for case in scoreboard("do_kv_lost_alarms")}


def shown(name: str, case: str = "lost-alarm") -> Trace:
    """The shortest run in which a property is violated."""
    instance, one = instance_of(CASES[case]), CATALOGUE[name]
    (evidence,) = explore(instance, [one], kernel_source([instance], [one]))
    assert evidence.witness is not None, evidence
    return evidence.witness


def latest(case: str) -> Trace:
    """A run that reaches the bound."""
    trace = tight_trace(instance_of(CASES[case]))
    assert trace is not None
    return trace


def test_what_a_lost_alarm_keeps_back_in_the_model_it_keeps_back_on_the_runtime(worker: WorkerdSystem) -> None:
    for name in ("bounded-staleness", "convergence"):
        told = replay_on(shown(name), worker)
        assert (told.completed, told.mismatch, told.confirmed) == (True, "", True)


@pytest.mark.parametrize("case", ["lost-alarm-faults", "lost-alarm-recommended"])
def test_with_a_watchdog_the_run_that_reaches_the_bound_happens_on_the_runtime(
    case: str, worker: WorkerdSystem
) -> None:
    trace = latest(case)
    assert {"alarm_stuck", "poke"} <= {event.action for event in trace.events}
    told = replay_on(trace, worker)
    assert (told.completed, told.mismatch) == (True, "")


PUBLISH = "write; acknowledge; fire; put_lands; put_confirmed"


@pytest.mark.parametrize(
    "steps", [f"{PUBLISH}; alarm_stuck; {PUBLISH}", f"{PUBLISH}; write; acknowledge; alarm_stuck; rollback"]
)
def test_what_is_armed_in_place_of_a_lost_alarm_is_another_on_the_worker_too(steps: str, worker: WorkerdSystem) -> None:
    assert differs(steps, worker) == ""
    assert not worker.observe()["stuck"]


LOST = "write; acknowledge; alarm_stuck; tick"
OVERDUE = f"{LOST}; tick"
DEAD = f"{OVERDUE}; poke; alarm_stuck; tick; tick"
BROKEN = {
    "a write does not look after the alarm": (
        "      this.tend(alarm);\n", "", f"{OVERDUE}; write", "write: alarm is 'sync', not 'again'",
    ),
    "a poke does not": (
        "    this.tend(await this.ctx.storage.getAlarm());\n", "", f"{OVERDUE}; poke",
        "poke: alarm is 'sync', not 'again'",
    ),
    "nor does an object that starts": (
        "    ctx.blockConcurrencyWhile(async () => this.rearm(await ctx.storage.getAlarm()));\n", "",
        f"{OVERDUE}; crash", "crash: alarm is 'sync', not 'again'",
    ),
    "an alarm that may only be late is armed again": (
        "this.now() > alarm + this.options.syncDelay", "this.now() > alarm", f"{LOST}; write",
        "write: alarm is 'again', not 'sync'",
    ),
    "also one that is as late as it may be": (
        "this.now() > alarm + this.options.syncDelay", "this.now() >= alarm + this.options.syncDelay",
        f"{LOST}; write", "write: alarm is 'again', not 'sync'",
    ),
    "a dead alarm is armed again, and again": (
        "    this.ctx.waitUntil(this.publish());\n", '    this.arm(this.now(), "again");\n', f"{DEAD}; poke",
        "poke: alarm is 'again', not 'lease'",
    ),
    "an overdue alarm is taken for dead at once": (
        'if (!this.isOverdue(alarm) || this.meta().reason !== "again") return', "if (!this.isOverdue(alarm)) return",
        f"{OVERDUE}; poke", "poke: alarm is 'lease', not 'again'",
    ),
    "a dead alarm's write is put before it is made": (
        "      const commit = () =>", "      this.tend(alarm);\n      const commit = () =>", f"{DEAD}; write",
        "write: sent is 1, not 2",
    ),
    "a request puts without a lease": (
        'if (handler === "rearms") {', 'if (handler === "rearms" && this.fired) {', f"{DEAD}; poke; crash",
        "crash: alarm is 'again', not 'lease'",
    ),
    "a request looks after an alarm that the attempt under way will arm": (
        "this.attempt === null && this.now()", "this.now()", f"{DEAD}; poke; tick; tick; tick; tick; poke",
        "poke: alarm is 'again', not 'lease'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_a_worker_that_is_wrong_about_lost_alarms_is_caught(what: str, worker: WorkerdSystem) -> None:
    right, wrong, steps, expected = BROKEN[what]
    assert differs(steps, worker) == ""
    broken = WorkerdSystem({"store.js": [(right, wrong)]})
    try:
        said = differs(steps, broken)
    finally:
        broken.close()
    assert said.startswith(expected), said


def test_an_alarm_that_fires_while_a_request_publishes_puts_nothing(worker: WorkerdSystem) -> None:
    worker.start(setup())
    for step in f"{DEAD}; poke".split("; "):
        perform(worker, step)
    assert worker.observe()["sending"] == "flying"
    before = worker._status()["fired"]
    # The lease is over, and the put is not: a put that ends within its time-out leaves that to a restore.
    for _ in range(3):
        perform(worker, "tick")
    worker._at_door("fire")
    assert any(worker._status()["fired"] != before for _ in range(1_000)), "the runtime has fired it"
    assert worker.observe()["sending"] == "flying", "and no second one"
    assert worker.observe()["alarm"] == "lease", "who dies now leaves an alarm"
    perform(worker, "put_lands")
    perform(worker, "put_confirmed")
    assert worker.observe()["kv"] == 1
