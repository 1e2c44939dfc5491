# SPDX-License-Identifier: Apache-2.0
"""What happens to a service that is running: it goes on serving what it can, says why not, and resumes by itself."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.faults.row import Row, Seen
from tests.faults.service import Service, within
from tests.faults.tmpfs import PAGE, fill, mounted
from tests.processes import started

__all__ = [
    "full_disk",
    "full_disk_before_publication",
    "locked_by_another",
    "out_of_files",
    "out_of_memory",
    "served",
]

SIZE: Final = 8 << 20
"""Bytes of the small file system: a log of SQLite's stays below it."""
MORE_THAN_A_COMMIT: Final = 60
"""Pages, of which no write of a flag and its publication take so many."""
OF_AN_APP: Final = 5
"""Files that are opened for a new app, and the client's connection, at most."""

MEGABYTES: Final = 8
HOLD: Final = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print(flush=True)
time.sleep(60)
"""


@contextmanager
def served(folder: Path) -> Iterator[Service]:
    """A running service with an app and a few flags."""
    service = Service(folder)
    service.start()
    try:
        service.open_app()
        for _ in range(3):
            assert service.write().status == 201
        within(service.published)
        yield service
    finally:
        service.stop()


def full_disk(folder: Path) -> Row:
    """At every page that a commit could take, in turn: none is free, one is, two are, and so on."""
    seen, slowest = Seen(), 0.0
    with mounted(folder, SIZE), served(folder) as service:
        for pages in range(MORE_THAN_A_COMMIT):
            ballast = fill(folder, pages)
            answer = service.write()
            ballast.unlink()
            if answer.status == 201:
                break
            seen.answer(answer)
            assert service.write().status == 201, "the disk has room again"
            slowest = max(slowest, within(service.published))
        assert pages < MORE_THAN_A_COMMIT - 1, "the disk never had room for a commit"
        return seen.row(
            service,
            "disk full",
            f"a tmpfs of {SIZE >> 20} MB with 0, 1, 2, ... pages of {PAGE} bytes free, until a write fits",
            f"the next write; published within {slowest:.1f} s",
            service.restarted().lost(),
        )


def full_disk_before_publication(folder: Path) -> Row:
    """No page is free while an acknowledged write waits for its publication."""
    with mounted(folder, SIZE), served(folder) as service:
        # KV takes a put a second: the publication of what is written at once after another has to wait.
        assert [service.write().status for _ in range(2)] == [201, 201]
        ballast = fill(folder, 0)
        time.sleep(4)
        ballast.unlink()
        seconds = within(service.published)
        seen = Seen(Counter(f"on its standard error: {line}" for line in service.stop().splitlines()))
        service.start()
        made = "the same tmpfs without a free page, for 4 s"
        resumed = f"by itself; published {seconds:.1f} s after there was room"
        return seen.row(service, "disk full, a write waits to be published", made, resumed, service.lost())


def out_of_files(folder: Path) -> Row:
    """Too many open files: for the connection of a client, for that and some of what a new app opens."""
    seen = Seen()
    with served(folder) as service:
        before = resource.prlimit(service.pid, resource.RLIMIT_NOFILE)
        for more in range(OF_AN_APP):
            held = len(list(Path(f"/proc/{service.pid}/fd").iterdir()))
            resource.prlimit(service.pid, resource.RLIMIT_NOFILE, (held + more, before[1]))
            answer = service.ask("POST", "/apps", {"name": f"more-{more}"}, patience=3)
            resource.prlimit(service.pid, resource.RLIMIT_NOFILE, before)
            seen.answer(answer)
            # A client that has gone by then is served all the same.
            again = service.ask("POST", "/apps", {"name": f"more-{more}"})
            assert again.status == (201 if answer.status == 503 else 409), again
            assert service.write().status == 201
        seconds = within(service.published)
        return seen.row(
            service,
            "too many open files",
            "RLIMIT_NOFILE of the running process 0, 1, 2, ... above what it has open, while an app is made",
            f"the next request; published {seconds:.1f} s later",
            service.restarted().lost(),
        )


def out_of_memory(folder: Path) -> Row:
    """The process may not have more memory than it has, or 1 MB, 2 MB, ... more, while a large write is made."""
    seen = Seen()
    with served(folder) as service:
        before = resource.prlimit(service.pid, resource.RLIMIT_DATA)
        for more in range(MEGABYTES):
            resource.prlimit(service.pid, resource.RLIMIT_DATA, (_data(service.pid) + (more << 20), before[1]))
            answer = service.write(description="x" * 700_000)
            resource.prlimit(service.pid, resource.RLIMIT_DATA, before)
            seen.answer(answer)
            assert service.write().status == 201
        seconds = within(service.published)
        return seen.row(
            service,
            "out of memory",
            f"RLIMIT_DATA of the running process 0 to {MEGABYTES - 1} MB above what it has, while 700 kB are written",
            f"the next request; published {seconds:.1f} s later",
            service.restarted().lost(),
        )


def locked_by_another(folder: Path) -> Row:
    """Another process holds SQLite's lock of the app's database, for longer than is waited for it."""
    seen = Seen()
    with served(folder) as service:
        with started([sys.executable, "-c", HOLD, str(service.database)]) as other:
            assert other.stdout is not None
            other.stdout.readline()
            answer = service.write()
        seen.answer(answer)
        assert service.write().status == 201
        seconds = within(service.published)
        made = "another process begins a transaction on the app's file, and does not end it"
        resumed = f"the next write; published {seconds:.1f} s later"
        return seen.row(service, "SQLITE_BUSY", made, resumed, service.restarted().lost())


def _data(pid: int) -> int:
    """Bytes of memory that is the process's own."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[5]) * os.sysconf("SC_PAGE_SIZE")
