# SPDX-License-Identifier: Apache-2.0
"""Which settings of SQLite keep what was acknowledged, by the calls that a program of its own makes with each."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from edgeproof.properties.engines.crash.disk import said
from edgeproof.properties.engines.crash.effort import Budget
from edgeproof.properties.engines.crash.scratch import scratch
from edgeproof.properties.engines.crash.syscalls.plan import plan
from edgeproof.properties.engines.crash.syscalls.promise import promised
from edgeproof.properties.engines.crash.syscalls.recording import record
from edgeproof.properties.engines.crash.syscalls.recovery import lay_out
from edgeproof.properties.engines.crash.syscalls.tracer import Program

TABLE: Final = Path(__file__).parent / "crash_stores" / "table.py"
LOST: Final = "'one=1' was acknowledged, and is not there"


@pytest.mark.parametrize(
    ("pragmas", "cut", "why"),
    [
        ("synchronous=OFF", "write of table.sqlite", "database disk image is malformed"),
        ("journal_mode=WAL synchronous=NORMAL", "write of table.sqlite-wal", LOST),
        ("synchronous=FULL", "delete of table.sqlite-journal", LOST),  # as Python's sqlite3 is by itself
        ("synchronous=EXTRA", "", ""),
        ("journal_mode=TRUNCATE synchronous=FULL", "", ""),
        ("journal_mode=WAL synchronous=FULL", "", ""),
    ],
)
def test_what_was_acknowledged_is_lost_by_settings_that_do_not_wait_for_the_disk(
    pragmas: str, cut: str, why: str, tmp_path: Path
) -> None:
    assert first_wrong(pragmas, tmp_path) == (cut, why)


def first_wrong(pragmas: str, place: Path) -> tuple[str, str]:
    """The operation after which the power goes, and what is wrong then; nothing where nothing ever is."""
    (place / "data").mkdir()
    (place / "lines").write_text("one=1\ntwo=2\n")
    words = [sys.executable, "-I", "-S", str(TABLE), "work", str(place / "data"), *pragmas.split()]
    with (place / "lines").open() as lines, (place / "out").open("w") as stdout:
        recording = record(Program(words, os.environ, lines, stdout, stdout), place / "data", 60)
    assert recording.status == 0
    promise = promised(recording.lines, "all")
    with scratch() as folder:
        for _, cut in plan(recording, promise, Budget(), 1_000, 0).cuts:
            lay_out(cut.left(), folder / "data")
            try:
                wrong = promise.broken(cut.acknowledged, tokens(folder / "data" / "table.sqlite"))
            except sqlite3.DatabaseError as error:
                wrong = str(error)
            if wrong:
                return said(recording.operations[cut.at.done - 1]), wrong
    return "", ""


def tokens(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,):
            return []
        return [token for (token,) in connection.execute("SELECT token FROM entries ORDER BY number")]
