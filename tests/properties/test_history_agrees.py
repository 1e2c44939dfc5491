# SPDX-License-Identifier: Apache-2.0
"""Random runs of the model, decided twice: on their states, and from what recorders wrote down of them.

The two verdicts are equal for every property that a history can decide, given a recorder who sees what it is about
(`DECIDED_BY`). Where even the best recorder sees less than the states have, `seen` says what that is. A recorder who
sees less may miss a violation, but never makes one up. `many_recorded_runs` has far more runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from edgeproof.model.interpret import evaluate
from edgeproof.model.kernel import Kernel, build_kernel
from edgeproof.model.trace import Trace
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE, applicable, state_form, step_form
from edgeproof.properties.engines.fuzz.shrink import run_events
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Case
from edgeproof.properties.intake import EVENTS
from edgeproof.properties.promises import promise_of
from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.facts import Facts, gather
from edgeproof.properties.traffic.promise import Promise
from tests.properties.recorded_runs import BROKEN, TESTED, Run, Step, random_run, rerun, views

CASES: Final = {case.name: case for case in scoreboard("do_kv")}
WRITES: Final = 3
RUNS: Final = 100

DECIDED_BY: Final[Mapping[str, str]] = {
    "changelog-complete": "store",
    "single-writer-order": "store",
    "idempotent-write": "store",
    "bounded-staleness": "store",
    "convergence": "store",
    "durable-ack": "answers",
    "never-ahead": "clients",
    "no-partial-read": "clients",
    "monotonic-reads": "clients",
    "read-your-writes": "clients",
    "cross-pop-monotonic": "clients",
    "monotonic-kv": "kv",
    "local-reads": "isolates",
}
"""Whose record decides a property."""

SEES_LESS: Final[Mapping[str, Sequence[str]]] = {
    "bounded-staleness": ("clients", "answers"),
    "convergence": ("clients",),
    "durable-ack": ("clients", "store"),
    "monotonic-kv": ("replicator", "clients"),
    "single-writer-order": ("clients", "answers"),
    "monotonic-reads": ("isolates",),
}
"""Whose record may miss a violation of it: commits known by their replies, KV by its puts alone, and so on. (With early
acknowledgements replies come before commits, and whoever goes by them is told the wrong times.)"""


@cache
def kernel_of(name: str) -> Kernel:
    instance = instance_of(CASES[name]).with_(writes=WRITES)
    return build_kernel(kernel_source([instance], [CATALOGUE[i] for i in applicable(instance)]), instance)


def promise_for(case: Case) -> Promise:
    """The bound in ticks. The model's is broken from the next tick on, and steps of a tick differ by a little."""
    promise = promise_of({**case.constants, "writes": WRITES}, ticks_per_second=1)
    return Promise(promise.bound_s + 0.5, guarded=True)


# --- what the states say


def seen(name: str, run: Run, promise: Promise) -> bool:
    """Whether the run breaks a property in a way that leaves a mark on a history."""
    match name:
        case "bounded-staleness":
            # Half a write is in no changelog: that it superseded anything nobody can know.
            torn = {step.after["torn"] for step in run.steps}
            missed = [watched for watched in range(1, WRITES + 1) if watched not in torn and _missed(run, watched)]
            return any(rerun(run, watched).broken(name) for watched in missed)
        case "convergence":
            return _unsettled(run, promise.bound_s)
        case "never-ahead" if restored(run) and run.kernel.instance.values["epoch"] == "off":
            # After a restore the store is behind its copies: that shows where one is told.
            return any(told[1] > _number(step.before["config"]) for step, told in _answers(run))
        case "cross-pop-monotonic":
            # A location that is alone goes back by itself.
            return run.broken(name) and len({dict(step.event.arguments)["pop"] for step, _ in _answers(run)}) > 1
        case "changelog-complete":
            # An entry that is missing shows as a gap between others.
            return run.broken(name) and any(
                step.before["torn"] > 1 and step.after["logged"] > step.before["logged"]  # type: ignore[operator]
                for step in run.steps
            )
    return run.broken(name)


def _missed(run: Run, version: int) -> bool:
    """Whether a read was told something older than a version that there was. Nobody is stale about it otherwise."""
    return any(_number(step.before["config"]) >= version and told[1] < version for step, told in _answers(run))


def _unsettled(run: Run, bound: float) -> bool:
    """Whether a read came later than the bound after the last commit or restore, and was told something else.

    The model's property also speaks of KV itself, which nobody reads here, and of reads without an answer. Half a write
    is in no changelog, and so is no commit.
    """
    changes = [s for s in run.steps if s.after["config"] not in (s.before["config"], s.after["torn"])]
    last = changes[-1].after if changes else run.first
    standing = (
        _number(last["restored"]) if run.kernel.instance.values["epoch"] == "on" else 0,
        _number(last["config"]),
    )
    others = [step for step, told in _answers(run) if told != standing]
    if not others:
        return False
    if restored(run):
        # The model stops watching then, so the ticks are counted here.
        return any(int(step.at) - int(changes[-1].at) > bound for step in others)
    again = rerun(run, standing[1])
    return any(told != standing and step.found["bounded-staleness"] & TESTED for step, told in _answers(again))


def _answers(run: Run) -> Iterator[tuple[Step, tuple[int, int]]]:
    """The reads that were answered, with the era and version that each was told."""
    for step in run.steps:
        if step.event.action == "read":
            pop = dict(step.event.arguments)["pop"]
            after: Any = step.after
            if not after["failed"][pop]:
                yield step, (after["served_era"][pop], after["served"][pop])


def _number(value: Any) -> int:
    return int(value)


def restored(run: Run) -> bool:
    return any(step.event.action == "rollback" for step in run.steps)


# --- what the histories say


def recorded(runs: Sequence[Run]) -> tuple[pa.Table, dict[str, list[str]]]:
    """One table of all runs by all recorders, a unit each: run and recorder."""
    rows: dict[str, list[Any]] = {name: [] for name in EVENTS.names}
    for number, run in enumerate(runs):
        for view, lines in views(run).items():
            for line in lines:
                said = {"era": 0, **line, "returned": line["return"], "unit": f"{view}/{number}", "file": view}
                said["line"] = len(rows["line"]) + 1
                for name, column in rows.items():
                    column.append(said.get(name))
    return pa.table(rows, schema=EVENTS), rows


def violated(runs: Sequence[Run], promise: Promise, names: Iterable[str]) -> dict[str, set[str]]:
    """By property, the units that a history breaks it for."""
    facts = digested(runs)
    return {name: breaking(facts, name, promise) for name in names}


def digested(runs: Sequence[Run]) -> Facts:
    """The history of some runs, digested."""
    return gather(recorded(runs)[0])


def breaking(facts: Facts, name: str, promise: Promise) -> set[str]:
    """The units of a history that break a property."""
    return {row["unit"] for row in CHECKS[name].violations(facts, promise)}


def compare(case: Case, seeds: Sequence[int], length: int) -> Counter[str]:
    """Hold both verdicts on some runs against each other; counts the runs that break each property."""
    kernel = kernel_of(case.name)
    runs = [random_run(kernel, seed, length) for seed in seeds]
    names = [name for name in DECIDED_BY if name in applicable(kernel.instance)]
    promise = promise_for(case)
    found = violated(runs, promise, names)
    broken: Counter[str] = Counter()
    for number, run in enumerate(runs):
        for name in names:
            by_states, by_history = seen(name, run, promise), f"{DECIDED_BY[name]}/{number}" in found[name]
            broken[name] += by_states
            about = f"{name} of {case.name}, seed {seeds[number]}, {length} steps"
            if restored(run) and name in TAKEN_BACK:
                assert by_states or not by_history, about
            else:
                assert by_states == by_history, about
            for view in SEES_LESS.get(name, ()) if kernel.instance.values["ack"] == "gated" else ():
                assert by_states or f"{view}/{number}" not in found[name], f"{about}, recorded by {view}"
    return broken


TAKEN_BACK: Final = ("bounded-staleness", "read-your-writes")
"""After a restore the model stops watching, so that nothing is said of what was committed before it, nor of what the
restore itself superseded. A history holds to both what was read before the restore, and to neither what was read after
one that its copies do not know of."""


@settings(max_examples=5, phases=[Phase.explicit, Phase.generate])  # an example is many runs: it says which
@given(name=st.sampled_from(sorted(CASES)), seed=st.integers(0, 2**32), length=st.sampled_from([20, 40, 80]))
def test_a_history_says_what_the_states_say(name: str, seed: int, length: int) -> None:
    compare(CASES[name], range(seed, seed + RUNS), length)


@pytest.mark.parametrize(
    ("name", "runs", "properties"),
    [
        ("inline", 100, ("monotonic-kv", "monotonic-reads", "bounded-staleness", "convergence")),
        ("late-put", 400, ("monotonic-kv", "monotonic-reads", "bounded-staleness")),
        ("disjoint-caches", 100, ("monotonic-reads", "read-your-writes", "cross-pop-monotonic")),
        ("bare-statements", 100, ("changelog-complete", "no-partial-read")),
        ("partition", 100, ("local-reads",)),
        ("partition-guarded", 100, ("bounded-staleness",)),
        ("early-ack", 100, ("durable-ack",)),
        ("blind-retry", 100, ("idempotent-write",)),
        ("rollback", 100, ("monotonic-kv", "never-ahead")),
        ("outbox", 100, ("read-your-writes",)),
    ],
)
def test_both_see_what_a_broken_design_breaks(name: str, runs: int, properties: tuple[str, ...]) -> None:
    broken = compare(CASES[name], range(runs), 60)
    assert all(broken[one] for one in properties), broken


def test_what_half_a_day_of_good_runs_shows_is_nothing() -> None:
    for name in ("outbox-faults", "recommended", "disjoint-caches-guarded", "rollback-epoch"):
        broken = compare(CASES[name], range(50), 80)
        expected = {one for one, verdict in CASES[name].expected.items() if verdict == "VIOLATED"}
        assert {one for one, times in broken.items() if times} <= expected


def test_the_states_are_those_of_the_interpreter_and_so_are_their_verdicts() -> None:
    for name in ("recommended", "inline-crash", "rollback-epoch"):
        kernel = kernel_of(name)
        run = random_run(kernel, 7, 40)
        instance, machine = kernel.instance, kernel.instance.machine
        events = tuple(step.event for step in run.steps)
        states = run_events(Trace(machine.name, instance.values, (run.first,), events, "", None, ""), machine)
        assert states is not None
        for step, before, after in zip(run.steps, states[:-1], states[1:], strict=True):
            assert without_clocks(step.after) == without_clocks(after)
            for one in (CATALOGUE[i] for i in applicable(instance)):
                if one.step is not None:
                    holds, _ = step_form(machine, one).per_action.get(step.event.action, (None, None))
                    fine = holds is None or evaluate(instance, holds, before, dict(step.event.arguments))
                    assert fine != bool(step.found[one.id] & BROKEN)
        for one in (CATALOGUE[i] for i in applicable(instance)):
            if one.state is not None:
                fine = all(evaluate(instance, state_form(machine, one).holds, state) for state in states)
                assert fine != run.broken(one.id)


def without_clocks(state: Mapping[str, Any]) -> dict[str, Any]:
    """The kernel cuts clocks off where no property can tell the difference."""
    clocks = ("armed", "sending_for", "stray_for", "age", "memo_age", "since")
    return {name: value for name, value in state.items() if name not in clocks}
