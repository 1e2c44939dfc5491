# SPDX-License-Identifier: Apache-2.0
"""The reference implementation behind the `System` interface: the Durable Object and KV pattern, action by action.

Every action is an operation on the real parts in the simulated runtime, and every observation is read off them (see
`impl.pattern.observation`). One tick is a minute of virtual time. Each write sets two fields to the number of the
write, so that content which no single write made can be told by looking at it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from attrs import evolve

from edgeproof.impl.driven.puts import DrivenPuts
from edgeproof.impl.durable.database import connect, wipe
from edgeproof.impl.durable.front import Reply, WriteRequest
from edgeproof.impl.durable.replicator import AlarmPlatform
from edgeproof.impl.durable.snapshot import EMPTY, Snapshot, to_kv
from edgeproof.impl.durable.store import StoreError, VersionConflict, WriteResult
from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import KVNamespace, KVUnreachable, LocationCache
from edgeproof.impl.edge.reader import ConfigUnavailable
from edgeproof.impl.pattern.deployment import Choices, DurableObject, Location, Parts, boot
from edgeproof.impl.pattern.observation import FIELDS, NEIGHBOUR_KEY, observe
from edgeproof.impl.pattern.setup import TICK, choices_of
from edgeproof.impl.runtime import Instance, NetworkError, Pending, SimulatedRuntime, Task
from edgeproof.impl.system import ActionImpossible, ActionUnknown, Observation, Setup, Spent

__all__ = ["Client", "ReferenceSystem"]


class _InjectedFault(Exception):
    """The uncaught exception in the middle of a write."""


class Client:
    """A client of the control plane: one write at a time, each sent again until it is answered."""

    __slots__ = ("_keyed", "_writes", "acked", "outstanding")

    def __init__(self, keyed: bool) -> None:
        self._keyed, self._writes = keyed, 0
        self.acked = 0
        """The newest version that it was told its write made."""
        self.outstanding: WriteRequest | None = None
        """The write that it has had no answer to."""

    def request(self) -> WriteRequest:
        """The next write: every field set to its number."""
        self._writes += 1
        key = f"write-{self._writes}" if self._keyed else None
        return WriteRequest(dict.fromkeys(FIELDS, self._writes), "client", idempotency_key=key)

    def hear(self, result: WriteResult) -> None:
        """An acknowledgement arrives; those of several requests may arrive in any order."""
        self.acked = max(self.acked, result.version)
        self.outstanding = None


class ReferenceSystem(DrivenPuts):
    """The parts of one unit, driven by hand. `parts` replaces some of them; `directory` puts the store in a file.

    Without a directory the store is a database in memory, and a crash keeps the connection: the next instance starts
    from the rows alone, as no part keeps anything else that it would need. What a crash does to a file is another
    matter, which the file shows.
    """

    def __init__(self, parts: Parts | None = None, *, directory: Path | None = None, seed: int = 0) -> None:
        self._parts, self._directory, self._seed = parts or Parts(), directory, seed
        self._connection: Connection | None = None
        self._actions: dict[str, Callable[..., None]] = {
            name.removeprefix("_do_"): getattr(self, name) for name in dir(self) if name.startswith("_do_")
        }

    # --- the System interface

    def start(self, setup: Setup) -> None:
        """Begin a new run from nothing. Raises ValueError for a setup that the system does not know."""
        self.choices: Choices = choices_of(setup)
        self._disjoint = "disjoint_caches" in setup.hazards
        self.runtime = SimulatedRuntime(self._seed)
        if self._connection is None:
            self._connection = self._connect()
        wipe(self._connection)
        self.kv: KVNamespace = self.choices.namespace(self.runtime, parts=self._parts)
        self.neighbour: bytes | None = None
        if self.choices.key != NEIGHBOUR_KEY:
            # Under one key for both, neither unit has published yet: the key has to be absent at first.
            self.neighbour, metadata = to_kv(Snapshot(1, 0, dict.fromkeys(FIELDS, 1)))
            self.kv.put(NEIGHBOUR_KEY, self.neighbour, metadata=metadata)
        self._neighbours = self.kv.usage.written
        self.client = Client(keyed=setup.options.get("retries", "keyed") == "keyed")
        self.strays: list[Pending[Any] | None] = [None] * setup.sizes.get("Put", 2)
        self._start_edge(setup.sizes.get("Pop", 2))
        self._boot()

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        """Make one action happen. Raises ActionUnknown, ActionImpossible, and whatever a part raises by mistake."""
        act = self._actions.get(action)
        if act is None:
            raise ActionUnknown(f"no action {action!r}; there are {', '.join(self._actions)}")
        act(**arguments)

    def observe(self) -> Observation:
        """What can be seen now, by the names of the model's variables, and `partial`."""
        return observe(self)

    def spent(self) -> Spent:
        """What the run has cost so far."""
        return Spent(self.kv.usage.fetches, self.kv.usage.written - self._neighbours)

    def close(self) -> None:
        """Close the database. Closing twice is fine, and `start` opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # --- starting and dying

    def _connect(self) -> Connection:
        return connect(":memory:" if self._directory is None else self._directory / "unit.sqlite")

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
        self.told: list[Snapshot] = [EMPTY] * pops
        """What a client at each location was told last."""
        self.failed = [False] * pops
        """Whether the last read there got no answer."""

    def _behind_locations(self) -> Callable[[str], KVEntry | None]:
        """What a location asks when its cache misses."""
        return self.kv.read_centre

    def _boot(self) -> None:
        assert self._connection is not None
        self._instance: Instance = self.runtime.instance()
        self._fault_at = ""
        self.object: DurableObject = boot(
            self.choices, self._instance, self._connection, self.kv, parts=self._parts, fault=self._strike
        )

    def _do_crash(self) -> None:
        self._instance.kill()
        self.strays = [op if op in self.runtime.pending else None for op in self.strays]
        assert self._connection is not None
        if self._directory is not None:
            self._connection.close()
            self._connection = self._connect()
        elif self._connection.in_transaction:
            self._connection.rollback()
        self._boot()

    def _strike(self, step: str) -> None:
        if step == self._fault_at:
            raise _InjectedFault(step)

    # --- writing

    def _do_write(self) -> None:
        if self.client.outstanding is not None or self.under_way("commit"):
            raise ActionImpossible("the client waits for its write")
        request = self.client.request()
        self.client.outstanding = request
        self._unless_it_fails(self._send(request, self.client.hear))

    # The client does the same; when the reply comes is the front's affair.
    _do_acknowledge_early = _do_write

    def _do_acknowledge(self) -> None:
        self.runtime.resolve(self._the("gate"))

    def _do_commit_late(self) -> None:
        self.runtime.resolve(self._the("commit"))

    def _do_retry(self) -> None:
        request = self.client.outstanding
        if request is None or self.under_way("gate"):
            raise ActionImpossible("no write has lost its reply")
        self._unless_it_fails(self._send(request, self.client.hear))
        self.runtime.resolve(self._the("gate"))

    def _do_write_refused(self) -> None:
        request = evolve(self.client.request(), expected_version=self.object.store.version() - 1)
        task = self._send(request, _nobody_hears)
        if not isinstance(task.error, VersionConflict):
            self._unless_it_fails(task)

    def _do_uncaught(self) -> None:
        self._fault_at = f"field {FIELDS[0]}"
        task = self._send(self.client.request(), _nobody_hears)
        if not task.done:
            self.runtime.resolve(self._the("commit"))
        self._fault_at = ""
        if not isinstance(task.error, _InjectedFault):
            raise ActionImpossible("the write was over before the exception could strike")

    def _do_write_inline(self, slot: int) -> None:
        if self.choices.publisher != "inline" or self.strays[slot] is not None:
            raise ActionImpossible("no request with a put of its own can take this slot")
        self._unless_it_fails(self._send(self.client.request(), self.client.hear))
        self.strays[slot] = self.puts()[-1]

    def _send(self, request: WriteRequest, reply: Reply) -> Task:
        return self._instance.spawn(self.object.front.write(request, reply))

    def _unless_it_fails(self, task: Task) -> None:
        if task.error is not None:
            raise task.error

    # --- publishing

    @property
    def alarms(self) -> AlarmPlatform:
        """What fires the current instance's alarm."""
        return self.object.alarms

    def _do_put_ambiguous(self) -> None:
        self.runtime.fail(self._put(applied=True), NetworkError("the connection broke"))

    def _do_inline_put_fails(self, slot: int) -> None:
        self.runtime.fail(self._stray(slot), NetworkError("KV cannot be reached"))

    def _do_rollback(self) -> None:
        store = self.object.store
        try:
            status = store.restore(store.version() - 1)
        except StoreError as error:
            raise ActionImpossible(str(error)) from error
        # Whoever restores tells the clients what has become of their writes.
        self.client.acked = status.version

    def under_way(self, label: str) -> bool:
        """Whether the current instance waits for an operation of this name."""
        return any(op.label == label for op in self._instance.pending)

    def _the(self, label: str) -> Pending[Any]:
        for op in self._instance.pending:
            if op.label == label:
                return op
        raise ActionImpossible(f"nothing waits for a {label}")

    # --- reading, and time

    def _do_read(self, pop: int, cache: int) -> None:
        if pop != cache and not self._disjoint:
            raise ActionImpossible("a location reads through its own cache")
        self._serving = self.locations[cache].cache
        task = self._edge.spawn(self.locations[pop].reader.read())
        if not task.done:
            self.runtime.resolve(self._edge.pending[-1])
        try:
            self.told[pop] = task.outcome()
            self.failed[pop] = False
        except ConfigUnavailable:
            self.failed[pop] = True

    def _do_refresh(self, cache: int) -> None:
        try:
            self.locations[cache].refresh()
        except (LookupError, KVUnreachable) as error:
            raise ActionImpossible(str(error)) from error

    def _do_evict(self, pop: int) -> None:
        if self.locations[pop].reader.kept is None:
            raise ActionImpossible("the isolate has nothing in memory")
        self.locations[pop].evict()

    def _do_partition(self, pop: int) -> None:
        self._link(pop, False)

    def _do_heal(self, pop: int) -> None:
        self._link(pop, True)

    def _link(self, pop: int, works: bool) -> None:
        if self.locations[pop].reachable == works:
            raise ActionImpossible(f"the link of location {pop} is {'up' if works else 'down'} already")
        self.locations[pop].reachable = works

    def _do_tick(self, delay: float = 1) -> None:
        self.runtime.advance(TICK * delay)


def _nobody_hears(result: WriteResult) -> None:
    """The reply to a client that the run does not follow."""
