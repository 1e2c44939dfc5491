# SPDX-License-Identifier: Apache-2.0
"""The reference implementation behind the `System` interface: the Durable Object and KV pattern, action by action.

Every action is an operation on the real parts in the simulated runtime, and every observation is read off them (see
`impl.pattern.observation`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

from edgeproof.impl.driven.base import Linked, impossible_on, raise_error_of
from edgeproof.impl.driven.client import FIELDS, Client
from edgeproof.impl.driven.content import Held, Texts, copy_text, counted_from
from edgeproof.impl.driven.puts import DrivenPuts
from edgeproof.impl.driven.storage import Storage
from edgeproof.impl.driven.told import Told
from edgeproof.impl.driven.writing import Rewriting, nobody_hears
from edgeproof.impl.durable.front import WriteRequest
from edgeproof.impl.durable.store import StoreError
from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import KVNamespace, KVUnreachable, LocationCache
from edgeproof.impl.pattern.beside import NOBODY, NeighbourUnit
from edgeproof.impl.pattern.deployment import Choices, Location, Parts, boot
from edgeproof.impl.pattern.observation import observe
from edgeproof.impl.pattern.setup import NEIGHBOUR_KEY, choices_of, neighbour_of
from edgeproof.impl.runtime import Clock, NetworkError, SimulatedRuntime
from edgeproof.impl.snapshot import EMPTY, Snapshot, to_json, to_kv
from edgeproof.impl.system import ActionImpossible, Contents, Observation, Setup, Spent, Value

__all__ = ["ReferenceSystem"]


_NO_ANSWERS: Final = to_json([])


class _InjectedFault(Exception):
    """The uncaught exception in the middle of a write."""


class ReferenceSystem(DrivenPuts, Rewriting, Linked):
    """The parts of one unit, driven by hand. `parts` replaces some of them; `directory` puts the store in a file, and
    `storage` is one that is given.
    """

    design: ClassVar = "do_kv"
    """What it implements; a system that adds parts to it names another."""
    more_options: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """The options that it has beyond those of the pattern."""

    def __init__(
        self,
        parts: Parts | None = None,
        *,
        directory: Path | None = None,
        storage: Storage | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(seed, storage or Storage(directory))
        self._parts, self._others_storage = parts or Parts(), Storage()

    # --- the System interface

    def start(self, setup: Setup) -> None:
        """Begin a new run from nothing. Raises ValueError for a setup that the system does not know."""
        self.choices: Choices = choices_of(setup, self.design, self.more_options)
        self.put_timeout = self.choices.timing.put_timeout
        self._disjoint = "disjoint_caches" in setup.hazards
        self.runtime = SimulatedRuntime(self._seed)
        self.storage.wipe()
        self.kv: KVNamespace = self.choices.namespace(self._clock_of_puts(), parts=self._parts)
        self._put_neighbour()
        self.client = Client(keyed=setup.options.get("retries", "keyed") == "keyed")
        self.strays = [None] * setup.sizes.get("Put", 2)
        self.held, self._texts, self.before = Held(), Texts(), 0
        self._other: NeighbourUnit | None = None
        self._beside: tuple[str | None, ...] = NOBODY
        self._start_edge(setup.sizes.get("Pop", 2))
        self._boot()

    def observe(self) -> Observation:
        """What can be seen now, by the names of the model's variables, and `partial`."""
        return counted_from(self.before, self._see())

    def _write_before(self, requests: Sequence[WriteRequest]) -> None:
        write = partial(super()._write_before, requests)
        if requests:
            # Run after run begins with the same writes.
            self.storage.fill((self.choices, str(requests)), write)
        else:
            write()

    def contents(self) -> Contents:
        """What is held now, by the names of the model's variables."""
        puts, text = self.puts(), self._texts.of
        copies = [one.cache.copies.get(self.choices.key) for one in self.locations]
        return {
            **self.held.shown(self.store, self.storage.connection),
            "answers": to_json(self.client.answers) if self.client.answers else _NO_ANSWERS,
            "beside": self._beside,
            "sent": text(puts[0].payload) if puts else None,
            "carries": tuple(None if op is None else text(op.payload) for op in self.strays),
            "kv": copy_text(self.kv.read_centre(self.choices.key)),
            "cache": tuple(None if copy is None else copy_text(copy.entry) for copy in copies),
            "kept": tuple(text(one.reader.kept) for one in self.locations),
            "served": tuple(text(one) for one in self.told.answers),
        }

    def _see(self) -> dict[str, Value]:
        return observe(self)

    def spent(self) -> Spent:
        """What the run has cost so far; what the neighbour has published is not of it."""
        spent = super().spent()
        return Spent(spent.hops, spent.published - self._neighbours)

    def close(self) -> None:
        """Close the storage. Closing twice is fine, and `start` opens it again."""
        super().close()
        self._others_storage.close()

    # --- starting and dying

    def _put_neighbour(self) -> None:
        self.neighbour: bytes | None = None
        if self.choices.key != NEIGHBOUR_KEY:
            # Under one key for both, neither unit has published yet: the key has to be absent at first.
            self.neighbour, metadata = to_kv(Snapshot(1, 0, dict.fromkeys(FIELDS, 1)))
            self.kv.put(NEIGHBOUR_KEY, self.neighbour, metadata=metadata)
        self._neighbours = self.kv.usage.written

    def _clock_of_puts(self) -> Clock:
        """What KV's centre dates its values by."""
        return self.runtime

    def _start_edge(self, pops: int) -> None:
        self._edge = self.runtime.instance()
        self._serving: LocationCache
        self.locations = [
            Location(
                self.choices,
                self._edge,
                self.kv,
                parts=self._parts,
                choose=lambda: self._serving,
                behind=self._behind_locations(),
            )
            for _ in range(pops)
        ]
        self.told = Told(EMPTY, pops)

    def _behind_locations(self) -> Callable[[str], KVEntry | None]:
        """What a location asks when its cache misses."""
        return self.kv.read_centre

    def _boot(self) -> None:
        self.instance = self.runtime.instance()
        self._fault_at = ""
        unit = boot(
            self.choices, self.instance, self.storage.connection, self.kv, parts=self._parts, fault=self._strike
        )
        self.store, self.front, self.alarms = unit.store, unit.front, unit.alarms

    def _crash(self) -> None:
        lost = self.alarms.lost
        super()._crash()
        # The platform outlives the instance.
        self.alarms.lost = lost

    def _strike(self, step: str) -> None:
        if step == self._fault_at:
            raise _InjectedFault(step)

    # --- writing

    # The client does the same; when the reply comes is the front's affair.
    _do_acknowledge_early = Rewriting._do_write

    def _do_commit_late(self) -> None:
        self.runtime.resolve(self._the("commit"))

    def _do_uncaught(self) -> None:
        self._fault_at = f"field {FIELDS[0]}"
        task = self._send(self.client.request(), nobody_hears)
        if not task.done:
            self.runtime.resolve(self._the("commit"))
        self._fault_at = ""
        if not isinstance(task.error, _InjectedFault):
            raise ActionImpossible("the write was over before the exception could strike")

    def _do_write_refused(self) -> None:
        super()._do_write_refused()
        request = self.client.beside() if self.neighbour is not None else None
        if request is not None:
            self._write_beside(request)

    def _write_beside(self, request: WriteRequest) -> None:
        """Somebody writes to another unit, and reads it where this one is read."""
        if self._other is None:
            self._other = NeighbourUnit(neighbour_of(self.choices), self.runtime, self.kv, self._others_storage)
        written = self.kv.usage.written
        self._other.write(request)
        published = self.kv.read_centre(NEIGHBOUR_KEY)
        self.neighbour = None if published is None else published.value
        self._neighbours += self.kv.usage.written - written
        self._serving = self.locations[0].cache
        self._other.read(self.locations[0])
        self._beside = self._other.contents()

    def _do_write_inline(self, slot: int) -> None:
        if self.choices.publisher != "inline" or self.strays[slot] is not None:
            raise ActionImpossible("no request with a put of its own can take this slot")
        raise_error_of(self._send(self.client.request(), self.client.hear))
        self.strays[slot] = self.puts()[-1]

    # --- publishing

    def _do_put_ambiguous(self) -> None:
        self.runtime.fail(self._put(applied=True), NetworkError("the connection broke"))

    def _do_inline_put_fails(self, slot: int) -> None:
        self._fail_put(self._stray(slot))

    def _do_rollback(self) -> None:
        self._restore(self.store.version() - 1)

    def _restore(self, version: int) -> None:
        with impossible_on(StoreError):
            status = self.store.restore(version)
        # Whoever restores tells the clients what has become of their writes.
        self.client.acked = status.version

    # --- reading

    def _do_read(self, pop: int, cache: int) -> None:
        if pop != cache and not self._disjoint:
            raise ActionImpossible("a location reads through its own cache")
        self._serving = self.locations[cache].cache
        self.told.hear(pop, self._edge.run(self.locations[pop].reader.read()))

    def _do_refresh(self, cache: int) -> None:
        with impossible_on(LookupError, KVUnreachable):
            self.locations[cache].refresh()

    def _do_evict(self, pop: int) -> None:
        if self.locations[pop].reader.kept is None:
            raise ActionImpossible("the isolate has nothing in memory")
        self.locations[pop].evict()

    @property
    def links(self) -> Sequence[Location]:
        """Whose way to KV's centre can be cut."""
        return self.locations
