# SPDX-License-Identifier: Apache-2.0
"""A push is there as a whole or not at all, and what it brings is nobody's to see before."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from edgeproof.impl.durable.storage_errors import StorageFull
from edgeproof.impl.git.limits import DEFAULT, Limits, Refused
from edgeproof.impl.git.repository import Repository
from edgeproof.impl.git.updates import NONE, Update
from tests.impl.git.made import (
    MAIN,
    Clock,
    blob,
    commit,
    inserting,
    one_file,
    packed,
    push,
    ref_delta,
    refs,
    repository,
    rows,
    tree,
)

OTHER = b"refs/heads/other"
NOTHING = [0, 0, 0, 0, 0]


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repository]:
    repo = repository(tmp_path / "repo")
    yield repo
    repo.close()


def test_a_push_brings_its_objects_and_sets_its_refs(repo: Repository) -> None:
    first, *rest = one_file(b"one")
    assert push(repo, packed(first, *rest), (MAIN, None, first)) == {}
    assert refs(repo) == {MAIN: first.id}
    with repo.view() as view:
        for made in (first, *rest):
            key = view.key(made.id)
            assert key is not None
            assert view.content(key) == made.content


def test_a_push_that_finds_a_ref_moved_changes_no_ref_and_leaves_nothing(repo: Repository) -> None:
    first, *rest = one_file(b"one")
    push(repo, packed(first, *rest), (MAIN, None, first))
    before = rows(repo)
    second, *more = one_file(b"two", first)
    problems = push(repo, packed(second, *more), (OTHER, None, second), (MAIN, None, second))
    assert problems == {MAIN: "the ref has moved: fetch first", OTHER: "atomic push failure"}
    assert refs(repo) == {MAIN: first.id}
    assert rows(repo) == before


def test_where_pushes_are_not_atomic_the_refs_that_can_be_set_are(tmp_path: Path) -> None:
    repo = Repository(tmp_path, Clock(), atomic=False)
    first, *rest = one_file(b"one")
    problems = push(repo, packed(first, *rest), (MAIN, None, first), (OTHER, first, first))
    assert list(problems) == [OTHER]
    assert refs(repo) == {MAIN: first.id}
    repo.close()


def test_of_two_pushes_from_one_state_the_second_is_refused(repo: Repository) -> None:
    first, *rest = one_file(b"one")
    push(repo, packed(first, *rest), (MAIN, None, first))
    for content, expected in ((b"mine", {}), (b"yours", {MAIN: "the ref has moved: fetch first"})):
        next_one, *more = one_file(content, first)
        assert push(repo, packed(next_one, *more), (MAIN, first, next_one)) == expected


def test_nobody_sees_a_push_before_it_is_committed(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    first, *rest = one_file(b"one")
    seen: list[object] = []

    def look() -> bool:
        with repo.view() as view:
            seen.extend([view.refs(), view.key(first.id)])
        return True

    spool = repo.spool()
    spool.write(packed(first, *rest))
    repo.push([Update(MAIN, NONE, first.id)], spool, allow=look)
    assert seen == [[], None]
    assert refs(repo) == {MAIN: first.id}


def test_a_push_that_is_no_longer_allowed_when_it_is_to_count_leaves_nothing(repo: Repository) -> None:
    first, *rest = one_file(b"one")
    spool = repo.spool()
    spool.write(packed(first, *rest))
    problems = repo.push([Update(MAIN, NONE, first.id)], spool, allow=lambda: False)
    assert problems == {MAIN: "the token does not allow it"}
    assert rows(repo) == NOTHING


def test_a_reader_keeps_the_moment_at_which_it_began(repo: Repository) -> None:
    first, *rest = one_file(b"one")
    push(repo, packed(first, *rest), (MAIN, None, first))
    with repo.view() as view:
        assert [one.id for one in view.refs()] == [first.id]
        second, *more = one_file(b"two", first)
        push(repo, packed(second, *more), (MAIN, first, second))
        assert [one.id for one in view.refs()] == [first.id]
        assert view.key(second.id) is None


@pytest.mark.parametrize("held", [100, DEFAULT.held])
def test_a_pack_is_spilled_to_the_blob_store_above_a_size_and_read_the_same(tmp_path: Path, held: int) -> None:
    repo = repository(tmp_path, Limits(held=held))
    first, *rest = one_file(bytes(range(256)) * 9)
    push(repo, packed(first, *rest), (MAIN, None, first))
    assert rows(repo)[2:] == ([0, 1, 1] if held == 100 else [1, 1, 0])
    repo.close()
    again = repository(tmp_path)
    with again.view() as view:
        key = view.key(rest[1].id)
        assert key is not None
        assert view.content(key) == rest[1].content
    again.close()


def test_a_refused_push_leaves_nothing_at_the_blob_store_either(tmp_path: Path) -> None:
    repo = repository(tmp_path, Limits(held=100))
    first, root, _ = one_file(bytes(range(256)) * 9)
    with pytest.raises(Refused, match="lacks the blob"):
        push(repo, packed(first, root), (MAIN, None, first))
    assert rows(repo) == NOTHING
    repo.close()


def test_where_the_disk_is_full_nothing_has_changed(tmp_path: Path) -> None:
    repo = repository(tmp_path)
    first, *rest = one_file(b"one")
    pages = repo._writer.execute("PRAGMA page_count").fetchone()[0]
    repo._writer.execute(f"PRAGMA max_page_count = {pages}")
    large = blob(bytes(100_000) + b"!")
    incompressible = blob(b"".join(one_file(b"%d" % n)[0].id for n in range(5_000)))
    with pytest.raises((StorageFull, sqlite3.OperationalError)):
        push(repo, packed(first, *rest, large, incompressible), (MAIN, None, first))
    assert rows(repo) == NOTHING
    assert refs(repo) == {}
    repo.close()


def test_what_a_crash_has_left_at_the_blob_store_is_swept_away(tmp_path: Path) -> None:
    repo = repository(tmp_path, Limits(held=10))
    first, *rest = one_file(b"one")
    push(repo, packed(first, *rest), (MAIN, None, first))
    spool = repo.spool()
    spool.write(b"half a push")
    spool.keep()
    assert len(repo.blobs.names()) == 2
    repo.close()
    again = repository(tmp_path)
    assert len(again.blobs.names()) == 1
    assert refs(again) == {MAIN: first.id}
    again.close()


def test_the_changelog_says_who_did_what_to_which_ref(repo: Repository) -> None:
    first, *rest = one_file(b"one")
    second, *more = one_file(b"two", first)
    other, *others = one_file(b"other")
    push(repo, packed(first, *rest), (MAIN, None, first))
    push(repo, packed(second, *more), (MAIN, first, second))
    push(repo, packed(other, *others), (MAIN, second, other), (OTHER, None, second))
    push(repo, None, (OTHER, second, None))
    said = [(one.seq, one.ref, one.old, one.new, one.kind) for one in repo.changelog()]
    assert said == [
        (1, MAIN, NONE, first.id, "create"),
        (2, MAIN, first.id, second.id, "forward"),
        (3, MAIN, second.id, other.id, "force"),
        (3, OTHER, NONE, second.id, "create"),
        (4, OTHER, second.id, NONE, "delete"),
    ]


def test_what_no_ref_needs_can_be_fetched_for_the_grace_and_is_collected_after_it(tmp_path: Path) -> None:
    clock = Clock()
    repo = Repository(tmp_path, clock, limits=evolve(DEFAULT, held=10), grace=60)
    first, *rest = one_file(b"one")
    push(repo, packed(first, *rest), (MAIN, None, first))
    other, *others = one_file(b"other")
    push(repo, packed(other, *others), (MAIN, first, other))
    clock.time += 59
    assert repo.collect() == 0
    with repo.view() as view:
        assert repo.may_fetch(view, first.id)
    clock.time += 2
    with repo.view() as view:
        assert not repo.may_fetch(view, first.id)
    assert repo.collect() == 3
    assert rows(repo) == [3, 1, 0, 2, 1]
    repo.close()


def test_an_object_that_another_is_a_delta_upon_is_not_collected(tmp_path: Path) -> None:
    clock = Clock()
    repo = Repository(tmp_path, clock, grace=0)
    first, root, file = one_file(b"one")
    push(repo, packed(first, root, file), (MAIN, None, first))
    changed = blob(b"another")
    second_root = tree((b"100644", b"file", changed.id))
    second = commit(second_root)
    thin = packed(second, second_root, ref_delta(file.id, inserting(3, b"another")))
    assert push(repo, thin, (MAIN, first, second)) == {}
    clock.time += 1
    assert repo.collect() == 2
    with repo.view() as view:
        key = view.key(changed.id)
        assert key is not None
        assert view.content(key) == b"another"
    repo.close()


def test_chains_of_deltas_do_not_grow_without_end_from_push_to_push(tmp_path: Path) -> None:
    repo = repository(tmp_path, Limits(kept_depth=3))
    last, root, file = one_file(b"0")
    push(repo, packed(last, root, file), (MAIN, None, last))
    for number in range(1, 9):
        before, before_file = last, file
        last, root, file = one_file(b"%d" % number, before)
        thin = packed(last, root, ref_delta(before_file.id, inserting(1, file.content)))
        assert push(repo, thin, (MAIN, before, last)) == {}
    with repo.view() as view:
        deepest = view.connection.execute("SELECT MAX(depth) FROM object").fetchone()[0]
        key = view.key(file.id)
        assert key is not None
        assert view.content(key) == b"8"
    assert deepest == 3
    repo.close()


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (b"refs/heads/a..b", "funny refname"),
        (b"refs/heads/a.lock", "funny refname"),
        (b"refs/heads/\x01", "funny refname"),
        (b"refs/heads/a b", "funny refname"),
        (b"heads/a", "funny refname"),
        (b"refs/heads/" + b"x" * 1100, "funny refname"),
        (b"refs/heads/main/sub", "'refs/heads/main' exists"),
        (b"refs/heads", "'refs/heads/main' exists"),
    ],
)
def test_a_ref_has_a_name_that_git_takes(repo: Repository, name: bytes, problem: str) -> None:
    first, *rest = one_file(b"one")
    push(repo, packed(first, *rest), (MAIN, None, first))
    assert push(repo, None, (name, None, first)) == {name: problem}
    assert refs(repo) == {MAIN: first.id}


def test_a_branch_is_a_commit_that_is_there(repo: Repository) -> None:
    first, root, file = one_file(b"one")
    push(repo, packed(first, root, file), (MAIN, None, first))
    assert push(repo, None, (OTHER, None, root)) == {OTHER: "a branch is a commit"}
    assert push(repo, None, (OTHER, None, blob(b"nowhere"))) == {OTHER: "missing necessary objects"}
    assert push(repo, None, (b"refs/tags/t", None, file)) == {}


def test_a_copy_has_the_refs_and_objects_and_is_on_its_own_from_then_on(tmp_path: Path) -> None:
    repo = repository(tmp_path / "one", Limits(held=10))
    first, *rest = one_file(b"one")
    push(repo, packed(first, *rest), (MAIN, None, first))
    repo.copy_to(tmp_path / "two")
    second, *more = one_file(b"two", first)
    push(repo, packed(second, *more), (MAIN, first, second))
    copy = repository(tmp_path / "two")
    assert refs(copy) == {MAIN: first.id}
    assert copy.changelog() == []
    with copy.view() as view:
        key = view.key(rest[1].id)
        assert key is not None
        assert view.content(key) == b"one"
    repo.close()
    copy.close()
