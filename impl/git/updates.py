# SPDX-License-Identifier: Apache-2.0
"""The updates of refs that a push asks for: each a compare-and-set, and all of them in one transaction."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal

from attrs import frozen

from edgeproof.impl.git.checks import ref_problem
from edgeproof.impl.git.entries import COMMIT
from edgeproof.impl.git.view import View
from edgeproof.impl.git.walk import is_ancestor

__all__ = ["NONE", "Change", "Update", "apply", "record"]

NONE: Final = bytes(20)
"""The id that stands for no object: the old one of a ref that is to be made, the new one of one to be deleted."""


@frozen
class Update:
    """What one ref should become, and what the client takes it to be."""

    ref: bytes
    old: bytes
    new: bytes


@frozen
class Change:
    """A line of the changelog: an update that was made."""

    seq: int
    """Of the push; they count from 1 on."""
    at: float
    actor: str
    ref: bytes
    old: bytes
    new: bytes
    kind: Literal["create", "forward", "force", "delete"]


def apply(view: View, updates: Sequence[Update]) -> tuple[dict[bytes, str], dict[bytes, str]]:
    """Update the refs that can be updated; the kinds of what was done, and why the rest was not, by ref."""
    kinds: dict[bytes, str] = {}
    problems: dict[bytes, str] = {}
    named = Counter(update.ref for update in updates)
    # Deletions make room for names below and above theirs.
    for update in sorted(updates, key=lambda one: one.new != NONE):
        problem = "named twice in one push" if named[update.ref] > 1 else _problem(view, update)
        if problem is None:
            kinds[update.ref] = _kind(view, update)
            _set(view.connection, update)
        else:
            problems[update.ref] = problem
    return kinds, problems


def record(
    connection: sqlite3.Connection, at: float, actor: str, updates: Sequence[Update], kinds: dict[bytes, str]
) -> None:
    """Log what was done, for one push."""
    seq = connection.execute("INSERT INTO push (at, actor) VALUES (?, ?)", (at, actor)).lastrowid
    rows = [(seq, one.ref, _or_none(one.old), _or_none(one.new), kinds[one.ref]) for one in updates if one.ref in kinds]
    connection.executemany("INSERT INTO change VALUES (?, ?, ?, ?, ?)", rows)


def _problem(view: View, update: Update) -> str | None:
    problem = ref_problem(update.ref)
    if problem is not None:
        return problem
    row = view.connection.execute(
        "SELECT object.name FROM ref JOIN object ON object.id = ref.object WHERE ref.name = ?", (update.ref,)
    ).fetchone()
    current: bytes = NONE if row is None else row[0]
    if current != update.old:
        return "the ref has moved: fetch first"
    if update.new == NONE:
        if current == NONE:
            return "there is no such ref"
        return "deletion of the current branch prohibited" if update.ref == view.head() else None
    return _problem_with_target(view, update) or (_clash(view.connection, update.ref) if row is None else None)


def _problem_with_target(view: View, update: Update) -> str | None:
    found = view.find(update.new)
    if found is None:
        return "missing necessary objects"
    if update.ref.startswith(b"refs/heads/") and found.type != COMMIT:
        return "a branch is a commit"
    return None


def _clash(connection: sqlite3.Connection, name: bytes) -> str | None:
    """Why a name cannot be beside those there are: on a disk a name is a file or a folder."""
    parts = name.split(b"/")
    above = [b"/".join(parts[:count]) for count in range(3, len(parts))]
    for other in above:
        if connection.execute("SELECT 1 FROM ref WHERE name = ?", (other,)).fetchone():
            return f"'{other.decode(errors='replace')}' exists"
    # "0" follows "/".
    below = connection.execute("SELECT name FROM ref WHERE name > ? AND name < ?", (name + b"/", name + b"0"))
    row = below.fetchone()
    return None if row is None else f"'{row[0].decode(errors='replace')}' exists"


def _kind(view: View, update: Update) -> str:
    if update.old == NONE:
        return "create"
    if update.new == NONE:
        return "delete"
    old, new = view.find(update.old), view.find(update.new)
    assert old is not None
    assert new is not None
    if old.type == new.type == COMMIT and is_ancestor(view, old.key, new.key):
        return "forward"
    return "force"


def _set(connection: sqlite3.Connection, update: Update) -> None:
    if update.new == NONE:
        connection.execute("DELETE FROM ref WHERE name = ?", (update.ref,))
    else:
        connection.execute(
            "INSERT OR REPLACE INTO ref SELECT ?, id FROM object WHERE name = ?", (update.ref, update.new)
        )


def _or_none(id: bytes) -> bytes | None:
    return None if id == NONE else id
