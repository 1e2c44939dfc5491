# SPDX-License-Identifier: Apache-2.0
"""The repositories of a namespace: for each an object with its tokens and its Git objects, for each location a door.

The tokens of a repository are published to KV by its alarm, as any config is; a door looks a token up there for every
Git request, and lets it through to the object. The two databases of an object lie side by side in its folder: that of
the tokens belongs to the event loop, that of the Git objects to the threads that serve Git clients.
"""

from __future__ import annotations

import logging
import re
import secrets
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

from attrs import field, frozen

from edgeproof.impl.durable.database import check_pages, connect
from edgeproof.impl.durable.replicator import ALARM_ATTEMPTS, AlarmPlatform, Backoff, Replicator, Timing
from edgeproof.impl.durable.storage_errors import StorageError
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.edge.centre import SqliteCentre
from edgeproof.impl.edge.kv import DEFAULT_CACHE_TTL, KVLocation, KVNamespace, Limits, LocationCache
from edgeproof.impl.folders import FolderTaken, claim
from edgeproof.impl.git.limits import Limits as GitLimits
from edgeproof.impl.git.repository import GRACE, Repository
from edgeproof.impl.runtime import Clock, Runtime
from edgeproof.impl.tokens.edge import PresenceGate, TokenGate, TokenPublication
from edgeproof.impl.tokens.table import TokenTable
from edgeproof.impl.tokens.tokens import Credential, Decision, Entropy, Request

__all__ = ["ArtifactOptions", "ArtifactService", "CannotKeep", "Kept", "RepoExists", "UnknownRepo"]

PREFIX: Final = "token:"
"""What the KV keys of tokens begin with."""

_LOG: Final = logging.getLogger(__name__)

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_POLL: Final = 0.02
"""Seconds from one look at an alarm that is armed to the next."""


class UnknownRepo(LookupError):
    """There is no repository of this name."""


class RepoExists(Exception):
    """A repository of this name is there already."""


class CannotKeep(Exception):
    """The repositories of a folder cannot be kept: the reason."""


@frozen
class ArtifactOptions:
    """What whoever runs the service decides. Times are in seconds."""

    pops: tuple[str, ...] = ("pop-1",)
    """The names of the locations."""
    namespace: str = "default"
    revoke: str = "mark"
    """How KV is told that a token is revoked: `impl.tokens.edge` has the words."""
    recheck: bool = True
    """Whether the object checks the scope of a push again, in the moment in which it counts."""
    check: str = "whole"
    """What a door checks; "presence": only that KV has the token."""
    margin: float = 0.0
    cache_ttl: float = DEFAULT_CACHE_TTL
    kv: Limits = field(factory=Limits)
    git: GitLimits = field(factory=GitLimits)
    atomic: bool = True
    grace: float = GRACE
    timing: Timing = field(factory=Timing)
    patience: float = 5.0
    """How long a minting or a revocation waits at most for KV to have it. A client with a token that KV has not would
    be refused, and that remembered."""

    def __attrs_post_init__(self) -> None:
        if self.check not in ("whole", "presence"):
            raise ValueError(f"a door checks the whole token or its presence, not {self.check!r}")


@frozen
class Kept:
    """One repository."""

    name: str
    id: str
    """What its tokens are for: no other repository has it, nor will one of the same name that comes later."""
    folder: Path
    tokens: TokenTable
    store: ConfigStore
    git: Repository
    connection: sqlite3.Connection


class ArtifactService:
    """The repositories in a folder, which is nobody else's then. It is used in the event loop of its runtime.

    The Git side of a repository, `Kept.git`, may be used by any thread.
    """

    def __init__(
        self,
        runtime: Runtime,
        options: ArtifactOptions,
        folder: Path,
        *,
        clock: Clock | None = None,
        entropy: Entropy = secrets.token_bytes,
    ) -> None:
        """`clock` is what the doors go by. Raises CannotKeep."""
        self.options = options
        self._runtime, self._folder, self._entropy = runtime, folder, entropy
        try:
            self._lock = claim(folder)
        except FolderTaken as error:
            raise CannotKeep("another server keeps its repositories there") from error
        except OSError as error:
            raise CannotKeep(str(error)) from error
        self._repos: dict[str, Kept] = {}
        self._gone: list[Kept] = []
        self._watched: set[str] = set()
        """Repositories, by id, whose alarm somebody sees to."""
        try:
            self._open(clock or runtime)
        except (StorageError, OSError) as error:
            self.close()
            raise CannotKeep(str(error)) from error

    def _open(self, clock: Clock) -> None:
        options = self.options
        self._kv = KVNamespace(self._runtime, SqliteCentre(self._folder / "kv.sqlite"), limits=options.kv)
        self.doors = {pop: self._door(clock) for pop in options.pops}
        shutil.rmtree(self._folder / "gone", ignore_errors=True)
        for folder in sorted((self._folder / "repos").glob("*")):
            self._start(folder)

    def _door(self, clock: Clock) -> TokenGate:
        options, cache = self.options, LocationCache()
        build: Callable[..., TokenGate] = PresenceGate if options.check == "presence" else TokenGate
        return build(
            KVLocation(self._kv, self._runtime, lambda: cache),
            self._runtime,
            clock,
            PREFIX,
            marks=options.revoke == "mark",
            margin=options.margin,
            cache_ttl=options.cache_ttl,
        )

    # --- repositories

    def create(self, name: str) -> Kept:
        """Add a repository. Raises RepoExists, StorageError, OSError, and ValueError for what is no name."""
        return self._start(self._place(name))

    def fork(self, source: str, name: str) -> Kept:
        """Add a repository that has what another has now, but for its tokens and changelog. Raises as `create`."""
        kept = self.repo(source)
        place = self._place(name)
        kept.git.copy_to(place)
        return self._start(place)

    def repo(self, name: str) -> Kept:
        """One repository. Raises UnknownRepo."""
        if name not in self._repos:
            raise UnknownRepo(f"there is no repository {name}")
        return self._repos[name]

    def repos(self) -> list[Kept]:
        """All of them, in the order of their names."""
        return [self._repos[name] for name in sorted(self._repos)]

    def delete(self, name: str) -> None:
        """Remove a repository. Its tokens open nothing from now on; who is being served is served to the end."""
        kept = self.repo(name)
        for record in kept.tokens.list("active"):
            kept.tokens.revoke(record.id)
        del self._repos[name]
        self._gone.append(kept)
        # Under another name first: what is left by a crash in between is nobody's repository.
        gone = self._folder / "gone" / kept.folder.name
        gone.parent.mkdir(exist_ok=True)
        shutil.rmtree(kept.folder.rename(gone))

    def close(self) -> None:
        """Close the files. Whoever runs the alarms, or serves Git clients, has to have stopped."""
        for kept in (*self._repos.values(), *self._gone):
            kept.connection.close()
            kept.git.close()
        self._lock.close()

    # --- tokens

    def now(self) -> float:
        """Seconds of the clock that the objects go by."""
        return self._runtime.now()

    async def mint(self, name: str, scope: str, ttl: float) -> Credential:
        """A new token, which KV has by now unless that took too long. Raises UnknownRepo, and what minting raises."""
        kept = self.repo(name)
        kept.tokens.prune()
        credential = kept.tokens.mint(scope, ttl)
        await self._told(kept)
        return credential

    async def revoke(self, which: str) -> bool:
        """Revoke a token of any repository, by its id or its text; False if there is none to revoke.

        KV has been told by then, unless that took too long.
        """
        kept = next((one for one in self.repos() if one.tokens.revoke(which)), None)
        if kept is not None:
            await self._told(kept)
        return kept is not None

    async def _told(self, kept: Kept) -> None:
        until = self._runtime.now() + self.options.patience
        while not _published(kept.store) and self._runtime.now() < until:
            await self._runtime.sleep(_POLL)

    async def admit(self, pop: str, request: Request) -> Decision:
        """What the door of a location says of a Git request."""
        return await self.doors[pop].decide(request)

    async def recheck(self, request: Request) -> Decision:
        """What the repository's object itself says of one, where it is asked."""
        if not self.options.recheck:
            return Decision(True, "")
        kept = next((one for one in self._repos.values() if one.id == request.repo), None)
        return Decision(False, "unknown") if kept is None else kept.tokens.decide(request)

    # --- one object

    def _place(self, name: str) -> Path:
        """Where a new repository goes: its name and its id."""
        if not _NAME.fullmatch(name) or name.endswith(".git"):
            raise ValueError("a name has 1 to 63 of A-Za-z0-9._-, begins with a letter or a digit, and has no .git")
        if name in self._repos:
            raise RepoExists(f"there is a repository {name} already")
        return self._folder / "repos" / f"{name}@{self._entropy(8).hex()}"

    def _start(self, folder: Path) -> Kept:
        options, runtime = self.options, self._runtime
        name, _, id = folder.name.partition("@")
        git = Repository(folder, runtime, limits=options.git, atomic=options.atomic, grace=options.grace)
        connection = connect(folder / "tokens.sqlite")
        check_pages(connection)
        store = ConfigStore(connection, runtime, spacing=options.kv.write_spacing)
        publication = TokenPublication(PREFIX, revoke=options.revoke)
        replicator = Replicator(store, self._kv, runtime, publication, timing=options.timing)
        replicator.rearm()
        alarms = AlarmPlatform(store, runtime, replicator.on_alarm, retry=Backoff(), attempts=ALARM_ATTEMPTS)

        def look() -> None:
            replicator.tend()
            self._watch(id, store, alarms)

        tokens = TokenTable(id, store, runtime, self._entropy, look=look)
        self._repos[name] = Kept(name, id, folder, tokens, store, git, connection)
        look()
        return self._repos[name]

    def _watch(self, id: str, store: ConfigStore, alarms: AlarmPlatform) -> None:
        """See to the alarm of a repository, unless somebody does, for as long as one is armed."""
        if id not in self._watched and store.alarm() is not None:
            self._watched.add(id)
            self._runtime.spawn(self._fire(id, store, alarms))

    async def _fire(self, id: str, store: ConfigStore, alarms: AlarmPlatform) -> None:
        try:
            while store.alarm() is not None and not alarms.stuck():
                if alarms.due():
                    await alarms.fire()
                await self._runtime.sleep(_POLL)
        except StorageError as error:
            _LOG.warning("an alarm waits for the next request: %s", error)
        finally:
            self._watched.discard(id)


def _published(store: ConfigStore) -> bool:
    """Whether KV has all that the store has: nothing but a heartbeat is to come."""
    alarm = store.alarm()
    return alarm is None or alarm.reason == "beat"
