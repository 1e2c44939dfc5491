# SPDX-License-Identifier: Apache-2.0
"""Objects and packs made by hand, sound ones and others."""

from __future__ import annotations

import zlib
from hashlib import sha1
from pathlib import Path

from attrs import frozen

from edgeproof.impl.git.entries import BLOB, COMMIT, NAMES, OFS_DELTA, REF_DELTA, TREE, header
from edgeproof.impl.git.limits import DEFAULT, Limits
from edgeproof.impl.git.repository import Repository
from edgeproof.impl.git.updates import NONE, Update

MAIN = b"refs/heads/main"
WHO = b"A <a@example.org> 1700000000 +0000"


class Clock:
    """Stands until it is set."""

    def __init__(self) -> None:
        self.time = 1_700_000_000.0

    def now(self) -> float:
        return self.time


@frozen
class Made:
    kind: int
    content: bytes

    @property
    def id(self) -> bytes:
        return sha1(b"%s %d\0" % (NAMES[self.kind], len(self.content)) + self.content).digest()

    @property
    def entry(self) -> bytes:
        return header(self.kind, len(self.content)) + zlib.compress(self.content)


def blob(content: bytes) -> Made:
    return Made(BLOB, content)


def tree(*entries: tuple[bytes, bytes, bytes]) -> Made:
    """Of modes, names and ids."""
    return Made(TREE, b"".join(b"%s %s\0%s" % entry for entry in entries))


def commit(root: Made, *parents: Made, message: bytes = b"m") -> Made:
    lines = [b"tree " + root.id.hex().encode()]
    lines += [b"parent " + parent.id.hex().encode() for parent in parents]
    return Made(COMMIT, b"\n".join([*lines, b"author " + WHO, b"committer " + WHO, b"", message]))


def one_file(content: bytes, *parents: Made) -> tuple[Made, Made, Made]:
    """A commit of one file, its tree and its blob."""
    file = blob(content)
    root = tree((b"100644", b"file", file.id))
    return commit(root, *parents, message=content[:40]), root, file


def ref_delta(base: bytes, delta: bytes) -> bytes:
    return header(REF_DELTA, len(delta), base=base) + zlib.compress(delta)


def ofs_delta(back: int, delta: bytes) -> bytes:
    return header(OFS_DELTA, len(delta), back) + zlib.compress(delta)


def size(number: int) -> bytes:
    """As deltas spell sizes."""
    said = b""
    while number > 0x7F:
        said += bytes([number & 0x7F | 0x80])
        number >>= 7
    return said + bytes([number])


def inserting(base: int, content: bytes) -> bytes:
    """A delta that is upon a base of a size, and takes nothing from it."""
    assert len(content) < 128
    return size(base) + size(len(content)) + bytes([len(content)]) + content


def packed(*entries: Made | bytes, count: int | None = None) -> bytes:
    body = b"".join(one.entry if isinstance(one, Made) else one for one in entries)
    whole = b"PACK" + (2).to_bytes(4, "big") + (len(entries) if count is None else count).to_bytes(4, "big") + body
    return whole + sha1(whole).digest()


def repository(folder: Path, limits: Limits = DEFAULT, clock: Clock | None = None) -> Repository:
    return Repository(folder, clock or Clock(), limits=limits)


def push(to: Repository, pack: bytes | None, *updates: tuple[bytes, Made | None, Made | None]) -> dict[bytes, str]:
    """Push a pack with the updates of refs from one object to another."""
    said = [Update(ref, NONE if old is None else old.id, NONE if new is None else new.id) for ref, old, new in updates]
    if pack is None:
        return to.push(said)
    spool = to.spool()
    spool.write(pack)
    return to.push(said, spool)


def refs(of: Repository) -> dict[bytes, bytes]:
    with of.view() as view:
        return {one.name: one.id for one in view.refs()}


def rows(of: Repository) -> list[int]:
    """How many objects, packs and parts of packs the tables have, and how many files the blob store."""
    with of.view() as view:
        counts = [view.connection.execute(f"SELECT COUNT(*) FROM {one}").fetchone()[0] for one in TABLES]
    return [*counts, len(of.blobs.names())]


TABLES = ("object", "pack", "pack_part", "push")
