# SPDX-License-Identifier: Apache-2.0
"""A run of a store beside its model, with every operation on its files, and what a crash may find after each step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

from attrs import frozen

from edgeproof.impl.system import MakeStore, Store, System, WithContent
from edgeproof.model.interpret import Event, State, apply
from edgeproof.model.machine import TICK, Instance
from edgeproof.properties.engines.crash.disk import Operation
from edgeproof.properties.engines.crash.recorder import Recorder
from edgeproof.properties.engines.crash.scratch import scratch
from edgeproof.properties.engines.crash.workloads import Workload
from edgeproof.properties.engines.fuzz.run import setup_of

__all__ = ["CRASH", "Found", "NotInStep", "Recording", "found_in", "perform", "recorded"]

CRASH: Final = "crash"
"""The action of every model that says what a crash leaves."""

Found: TypeAlias = Mapping[str, object]
"""What a store is found to hold: what it shows by name, and what that stands for."""


class NotInStep(Exception):
    """The system does otherwise than the model before any power cut; the message says what."""


@frozen
class Recording:
    """A workload that a store has gone through: its operations, and how many of them there were after each step.

    `states` are the model's, and `found` what a crash must find after each step; None where the model allows none. The
    first of each is from before the first step.
    """

    instance: Instance
    workload: Workload
    store: Store
    operations: tuple[Operation, ...]
    ends: tuple[int, ...]
    states: tuple[State, ...]
    found: tuple[Found | None, ...]


@contextmanager
def recorded(instance: Instance, first: State, workload: Workload, make: MakeStore) -> Iterator[Recording]:
    """The store after a workload. It is closed at the end; until then its power may be cut again and again.

    What a power cut has left is opened by Python's own SQLite. Raises NotInStep, and NotEnabledError for a workload
    that is no run of the model.
    """
    with scratch() as folder:
        recorder = Recorder(folder)
        store = make(instance.machine.name, folder, recorder.open)
        try:
            yield _run(instance, first, workload, store, recorder)
        finally:
            store.system.close()
            recorder.close()


def _run(instance: Instance, first: State, workload: Workload, store: Store, recorder: Recorder) -> Recording:
    system = store.system
    system.start(setup_of(instance))
    states, ends, found = [first], [len(recorder.operations)], [_after_crash(instance, first, store)]
    _in_step(system, first, "at the start")
    for event in workload:
        states.append(apply(instance, states[-1], event))
        try:
            perform(system, event)
        except Exception as error:
            raise NotInStep(f"{event}: {type(error).__name__}: {error}") from error
        _in_step(system, states[-1], f"after {event}")
        ends.append(len(recorder.operations))
        found.append(_after_crash(instance, states[-1], store))
    return Recording(instance, workload, store, tuple(recorder.operations), tuple(ends), tuple(states), tuple(found))


def perform(system: System, event: Event) -> None:
    """Make an event of the model happen. Raises what the system raises."""
    for _ in range(int(event.delay) if event.action == TICK else 1):
        system.perform(event.action, dict(event.arguments))


def _in_step(system: System, state: State, when: str) -> None:
    for name, value in system.observe().items():
        if name in state and state[name] != value:
            raise NotInStep(f"{when}: {name} is {state[name]} in the model, {value} in the system")


def found_in(store: Store) -> Found:
    """What the store holds now, by the names that are read of its storage alone."""
    seen: dict[str, Any] = {name: value for name, value in store.system.observe().items() if name in store.names}
    return {**seen, **_contents(store)}


def _after_crash(instance: Instance, state: State, store: Store) -> Found | None:
    try:
        after = apply(instance, state, Event(CRASH))
    except ValueError:
        return None
    shown = store.system.observe().keys()
    return {**{name: after[name] for name in store.names if name in shown}, **_contents(store)}


def _contents(store: Store) -> dict[str, object]:
    if not isinstance(store.system, WithContent):
        return {}
    return {f"content of {name}": text for name, text in store.system.contents().items() if name in store.names}
