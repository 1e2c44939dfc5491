# SPDX-License-Identifier: Apache-2.0
"""Power cuts of stores: what the reference keeps, and that each mistake which loses something is found."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import jsonschema
import pytest
from attrs import evolve

from edgeproof.impl.references import STORES, store_of
from edgeproof.impl.system import MakeStore, Store
from edgeproof.model.interpret import Event, initial_state
from edgeproof.model.machine import Instance
from edgeproof.model.trace import Trace, dump_trace, load_trace
from edgeproof.properties.cases import for_runs, kept_in, scoreboard
from edgeproof.properties.engines.crash.cutting import Asked, Tally, cut_last_step
from edgeproof.properties.engines.crash.effort import POWER_CUT, Budget, Effort
from edgeproof.properties.engines.crash.engine import cut_again, cut_power
from edgeproof.properties.engines.crash.judge import Promises
from edgeproof.properties.engines.crash.scratch import scratch
from edgeproof.properties.evidence import Evidence, Verdict
from edgeproof.properties.verify import PLANS, Stores, _cut_power, _losing_power, conclusions_of
from edgeproof.properties.workers import ended_together, workers
from edgeproof.reports.systems import stores
from tests.processes import started
from tests.properties.broken_stores import Opener, arms_later, forgets_alarms, logs_later, notes_later, synchronous
from tests.reports.test_bundle import schema

LITTLE = Effort(images=400, budget=Budget(few=2, samples=2))
LEAST = Budget(few=1, samples=1)


def case(design: str, name: str) -> Instance:
    return for_runs(next(one for one in scoreboard(design) if one.name == name))


FAULTS = case("do_kv", "outbox-faults")
OTHERS = {
    "artifacts_tokens": case("artifacts_tokens", "tokens-tombstone"),
    "do_kv_manifest": case("do_kv_manifest", "manifest-faults"),
    "flagship": case("flagship", "flag"),
}


def found_of(make: MakeStore, instance: Instance = FAULTS, **more: Any) -> Evidence:
    return cut_power(instance, kept_in(instance), make, evolve(LITTLE, **more))


def again(make: MakeStore, trace: Trace) -> str:
    """What is wrong after a trace's power cut; nothing where the store does not come to it."""
    try:
        return cut_again(FAULTS, kept_in(FAULTS), make, trace)
    except LookupError:
        return ""


# --- the stores as they are


@pytest.mark.parametrize("design", STORES)
def test_a_power_cut_leaves_of_every_store_what_the_model_leaves(design: str) -> None:
    found = found_of(store_of, {"do_kv": case("do_kv", "recommended"), **OTHERS}[design], images=300)
    assert (found.verdict, found.reason) == (Verdict.HOLDS_TO_BOUND, "")
    assert found.measures["images"] == 300
    assert int(found.measures["went on"]) > 3
    assert "300 images at" in found.bound


def test_every_store_of_the_reference_has_its_power_cut_in_some_case() -> None:
    named = {one.name: one.design for design in STORES for one in scoreboard(design)}
    assert {named[one] for one in stores().cases} == set(STORES)


# --- stores with a mistake

MISTAKES: Mapping[str, tuple[MakeStore, str, tuple[str, ...], str]] = {
    "no waiting for the disk": (synchronous("OFF"), "honest", ("crash",), "cannot be opened"),
    "no waiting at commits": (synchronous("NORMAL"), "honest", ("write", "acknowledge"), "durable-ack is broken"),
    "a changelog that is committed later": (logs_later, "honest", ("write",), "logged is 0, not 1"),
    "an alarm that is armed after the commit": (arms_later, "honest", ("write",), "alarm is off, not sync"),
    "an alarm that nothing fires after the power cut": (forgets_alarms, "honest", ("write",), "convergence is broken"),
    "a disk that does not sync": (store_of, "ignores-syncs", (), "cannot be opened"),
    "a disk that does not sync folders": (store_of, "ignores-folder-syncs", ("crash",), "cannot be opened"),
}


@cache
def found_by(mistake: str) -> Evidence:
    make, disk, *_ = MISTAKES[mistake]
    return found_of(make, disk=disk)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found_by_a_shortest_workload_and_its_trace_shows_it_again(mistake: str) -> None:
    make, disk, workload, wrong = MISTAKES[mistake]
    found = found_by(mistake)
    assert found.verdict is Verdict.VIOLATED
    assert found.witness is not None
    assert tuple(event.action for event in found.witness.events) == workload
    assert wrong in found.reason
    text = dump_trace(found.witness)
    jsonschema.validate(json.loads(text), schema("trace.schema.json"))
    assert load_trace(text) == found.witness
    assert wrong in again(make, found.witness)
    if disk == "honest":
        assert again(store_of, found.witness) == "", "the store as it is does not show it"


_WRITTEN = {"artifacts_tokens": ("mint_read",), "do_kv_manifest": ("write",), "flagship": ("edit", "save")}
"""The shortest workload of each other store that commits something, and what commits acknowledges."""
_CHECKPOINTED = {**_WRITTEN, "flagship": ("crash",)}

# Neither of tokens nor of flags the model has a changelog.
ELSEWHERE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "no waiting for the disk": _CHECKPOINTED,
    "no waiting at commits": _WRITTEN,
    "a changelog that is committed later": {"do_kv_manifest": ("write",)},
    "an alarm that is armed after the commit": _WRITTEN,
    "a disk that does not sync": _CHECKPOINTED,
    "a disk that does not sync folders": _CHECKPOINTED,
}


@pytest.mark.parametrize(
    ("mistake", "design", "workload"), [(m, d, run) for m, of in ELSEWHERE.items() for d, run in of.items()]
)
def test_a_mistake_is_found_in_every_store_that_can_make_it(
    mistake: str, design: str, workload: tuple[str, ...]
) -> None:
    make, disk, *_ = MISTAKES[mistake]
    found = found_of(make, OTHERS[design], disk=disk, budget=LEAST)
    assert found.witness is not None
    assert found.witness.cut is not None
    assert tuple(event.action for event in found.witness.events) == workload
    assert "; the power went after " in found.reason


def test_where_the_power_went_is_told_to_the_operation_and_no_more_is_kept_than_it_takes() -> None:
    found = found_by("an alarm that is armed after the commit")
    assert found.witness is not None
    assert found.witness.cut is not None
    assert "of write, a write of unit.sqlite-wal, and" in found.reason
    kept = found.witness.cut.kept
    for place in range(0, len(kept), 5):
        less = evolve(found.witness.cut, kept=kept[:place] + kept[place + 1 :])
        assert again(arms_later, evolve(found.witness, cut=less)) == "", "each of them is needed"


def test_what_a_long_run_shows_is_shortened() -> None:
    found = found_of(synchronous("NORMAL"), by_chance=100, seed=3)
    assert found.witness is not None
    assert [str(event) for event in found.witness.events] == ["write", "acknowledge"]


def test_the_same_seed_finds_the_same() -> None:
    first, second = (found_of(store_of, images=60, seed=5) for _ in range(2))
    assert (first.verdict, first.bound, first.seed) == (second.verdict, second.bound, 5)
    assert found_of(logs_later).witness == found_by("a changelog that is committed later").witness


# --- what is no verdict


def test_where_the_model_allows_no_crash_nothing_is_put_to_the_test() -> None:
    found = found_of(store_of, case("do_kv", "outbox"))
    assert (found.verdict, found.reason) == (Verdict.VACUOUS, "the model allows no crash")


def test_a_store_that_does_otherwise_than_the_model_has_no_run_to_be_cut() -> None:
    def deaf(design: str, folder: Path, opener: Opener) -> Store:
        store = store_of(design, folder, opener)
        store.system._do_write = lambda: None  # type: ignore[attr-defined]
        return store

    found = found_of(deaf)
    assert found.verdict is Verdict.UNKNOWN
    assert "after write: config is 1 in the model, 0 in the system" in found.reason


def test_without_what_records_it_says_what_would_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeproof.properties.verify.installed", lambda extra: extra != "crash")
    chosen = next(one for one in scoreboard("do_kv") if one.name == "recommended")
    (found,) = _cut_power(chosen, PLANS["quick"])
    assert (found.property, found.verdict) == (POWER_CUT, Verdict.UNKNOWN)
    assert "pip install 'edgeproof[crash]'" in found.reason


def test_where_the_model_allows_no_crash_before_a_step_the_power_does_not_go_in_it() -> None:
    """With F = 1, nothing else may fail while an attempt is under way that follows one that failed."""
    steps = ("write", "acknowledge", "fire", "put_fails", "tick", "fire", "put_lands", "put_confirmed")
    workload = tuple(map(Event, steps))
    with scratch() as folder:
        first, promises = initial_state(FAULTS, 0), Promises.of(FAULTS, kept_in(FAULTS))
        asked = Asked(FAULTS, first, promises, store_of, folder, LITTLE.budget, LITTLE.disk)
        under_way, over = Tally(100), Tally(100)
        assert cut_last_step(asked, workload[:-1], Random(0), under_way) is None
        assert cut_last_step(asked, workload, Random(0), over) is None
    assert under_way.points == 0
    assert over.points == 1, "once the attempt is over"


def test_images_that_a_killed_run_has_left_are_removed_by_the_next_one() -> None:
    leave = "import time; from edgeproof.properties.engines.crash.scratch import scratch\n"
    leave += "with scratch() as folder: print(folder, flush=True); time.sleep(60)"
    with started([sys.executable, "-c", leave]) as other:
        assert other.stdout is not None
        left = Path(other.stdout.readline().strip())
        found_of(store_of, images=1)
        assert left.exists(), "it is in use"
        other.kill()
        other.wait()
        assert left.exists()
    found_of(store_of, images=1)
    assert not left.exists()


def test_an_interrupted_run_removes_what_its_workers_leave() -> None:
    def interrupted() -> Path:
        with workers() as pool, ended_together():
            left = pool.submit(_leave_a_folder).result()
            assert left.exists()
            raise _Interrupted(left)

    with pytest.raises(_Interrupted) as raised:
        interrupted()
    assert not Path(raised.value.args[0]).exists()


class _Interrupted(BaseException):
    """As by Ctrl-C, which would end the tests."""


_KEPT: list[Any] = []


def _leave_a_folder() -> Path:
    _KEPT.append(scratch())
    folder: Path = _KEPT[-1].__enter__()
    return folder


# --- in a verification


def test_the_power_is_cut_in_the_cases_named_or_where_nothing_else_is_done_in_each_that_allows_a_crash() -> None:
    chosen = [one for one in scoreboard("do_kv") if one.name in ("outbox", "early-ack", "recommended")]
    plan = evolve(PLANS["quick"], stores=Stores(store_of, ("do_kv",), ("recommended",)))
    assert [one.name for one in _losing_power(chosen, plan)] == ["recommended"]
    assert [one.name for one in _losing_power(chosen, evolve(plan, engines=("crash",)))] == ["recommended", "early-ack"]
    assert _losing_power(chosen, evolve(plan, engines=("explore",))) == []
    assert _losing_power(chosen, PLANS["quick"]) == [], "a plan without stores"


def test_the_store_is_a_row_of_its_case_and_alone_where_nothing_else_was_done() -> None:
    chosen = next(one for one in scoreboard("do_kv") if one.name == "recommended")
    by_crash = Evidence(POWER_CUT, "crash", Verdict.HOLDS_TO_BOUND)
    by_fuzz = Evidence("durable-ack", "fuzz", Verdict.HOLDS_TO_BOUND)
    assert [one.property for one in conclusions_of(chosen, [by_crash])] == [POWER_CUT]
    assert [one.property for one in conclusions_of(chosen, [by_crash, by_fuzz])] == [POWER_CUT, *chosen.properties]


# --- steps that are one in the model, and must be one in the code


def test_rows_that_are_written_after_the_lease_of_their_attempt_are_found() -> None:
    found = found_of(notes_later, OTHERS["do_kv_manifest"], budget=LEAST)
    assert found.witness is not None
    assert [str(event) for event in found.witness.events] == ["write", "fire(pop=0)"]
    assert "ledger is none, not unsure; the power went after operation 7 of 13 of fire(pop=0)" in found.reason


def test_what_a_publisher_has_heard_and_not_written_down_is_no_more_than_what_the_next_instance_believes() -> None:
    """The part may be there, and is: the publisher asks, and its power goes before it notes that."""
    published = ("manifest_put", "put_lands", "put_confirmed")
    collected = ("write_without", "fire", *published, "tick", "tick", "tick", "collect", "delete_fails")
    steps = ("write", "fire", "part_stored", *published, *collected, "write", "fire")
    asked_for = case("do_kv_manifest", "manifest-confirmed")
    tally = Tally(100)
    with scratch() as folder:
        first, promises = initial_state(asked_for, 0), Promises.of(asked_for, kept_in(asked_for))
        asked = Asked(asked_for, first, promises, store_of, folder, LITTLE.budget, LITTLE.disk)
        workload = tuple(Event(one, (("pop", 0),) if one == "fire" else ()) for one in steps)
        assert cut_last_step(asked, workload, Random(0), tally) is None
    assert tally.points > 10
