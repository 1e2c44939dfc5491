# SPDX-License-Identifier: Apache-2.0
"""The program of `reader`, with the Worker's reader on the real runtime in the place of the reference's.

The isolate is a process that serves every run. It is told the run's time, and what it asks of KV comes to the run's
location when the order of moves has it so; the rest of the program is the same. Where a copy is kept already, KV's
answer comes in two: the head says which version it has, and the body comes later, if it is read at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from typing import Any, Final, cast

from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import KVLocation, KVNamespace
from edgeproof.impl.edge.reader import ConfigUnavailable, Reading, ServedFrom
from edgeproof.impl.interleaved.base import Touch
from edgeproof.impl.interleaved.place import CACHE_TTL
from edgeproof.impl.interleaved.reader import MEMO_TTL, ReaderSubject
from edgeproof.impl.interleaved.worker_process import Waits, to_its_end
from edgeproof.impl.runtime import Instance
from edgeproof.impl.snapshot import Snapshot
from edgeproof.impl.workerd.adversary import Adversary, Held
from edgeproof.impl.workerd.client import Reply, WorkerdError, asked
from edgeproof.impl.workerd.held_reads import GATE, HeldCall, HeldIsolate
from edgeproof.impl.workerd.processes import Edits

__all__ = ["WorkerReaderSubject", "guarded", "memo", "plain"]

_BODY: Final = "kv.get body"
_MEMORY: Final = "isolate; hit; detail="


class WorkerReader:
    """One unit's reads of an isolate; its memory of the unit is empty at first."""

    def __init__(self, isolate: HeldIsolate, app: str, location: KVLocation, key: str, runtime: Instance) -> None:
        self._isolate, self._app, self._unit = isolate, app, f"app:{app}"
        self._location, self._key, self._runtime = location, key, runtime
        self._memory: Mapping[str, Any] | None = None
        self._told_at: float | None = None
        """The time that the isolate was told last."""

    @property
    def kept(self) -> Snapshot | None:
        """The copy in the isolate's memory."""
        return None if self._memory is None else _snapshot(self._memory["snapshot"], "config")

    def age(self) -> float:
        """Seconds since KV was asked that said so; 0 without a copy."""
        return 0.0 if self._memory is None else self._runtime.now() - self._memory["at"] / 1000

    async def find(self) -> Reading:
        """What a request is told. Raises ConfigUnavailable."""
        self._set_time()
        call = self._isolate.ask(f"/apps/{self._app}/definitions")
        reply = await to_its_end(call, self._answer)
        self._look()
        return _reading(reply)

    async def _answer(self, call: HeldCall, read: Waits) -> None:
        self._look()
        try:
            entry = await self._runtime.call(*self._asked(read))
        except OSError:
            self._tell_time()
            call.lose()
        else:
            self._tell_time()
            call.answer(entry)

    def _asked(self, read: Waits) -> tuple[str, Callable[[], KVEntry | None]]:
        """What is under way by that: its name, and how it is answered."""
        if read.key == GATE + _BODY:
            return _BODY, lambda: None
        if isinstance(read, Held) or read.key != f"config:{self._unit}":
            raise WorkerdError(f"the isolate asks KV for {read.key}")
        return "kv.get", partial(self._location.get, self._key, cache_ttl=read.cache_ttl)

    def _look(self) -> None:
        """See what the isolate keeps, once its code has run."""
        self._memory = asked(self._isolate.get(f"/_/kept/{self._unit}"))

    def _tell_time(self) -> None:
        # An answer of KV's does not say what time it is, and no request may have come since it went on.
        if self._told_at != self._runtime.now():
            self._set_time()
            self._look()

    def _set_time(self) -> None:
        self._told_at = self._runtime.now()
        self._isolate.set_time(self._told_at)


class WorkerReaderSubject(ReaderSubject):
    """The isolate and its location; `edits` break the Worker's sources on purpose. With `apart` bodies leave by
    themselves, else with their heads. Raises RuntimeMissingError.
    """

    def __init__(self, operations: int, policy: str, edits: Edits | None = None, *, apart: bool = True) -> None:
        super().__init__(operations, policy, reader=self._reader)
        options: dict[str, str | float] = {
            "reader": policy,
            "epoch": "on",
            "cache_ttl": CACHE_TTL,
            "memo_ttl": MEMO_TTL,
        }
        # Nothing is read there: whatever the isolate asks is held, and answered from the run's own location.
        nowhere = Adversary(KVNamespace(self.world), self.world, 1)
        self._isolate = HeldIsolate(options, nowhere, gates=apart, edits=edits)
        self._apps = count(1)

    def far_side(self, label: str, home: str) -> Touch | None:
        """The location looks it up; which body will come is settled by then."""
        return None if label == _BODY else super().far_side(label, home)

    def close(self) -> None:
        """Kill the process as well. Closing twice is fine."""
        super().close()
        self._isolate.close()

    def _reader(self, location: KVLocation, runtime: Instance, key: str, **_: object) -> WorkerReader:
        return WorkerReader(self._isolate, f"a{next(self._apps)}", location, key, runtime)


def plain(operations: int) -> WorkerReaderSubject:
    """Reads that take KV as it comes."""
    return WorkerReaderSubject(operations, "plain")


def guarded(operations: int) -> WorkerReaderSubject:
    """Reads that never go back."""
    return WorkerReaderSubject(operations, "guarded")


def memo(operations: int) -> WorkerReaderSubject:
    """Reads of a copy that is kept for a while."""
    return WorkerReaderSubject(operations, "memo")


def _reading(reply: Reply) -> Reading:
    if reply.status == 503:
        raise ConfigUnavailable("the isolate can tell no config")
    said: Any = asked(reply)
    source = reply.headers.get("Cache-Status", f"{_MEMORY}kv").removeprefix(_MEMORY)
    return Reading(_snapshot(said, "flags"), float(reply.headers["Age"]), cast(ServedFrom, source))


def _snapshot(said: Mapping[str, Any], config: str) -> Snapshot:
    return Snapshot(said["version"], said["era"], said[config])
