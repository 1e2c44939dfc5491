# SPDX-License-Identifier: Apache-2.0
"""`git-upload-pack` over stateless HTTP, versions 0 and 1 (gitprotocol-pack) and 2 (gitprotocol-v2).

Every request says all that the ones before it have said, so that nothing is kept in between.
"""

from __future__ import annotations

from collections.abc import Iterator

from dulwich.protocol import pkt_line

from edgeproof.impl.git.advertising import ls_refs
from edgeproof.impl.git.asked import Asked, Depth, check_wants, depth_of, pack_for
from edgeproof.impl.git.limits import Refused
from edgeproof.impl.git.outgoing import Format
from edgeproof.impl.git.repository import Repository
from edgeproof.impl.git.view import View
from edgeproof.impl.git.walk import meets
from edgeproof.impl.git.wire import DELIM, Mark, Reader, band, capabilities, flush

__all__ = ["upload_pack", "upload_pack_2"]


# --- versions 0 and 1


def upload_pack(repository: Repository, reader: Reader) -> Iterator[bytes]:
    """Answer one request of version 0 or 1. Raises Refused, before anything is said."""
    asked, said = _needs(reader)
    if not asked.wants:
        return
    with repository.view() as view:
        check_wants(repository, view, asked)
        depth = depth_of(view, asked)
        if depth.told:
            yield b"".join(_depth_lines(view, depth)) + flush
        talk = _Talk(view, asked, said)
        yield from talk.answer(reader)
        if talk.over:
            pack = pack_for(view, asked, depth)
            if b"side-band-64k" in said:
                yield from band(1, pack)
                yield flush
            else:
                yield from pack


def _needs(reader: Reader) -> tuple[Asked, dict[bytes, bytes]]:
    asked, said = Asked(), dict[bytes, bytes]()
    while isinstance(line := reader.text(), bytes):
        if line.startswith(b"want ") and not asked.wants:
            line, words = line[:45], line[45:]
            said = capabilities(words)
        if line.startswith(b"have ") or not asked.take(line):
            raise Refused("the request says something before its wants are over")
    asked.relative = b"deepen-relative" in said
    asked.include_tag = b"include-tag" in said
    asked.form = Format(offsets=b"ofs-delta" in said, thin=b"thin-pack" in said)
    return asked, said


class _Talk:
    """The client tells what it has, until both know of enough in common (multi_ack_detailed, or plain)."""

    def __init__(self, view: View, asked: Asked, said: dict[bytes, bytes]) -> None:
        self._view, self._asked = view, asked
        self._detailed, self._no_done = b"multi_ack_detailed" in said, b"no-done" in said
        self._last = b""
        self.over = False
        """Whether the pack comes next."""

    def answer(self, reader: Reader) -> Iterator[bytes]:
        ready, other, common = False, False, False
        while (line := reader.text()) is not None:
            if line == b"done":
                yield self._end()
            elif isinstance(line, Mark):
                if self._detailed and common and not other and self._enough():
                    ready = True
                    yield self._ack(b" ready")
                if self._detailed or not self._asked.haves:
                    yield pkt_line(b"NAK\n")
                if ready and self._no_done:
                    yield self._end()
                other = common = False
            else:
                known = self._hear(line)
                common, other = common or known, other or not known
                if known and (self._detailed or len(self._asked.haves) == 1):
                    yield self._ack(b" common" if self._detailed else b"")
                elif not known and self._detailed and self._enough():
                    ready = True
                    yield self._ack(b" ready", line[5:])
            if self.over:
                return

    def _hear(self, line: bytes) -> bool:
        before = len(self._asked.haves)
        if not line.startswith(b"have ") or not self._asked.take(line):
            raise Refused("the request says something else where it should say what the client has")
        if self._view.key(self._asked.haves[-1]) is None:
            del self._asked.haves[before:]
            return False
        self._last = line[5:]
        return True

    def _enough(self) -> bool:
        return meets(self._view, self._view.keys(self._asked.wants), self._view.keys(self._asked.haves))

    def _end(self) -> bytes:
        self.over = True
        return self._ack(b"") if self._asked.haves else pkt_line(b"NAK\n")

    def _ack(self, word: bytes, id: bytes = b"") -> bytes:
        return pkt_line(b"ACK " + (id or self._last) + word + b"\n")


# --- version 2


def upload_pack_2(repository: Repository, reader: Reader) -> Iterator[bytes]:
    """Answer one command of version 2. Raises Refused, before anything is said."""
    line = reader.text()
    if not isinstance(line, bytes):
        return
    command = line.removeprefix(b"command=")
    while isinstance(line := reader.text(), bytes):
        if line.startswith(b"object-format=") and line != b"object-format=sha1":
            raise Refused("objects have SHA-1 names here")
    arguments = []
    if line is Mark.DELIM:
        while isinstance(line := reader.text(), bytes):
            arguments.append(line)
    if command == b"ls-refs":
        yield from ls_refs(repository, arguments)
    elif command == b"fetch":
        yield from _fetch(repository, arguments)
    else:
        raise Refused(f"there is no command {command.decode(errors='replace')}")


def _fetch(repository: Repository, arguments: list[bytes]) -> Iterator[bytes]:
    asked, done = Asked(), b"done" in arguments
    for line in arguments:
        if not asked.take(line) and line not in _WORDS:
            raise Refused(f"fetch has no argument {line[:40].decode(errors='replace')}")
    asked.relative = b"deepen-relative" in arguments
    asked.include_tag = b"include-tag" in arguments
    asked.form = Format(offsets=b"ofs-delta" in arguments, thin=b"thin-pack" in arguments)
    with repository.view() as view:
        check_wants(repository, view, asked)
        if not asked.wants:
            return
        if asked.haves and not done:
            common = [id for id in asked.haves if view.key(id) is not None]
            ready = meets(view, view.keys(asked.wants), view.keys(common))
            yield b"".join(_acknowledgments(common, ready)) + (DELIM if ready else flush)
            if not ready:
                return
        depth = depth_of(view, asked)
        if depth.told:
            yield pkt_line(b"shallow-info\n") + b"".join(_depth_lines(view, depth)) + DELIM
        yield pkt_line(b"packfile\n")
        yield from band(1, pack_for(view, asked, depth))
        yield flush


_WORDS = frozenset((b"done", b"thin-pack", b"no-progress", b"include-tag", b"ofs-delta", b"deepen-relative"))


def _acknowledgments(common: list[bytes], ready: bool) -> Iterator[bytes]:
    yield pkt_line(b"acknowledgments\n")
    if not common:
        yield pkt_line(b"NAK\n")
    for id in common:
        yield pkt_line(b"ACK " + id.hex().encode() + b"\n")
    if ready:
        yield pkt_line(b"ready\n")


def _depth_lines(view: View, depth: Depth) -> Iterator[bytes]:
    for word, keys in ((b"shallow ", depth.shallow), (b"unshallow ", depth.unshallow)):
        for key in keys:
            yield pkt_line(word + view.name(key).hex().encode())
