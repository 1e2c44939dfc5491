# SPDX-License-Identifier: Apache-2.0
"""What a power cut may leave of what was asked of a disk, and that what SQLite asks of it is recorded as it was."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from edgeproof.impl.driven.storage import Storage
from edgeproof.properties.engines.crash.disk import (
    Create,
    Delete,
    Disk,
    Link,
    Moment,
    Operation,
    Rename,
    Sync,
    SyncFolder,
    Truncate,
    Write,
    whole_of,
)
from edgeproof.properties.engines.crash.effort import Budget
from edgeproof.properties.engines.crash.images import choices
from edgeproof.properties.engines.crash.recorder import Recorder

NAMED = (Create("a"), SyncFolder())


def after(*operations: Operation, kind: str = "honest") -> Moment:
    disk = Disk(kind)
    for one in operations:
        disk.do(one)
    return disk.now()


def images(moment: Moment) -> list[dict[str, bytes]]:
    return [moment.left(choice) for choice in choices(moment.pending, Budget(), Random(0))]


# --- what is sure


def test_what_is_synced_is_there_whatever_else_is_lost() -> None:
    moment = after(*NAMED, Write("a", 0, b"sure"), Sync("a"), Write("a", 4, b"perhaps"))
    assert {one["a"] for one in images(moment)} == {b"sure", b"sureperhaps"}


def test_a_file_whose_folder_was_not_synced_may_be_gone_with_all_that_was_synced_of_it() -> None:
    assert images(after(Create("a"), Write("a", 0, b"sure"), Sync("a"))) == [{"a": b"sure"}, {}]


def test_a_deleted_file_may_be_there_again_until_its_folder_is_synced() -> None:
    deleted = (*NAMED, Write("a", 0, b"old"), Sync("a"), Delete("a"))
    assert {"a": b"old"} in images(after(*deleted))
    assert images(after(*deleted, SyncFolder())) == [{}]


def test_a_new_file_of_an_old_name_does_not_have_the_content_of_the_old_one() -> None:
    moment = after(*NAMED, Write("a", 0, b"old"), Sync("a"), Delete("a"), Create("a"), SyncFolder())
    assert images(moment) == [{"a": b""}]


def test_what_was_cut_off_may_be_there_again() -> None:
    moment = after(*NAMED, Write("a", 0, b"long"), Sync("a"), Truncate("a", 1))
    assert {one["a"] for one in images(moment)} == {b"l", b"long"}


def test_a_file_takes_the_place_of_another_at_once_or_not_at_all_and_with_what_was_synced_of_it() -> None:
    old = (*NAMED, Write("a", 0, b"old"), Sync("a"), Create("b"), SyncFolder(), Write("b", 0, b"new"))
    assert images(after(*old, Sync("b"), Rename("b", "a"))) == [{"a": b"new"}, {"a": b"old", "b": b"new"}]
    assert {"a": b""} in images(after(*old, Rename("b", "a")))
    assert images(after(*old, Sync("b"), Rename("b", "a"), SyncFolder())) == [{"a": b"new"}]


def test_the_last_of_two_files_that_take_a_place_may_not_be_the_last_to_come_there() -> None:
    two = (
        Create("a"),
        Create("b"),
        SyncFolder(),
        Write("a", 0, b"first"),
        Write("b", 0, b"last"),
        Sync("a"),
        Sync("b"),
    )
    moment = after(*two, Rename("a", "c"), Rename("b", "c"))
    assert {"c": b"last"} in images(moment)
    assert {"c": b"first"} in images(moment)


def test_a_file_with_two_names_keeps_its_content_under_the_one_that_is_left() -> None:
    moment = after(
        *NAMED, Write("a", 0, b"sure"), Sync("a"), Link("a", "b"), SyncFolder(), Delete("a"), Write("b", 4, b"!")
    )
    assert [{"b": b"sure!"}, {"a": b"sure", "b": b"sure"}] == [
        moment.left(map(whole_of, moment.pending)),
        moment.left(()),
    ]


def test_a_folder_in_the_folder_is_synced_by_itself_and_if_lost_takes_what_is_in_it_along() -> None:
    made = (Create("in/"), Create("in/a"), Write("in/a", 0, b"sure"), Sync("in/a"))
    assert images(after(*made, SyncFolder("in/"))) == [{"in/": b"", "in/a": b"sure"}, {}]
    assert images(after(*made, SyncFolder())) == [{"in/": b"", "in/a": b"sure"}, {"in/": b""}]
    assert images(after(*made, SyncFolder("in/"), SyncFolder())) == [{"in/": b"", "in/a": b"sure"}]


@pytest.mark.parametrize("kind", ["ignores-syncs", "ignores-folder-syncs"])
def test_a_disk_that_lies_about_syncs_is_sure_of_less(kind: str) -> None:
    moment = after(*NAMED, Write("a", 0, b"sure"), Sync("a"), kind=kind)
    assert moment.left(()) == {}
    assert {"a": b""} in images(moment) if kind == "ignores-syncs" else {"a": b"sure"} in images(moment)


def test_there_is_no_other_disk() -> None:
    with pytest.raises(LookupError, match="no disk that is 'perfect'; there is honest"):
        Disk("perfect")


@pytest.mark.parametrize("kept", [(9, 0, 0), (2, 0, 99), (2, 3, 1)])
def test_nothing_is_kept_that_was_not_asked_for(kept: tuple[int, int, int]) -> None:
    with pytest.raises(LookupError):
        after(*NAMED, Write("a", 0, b"four")).left([kept])


# --- what may be kept of the rest


def test_of_few_operations_every_subset_is_tried() -> None:
    moment = after(*NAMED, *(Write("a", place, b"x") for place in range(3)))
    tried = set(choices(moment.pending, Budget(few=3), Random(0)))
    assert len(tried) == 2**3
    assert Budget(few=3).exhausts(3)
    assert not Budget(few=3).exhausts(4)


def test_a_write_is_torn_between_two_sectors_and_only_there() -> None:
    moment = after(*NAMED, Write("a", 500, b"x" * 100))
    assert {kept[0][1:] for kept in choices(moment.pending, Budget(), Random(0)) if kept} == {
        (500, 600),
        (500, 512),
        (512, 600),
    }


def test_two_writes_to_one_place_come_to_the_disk_in_either_order() -> None:
    moment = after(*NAMED, Write("a", 0, b"first"), Write("a", 0, b"other"))
    assert {one["a"] for one in images(moment)} == {b"", b"first", b"other"}
    assert tuple(map(whole_of, reversed(moment.pending))) in set(choices(moment.pending, Budget(), Random(0)))


def test_of_many_operations_there_are_as_many_samples_as_there_may_be_beside_all_and_nothing() -> None:
    moment = after(*NAMED, *(Write("a", place * 600, b"x" * 600) for place in range(20)))
    tried: Sequence[object] = [*choices(moment.pending, Budget(few=4, samples=30), Random(0))]
    assert len(tried) == 32
    assert len(set(tried)) > 25
    assert [*choices(moment.pending, Budget(few=4, samples=30), Random(0))] == tried


# --- what is recorded


def test_a_disk_that_was_asked_for_all_that_was_recorded_has_what_the_folder_has(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    storage = Storage(tmp_path, recorder.open)
    for number in range(3):
        storage.connection.execute("UPDATE meta SET version = ?", (number,))
        assert everything(recorder) == folder(tmp_path)
    storage.close()
    assert everything(recorder) == folder(tmp_path)
    recorder.close()


def test_a_commit_of_the_store_is_sure_and_one_that_does_not_wait_for_the_disk_is_not(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    storage = Storage(tmp_path, recorder.open)
    storage.connection.execute("UPDATE meta SET version = 1")
    assert after(*recorder.operations).pending == ()
    storage.connection.execute("PRAGMA synchronous = NORMAL")
    storage.connection.execute("UPDATE meta SET version = 2")
    assert {one.operation.name for one in after(*recorder.operations).pending} == {"unit.sqlite-wal"}
    storage.close()
    recorder.close()


def test_files_of_other_folders_are_opened_and_not_recorded(tmp_path: Path) -> None:
    recorder, beside = Recorder(tmp_path), tmp_path / "beside"
    beside.mkdir()
    with Recorder(tmp_path).open(str(beside / "other.sqlite")) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    assert recorder.operations == []
    recorder.close()


def everything(recorder: Recorder) -> dict[str, bytes]:
    moment = after(*recorder.operations)
    return moment.left(map(whole_of, moment.pending))


def folder(path: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in path.iterdir() if not one.name.endswith("-shm")}
