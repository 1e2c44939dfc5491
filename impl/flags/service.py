# SPDX-License-Identifier: Apache-2.0
"""The flags of one account: for every app a store with its replicator, and every location evaluates what it reads.

The path of a change is the pattern's own: control plane, store, alarm, KV, location. What is here puts the parts
together, on any runtime, and keeps the databases of the apps in a directory if it is given one.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TextIO

from attrs import evolve, field, frozen

from edgeproof.impl.durable.database import check_pages, connect
from edgeproof.impl.durable.storage_errors import StorageDamaged, StorageError, StorageFailed
from edgeproof.impl.edge.centre import Centre, SqliteCentre
from edgeproof.impl.edge.reader import Reading
from edgeproof.impl.flags.control import FlagControl
from edgeproof.impl.flags.evaluation import Evaluator
from edgeproof.impl.folders import FolderTaken, claim
from edgeproof.impl.pattern.deployment import Choices, DurableObject, Location, boot
from edgeproof.impl.runtime import Runtime
from edgeproof.impl.snapshot import Snapshot

__all__ = ["App", "AppExists", "CannotKeep", "EdgeFlags", "FlagOptions", "FlagService", "UnknownApp", "unit_of"]

_NAME: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~-]{1,128}")

_ROOM: Final = 65_536
"""Bytes without which the files cannot be opened."""

_BUSY_MS: Final = 500
"""Milliseconds to wait for another process that holds the lock of an app's file: no other app is served meanwhile."""

POLL: Final = 0.02
"""Seconds from one look at an alarm to the next."""


class UnknownApp(LookupError):
    """There is no app of this name."""


class AppExists(Exception):
    """An app of this name is there already."""


class CannotKeep(Exception):
    """The apps of a directory cannot be kept: the reason."""


@frozen
class FlagOptions:
    """What the account decides."""

    account: str = "local"
    """Whose buckets people are in."""
    pops: tuple[str, ...] = ("pop-1",)
    """The names of the locations."""
    blind: bool = False
    """Whether a flag may be replaced by who has not seen its version, as documented."""
    changelog_cap: int | None = None
    """How many changes of a flag are told; None for all."""
    choices: Choices = field(factory=lambda: Choices(reader="guarded", epoch=True))
    """How configs get from the stores to the locations."""


class EdgeFlags:
    """One app's flags at one location."""

    def __init__(self, location: Location, account: str) -> None:
        self.location, self._account = location, account
        self._evaluator: tuple[tuple[int, int], Evaluator] | None = None

    async def read(self) -> tuple[Snapshot, Evaluator]:
        """The config, and what evaluates it. Raises what the location's reader raises."""
        reading, evaluator = await self.find()
        return reading.snapshot, evaluator

    async def find(self) -> tuple[Reading, Evaluator]:
        """The same, with the age of the config as it was told: by now the location may have another isolate."""
        reading = await self.location.reader.find()
        snapshot = reading.snapshot
        # Requests overtake each other, and the evaluator may be of another's config: nothing is awaited from here on.
        # Era and version tell contents apart: the copies carry both.
        if self._evaluator is None or self._evaluator[0] != (snapshot.era, snapshot.version):
            self._evaluator = (snapshot.era, snapshot.version), Evaluator(snapshot.config, self._account)
        return reading, self._evaluator[1]


@frozen
class App:
    """One app."""

    name: str
    control: FlagControl
    unit: DurableObject
    edges: dict[str, EdgeFlags]
    """By location."""


class FlagService:
    """The apps of an account. With a `directory`, which is nobody else's then, those there go on where they stood."""

    def __init__(
        self, runtime: Runtime, options: FlagOptions, directory: Path | None = None, centre: Centre | None = None
    ) -> None:
        """`centre` keeps KV's entries; one in the directory, or in memory, unless given. Raises CannotKeep."""
        self.options = options
        self._runtime, self._directory = runtime, directory
        self._lock = None if directory is None else _claim(directory)
        self._connections: list[sqlite3.Connection] = []
        self._apps: dict[str, App] = {}
        try:
            self._open(centre)
        except (StorageError, OSError) as error:
            self.close()
            raise CannotKeep(_with_room(str(error), directory)) from error

    def _open(self, centre: Centre | None) -> None:
        directory = self._directory
        if centre is None and directory is not None:
            centre = SqliteCentre(directory / "kv.sqlite")
        self._kv = self.options.choices.namespace(self._runtime, centre)
        for path in [] if directory is None else sorted(directory.glob("app-*.sqlite")):
            try:
                self._reopen(path)
            except StorageError as error:
                raise OSError(f"{path.name}: {error}") from error

    def create(self, name: str) -> App:
        """Add an app. Raises AppExists, StorageError, and ValueError for what is no name."""
        if not _NAME.fullmatch(name):
            raise ValueError("an app's name has 1 to 128 of A-Za-z0-9._~-")
        if name in self._apps:
            raise AppExists(f"there is an app {name} already")
        return self._start(name, connect() if self._directory is None else _made(self._file(name)))

    def app(self, name: str) -> App:
        """One app. Raises UnknownApp."""
        if name not in self._apps:
            raise UnknownApp(f"there is no app {name}")
        return self._apps[name]

    def names(self) -> Sequence[str]:
        """The apps, in the order of their names."""
        return sorted(self._apps)

    def close(self) -> None:
        """Close the databases. Whoever runs the alarms has to have stopped."""
        for connection in self._connections:
            connection.close()
        if self._lock is not None:
            self._lock.close()

    def _file(self, name: str) -> Path:
        assert self._directory is not None
        return self._directory / f"app-{name}.sqlite"

    def _reopen(self, path: Path) -> None:
        """Start the app of a file that is there. Raises StorageError."""
        if path.stat().st_size == 0:
            raise StorageDamaged("it is empty")
        connection = connect(path)
        try:
            check_pages(connection)
        except StorageError:
            connection.close()
            raise
        self._start(path.stem.removeprefix("app-"), connection)

    def _start(self, name: str, connection: sqlite3.Connection) -> App:
        options = self.options
        choices = evolve(options.choices, key=f"config:{unit_of(name)}")
        self._connections.append(connection)
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        unit = boot(choices, self._runtime, connection, self._kv)
        control = FlagControl(
            unit.store,
            self._runtime.now,
            blind=options.blind,
            changelog_cap=options.changelog_cap,
            look=unit.front.look,
        )
        edges = {pop: EdgeFlags(Location(choices, self._runtime, self._kv), options.account) for pop in options.pops}
        self._apps[name] = App(name, control, unit, edges)
        self._runtime.spawn(unit.alarms.run(POLL))
        return self._apps[name]


def _with_room(why: str, directory: Path | None) -> str:
    """Why something failed, and that its disk is full if it is: SQLite does not always say so."""
    full = directory is not None and shutil.disk_usage(directory).free < _ROOM
    return f"{why}; the disk is full" if full else why


def _claim(directory: Path) -> TextIO:
    """Keep others out of a directory until the file is closed, or its process has ended."""
    try:
        return claim(directory)
    except FolderTaken as error:
        raise CannotKeep("another server keeps its apps there") from error
    except OSError as error:
        raise CannotKeep(str(error)) from error


def _made(path: Path) -> sqlite3.Connection:
    """A new database. Its file has its name once it is whole, so that one that is empty has lost what it held.

    Raises StorageError.
    """
    unfinished = path.with_suffix(".unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        connect(unfinished).close()
        unfinished.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise StorageFailed(str(error)) from error
    return connect(path)


def _sync(directory: Path) -> None:
    """See to it that what was renamed there has its name after a power cut."""
    number = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def unit_of(app: str) -> str:
    """The name of the unit that keeps an app's flags."""
    return f"app:{app}"
