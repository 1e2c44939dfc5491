# SPDX-License-Identifier: Apache-2.0
"""The alternative without a Durable Object, action by action: writers and readers that share one KV key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from edgeproof.impl.alternatives.kv_writer import LOG_PREFIX, KvWriter, Write, changelog_in
from edgeproof.impl.driven.base import Linked, OverKV, first, impossible_on
from edgeproof.impl.driven.client import FIELDS
from edgeproof.impl.driven.setup import UNIT_KEY, UNSPACED, check_setup, seconds_of
from edgeproof.impl.driven.told import Told, see_told
from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import KVUnreachable
from edgeproof.impl.pattern.deployment import Choices, Location
from edgeproof.impl.pattern.observation import label_of
from edgeproof.impl.runtime import Instance, SimulatedRuntime
from edgeproof.impl.snapshot import EMPTY, Snapshot, from_kv, to_json
from edgeproof.impl.system import ActionImpossible, Contents, Observation, Setup, Value, Writes

__all__ = ["KvOnlySystem"]

_OPTIONS: Final = {"writing": ("racing", "in_turn"), "base": ("centre", "cache"), "changelog": ("beside", "inside")}


class KvOnlySystem(OverKV, Linked):
    """One KV key, its writers and its readers, driven by hand. `writer` replaces the control plane's part."""

    def __init__(self, writer: Callable[..., KvWriter] = KvWriter, *, seed: int = 0) -> None:
        super().__init__(seed)
        self._writer = writer

    def start(self, setup: Setup) -> None:
        """Begin a new run from nothing. Raises ValueError for a setup that the system does not know."""
        self._said = check_setup(setup, "kv_only", _OPTIONS)
        choices = Choices(key=UNIT_KEY, cache_ttl=seconds_of(setup, "T")["T"], limits=UNSPACED)
        self._cache_ttl = choices.cache_ttl
        self.runtime = SimulatedRuntime(self._seed)
        self.kv = choices.namespace(self.runtime)
        self._edge = self.runtime.instance()
        pops = setup.sizes.get("Pop", 2)
        self.locations = [Location(choices, self._edge, self.kv) for _ in range(pops)]
        self.told = Told(EMPTY, pops)
        self._requests = 0
        self._writes: Writes | None = None
        self._acknowledged: list[int] = []
        self._writing: list[Instance] = [self.runtime.instance() for _ in range(setup.sizes.get("Writer", 2))]

    @property
    def links(self) -> Sequence[Location]:
        """Whose way to KV's centre can be cut."""
        return self.locations

    def observe(self) -> Observation:
        """What can be seen now, by the names of the model's variables."""
        puts = [one.under_way("kv.put") for one in self._writing]
        logs = [one.under_way("kv.log") for one in self._writing]
        copies = [location.cache.copies.get(UNIT_KEY) for location in self.locations]
        seen: dict[str, Value] = {
            "begun": self._requests,
            "phase": tuple(
                "putting" if put else "logging" if log else "idle" for put, log in zip(puts, logs, strict=True)
            ),
            "proposed": tuple(put[0].payload.version if put else 0 for put in puts),
            "entries": len(self.kv.list(prefix=LOG_PREFIX).keys),
            "acked": len(self._acknowledged),
            "kv": self._label(self.kv.read_centre(UNIT_KEY)),
            "cached": tuple(copy is not None for copy in copies),
            "cache": tuple(0 if copy is None else self._label(copy.entry) for copy in copies),
            "cut": tuple(not location.reachable for location in self.locations),
        }
        see_told(seen, self.told)
        return seen

    def write_from(self, writes: Writes) -> None:
        """Write these from now on."""
        self._writes = writes

    def contents(self) -> Contents:
        """What is held now, by the names of the model's variables; of a value with a changelog what is beside that."""
        puts = [one.under_way("kv.put") for one in self._writing]
        copies = [location.cache.copies.get(UNIT_KEY) for location in self.locations]
        return {
            "proposed": tuple(_copy(put[0].payload) if put else None for put in puts),
            "kv": _config_in(self.kv.read_centre(UNIT_KEY)),
            "cache": tuple(None if copy is None else _config_in(copy.entry) for copy in copies),
            "served": tuple(map(_copy, self.told.answers)),
        }

    def _label(self, entry: KVEntry | None) -> int:
        """The version of a copy; -1 where the changelog inside does not amount to it."""
        version, _ = label_of(entry)
        if self._said["changelog"] == "beside":
            return version
        logged = [one["version"] for one in changelog_in(entry)]
        return version if logged == list(range(1, version + 1)) else -1

    def _do_begin(self, writer: int) -> None:
        if self._said["base"] != "centre":
            raise ActionImpossible("writes are based on what a location serves")
        self._begin(writer, lambda: self.kv.read_centre(UNIT_KEY))

    def _do_begin_from_cache(self, writer: int, pop: int) -> None:
        if self._said["base"] != "cache":
            raise ActionImpossible("writes are based on what KV's centre holds")
        self._begin(writer, lambda: self.locations[pop].kv.get(UNIT_KEY, cache_ttl=self._cache_ttl))

    def _begin(self, writer: int, base: Callable[[], KVEntry | None]) -> None:
        busy = self._writing if self._said["writing"] == "in_turn" else [self._writing[writer]]
        if any(one.pending for one in busy):
            raise ActionImpossible("a write is under way")
        instance = self._writing[writer]
        control = self._writer(self.kv, instance, UNIT_KEY, base, changelog=self._said["changelog"])
        number = self._requests + 1
        write = Write(f"write-{number}", dict.fromkeys(FIELDS, number), f"writer {writer}")
        if self._writes is not None:
            given = self._writes.made()
            write = Write(write.id, given.changes, given.actor)
        task = instance.spawn(control.write(write, self._acknowledged.append))
        self.runtime.resolve(instance.pending[-1])
        if isinstance(task.error, KVUnreachable):
            raise ActionImpossible(str(task.error)) from task.error
        if task.error is not None:
            raise task.error
        self._requests = number

    def _do_put_lands(self, writer: int) -> None:
        self._finish(writer, "kv.put")

    def _do_entry_lands(self, writer: int) -> None:
        self._finish(writer, "kv.log")

    def _finish(self, writer: int, label: str) -> None:
        self.runtime.resolve(first(self._writing[writer].under_way(label), f"the writer waits for no {label}"))

    def _do_crash(self, writer: int) -> None:
        if not self._writing[writer].pending:
            raise ActionImpossible("the writer has no write under way")
        self._writing[writer].kill()
        self._writing[writer] = self.runtime.instance()

    def _do_read(self, pop: int) -> None:
        self.told.hear(pop, self._edge.run(self.locations[pop].reader.read()))

    def _do_refresh(self, pop: int) -> None:
        with impossible_on(LookupError, KVUnreachable):
            self.locations[pop].refresh()


def _copy(snapshot: Snapshot) -> str:
    return to_json({"config": snapshot.config, "era": snapshot.era, "version": snapshot.version})


def _config_in(entry: KVEntry | None) -> str | None:
    return None if entry is None else _copy(from_kv(entry.value))
