# SPDX-License-Identifier: Apache-2.0
"""Power cuts of the real runtime: what workerd's files may be after one has all that the Worker had acknowledged."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Final

import pytest
from attrs import evolve, frozen

from edgeproof.impl.workerd.client import asked
from edgeproof.properties.engines.crash.disk import Create, Sync, SyncFolder
from edgeproof.properties.engines.crash.effort import Budget
from edgeproof.properties.engines.crash.scratch import scratch
from edgeproof.properties.engines.crash.syscalls.plan import Plan, plan
from edgeproof.properties.engines.crash.syscalls.promise import Promise, promised
from edgeproof.properties.engines.crash.syscalls.recording import Recording, record
from edgeproof.properties.engines.crash.syscalls.recovery import lay_out
from edgeproof.properties.engines.crash.syscalls.tracer import Program
from tests.ptraced import needs_ptrace
from tests.workerd.crash_store import started, tokens

pytestmark = needs_ptrace

WRITES: Final = ("one", "two", "three")
STARTED_AGAIN: Final = 4
"""Images that a workerd is started over."""


@frozen
class Run:
    """A first start of workerd, and another over the same folder with some writes."""

    first: Recording
    writing: Recording
    promise: Promise
    plan: Plan


@pytest.fixture(scope="module")
def run(workerd: Path) -> Run:
    with scratch() as place:
        (place / "data").mkdir()
        first, writing = recorded(place), recorded(place, *WRITES)
    promise = promised(writing.lines, "all")
    return Run(first, writing, promise, plan(writing, promise, Budget(samples=2), 2_000, 0))


def recorded(place: Path, *values: str) -> Recording:
    (place / "values").write_text("".join(f"{value}\n" for value in values))
    words = [sys.executable, "-m", "tests.workerd.crash_store", "work", str(place / "data")]
    with (place / "values").open() as given, (place / "out").open("w") as said:
        recording = record(Program(words, os.environ, given, said, said), place / "data", 120)
    assert recording.status == 0, recording.lines
    return recording


def test_every_image_is_sound_and_has_all_that_was_acknowledged_and_none_of_it_by_half(run: Run) -> None:
    assert [token for token, _ in run.promise.acknowledged] == ["1 one", "2 two", "3 three"]
    assert run.plan.images > 100
    assert first_wrong(run.plan, run.promise) == ""
    print(run.plan)


def test_they_would_not_without_the_syncs_of_logs_that_the_runtime_makes(run: Run) -> None:
    before, after = run.writing.operations[: run.writing.first], run.writing.operations[run.writing.first :]
    logs = [isinstance(one, Sync) and one.name.endswith("-wal") for one in after]
    ignored = tuple(SyncFolder("nowhere/") if log else one for log, one in zip(logs, after, strict=True))
    unsynced = plan(evolve(run.writing, operations=before + ignored), run.promise, Budget(samples=2), 2_000, 0)
    assert first_wrong(unsynced, run.promise) == "'1 one' was acknowledged, and is not there"


def first_wrong(planned: Plan, promise: Promise) -> str:
    """What is wrong with the first image that is, as SQLite finds it; "" if none is."""
    with scratch() as folder:
        for _, cut in planned.cuts:
            lay_out(cut.left(), folder / "data")
            if wrong := promise.broken(cut.acknowledged, changelog(folder / "data")):
                return wrong
    return ""


def test_a_workerd_that_is_started_over_an_image_has_it_too(run: Run) -> None:
    with scratch() as folder:
        for number, (_, cut) in enumerate(Random(0).sample(run.plan.cuts, STARTED_AGAIN)):
            lay_out(cut.left(), folder / f"{number}")
            with started(folder / f"{number}") as front:
                assert run.promise.broken(cut.acknowledged, tokens(front)) == ""
                version = len(tokens(front)) + 1
                said = asked(front.do("PUT", "/units/u/config", {"changes": {"first": "more"}, "actor": "me"}))
                assert said["version"] == version, "it goes on from there"


def test_the_runtime_does_not_make_the_folder_of_a_new_namespace_sure(run: Run) -> None:
    # So of the first start of all, a power cut may leave nothing: on a disk of one's own, not on Cloudflare's.
    assert Create("config-store/") in run.first.operations
    assert SyncFolder() not in run.first.operations[run.first.first :]


def changelog(folder: Path) -> list[str]:
    """What is in the unit's database, after SQLite has found every database sound."""
    found = []
    for path in sorted(folder.rglob("*.sqlite")):
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",), path
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_schema")}
            if "change" in tables:
                changes = database.execute("SELECT version, new FROM change ORDER BY version").fetchall()
                assert database.execute("SELECT version FROM meta").fetchone() == (len(changes),)
                found += [f"{version} {new.strip(chr(34))}" for version, new in changes]
    return found
