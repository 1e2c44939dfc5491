# SPDX-License-Identifier: Apache-2.0
"""A disk: what was asked of it, what it holds for sure, and what it may hold of the rest when the power goes.

A write is sure once its file has been synced; that a file is there, or is not any more, once its folder has. Of what is
not sure, anything may be there after a power cut: each operation or not, a part of a write, and in any order. File
systems mostly keep more than that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias, TypeGuard

from attrs import field, frozen

from edgeproof.properties.engines.crash.effort import HONEST

__all__ = [
    "DISKS",
    "Create",
    "Delete",
    "Disk",
    "Files",
    "Kept",
    "Link",
    "Moment",
    "Operation",
    "Pending",
    "Rename",
    "Sync",
    "SyncFolder",
    "Truncate",
    "Write",
    "is_name",
    "said",
    "whole_of",
]

Files: TypeAlias = Mapping[str, bytes]
"""What a folder holds, by name: paths in it, those of folders with a slash at their end, and no content."""


def _length(data: bytes) -> str:
    return f"{len(data)} bytes"


@frozen(slots=True)
class Create:
    """A file that there was not; it has no content yet."""

    name: str


@frozen(slots=True)
class Delete:
    """The file has no name any more."""

    name: str


@frozen(slots=True)
class Rename:
    """The file has another name, and a file that had that one has none; both at once."""

    name: str
    to: str


@frozen(slots=True)
class Link:
    """The file has one more name."""

    name: str
    to: str


@frozen(slots=True)
class Write:
    """Bytes of a file, from an offset on."""

    name: str
    offset: int
    data: bytes = field(repr=_length)


@frozen(slots=True)
class Truncate:
    """The file ends after so many bytes."""

    name: str
    size: int


@frozen(slots=True)
class Sync:
    """What was done to the file's content is sure from now on."""

    name: str


@frozen(slots=True)
class SyncFolder:
    """Which files there are in the folder is sure from now on; "" is the one that all are in.

    A file that has changed folders is there once the one that it has come to is sure.
    """

    name: str = ""


Naming: TypeAlias = Create | Delete | Rename | Link
Operation: TypeAlias = Naming | Write | Truncate | Sync | SyncFolder

Kept: TypeAlias = tuple[int, int, int]
"""What a power cut leaves of an operation: its number, and of a write the bytes of its file from one to before another.
Of other operations there are no parts: 0 and 0."""

DISKS: Final[Mapping[str, tuple[type, ...]]] = {
    HONEST: (),
    "ignores-syncs": (Sync, SyncFolder),
    "ignores-folder-syncs": (SyncFolder,),
}
"""Kinds of disks, and what each of them does not do although it says so."""


@frozen(slots=True)
class Pending:
    """An operation that is not sure: its number, what it is, and the file that it is done to, of which there may be
    several by one name, one after the other.
    """

    number: int
    operation: Naming | Write | Truncate
    file: int


@frozen
class Moment:
    """What a disk holds after so many operations: files that are sure, by name and by number, and what is not sure."""

    done: int
    names: Mapping[str, int]
    contents: Mapping[int, bytes]
    pending: Sequence[Pending]

    def left(self, kept: Iterable[Kept]) -> dict[str, bytes]:
        """What the folder holds if the power goes now, and this is kept of what is not sure, in this order.

        Raises LookupError for what is not pending, or not a part of it.
        """
        names, touched = dict(self.names), dict[int, bytearray]()
        by_number = {one.number: one for one in self.pending}
        for number, first, last in kept:
            if (one := by_number.get(number)) is None:
                raise LookupError(f"operation {number} is none of which the disk is not sure")
            _, begin, end = whole_of(one)
            if not begin <= first <= last <= end:
                raise LookupError(f"operation {number} has no bytes from {first} to {last}")
            if one.file not in touched:
                touched[one.file] = bytearray(self.contents.get(one.file, b""))
            _do(one.operation, one.file, (first, last), names, touched[one.file])
        contents = {**self.contents, **{file: bytes(content) for file, content in touched.items()}}
        return {name: contents.get(file, b"") for name, file in names.items() if all(map(names.get, _above(name)))}


class Disk:
    """A disk of some kind, which is asked for one operation after the other.

    Raises LookupError for a kind that there is not.
    """

    def __init__(self, kind: str = HONEST) -> None:
        if kind not in DISKS:
            raise LookupError(f"there is no disk that is {kind!r}; there is {', '.join(DISKS)}")
        self._ignores = DISKS[kind]
        self._done = 0
        self._names: dict[str, int] = {}
        """The files by their names, as whoever uses the disk sees them."""
        self._files = 0
        self._sure_names: dict[str, int] = {}
        self._sure: dict[int, bytes] = {}
        self._pending: list[Pending] = []

    def do(self, operation: Operation) -> None:
        """One more operation."""
        if isinstance(operation, Sync | SyncFolder):
            if not isinstance(operation, self._ignores):
                self._sync(operation)
        else:
            if isinstance(operation, Create):
                self._files += 1
                self._names[operation.name] = self._files
            file = self._names[operation.name]
            self._pending.append(Pending(self._done, operation, file))
            if is_name(operation):
                _do(operation, file, (0, 0), self._names, bytearray())
        self._done += 1

    def now(self) -> Moment:
        """What it holds now."""
        return Moment(self._done, dict(self._sure_names), dict(self._sure), tuple(self._pending))

    def _sync(self, operation: Sync | SyncFolder) -> None:
        file = None if isinstance(operation, SyncFolder) else self._names[operation.name]
        now = [one for one in self._pending if _makes_sure(operation, file, one)]
        content = bytearray(b"" if file is None else self._sure.get(file, b""))
        for one in now:
            _do(one.operation, one.file, whole_of(one)[1:], self._sure_names, content)
        if file is not None:
            self._sure[file] = bytes(content)
        self._pending = [one for one in self._pending if one not in now]


def whole_of(one: Pending) -> Kept:
    """All of an operation."""
    operation = one.operation
    if isinstance(operation, Write):
        return one.number, operation.offset, operation.offset + len(operation.data)
    return one.number, 0, 0


def said(operation: Operation) -> str:
    """An operation in words."""
    if isinstance(operation, SyncFolder):
        return f"sync of the folder {operation.name}".rstrip()
    to = f" to {operation.to}" if isinstance(operation, Rename | Link) else ""
    return f"{type(operation).__name__.lower()} of {operation.name}{to}"


def is_name(operation: Operation) -> TypeGuard[Naming]:
    """Whether it is about which files there are."""
    return isinstance(operation, Naming)


def _makes_sure(operation: Sync | SyncFolder, file: int | None, one: Pending) -> bool:
    """Whether a sync, of a file or of a folder, makes an operation sure."""
    if not is_name(one.operation):
        return file == one.file
    name = one.operation.to if isinstance(one.operation, Rename | Link) else one.operation.name
    return isinstance(operation, SyncFolder) and operation.name == "".join(_above(name)[-1:])


def _above(name: str) -> list[str]:
    """The folders that a file is in, or a folder, the outermost first."""
    return [name[: place + 1] for place, sign in enumerate(name[:-1]) if sign == "/"]


def _do(
    operation: Naming | Write | Truncate,
    file: int,
    part: tuple[int, int],
    names: dict[str, int],
    content: bytearray,
) -> None:
    """Do a part of an operation, to a file's name or to its content."""
    if isinstance(operation, Create):
        names[operation.name] = file
    elif isinstance(operation, Link):
        names[operation.to] = file
    elif isinstance(operation, Rename):
        if names.get(operation.name) == file:
            del names[operation.name]
        names[operation.to] = file
    elif isinstance(operation, Delete):
        names.pop(operation.name, None)
    elif isinstance(operation, Truncate):
        del content[operation.size :]
    else:
        first, last = part
        content.extend(bytes(max(0, last - len(content))))
        content[first:last] = operation.data[first - operation.offset : last - operation.offset]
