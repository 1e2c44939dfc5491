# SPDX-License-Identifier: Apache-2.0
"""What is wrong when a service starts: it says what in one line and leaves all as it is, or makes do with it."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from tests.faults.row import Row, Seen
from tests.faults.running import SIZE, served
from tests.faults.service import Refused, Service, within
from tests.faults.tmpfs import PAGE, fill, mounted

__all__ = [
    "another_clock",
    "another_server",
    "corrupt_page",
    "full_at_start",
    "newer_schema",
    "read_only",
    "truncated",
]

DAY: Final = 86_400.0


def corrupt_page(folder: Path) -> Row:
    """Every page of the app's file in turn holds something else."""

    def spoil(database: Path, number: int) -> bool:
        size = database.stat().st_size
        with database.open("r+b") as file:
            file.seek(number * PAGE)
            file.write(bytes(range(256)) * (PAGE // 256))
        return (number + 1) * PAGE < size

    return _of_the_file(folder, "a corrupt page", "each page of the app's file in turn is overwritten", spoil)


def truncated(folder: Path) -> Row:
    """The app's file ends after 0, 1, 2, ... pages."""

    def cut(database: Path, number: int) -> bool:
        size = database.stat().st_size
        with database.open("r+b") as file:
            file.truncate(number * PAGE)
        return (number + 1) * PAGE < size

    return _of_the_file(folder, "a truncated database", "the app's file ends after 0, 1, 2, ... pages", cut)


def newer_schema(folder: Path) -> Row:
    """A later version of this program has kept the app."""

    def count_up(database: Path, number: int) -> bool:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA user_version = 1")
        return False

    return _of_the_file(folder, "a newer schema", "user_version of the app's file is 1", count_up)


def full_at_start(folder: Path) -> Row:
    """The service starts on a disk without a free page."""
    seen = Seen()
    with mounted(folder, SIZE), served(folder) as service:
        service.stop()
        ballast = fill(folder, 0)
        _refused(service, seen)
        ballast.unlink()
        service.start()
        made = "a tmpfs without a free page, when the service starts"
        return seen.row(service, "disk full at the start", made, "the next start", service.lost())


def read_only(folder: Path) -> Row:
    """The file system may only be read."""
    seen = Seen()
    with mounted(folder, SIZE), served(folder) as service:
        service.stop()
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        _refused(service, seen)
        subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
        service.start()
        made = "a tmpfs that is mounted read-only, when the service starts"
        return seen.row(service, "read-only file system", made, "the next start", service.lost())


def another_server(folder: Path) -> Row:
    """A second service is to keep the apps of the same folder."""
    seen = Seen()
    with served(folder) as service:
        _refused(Service(folder), seen)
        made = "`flags serve` twice over one folder"
        return seen.row(service, "a second server", made, "the first one goes on", service.restarted().lost())


def another_clock(folder: Path) -> Row:
    """The clock jumps by a day, forth and back again, between two starts, while a write waits to be published."""
    seen, slowest = Seen(), 0.0
    with served(folder) as service:
        for ahead in (DAY, 0.0, -DAY, 0.0):
            assert [service.write().status for _ in range(2)] == [201, 201]
            service.stop()
            service.start(clock=ahead)
            slowest = max(slowest, within(service.published))
            seen.answer(service.write())
            slowest = max(slowest, within(service.published))
        made = "the clock of the process is a day ahead, right, a day behind, right, each from a start on"
        return seen.row(service, "the clock jumps by a day", made, f"published within {slowest:.1f} s", service.lost())


def _of_the_file(folder: Path, fault: str, made: str, spoil: Callable[[Path, int], bool]) -> Row:
    """`spoil` does something to the app's file, a number of ways; whether there are more."""
    seen = Seen()
    with served(folder) as service:
        service.stop()
        good = folder / "good"
        shutil.copy(service.database, good)
        number, more = 0, True
        while more:
            more = spoil(service.database, number)
            _refused(service, seen)
            shutil.copy(good, service.database)
            number += 1
        service.start()
        return seen.row(service, fault, made, "the next start, with the file as it was", service.lost())


def _refused(service: Service, seen: Seen) -> None:
    try:
        service.start()
    except Refused as refused:
        seen.said[re.sub(r"Page \d+", "Page N", str(refused).replace(str(service.folder), "FOLDER"))] += 1
    else:
        seen.said["it starts"] += 1
        service.stop()
