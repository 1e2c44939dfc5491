# SPDX-License-Identifier: Apache-2.0
"""The feature-flag service, action by action: one flag of one app, an editor, a kill switch, and who asks at the edge.

Everything is the service's own: its control plane, store, alarm, KV, locations and evaluator. A part of people of the
model is as many per cent of them, and the person who is followed is somebody whose hash lies in the middle of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from itertools import count
from typing import Any, Final

from attrs import frozen

from edgeproof.impl.driven.content import Held
from edgeproof.impl.driven.puts import OnePut
from edgeproof.impl.driven.setup import UNSPACED, check_setup, seconds_of, steady
from edgeproof.impl.driven.storage import Storage
from edgeproof.impl.durable.replicator import Timing
from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.flags.bucketing import bucket
from edgeproof.impl.flags.control import ANY, Expected, FlagConflict, FlagControl, UnknownFlag
from edgeproof.impl.flags.evaluation import Evaluator
from edgeproof.impl.flags.service import EdgeFlags
from edgeproof.impl.pattern.deployment import Choices, Location, Parts, boot
from edgeproof.impl.runtime import SimulatedRuntime
from edgeproof.impl.snapshot import EMPTY, Snapshot, from_kv
from edgeproof.impl.system import ActionImpossible, Observation, Setup, Value

__all__ = ["FlagSystem", "SaltedFlags"]

ACCOUNT: Final = "acct-1"
KEY: Final = "new-checkout"

_OPTIONS: Final = {"update": ("versioned", "blind"), "bucketing": ("hash", "salted", "random")}
_WAITING: Final = {"sync": "due", "retry": "retry", "lease": "leased"}


class SaltedFlags(EdgeFlags):
    """The mistake: buckets that depend on the config's version, so that every change sorts people anew."""

    async def read(self) -> tuple[Snapshot, Evaluator]:
        """The config, and what evaluates it."""
        snapshot, _ = await super().read()
        return snapshot, Evaluator(snapshot.config, _salted(snapshot.version))


@frozen
class _Form:
    """A flag as an editor has it before them: the version that they have seen, and what they will save."""

    seen: int
    share: int


@frozen
class _Told:
    """What somebody was told: out of which config, and whether they were let in."""

    snapshot: Snapshot = EMPTY
    on: bool = False


class FlagSystem(OnePut):
    """One app with one flag, driven by hand. `control` and `edge` replace the parts that know of flags, `parts` those
    of the Durable Object.
    """

    def __init__(
        self,
        control: Callable[..., FlagControl] = FlagControl,
        edge: Callable[..., EdgeFlags] = EdgeFlags,
        *,
        parts: Parts | None = None,
        storage: Storage | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(seed, storage)
        self._control, self._edge_flags, self._parts = control, edge, parts or Parts()

    def start(self, setup: Setup) -> None:
        """Begin a new run from nothing. Raises ValueError for a setup that the system does not know."""
        self._said = check_setup(setup, "flagship", _OPTIONS)
        seconds = seconds_of(setup, "DRTS")
        self.put_timeout = seconds["D"]
        self._scale, self._writes = setup.numbers.get("scale", 2), setup.numbers.get("writes", 2)
        self.runtime = SimulatedRuntime(self._seed)
        self.storage.wipe()
        self._held = Held()
        choices = self._choices = Choices(
            timing=Timing(seconds["D"], steady(seconds["R"]), sync_delay=seconds["S"]),
            alarm_attempts=None,
            cache_ttl=seconds["T"],
            negative_caching=False,
            limits=UNSPACED,
        )
        self.kv = choices.namespace(self.runtime)
        self._key = choices.key
        self._boot()
        self._form: _Form | None = None
        self._bucket = 0
        self._start_edge(choices, setup.sizes.get("Pop", 2))

    def _start_edge(self, choices: Choices, pops: int) -> None:
        self._edge = self.runtime.instance()
        self.locations = [Location(choices, self._edge, self.kv) for _ in range(pops)]
        flags = SaltedFlags if self._said["bucketing"] == "salted" else self._edge_flags
        self.edges = [flags(location, ACCOUNT) for location in self.locations]
        self.told = [_Told()] * pops

    def _boot(self) -> None:
        self.instance = self.runtime.instance()
        unit = boot(self._choices, self.instance, self.storage.connection, self.kv, parts=self._parts)
        self.store, self.alarms = unit.store, unit.alarms
        self.control = self._control(self.store, self.runtime.now, blind=self._said["update"] == "blind")

    def _do_crash(self) -> None:
        self.instance.kill()
        self.storage.crash()
        self._boot()

    def observe(self) -> Observation:
        """What can be seen now, by the names of the model's variables."""
        store, connection = self.store, self.storage.connection
        put, alarm = self.put(), store.alarm()
        sent = EMPTY if put is None else put.payload
        kv = self.kv.read_centre(self._key)
        copies = [location.cache.copies.get(self._key) for location in self.locations]
        cached = [_copy(None if one is None else one.entry) for one in copies]
        served = [told.snapshot for told in self.told]
        seen: dict[str, Value] = {
            "editing": self._form is not None,
            "seen": 0 if self._form is None else self._form.seen,
            "draft": 0 if self._form is None else self._form.share,
            "sending": "flying" if put is not None else "idle" if alarm is None else _WAITING[alarm.reason],
            # The attempt under way has not failed.
            "failures": self._held.status(store, connection).attempts - (0 if put is None else 1),
            "bucket": self._seen_bucket(),
            "on": tuple(told.on for told in self.told),
            "cache": tuple(one.version for one in cached),
            "cache_share": tuple(map(self._share, cached)),
            "served": tuple(one.version for one in served),
            "served_share": tuple(map(self._share, served)),
        }
        self._see(seen, "config", "share", self._held.snapshot(store, connection))
        self._see(seen, "sent", "sent_share", sent)
        self._see(seen, "kv", "kv_share", _copy(kv))
        return seen

    def _see(self, seen: dict[str, Value], version: str, share: str, snapshot: Snapshot) -> None:
        seen[version], seen[share] = snapshot.version, self._share(snapshot)

    def _share(self, snapshot: Snapshot) -> int:
        """How many parts of people the flag lets in: -1 where that is no whole number."""
        flag = snapshot.config.get(KEY)
        if flag is None or not flag["enabled"]:
            return 0
        share = flag["rules"][0]["rollout"]["percentage"] * self._scale / 100
        return round(share) if abs(share - round(share)) < 1e-9 else -1

    def _seen_bucket(self) -> int:
        """Where the hash puts the person who is followed; where chance does, what it draws next."""
        if self._said["bucketing"] == "random":
            return self._bucket
        account = _salted(1) if self._said["bucketing"] == "salted" else ACCOUNT
        return _part(account, self._person(), self._scale)

    def _person(self) -> str:
        if self._said["bucketing"] == "salted":
            return _somebody_salted(self._bucket, self._scale, self._writes)
        return _somebody(self._bucket, self._scale)

    # --- changing the flag

    def _do_another(self) -> None:
        if self._said["bucketing"] != "random" and self.store.version() > 0:
            raise ActionImpossible("the person who is followed has a flag to ask for")
        self._bucket = (self._bucket + 1) % self._scale

    def _do_edit(self) -> None:
        if self._form is not None:
            raise ActionImpossible("somebody is editing the flag")
        try:
            stored = self.control.get(KEY)
        except UnknownFlag:
            self._form = _Form(0, 0)
        else:
            self._form = _Form(stored.version, self._share(self.store.snapshot()))

    def _do_raise_draft(self) -> None:
        if self._form is None or self._form.share >= self._scale:
            raise ActionImpossible("nobody is editing the flag, or it is for everybody already")
        self._form = _Form(self._form.seen, self._form.share + 1)

    def _do_save(self) -> None:
        if self._form is None:
            raise ActionImpossible("nobody is editing the flag")
        form, self._form = self._form, None
        document = _document(form.share, self._scale)
        try:
            if form.seen == 0:
                self.control.create(document, "ana")
            else:
                seen: Expected = ANY if self._said["update"] == "blind" else form.seen
                self.control.update(KEY, document, "ana", seen)
        except FlagConflict:
            pass  # which is what the versions are for

    def _do_turn_off(self) -> None:
        if self._share(self.store.snapshot()) == 0:
            raise ActionImpossible("there is no flag that is on")
        stored = self.control.get(KEY)
        self.control.update(KEY, {**stored.flag, "enabled": False}, "bo", stored.version)

    # --- evaluating

    def _do_read(self, pop: int) -> None:
        self.told[pop] = self._edge.run(self._evaluate(pop)).outcome()

    async def _evaluate(self, pop: int) -> _Told:
        snapshot, evaluator = await self.edges[pop].read()
        context = {} if self._said["bucketing"] == "random" else {"targetingKey": self._person()}
        found = evaluator.evaluate(KEY, context, lambda: (self._bucket + 0.5) / self._scale)
        return _Told(snapshot, found.error is None and found.value is True)


def _document(share: int, scale: int) -> dict[str, Any]:
    """A flag that lets in so many parts of people; none of them if it is turned off."""
    rollout = {"percentage": 100 * share / scale}
    return {
        "key": KEY,
        "enabled": share > 0,
        "default_variation": "off",
        "variations": {"on": True, "off": False},
        "rules": [{"priority": 1, "conditions": [], "serve_variation": "on", "rollout": rollout}],
    }


def _copy(entry: KVEntry | None) -> Snapshot:
    return EMPTY if entry is None else _read(entry.value)


@lru_cache(maxsize=1024)
def _read(value: bytes) -> Snapshot:
    return from_kv(value)


def _salted(version: int) -> str:
    return f"{ACCOUNT}/{version}"


def _part(account: str, person: str, scale: int) -> int:
    """In which part of people the hash puts somebody."""
    return int(bucket(account, KEY, person) * scale / 100)


def _people() -> Iterator[str]:
    return (f"user-{number}" for number in count(1))


@cache
def _somebody(part: int, scale: int) -> str:
    return next(one for one in _people() if _part(ACCOUNT, one, scale) == part)


@cache
def _somebody_salted(part: int, scale: int, versions: int) -> str:
    """Somebody who is in the part under the first version, and in the opposite one under all others."""
    wanted = [part, *[scale - 1 - part] * (versions - 1)]
    return next(
        one
        for one in _people()
        if all(_part(_salted(version), one, scale) == at for version, at in enumerate(wanted, 1))
    )
