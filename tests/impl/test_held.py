# SPDX-License-Identifier: Apache-2.0
"""What a driver remembers of a store instead of reading it again is what it would have read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgeproof.impl.driven.content import Held, changelog_text
from edgeproof.impl.driven.storage import Storage
from edgeproof.impl.durable.store import ConfigStore, Status
from edgeproof.impl.runtime import SimulatedRuntime

LONG = 30
"""Versions: so long a changelog is not read as a whole each time."""


class Counted(ConfigStore):
    """Says how often its state was asked for."""

    asked = 0

    def status(self) -> Status:
        self.asked += 1
        return super().status()


def filled(storage: Storage, versions: int = LONG, kind: type[ConfigStore] = ConfigStore) -> ConfigStore:
    store = kind(storage.connection, SimulatedRuntime())
    for number in range(versions):
        store.write({f"field-{number % 7}": number}, actor="client", idempotency_key=f"key-{number}")
    return store


def write_two(store: ConfigStore) -> None:
    store.write({"b": [1], "a": None}, actor="client")
    store.write({"a": {"deep": 1}}, actor="somebody else")


def write_other_versions(store: ConfigStore) -> None:
    store.restore(LONG - 3)
    for name in "abc":
        store.write({name: 0}, actor="client")


def go_back(store: ConfigStore) -> None:
    store.restore(LONG - 5)


def rewrite_history(store: ConfigStore) -> None:
    store._connection.execute("UPDATE change SET new = '77' WHERE version = 3")


def add_to_history(store: ConfigStore) -> None:
    store._connection.execute("INSERT INTO change VALUES (3, 'late', 0, NULL, '1')")


def lose_history(store: ConfigStore) -> None:
    store._connection.execute("DELETE FROM entry WHERE version = 2")


@pytest.mark.parametrize(
    "happens", [write_two, write_other_versions, go_back, rewrite_history, add_to_history, lose_history]
)
def test_a_long_changelog_is_told_as_it_is_whatever_has_happened_to_it(happens: Callable[[ConfigStore], None]) -> None:
    storage, held = Storage(), Held()
    store = filled(storage)
    assert held.texts(store, storage.connection)[1] == changelog_text(store.changelog())
    for _ in range(2):
        happens(store)
        assert held.texts(store, storage.connection)[1] == changelog_text(store.changelog())
        write_two(store)
        assert held.texts(store, storage.connection)[1] == changelog_text(store.changelog())
        if happens is add_to_history:
            break


def test_the_state_of_a_store_is_asked_for_where_something_has_changed_and_of_one_that_has_taken_its_place() -> None:
    storage, held = Storage(), Held()
    store = Counted(storage.connection, SimulatedRuntime())
    told = [held.status(store, storage.connection) for _ in range(3)]
    assert (store.asked, told) == (1, [store.status()] * 3)
    store.arm(5.0, "sync")
    assert held.status(store, storage.connection) == store.status() != told[0]
    other = Counted(storage.connection, SimulatedRuntime())
    held.status(other, storage.connection)
    assert other.asked == 1


def test_a_storage_that_was_filled_once_is_as_it_was_then() -> None:
    storage, times = Storage(), []

    def fill(versions: int) -> None:
        times.append(versions)
        filled(storage, versions)

    def version_after(versions: int) -> int:
        storage.wipe()
        storage.fill(versions, lambda: fill(versions))
        return ConfigStore(storage.connection, SimulatedRuntime()).version()

    assert [version_after(9), version_after(99), version_after(9), version_after(99)] == [9, 99, 9, 99]
    assert times == [9, 99]
    ConfigStore(storage.connection, SimulatedRuntime()).write({"a": 1}, actor="client")
    assert version_after(99) == 99
    storage.close()
    assert (version_after(9), times) == (9, [9, 99, 9])


def test_a_file_is_filled_every_time(tmp_path: Path) -> None:
    storage, times = Storage(tmp_path), []
    for _ in range(2):
        storage.wipe()
        storage.fill("same", lambda: times.append(filled(storage, 2).version()))
    storage.close()
    assert times == [2, 2]
