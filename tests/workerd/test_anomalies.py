# SPDX-License-Identifier: Apache-2.0
"""What the search has found in the model happens on the real runtime, step by step, and mistakes in the Worker show."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeproof.impl.workerd.system import WorkerdSystem
from edgeproof.impl.workerd.systems import WorkerdSystems
from edgeproof.properties.replay import replay_on
from tests.workerd.traces import PUBLISH, trace_of

DISJOINT = (
    "write; acknowledge; fire; write; put_lands; put_confirmed; fire; read pop=0 cache=0; put_lands;"
    "read pop=0 cache=1; read pop=0 cache=0"
)
ANOMALIES = {
    "inline publishing leaves KV on the older version, both writes acknowledged": (
        "inline", "convergence", 6,
        "write_inline slot=0; write_inline slot=1; stray_lands slot=1; stray_lands slot=0; read pop=0 cache=0;"
        "read pop=1 cache=1; read pop=0 cache=0; read pop=1 cache=1; tick; refresh cache=0; refresh cache=1",
    ),
    "a handler that throws goes silent after its retries": (
        "throwing-handler", "convergence", 22,
        "write; acknowledge;" + "fire; put_fails; tick;" * 6 + "fire; put_fails; read pop=0 cache=0;"
        "read pop=1 cache=1; tick",
    ),
    "an exception after bare statements leaves half a write": ("bare-statements", "atomic-write", None, "uncaught"),
    "a late put takes KV back": (
        "late-put", "monotonic-kv", None,
        "write; acknowledge; fire; write; tick; put_late slot=0; tick; fire; put_lands; stray_lands slot=0",
    ),
    "disjoint caches take a plain reader back": ("disjoint-caches", "monotonic-reads", None, DISJOINT),
    "an evicted isolate has no guard": (
        "guard-evicted", "monotonic-reads", None,
        "write; acknowledge; fire; write; put_lands; put_confirmed; fire; read pop=0 cache=0; put_lands;"
        "read pop=0 cache=1; evict pop=0; read pop=0 cache=0",
    ),
    "a guard refuses the restored config for ever": (
        "rollback", "convergence", 14,
        "write; acknowledge; write; acknowledge; fire; put_lands; put_confirmed; rollback; fire; read pop=0 cache=0;"
        "put_lands; put_confirmed; read pop=1 cache=1; refresh cache=0; read pop=0 cache=0; read pop=1 cache=1; tick;"
        "refresh cache=0; refresh cache=1",
    ),
    "an early acknowledgement is lost by a crash": ("early-ack", "durable-ack", None, "acknowledge_early; crash"),
    "a retry without its key is applied twice": ("blind-retry", "idempotent-write", None, "write; crash; retry"),
    "a location that is cut off has nothing once its copy has expired": (
        "partition", "local-reads", None,
        "write; fire; put_lands; put_confirmed; read pop=0 cache=0; partition pop=0; tick; tick; read pop=0 cache=0",
    ),
    "under one key for all units one overwrites another": (
        "shared-key", "unit-isolation", None, "write; fire; put_lands",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ANOMALIES)
def test_the_anomaly_happens_on_the_real_runtime(what: str, system: WorkerdSystem) -> None:
    case, broken, loop, events = ANOMALIES[what]
    outcome = replay_on(trace_of(case, events, broken, loop), system)
    assert (outcome.completed, outcome.mismatch) == (True, "")
    assert outcome.confirmed, "what the runtime showed does not break the property"


def test_disjoint_caches_do_not_take_a_guarded_reader_back(system: WorkerdSystem) -> None:
    outcome = replay_on(trace_of("disjoint-caches-guarded", DISJOINT, "monotonic-reads"), system)
    assert (outcome.completed, outcome.mismatch, outcome.confirmed) == (True, "", False)


def test_a_handler_that_arms_again_is_not_silent_after_seven_failures(system: WorkerdSystem) -> None:
    events = "write; acknowledge;" + "fire; put_fails; tick;" * 7 + "fire; put_lands; put_confirmed"
    outcome = replay_on(trace_of("rearming-handler", events), system)
    assert (outcome.completed, outcome.mismatch) == (True, "")


OUTBOX_LATER = "this.ctx.waitUntil(scheduler.wait(3e4).then(() => this.armForWrite(alarm)))"

# --- broken Workers: what is wrong, the edit of the source, and a run of the model that it cannot follow

OUTBOX = 'if (this.options.publisher === "outbox") this.armForWrite(alarm);'
BROKEN = {
    "a write without its transaction": (
        "store.js", "this.ctx.storage.transactionSync(commit);", "commit();", "transaction", "uncaught",
        "config is 1, recorded as 0",
    ),
    "the alarm is armed outside the transaction, after the reply": (
        "store.js", OUTBOX,
        OUTBOX.replace("this.armForWrite(alarm)", OUTBOX_LATER),
        "outbox-faults", "write; crash; retry", "alarm is 'off', recorded as 'sync'",
    ),
    "no version guard": (
        "edge.js", "refuses(found, kept, overtaken) {", "refuses() { return false;",
        "disjoint-caches-guarded", DISJOINT, "served is (1, 0), recorded as (2, 0)",
    ),
    "the reply leaves before the commit (allowUnconfirmed)": (
        "store.js", 'if (this.options.ack === "early") {', "if (true) {", "outbox", "write",
        "config is 0, recorded as 1",
    ),
    "no check of the expected version": (
        "store.js", "const version = this.next(expectedVersion);", "const version = this.next(undefined);",
        "outbox", "write; acknowledge; write_refused", "config is 2, recorded as 1",
    ),
    "the idempotency key is not looked up": (
        "store.js", "if (first) return", "if (false) return", "outbox-faults", "write; crash; retry", "answers 500",
    ),
    "no lease": (
        "store.js", 'if (handler === "rearms") {', "if (false) {", "outbox-faults",
        "write; acknowledge; fire", "alarm is 'off', recorded as 'lease'",
    ),
    "what has moved on during the put is not published": (
        "store.js", "if (version !== published.version || era !== published.era) this.arm", "if (false) this.arm",
        "outbox", "write; acknowledge; fire; write; put_lands; put_confirmed", "alarm is 'off', recorded as 'sync'",
    ),
    "a write puts off the alarm of an attempt": (
        "store.js", 'if (alarm === null || (this.meta().reason === "beat" && alarm > this.now())) this.arm', "this.arm",
        "outbox", "write; acknowledge; fire; write", "alarm is 'sync', recorded as 'lease'",
    ),
    "the handler does not wait for its put": (
        "store.js", "await this.put(snapshot);", "this.ctx.waitUntil(this.put(snapshot));", "outbox",
        "write; acknowledge; fire", "alarm is 'off', recorded as 'lease'",
    ),
    "a restore keeps the era": (
        "store.js", "version = ?, era = era + 1", "version = ?", "rollback-epoch",
        f"{PUBLISH}; {PUBLISH}; rollback", "restored is 0, recorded as 1",
    ),
    "copies carry the version of another config": (
        "store.js", '? era : 0, version };', '? era : 0, version: version + 1 };', "outbox",
        "write; acknowledge; fire", "sent is 2, recorded as 1",
    ),
    "a slow older answer that comes last is kept": (
        "edge.js", 'if (install === "newer" && reader !== "plain" && overtaken)', "if (false)", "in-flight-memo",
        "ask read=1; write; fire; put_lands; read pop=0 cache=0; answer read=1", "served is (0,), recorded as (1,)",
    ),
    "a memo counts from its answer": (
        "edge.js", "return this.keep(unit, found, asked);", "return this.keep(unit, found, this.now());",
        "in-flight-memo", "write; fire; put_lands; put_confirmed; ask read=0; tick; answer read=0; tick; ask read=1",
        "the isolate answers by itself",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_worker_is_caught(what: str, workerd: Path) -> None:
    source, right, wrong, case, events, differs = BROKEN[what]
    trace = trace_of(case, events)
    sound, broken = WorkerdSystems(), WorkerdSystems({source: [(right, wrong)]})
    try:
        assert replay_on(trace, sound).mismatch == ""
        said = replay_on(trace, broken).mismatch
    finally:
        sound.close()
        broken.close()
    assert differs in said
