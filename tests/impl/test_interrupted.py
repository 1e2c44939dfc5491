# SPDX-License-Identifier: Apache-2.0
"""A crash between any two statements, and a crash, a restore or an eviction at any point where a handler waits."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from itertools import count, product
from typing import Any

import pytest

from edgeproof.impl.durable.database import connect
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.pattern.system import ReferenceSystem
from edgeproof.impl.runtime import SimulatedRuntime
from edgeproof.impl.snapshot import REMOVED, from_kv, replay
from edgeproof.impl.system import Setup

# --- between any two statements


class Crash(Exception):
    """The process dies."""


class Dying:
    """A connection whose process dies before its n-th statement from now on."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.left: float = float("inf")

    def execute(self, *statement: Any) -> sqlite3.Cursor:
        if self.left <= 0:
            raise Crash
        self.left -= 1
        return self._connection.execute(*statement)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


OPERATIONS: dict[str, Callable[[ConfigStore], object]] = {
    "write": lambda store: store.write({"a": 2, "b": REMOVED, "c": 1}, actor="me", idempotency_key="k3"),
    "restore": lambda store: store.restore(1),
    "begin an attempt": lambda store: store.begin_attempt(9.0),
    "end an attempt": lambda store: store.end_attempt(store.snapshot(), 7.0),
}


def rows(connection: sqlite3.Connection) -> list[list[Any]]:
    tables = ("meta", "field", "entry", "change", "alarm")
    return [connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables]


def prepared() -> tuple[Dying, ConfigStore]:
    connection = Dying(connect())
    store = ConfigStore(connection, SimulatedRuntime())  # type: ignore[arg-type]
    store.write({"a": 1, "b": "x"}, actor="me", idempotency_key="k1")
    store.write({"b": [1, 2]}, actor="you", idempotency_key="k2")
    store.begin_attempt(5.0)
    return connection, store


@pytest.mark.parametrize("what", OPERATIONS)
def test_a_crash_between_any_two_statements_leaves_all_or_nothing(what: str) -> None:
    connection, store = prepared()
    before = rows(connection._connection)
    OPERATIONS[what](store)
    after = rows(connection._connection)
    for statements in count():
        connection, store = prepared()
        connection.left = statements
        try:
            OPERATIONS[what](store)
        except Crash:
            # The next instance finds undone what was open.
            connection._connection.rollback()
            assert rows(connection._connection) in (before, after), statements
        else:
            assert rows(connection._connection) == after
            break
    assert statements >= 4, "there were several places to die in"


# --- wherever a handler waits


POINTS: dict[str, tuple[str, ...]] = {
    "a reply waits for the disk": ("write",),
    "a put is under way": ("write", "acknowledge", "fire"),
    "a put has landed": ("write", "acknowledge", "fire", "put_lands"),
    "a put is under way, and a reply waits": ("write", "acknowledge", "fire", "write"),
    "a put has landed, and a reply waits": ("write", "acknowledge", "fire", "put_lands", "write"),
}


def crash(system: ReferenceSystem) -> None:
    system.perform("crash", {})


def restore(system: ReferenceSystem) -> None:
    system.store.restore(system.store.version() - 1)


def restore_and_restart(system: ReferenceSystem) -> None:
    restore(system)
    crash(system)


def evict(system: ReferenceSystem) -> None:
    for location in system.locations:
        location.evict()


DISTURBANCES = (crash, restore, restore_and_restart, evict)


@pytest.fixture
def system() -> Iterator[ReferenceSystem]:
    one = ReferenceSystem()
    one.start(Setup("do_kv", options={"reader": "guarded", "epoch": "on"}))
    for name in ("write", "acknowledge", "fire", "put_lands", "put_confirmed"):
        one.perform(name, {})
    read_everywhere(one)
    yield one
    one.close()


def read_everywhere(system: ReferenceSystem) -> None:
    for place in range(len(system.locations)):
        system.perform("read", {"pop": place, "cache": place})


def settle(system: ReferenceSystem) -> None:
    """Everything that waits is answered, and what is due is done, until nothing is left."""
    while True:
        for op in tuple(system.instance.pending):
            system.runtime.resolve(op)
        if system.store.alarm() is None:
            return
        system.perform("tick", {})
        if system.alarms.due():
            system.perform("fire", {})


@pytest.mark.parametrize(("point", "disturb"), list(product(POINTS, DISTURBANCES)))
def test_whatever_strikes_where_a_handler_waits_the_store_is_what_is_published_and_read(
    point: str, disturb: Callable[[ReferenceSystem], None], system: ReferenceSystem
) -> None:
    for name in POINTS[point]:
        system.perform(name, {})
    disturb(system)
    settle(system)
    truth = system.store.snapshot()
    published = system.kv.read_centre(system.choices.key)
    assert published is not None
    assert from_kv(published.value) == truth
    assert replay(system.store.changelog()) == truth.config
    system.perform("tick", {})
    system.perform("tick", {})
    read_everywhere(system)
    assert system.told.answers == [truth] * len(system.locations)


def test_an_eviction_while_a_read_waits_leaves_nothing_of_it(system: ReferenceSystem) -> None:
    for _ in range(2):
        system.perform("tick", {})
    task = system._edge.spawn(system.locations[0].reader.read())
    waiting = system._edge.pending[-1]
    system.locations[0].evict()
    system.runtime.resolve(waiting)
    assert task.outcome() == system.store.snapshot()
    assert system.locations[0].reader.kept is None
