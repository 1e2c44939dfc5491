# SPDX-License-Identifier: Apache-2.0
"""A unit's config as data: what changes it, what a changelog says of it, and the form in which it travels.

Everything here is a pure function of its arguments. A config maps field names (flag keys) to JSON values. Two values
are the same if their JSON texts are the same, so that `true` is not 1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Final, NoReturn

from attrs import field, frozen

__all__ = [
    "EMPTY",
    "LARGEST",
    "REMOVED",
    "ChangelogEntry",
    "Changes",
    "Config",
    "Removed",
    "Snapshot",
    "apply_changes",
    "count",
    "diff",
    "from_json",
    "from_kv",
    "inverse",
    "labelled",
    "replay",
    "to_json",
    "to_kv",
]


class Removed(Enum):
    """The type of REMOVED."""

    REMOVED = "removed"


REMOVED: Final = Removed.REMOVED
"""The new value of a field that a change takes away, and the old value of one that it adds."""

LARGEST: Final = 2**53 - 1
"""The largest version and era that copies carry: what a double counts exactly."""

Config = Mapping[str, Any]
"""Field names to JSON values."""

Changes = Mapping[str, Any]
"""Field names to their new JSON values, or to REMOVED."""


@frozen(slots=True)
class Snapshot:
    """A unit's whole config at one version; `era` counts the restores that the store had been through."""

    version: int
    era: int = 0
    config: Config = field(factory=dict)

    def at_least(self, other: Snapshot) -> bool:
        """Whether this is as new as `other`, or newer: by era first, since a restore takes versions back."""
        return (self.era, self.version) >= (other.era, other.version)


EMPTY: Final = Snapshot(0)
"""What a reader sees where nothing was ever published."""


@frozen(slots=True)
class ChangelogEntry:
    """One field of one write: what it was, what it became, by whom, and when (seconds of the store's clock)."""

    version: int
    field: str
    old: Any
    new: Any
    actor: str
    at: float
    idempotency_key: str | None = None


# Object members in one order: equal values have equal texts. ASCII, so that characters are bytes.
to_json = json.JSONEncoder(separators=(",", ":"), sort_keys=True, allow_nan=False).encode
"""The one JSON text of a value. Raises ValueError for NaN and infinities, TypeError for what JSON cannot say."""

from_json = json.JSONDecoder().decode
"""The value of a JSON text. Raises ValueError for what is none."""


def apply_changes(config: Config, changes: Changes) -> dict[str, Any]:
    """The config that `changes` make of `config`."""
    merged = {**config, **changes}
    return {name: value for name, value in merged.items() if value is not REMOVED}


def diff(old: Config, new: Config) -> dict[str, Any]:
    """The smallest changes that make `new` of `old`."""
    changes: dict[str, Any] = {name: REMOVED for name in old if name not in new}
    for name, value in new.items():
        if name not in old or to_json(old[name]) != to_json(value):
            changes[name] = value
    return changes


def inverse(config: Config, changes: Changes) -> dict[str, Any]:
    """The changes that take back `changes` once `config` has had them."""
    return {name: config.get(name, REMOVED) for name in changes}


def replay(entries: Iterable[ChangelogEntry], until: int | None = None) -> dict[str, Any]:
    """The config that a changelog, read from its beginning, amounts to: whole, or up to version `until`.

    Raises ValueError where the entries contradict themselves: versions that skip or go back, an old value that is not
    what the field held. A changelog that replays is complete.
    """
    config: dict[str, Any] = {}
    version = 0
    for entry in entries:
        if until is not None and entry.version > until:
            break
        if not max(version, 1) <= entry.version <= version + 1:
            raise ValueError(f"version {entry.version} follows version {version}")
        version = entry.version
        held = config.get(entry.field, REMOVED)
        if (held is REMOVED) != (entry.old is REMOVED) or (held is not REMOVED and to_json(held) != to_json(entry.old)):
            raise ValueError(f"version {version} replaces {entry.old!r} in {entry.field!r}, which held {held!r}")
        config = apply_changes(config, {entry.field: entry.new})
    return config


def to_kv(snapshot: Snapshot) -> tuple[bytes, dict[str, int]]:
    """The KV value and metadata of a snapshot.

    Both tell version and era: they travel together, and who only wants to know how new a copy is need not parse it.
    """
    label = {"version": snapshot.version, "era": snapshot.era}
    return to_json({**label, "config": snapshot.config}).encode(), label


def from_kv(value: bytes) -> Snapshot:
    """The snapshot in a KV value. Raises ValueError for anything that is not one."""
    try:
        return labelled(json.loads(value.decode(), parse_constant=_refuse), "config")
    except (RecursionError, ValueError) as error:
        raise ValueError(f"not a published config: {value[:80]!r}") from error


def labelled(said: Any, member: str) -> Snapshot:
    """The snapshot in a JSON value that has a version, an era and, under `member`, a config.

    Raises ValueError for anything that is not one.
    """
    if not isinstance(said, dict) or not isinstance(said.get(member), dict):
        raise ValueError(f"there is no object {member}")
    return Snapshot(count(said.get("version")), count(said.get("era")), said[member])


def count(said: Any) -> int:
    """A version, or an era, in a JSON value. Raises ValueError for anything that is not one."""
    # JavaScript reads the same values, and does not tell 1.0 from 1.
    if isinstance(said, float) and said.is_integer():
        said = int(said)
    if not isinstance(said, int) or isinstance(said, bool) or not 0 <= said <= LARGEST:
        raise ValueError(f"not a whole number from 0 to {LARGEST}")
    return said


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}")
