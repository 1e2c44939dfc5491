# SPDX-License-Identifier: Apache-2.0
"""Tokens for Git requests behind the `System` interface: one repo, the token that is followed, and its checks.

Every action is an operation on the real parts, and what is observed is read off them: the rows of the table, the values
in KV and in the caches, the operations that are under way. One tick is just above the shortest time that a token may
have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from attrs import frozen

from edgeproof.impl.driven.puts import DrivenPuts, see_alarm, sending
from edgeproof.impl.driven.setup import UNSPACED, check_setup, seconds_of, steady
from edgeproof.impl.driven.storage import Storage
from edgeproof.impl.durable.replicator import AlarmPlatform, Replicator, Timing
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.edge.kv import Copy, KVLocation, KVNamespace, LocationCache
from edgeproof.impl.runtime import SimulatedRuntime
from edgeproof.impl.system import ActionImpossible, Observation, Setup, SystemUnavailable, Value
from edgeproof.impl.tokens.edge import PresenceGate, TokenGate, TokenPublication, mark_key, told_by
from edgeproof.impl.tokens.table import TokenTable
from edgeproof.impl.tokens.tokens import Credential, Request, TokenRecord, record_of

__all__ = ["TokenParts", "TokenSystem"]

REPO: Final = "mine"
ELSEWHERE: Final = "yours"
PREFIX: Final = "token:"

_OPTIONS: Final = {
    "revoke": ("tombstone", "delete", "mark"),
    "recheck": ("on", "off"),
    "check": ("whole", "presence"),
    "margin": ("off", "on"),
    "repair": ("none", "heartbeat"),
}


@frozen
class TokenParts:
    """What the system is built of. Replace one to break it on purpose."""

    store: Callable[..., ConfigStore] = ConfigStore
    table: Callable[..., TokenTable] = TokenTable
    publication: Callable[..., TokenPublication] = TokenPublication
    replicator: Callable[..., Replicator] = Replicator
    cache: Callable[..., LocationCache] = LocationCache
    gate: Callable[..., TokenGate] = TokenGate


class LocalClock:
    """The clock of a location, which may be behind."""

    def __init__(self, runtime: SimulatedRuntime) -> None:
        self._runtime = runtime
        self.behind = 0.0
        """Seconds."""

    def now(self) -> float:
        """What the location takes the time to be."""
        return self._runtime.now() - self.behind


class _Location:
    """Where Git requests arrive: a cache, a clock, and the check."""

    def __init__(self, parts: TokenParts, runtime: SimulatedRuntime, kv: KVNamespace, said: Mapping[str, Any]) -> None:
        self.cache = parts.cache()
        self.clock = LocalClock(runtime)
        self.admitted = False
        """What became of the last request."""
        self.edge = runtime.instance()
        build = PresenceGate if said["check"] == "presence" else parts.gate
        self.gate = build(
            KVLocation(kv, runtime, lambda: self.cache),
            self.edge,
            self.clock,
            PREFIX,
            marks=said["revoke"] == "mark",
            margin=said["E"] if said["margin"] == "on" else 0.0,
            cache_ttl=said["T"],
        )

    def admits(self, request: Request) -> bool:
        """Ask the gate, and let its look-ups be answered."""
        admitted: bool = self.edge.run(self.gate.decide(request)).outcome().admitted
        return admitted

    def copy(self, key: str) -> Copy | None:
        """What the cache holds under a key, fresh or not."""
        return self.cache.copies.get(key)


class TokenSystem(DrivenPuts):
    """The parts of one repo, driven by hand."""

    def __init__(self, parts: TokenParts | None = None, *, storage: Storage | None = None, seed: int = 0) -> None:
        super().__init__(seed, storage)
        self._parts = parts or TokenParts()

    # --- the System interface

    def start(self, setup: Setup) -> None:
        """Begin a new run from nothing. Raises ValueError and SystemUnavailable for a setup that it does not know."""
        self._said = _understood(setup)
        self.put_timeout = self._said["D"]
        self.runtime = SimulatedRuntime(self._seed)
        self.storage.wipe()
        self.kv = KVNamespace(self.runtime, limits=UNSPACED, negative_caching="negative_cache" in setup.hazards)
        self.strays = [None] * setup.sizes.get("Put", 1)
        self.locations = [
            _Location(self._parts, self.runtime, self.kv, self._said) for _ in range(setup.sizes.get("Pop", 1))
        ]
        self.credential: Credential | None = None
        self._others: list[str] = []
        self._random = Random(self._seed)
        self._boot()

    def observe(self) -> Observation:
        """What can be seen now, by the names of the model's variables."""
        seen: dict[str, Value] = {}
        self._see_object(seen)
        self._see_kv(seen)
        seen["slow"] = tuple(one.clock.behind > 0 for one in self.locations)
        seen["admitted"] = tuple(one.admitted for one in self.locations)
        seen["failed"] = tuple(not one.admitted for one in self.locations)
        return seen

    # --- the Durable Object

    def _boot(self) -> None:
        said, parts = self._said, self._parts
        self.instance = self.runtime.instance()
        self.store = parts.store(self.storage.connection, self.instance)
        retry = steady(said["R"])
        timing = Timing(said["D"], retry, said["H"] if said["repair"] == "heartbeat" else None, said["S"])
        publication = parts.publication(PREFIX, revoke=said["revoke"])
        replicator = parts.replicator(self.store, self.kv, self.instance, publication, timing=timing)
        replicator.rearm()
        self.table = parts.table(REPO, self.store, self.instance, self._random.randbytes, look=replicator.tend)
        self.alarms = AlarmPlatform(self.store, self.instance, replicator.on_alarm, retry=retry, attempts=None)

    # --- the owner

    def _do_mint_read(self) -> None:
        self._mint("read")

    def _do_mint_write(self) -> None:
        self._mint("write")

    def _mint(self, scope: str) -> None:
        if self.credential is not None:
            raise ActionImpossible("the token is minted already")
        self.credential = self.table.mint(scope, self._said["L"])

    def _do_revoke_token(self) -> None:
        record = self._record()
        if record is None or not self.table.revoke(record.id):
            raise ActionImpossible("there is no token to revoke")

    def _do_change_another(self) -> None:
        if self._others:
            self.table.revoke(self._others.pop())
        else:
            self._others.append(self.table.mint("read", self._said["L"]).digest[:16])

    def _record(self) -> TokenRecord | None:
        return None if self.credential is None else self.table.find(self.credential.digest[:16])

    # --- Git requests

    def _do_fetch(self, pop: int) -> None:
        self.locations[pop].admitted = self._passes(pop, REPO, "fetch")

    def _do_push(self, pop: int) -> None:
        admitted = self._passes(pop, REPO, "push")
        if admitted and self._said["recheck"] == "on":
            admitted = self.table.decide(self._request(REPO, "push")).admitted
        self.locations[pop].admitted = admitted

    def _do_fetch_elsewhere(self, pop: int) -> None:
        self.locations[pop].admitted = self._passes(pop, ELSEWHERE, "fetch")

    def _passes(self, pop: int, repo: str, operation: str) -> bool:
        return self.locations[pop].admits(self._request(repo, operation))

    def _request(self, repo: str, operation: str) -> Request:
        if self.credential is None:
            raise ActionImpossible("nobody can present a token that is not minted")
        return Request(repo, operation, self.credential)

    # --- clocks

    def _do_skew(self, pop: int) -> None:
        self._set_clock(pop, self._said["E"], slow=False)

    def _do_resync(self, pop: int) -> None:
        self._set_clock(pop, 0.0, slow=True)

    def _set_clock(self, pop: int, behind: float, slow: bool) -> None:
        clock = self.locations[pop].clock
        if (clock.behind > 0) != slow:
            raise ActionImpossible(f"the clock of location {pop} is {'right' if slow else 'behind'} already")
        clock.behind = behind

    # --- what can be seen

    def _see_object(self, seen: dict[str, Value]) -> None:
        record, status, puts = self._record(), self.store.status(), self.puts()
        seen["token"] = "none" if record is None else _standing(record)
        seen["writes"] = record is not None and record.scope == "write"
        see_alarm(seen, status, bool(puts))
        seen["sending"] = sending(puts)
        seen["sent"] = self._said_in(puts[0]) if puts else "none"
        seen["outdated"] = bool(puts) and puts[0].payload.version != status.version
        seen["stray"] = tuple(op is not None for op in self.strays)
        seen["carries"] = tuple("none" if op is None else self._said_in(op) for op in self.strays)

    def _said_in(self, op: Any) -> str:
        """What a put says of the token."""
        value = None if self.credential is None else op.payload.config.get(self.credential.digest[:16])
        return "none" if value is None else _standing(record_of(value))

    def _see_kv(self, seen: dict[str, Value]) -> None:
        key = "" if self.credential is None else PREFIX + self.credential.digest
        seen["listed"] = _listed(told_by(self.kv.read_centre(key)))
        seen["marked"] = self.kv.read_centre(mark_key(key)) is not None
        copies = [one.copy(key) for one in self.locations]
        seen["cached"] = tuple(copy is not None for copy in copies)
        seen["cache"] = tuple(_listed(None if copy is None else told_by(copy.entry)) for copy in copies)
        marks = [one.copy(mark_key(key)) for one in self.locations]
        seen["unmarked"] = tuple(copy is not None and copy.entry is None for copy in marks)


def _standing(record: TokenRecord) -> str:
    return "active" if record.revoked_at is None else "revoked"


def _listed(record: TokenRecord | None) -> str:
    if record is None:
        return "absent"
    return "token" if record.revoked_at is None else "tombstone"


def _understood(setup: Setup) -> dict[str, Any]:
    """Options as they are, durations in seconds."""
    said: dict[str, Any] = check_setup(setup, "artifacts_tokens", _OPTIONS)
    if 0 in (setup.numbers.get("L"), setup.numbers.get("E")):
        raise SystemUnavailable("L and E are a tick at least: tokens last a minute, and with E=0 no clock is slow")
    return said | seconds_of(setup, "DRTHLES")
