# SPDX-License-Identifier: Apache-2.0
"""What another unit has to hold, which is written to beside the one that a run is about: neither may notice the other.

Its writes carry the idempotency keys of the first unit's, and other fields; a key that comes again is repeated here as
well. Nobody there expects a version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from edgeproof.impl.system import Write
from edgeproof.properties.engines.fuzz.difference import to_text
from edgeproof.properties.engines.fuzz.writes import write_number

__all__ = ["NO_COPY", "UnitBeside", "entry_of"]

NO_COPY: Final = to_text({"config": {}, "era": 0, "version": 0})
"""A copy of nothing."""

_OTHER: Final = 7919
"""Makes the other unit's writes others than those of the first."""


class UnitBeside:
    """The contents of the other unit, and the writes that lead to them."""

    def __init__(self, seed: int) -> None:
        self._seed, self._handed = seed + _OTHER, 0
        self._config: dict[str, Any] = {}
        self._entries: list[str] = []
        self._keys: dict[str, int] = {}
        self._copies = [NO_COPY]
        self._answers = to_text([])

    def made(self, key: str | None, now: int) -> Write:
        """The next write, under this key and made at once, `now` being ticks since the run began."""
        self._handed += 1
        made = write_number(self._seed, self._handed, self._config, marked=False)
        write = Write(made.changes, made.removed, made.actor, key)
        version, repeated = self._keys.get(key or "", 0), True
        if not version:
            version, repeated = self._make(write, now), False
        self._answers = to_text([{"version": version, "repeated": repeated}])
        return write

    def _make(self, write: Write, now: int) -> int:
        old, version = self._config, len(self._copies)
        new = {name: value for name, value in {**old, **write.changes}.items() if name not in write.removed}
        names = sorted({*write.changes, *write.removed}, key=str.encode)
        self._entries += [to_text(entry_of(version, name, old, new, write, now)) for name in names]
        self._config = new
        self._copies.append(to_text({"config": new, "era": 0, "version": version}))
        if write.key is not None:
            self._keys[write.key] = version
        return version

    def expected(self, place: int) -> list[str]:
        """The texts that are right of its config, changelog and last answers, of KV's copy, and of what was read."""
        whole, changelog = [self._copies[-1]], [f"[{','.join(self._entries)}]"]
        return (whole, changelog, [self._answers], whole, self._copies)[place]

    @property
    def written(self) -> int:
        """How often it was written to."""
        return self._handed


def entry_of(
    version: int, name: str, old: Mapping[str, Any], new: Mapping[str, Any], write: Write, now: int
) -> dict[str, Any]:
    """A changelog entry."""
    sides = {side: config[name] for side, config in (("old", old), ("new", new)) if name in config}
    keyed = {} if write.key is None else {"key": write.key}
    return {"version": version, "field": name, **sides, "actor": write.actor, "at": now, **keyed}
