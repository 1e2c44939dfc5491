# SPDX-License-Identifier: Apache-2.0
"""The anti-pattern of one KV key per flag, action by action: store and replicator of the pattern, but other keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from edgeproof.impl.alternatives.per_key import Part, PerKeyPublication, PerKeyReader, key_of, part_of
from edgeproof.impl.driven.base import Linked
from edgeproof.impl.driven.client import FIELDS, Client
from edgeproof.impl.driven.content import Held, copy_text
from edgeproof.impl.driven.puts import OnePut, see_alarm
from edgeproof.impl.driven.setup import UNIT_KEY, UNSPACED, check_setup, seconds_of, steady
from edgeproof.impl.driven.told import Told
from edgeproof.impl.driven.writing import Writing, see_writing
from edgeproof.impl.durable.front import Front
from edgeproof.impl.durable.replicator import AlarmPlatform, Replicator, Timing
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.pattern.deployment import Choices, Location
from edgeproof.impl.runtime import SimulatedRuntime
from edgeproof.impl.snapshot import to_json
from edgeproof.impl.system import Contents, Observation, Setup, Value

__all__ = ["DoKvPerKeySystem"]

_ABSENT: Final = Part()


def _text(part: Part) -> str:
    return to_json({"value": part.value, "version": part.version})


_NOTHING: Final = _text(_ABSENT)


class DoKvPerKeySystem(OnePut, Writing, Linked):
    """One unit of two fields, driven by hand. `publication` and `reader` replace the parts that know of the keys."""

    def __init__(
        self,
        publication: Callable[..., PerKeyPublication] = PerKeyPublication,
        reader: Callable[..., PerKeyReader] = PerKeyReader,
        *,
        seed: int = 0,
    ) -> None:
        super().__init__(seed)
        self._publication, self._reader = publication, reader

    def start(self, setup: Setup) -> None:
        """Begin a new run from nothing. Raises ValueError for a setup that the system does not know."""
        check_setup(setup, "do_kv_per_key", {})
        seconds = seconds_of(setup, "DRTS")
        self.runtime = SimulatedRuntime(self._seed)
        self.storage.wipe()
        choices = Choices(cache_ttl=seconds["T"], negative_caching=False, limits=UNSPACED)
        self.kv = choices.namespace(self.runtime)
        self.instance = self.runtime.instance()
        self.store = ConfigStore(self.storage.connection, self.instance)
        # An attempt is a put per field, and each has D.
        self.put_timeout = seconds["D"]
        timing = Timing(self.put_timeout * len(FIELDS), steady(seconds["R"]), sync_delay=seconds["S"])
        replicator = Replicator(self.store, self.kv, self.instance, self._publication(UNIT_KEY), timing=timing)
        self.front = Front(self.store, self.instance, replicator=replicator)
        self.alarms = AlarmPlatform(self.store, self.instance, replicator.on_alarm, attempts=None)
        self.client = Client(keyed=True)
        self.held = Held()
        self._start_edge(choices, setup.sizes.get("Pop", 2))

    def _start_edge(self, choices: Choices, pops: int) -> None:
        self._edge = self.runtime.instance()
        self.locations = [Location(choices, self._edge, self.kv) for _ in range(pops)]
        self.readers = [
            self._reader(one.kv, self._edge, UNIT_KEY, FIELDS, cache_ttl=choices.cache_ttl) for one in self.locations
        ]
        self.told: Told[Mapping[str, Part]] = Told({}, pops)

    @property
    def links(self) -> Sequence[Location]:
        """Whose way to KV's centre can be cut."""
        return self.locations

    def observe(self) -> Observation:
        """What can be seen now, by the names of the model's variables."""
        put = self.put()
        field, version = ("idle", 0) if put is None else put.payload
        seen: dict[str, Value] = {}
        see_alarm(seen, self.store.status(), put is not None)
        seen["sending"], seen["sent"] = field, version
        seen["cut"] = tuple(not location.reachable for location in self.locations)
        seen["failed"] = tuple(self.told.failed)
        for name in FIELDS:
            self._see_field(seen, name)
        see_writing(seen, self)
        return seen

    def contents(self) -> Contents:
        """What is held now, by the names of the model's variables."""
        contents: dict[str, str | tuple[str | None, ...] | None] = {
            **self.held.shown(self.store, self.storage.connection),
            "answers": to_json(self.client.answers),
        }
        for name in FIELDS:
            key = key_of(UNIT_KEY, name)
            copies = [location.cache.copies.get(key) for location in self.locations]
            contents[f"kv_{name}"] = copy_text(self.kv.read_centre(key)) or _NOTHING
            contents[f"cache_{name}"] = tuple(
                _NOTHING if one is None else copy_text(one.entry) or _NOTHING for one in copies
            )
            contents[f"served_{name}"] = tuple(_text(parts.get(name, _ABSENT)) for parts in self.told.answers)
        return contents

    def _see_field(self, seen: dict[str, Value], name: str) -> None:
        values = {one.version: one.new for one in self.store.changelog() if one.field == name}

        def version(part: Part) -> int:
            """The version that the part carries; -1 where the field had another value then."""
            return part.version if part == _ABSENT or values.get(part.version) == part.value else -1

        key = key_of(UNIT_KEY, name)
        copies = [location.cache.copies.get(key) for location in self.locations]
        seen[f"kv_{name}"] = version(part_of(self.kv.read_centre(key)))
        seen[f"cache_{name}"] = tuple(_ABSENT.version if one is None else version(part_of(one.entry)) for one in copies)
        seen[f"served_{name}"] = tuple(version(parts.get(name, _ABSENT)) for parts in self.told.answers)

    def _do_read(self, pop: int) -> None:
        self.told.hear(pop, self._edge.run(self.readers[pop].read()))
