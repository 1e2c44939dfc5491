# SPDX-License-Identifier: Apache-2.0
"""A pack that comes in, checked entry by entry while nobody else can see it: what is in it, and what it links to.

Every object is inflated, named and checked, within the limits and the memory that `Limits` states; deltas are resolved
from their bases on, the base kept for its children. Nothing is written: the pack stays as it came.
"""

from __future__ import annotations

import zlib
from array import array
from collections import OrderedDict
from collections.abc import Iterator
from hashlib import sha1
from typing import Final, Protocol

from attrs import define, field, frozen
from dulwich.errors import ApplyDeltaError
from dulwich.pack import apply_delta

from edgeproof.impl.git.checks import links_of
from edgeproof.impl.git.entries import BLOB, NAMES, OFS_DELTA, REF_DELTA, read_header, read_offset
from edgeproof.impl.git.limits import Limits, Refused

__all__ = ["Base", "Bases", "Checked", "Entry", "check_pack"]

_HEADER: Final = 12
_TRAILER: Final = 20
_PIECE: Final = 2**20


@frozen
class Base:
    """An object that the repository has already."""

    key: int
    type: int
    size: int
    depth: int


class Bases(Protocol):
    """The objects that deltas of a thin pack may be upon."""

    def find(self, id: bytes) -> Base | None:
        """The object of an id, if the repository has it."""

    def content(self, key: int) -> bytes:
        """What is in it."""


@define(slots=True, eq=False)
class Entry:
    """One entry of the pack, and the object that it turned out to be. Offsets and lengths are in bytes of the pack."""

    start: int
    kind: int
    declared: int
    """The size that it declares: of the object, or of the delta."""
    at: int
    """Where its compressed data begin."""
    length: int
    named: int | bytes | None
    """The base of a delta, by where it starts or by its id."""
    base: Entry | Base | None = None
    id: bytes = b""
    type: int = 0
    size: int = 0
    """Of the object."""
    depth: int = 0
    """As it is kept."""
    chain: int = 0
    """Deltas that it is upon in this pack."""
    links: array[int] = field(factory=lambda: array("I"))
    """By the numbers that `Checked` gives to ids."""
    whole: bytes | None = None
    """The compressed object, where it is kept so and not as the delta that came."""


class Checked:
    """The entries of a pack, all of them sound, and the ids of its objects and of what they link to, numbered."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.numbers: dict[bytes, int] = {}
        self.expected = bytearray()
        """By number, the type that links want; 0 where nothing links."""

    def number(self, id: bytes) -> int:
        """The number of an id."""
        number = self.numbers.setdefault(id, len(self.numbers))
        if number == len(self.expected):
            self.expected.append(0)
        return number

    def link(self, id: bytes, wanted: int) -> int:
        """The number of an id that something links to. Raises Refused where another link wants another type."""
        number = self.number(id)
        if self.expected[number] != wanted:
            if self.expected[number]:
                raise Refused(f"object {id.hex()} is linked to as two types of object")
            self.expected[number] = wanted
        return number


def check_pack(data: memoryview, limits: Limits, bases: Bases) -> Checked:
    """What is in a pack. Raises Refused for anything in it that Git would not have made."""
    return _Check(data, limits, bases).run()


class _Check:
    def __init__(self, data: memoryview, limits: Limits, bases: Bases) -> None:
        self._data, self._limits, self._bases = data, limits, bases
        self._end = len(data) - _TRAILER
        self._found = Checked()
        self._seen: set[bytes] = set()
        self._waiting: dict[int | bytes, list[Entry]] = {}
        """Deltas by what they are upon."""
        self._contents = _Cache(limits.cache // 2)
        self._deltas = _Cache(limits.cache // 2)
        self._inflated = 0
        self._wholes = 0

    def run(self) -> Checked:
        """All passes."""
        try:
            self._scan(self._count())
        except IndexError as error:
            raise Refused("the pack ends in the middle of an entry") from error
        for entry in self._found.entries:
            if entry.named is None:
                self._derive_all(entry)
        for id in [named for named in self._waiting if isinstance(named, bytes)]:
            self._derive_thin(id)
        if self._waiting:
            raise Refused("the pack has deltas without their bases")
        return self._found

    def _count(self) -> int:
        data = self._data
        if len(data) < _HEADER + _TRAILER or bytes(data[:8]) != b"PACK\0\0\0\2":
            raise Refused("this is no pack of version 2")
        if sha1(data[: self._end]).digest() != data[self._end :]:
            raise Refused("the checksum of the pack is another")
        count = int.from_bytes(data[8:_HEADER], "big")
        if count > self._limits.objects:
            raise Refused(f"a pack has at most {self._limits.objects} objects, and this one {count}")
        return count

    # --- the entries, as they stand

    def _scan(self, count: int) -> None:
        at = _HEADER
        for _ in range(count):
            at = self._read(at)
        if at != self._end:
            raise Refused("the pack has more in it than its objects")

    def _read(self, start: int) -> int:
        kind, size, at = read_header(self._data[: self._end], start)
        if size > self._limits.object:
            raise Refused(f"an object has at most {self._limits.object} bytes, and one of the pack declares {size}")
        named: int | bytes | None = None
        if kind == OFS_DELTA:
            back, at = read_offset(self._data, at)
            named = start - back
        elif kind == REF_DELTA:
            named, at = bytes(self._data[at : at + 20]), at + 20
        elif kind not in NAMES:
            raise Refused(f"the pack has an entry of kind {kind}")
        entry = Entry(start, kind, size, at, 0, named)
        self._found.entries.append(entry)
        if kind == BLOB and size > self._limits.streamed:
            self._stream(entry)
        else:
            content = self._inflate(entry)
            if named is None:
                self._name(entry, kind, content)
            else:
                self._waiting.setdefault(named, []).append(entry)
                self._deltas.add(start, content)
        return entry.at + entry.length

    def _inflate(self, entry: Entry) -> bytes:
        """The data of an entry, which have the size that it declares; sets its length."""
        inflater, at, size, pieces = zlib.decompressobj(), entry.at, entry.declared, b""
        self._count_inflated(size)
        # No more than this is needed, unless whoever compressed it meant to be odd.
        ahead = size + (size >> 9) + 64
        try:
            while not inflater.eof and at < self._end and len(pieces) <= size:
                piece = self._data[at : min(at + ahead, self._end)]
                pieces += inflater.decompress(piece, size + 1 - len(pieces))
                at += len(piece)
        except zlib.error as error:
            raise Refused("an entry of the pack cannot be inflated") from error
        if not inflater.eof or len(pieces) != size:
            raise Refused("an entry of the pack has another size than it declares")
        entry.length = at - len(inflater.unused_data) - entry.at
        return pieces

    def _stream(self, entry: Entry) -> None:
        """Name a large blob piece by piece."""
        inflater, at, left = zlib.decompressobj(), entry.at, entry.declared
        self._count_inflated(left)
        digest = sha1(b"blob %d\0" % left)
        waiting = b""
        try:
            while not inflater.eof and left >= 0 and (waiting or at < self._end):
                if not waiting:
                    waiting = bytes(self._data[at : min(at + _PIECE, self._end)])
                    at += len(waiting)
                piece = inflater.decompress(waiting, _PIECE)
                waiting = inflater.unconsumed_tail
                digest.update(piece)
                left -= len(piece)
        except zlib.error as error:
            raise Refused("an entry of the pack cannot be inflated") from error
        if left != 0 or not inflater.eof:
            raise Refused("an entry of the pack has another size than it declares")
        entry.length = at - len(inflater.unused_data) - entry.at
        self._keep(entry, BLOB, entry.declared, digest.digest())

    def _count_inflated(self, size: int) -> None:
        self._inflated += size
        if self._inflated > self._limits.inflated:
            raise Refused(f"the pack inflates to more than {self._limits.inflated} bytes")

    # --- deltas

    def _derive_thin(self, id: bytes) -> None:
        base = self._bases.find(id) if id in self._waiting else None
        if base is not None:
            for child in self._waiting.pop(id):
                self._derive(child, base)
                self._derive_all(child)

    def _derive_all(self, root: Entry) -> None:
        """Everything that is upon an entry. The last child is next, while it is in the cache."""
        stack = [root]
        while stack:
            base = stack.pop()
            for child in self._children(base):
                self._derive(child, base)
                stack.append(child)

    def _children(self, base: Entry) -> Iterator[Entry]:
        yield from self._waiting.pop(base.start, ())
        yield from self._waiting.pop(base.id, ())

    def _derive(self, child: Entry, base: Entry | Base) -> None:
        child.base = base
        child.chain = base.chain + 1 if isinstance(base, Entry) else 1
        child.depth = base.depth + 1
        if child.chain > self._limits.delta_depth:
            raise Refused(f"the pack has deltas upon more than {self._limits.delta_depth} others")
        content = self._apply(self._content(base), child)
        self._name(child, base.type, content)
        if child.depth > self._limits.kept_depth:
            self._keep_whole(child, content)

    def _apply(self, base: bytes, child: Entry) -> bytes:
        delta = self._deltas.take(child.start)
        if delta is None:
            delta = self._inflate(child)
        size = _result(delta)
        if size > self._limits.object:
            raise Refused(f"an object has at most {self._limits.object} bytes, and a delta of the pack makes {size}")
        self._count_inflated(size)
        try:
            return b"".join(apply_delta(base, delta))
        except (ApplyDeltaError, ValueError) as error:
            raise Refused("a delta of the pack does not fit its base") from error

    def _content(self, entry: Entry | Base) -> bytes:
        """What is in an object that has been named: from the cache, or from the next one above that is there."""
        deltas: list[Entry] = []
        while True:
            content = self._contents.get(_key(entry))
            if content is not None:
                break
            if isinstance(entry, Base):
                content = self._bases.content(entry.key)
                break
            if entry.base is None:
                content = self._inflate(entry)
                break
            deltas.append(entry)
            entry = entry.base
        self._contents.add(_key(entry), content)
        for one in reversed(deltas):
            content = self._apply(content, one)
            self._contents.add(_key(one), content)
        return content

    def _keep_whole(self, entry: Entry, content: bytes) -> None:
        entry.whole, entry.depth = zlib.compress(content), 0
        self._wholes += len(entry.whole)
        if self._wholes > self._limits.cache:
            raise Refused("the pack has too many deltas upon deltas")

    # --- objects

    def _name(self, entry: Entry, kind: int, content: bytes) -> None:
        if kind != BLOB and len(content) > self._limits.tree:
            name = NAMES[kind].decode()
            raise Refused(f"a {name} has at most {self._limits.tree} bytes, and one of the pack {len(content)}")
        digest = sha1(b"%s %d\0" % (NAMES[kind], len(content)))
        digest.update(content)
        self._keep(entry, kind, len(content), digest.digest())
        self._contents.add(entry.start, content)
        if kind != BLOB:
            link = self._found.link
            try:
                entry.links = array("I", [link(id, wanted) for id, wanted in links_of(kind, content)])
            except Refused as error:
                raise Refused(f"object {entry.id.hex()}: {error}") from error

    def _keep(self, entry: Entry, kind: int, size: int, id: bytes) -> None:
        if id in self._seen:
            raise Refused(f"the pack has object {id.hex()} twice")
        self._seen.add(id)
        self._found.number(id)
        entry.id, entry.type, entry.size = id, kind, size


class _Cache:
    """Contents by key; the oldest go first when there are too many bytes."""

    def __init__(self, room: int) -> None:
        self._most = self._room = room
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def add(self, key: int, content: bytes) -> None:
        if key in self._kept or len(content) > self._most:
            return
        self._kept[key] = content
        self._room -= len(content)
        while self._room < 0:
            _, oldest = self._kept.popitem(last=False)
            self._room += len(oldest)

    def get(self, key: int) -> bytes | None:
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def take(self, key: int) -> bytes | None:
        content = self._kept.pop(key, None)
        self._room += 0 if content is None else len(content)
        return content


def _key(entry: Entry | Base) -> int:
    """For the cache: entries by where they start, those of the repository below."""
    return entry.start if isinstance(entry, Entry) else -entry.key


def _result(delta: bytes) -> int:
    """The size of what a delta makes, which it says after that of its base."""
    sizes, value, shift = [], 0, 0
    for byte in delta[:20]:
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            sizes.append(value)
            value = shift = 0
            if len(sizes) == 2:
                return sizes[1]
    raise Refused("a delta of the pack is malformed")
