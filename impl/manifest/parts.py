# SPDX-License-Identifier: Apache-2.0
"""A large config as parts: its canonical JSON text cut at fields, each named by its digest, and a manifest of them.

Cuts are content-defined (rsync and LBFS: Muthitacharoen et al. 2001): a field's name decides whether a part begins with
it, so that a change moves no cut but those at the fields it changes, and all other parts keep their names. The parts in
order are the text, byte for byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from edgeproof.impl.snapshot import Config, Snapshot, count, to_json

__all__ = [
    "MAX_PARTS",
    "PART_BYTES",
    "TARGET",
    "Manifest",
    "Names",
    "PartCorrupt",
    "PartGone",
    "PartsError",
    "assemble",
    "by_digest",
    "by_place",
    "split",
]

TARGET: Final = 65_536
"""Bytes of a part on average. A change publishes about one part and a manifest of 70 bytes per part: for 25 MB the sum
is smallest near 42 kB, and an invocation may do 1,000 KV operations (Workers KV limits page), so not much less."""

PART_BYTES: Final = 1_000_000
"""Bytes of a part at most: a longer field is cut into several. A KV value may have 25 MiB; the smaller a part, the less
of a large field a change publishes."""

MAX_PARTS: Final = 990
"""Parts of a config at most: a publisher that has to put all of them does not reach the 1,000 operations."""


class PartsError(ValueError):
    """A config cannot be made into parts, or what was read is no manifest."""


class PartGone(Exception):
    """A manifest names a part that is not there."""


class PartCorrupt(ValueError):
    """A part is not what its name says."""


@frozen(slots=True)
class Manifest:
    """What is published under the unit's KV key: version and era, and the names of the parts in order."""

    version: int
    era: int = 0
    parts: tuple[str, ...] = ()

    def to_kv(self) -> tuple[bytes, dict[str, int]]:
        """KV value and metadata; both tell version and era, as with a whole snapshot."""
        label = {"version": self.version, "era": self.era}
        return to_json({**label, "parts": list(self.parts)}).encode(), label

    @classmethod
    def from_kv(cls, value: bytes) -> Manifest:
        """The manifest in a KV value. Raises PartsError for anything that is not one."""
        try:
            said = json.loads(value)
            names = said["parts"]
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise TypeError("the names of parts are a list of texts")
            return cls(count(said["version"]), count(said["era"]), tuple(names))
        except (KeyError, RecursionError, TypeError, ValueError) as error:
            raise PartsError(f"not a manifest: {value[:80]!r}") from error


@frozen
class Names:
    """How parts are called: a name for the place and the bytes of a part, and a check of the bytes against the name."""

    name: Callable[[int, bytes], str]
    check: Callable[[str, bytes], None]
    lasting: bool
    """Whether a name stands for the same bytes for ever."""


def _digest(place: int, value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()


def _check_digest(name: str, value: bytes) -> None:
    found = _digest(0, value)
    if found != name:
        raise PartCorrupt(f"part {name!r} is not what its name says: its digest is {found}")


def _place(place: int, value: bytes) -> str:
    return f"{place:04}"


def _check_nothing(name: str, value: bytes) -> None:
    return None


by_digest: Final = Names(_digest, _check_digest, lasting=True)
"""SHA-256 of the part: what a name stands for never changes, and can be checked."""

by_place: Final = Names(_place, _check_nothing, lasting=False)
"""The mistake: the part's number in the config. It is overwritten, and an older manifest then names newer content."""


def split(snapshot: Snapshot, *, names: Names = by_digest, target: int = TARGET) -> tuple[Manifest, dict[str, bytes]]:
    """The manifest of a snapshot and its parts by name; a config without fields has none.

    Raises PartsError for a config of more than MAX_PARTS parts.
    """
    slices = list(_slices(snapshot.config, target))
    if len(slices) > MAX_PARTS:
        raise PartsError(f"a config of {len(slices)} parts exceeds the limit of {MAX_PARTS}: use a larger target")
    named = [(names.name(place, value), value) for place, value in enumerate(slices)]
    return Manifest(snapshot.version, snapshot.era, tuple(name for name, _ in named)), dict(named)


def assemble(manifest: Manifest, values: Sequence[bytes], *, names: Names = by_digest) -> Snapshot:
    """The snapshot of a manifest, given its parts in order. Raises PartCorrupt where they are not what it names."""
    for name, value in zip(manifest.parts, values, strict=True):
        names.check(name, value)
    text = b"".join(values) or b"{}"
    try:
        config: Mapping[str, Any] = dict(json.loads(text))
    except (TypeError, ValueError) as error:
        raise PartCorrupt(f"the parts of version {manifest.version} are no config together: {error}") from error
    return Snapshot(manifest.version, manifest.era, config)


def _slices(config: Config, target: int) -> Iterator[bytes]:
    """The canonical text of the config in pieces of `target` bytes on average and PART_BYTES at most."""
    if not config:
        return
    piece = bytearray()
    for name, entry in _entries(config):
        if piece and _begins_a_part(name, len(entry), target):
            yield from _bounded(piece)
            piece = bytearray()
        piece += entry
    piece += b"}"
    yield from _bounded(piece)


def _entries(config: Config) -> Iterator[tuple[str, bytes]]:
    """Each field's share of the text: the bracket or comma before it, its name, its value."""
    before = "{"
    for name in sorted(config):
        yield name, f"{before}{to_json(name)}:{to_json(config[name])}".encode()
        before = ","


def _begins_a_part(name: str, size: int, target: int) -> bool:
    """Whether a part begins with this field: as likely as the field is large, so that parts are as large as wanted."""
    drawn = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest())
    return drawn * target < size << 64


def _bounded(piece: bytes | bytearray) -> Iterable[bytes]:
    return (bytes(piece[start : start + PART_BYTES]) for start in range(0, len(piece), PART_BYTES))
