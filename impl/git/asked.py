# SPDX-License-Identifier: Apache-2.0
"""What a fetch asks for, whichever version of the protocol says it, and what it gets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import define, field, frozen

from edgeproof.impl.git.limits import Refused
from edgeproof.impl.git.outgoing import Format, write_pack
from edgeproof.impl.git.repository import Repository
from edgeproof.impl.git.view import View
from edgeproof.impl.git.walk import Lacking, closure, depths, lacking, parents, peel
from edgeproof.impl.git.wire import id_of

__all__ = ["ALL", "Asked", "Depth", "check_wants", "depth_of", "pack_for"]

ALL: Final = 0x7FFFFFFF
"""The depth that stands for a whole history."""


@define
class Asked:
    """Ids as they come in."""

    wants: list[bytes] = field(factory=list)
    haves: list[bytes] = field(factory=list)
    shallow: list[bytes] = field(factory=list)
    """Commits that the client has without their parents."""
    depth: int | None = None
    relative: bool = False
    """Whether the depth counts from where the client's history ends."""
    include_tag: bool = False
    form: Format = field(factory=Format)

    def take(self, line: bytes) -> bool:
        """Take in a line that both versions have; False if it is another. Raises Refused for a malformed one."""
        word, _, value = line.partition(b" ")
        if word == b"want":
            self.wants.append(id_of(value))
        elif word == b"have":
            self.haves.append(id_of(value))
        elif word == b"shallow":
            self.shallow.append(id_of(value))
        elif word == b"deepen":
            self.depth = _depth(value)
        elif word in (b"filter", b"deepen-since", b"deepen-not"):
            raise Refused(f"{word.decode()} is not supported here")
        else:
            return False
        return True


@frozen
class Depth:
    """Where the history that is sent ends, by the objects' numbers."""

    told: bool
    """Whether the client waits to hear of it."""
    shallow: list[int]
    """Commits that the client will have without their parents, and had not, or had with them."""
    unshallow: list[int]
    ends: set[int]
    had: set[int]
    """Those whose parents the client does not have now."""
    more: set[int]
    """Wanted besides, as they are below what the client has."""


def check_wants(repository: Repository, view: View, asked: Asked) -> None:
    """Raise Refused for an object that may not be asked for."""
    for id in asked.wants:
        if not repository.may_fetch(view, id):
            raise Refused(f"upload-pack: not our ref {id.hex()}")


def depth_of(view: View, asked: Asked) -> Depth:
    """How deep the history is that the client gets."""
    had = set(view.keys(asked.shallow))
    if asked.depth is None:
        return Depth(False, [], [], had, had, set())
    if asked.depth >= ALL:
        return Depth(True, [], sorted(had), set(), had, parents(view, had))
    if asked.relative:
        found = depths(view, had, asked.depth + 1)
        last = asked.depth + 1
    else:
        found = depths(view, view.keys(asked.wants), asked.depth)
        last = asked.depth
    ends = {key for key, depth in found.items() if depth == last}
    deeper = had & (found.keys() - ends)
    return Depth(True, sorted(ends - had), sorted(deeper), ends | (had - deeper), had, parents(view, deeper))


def pack_for(view: View, asked: Asked, depth: Depth) -> Iterator[bytes]:
    """The pack that the client lacks, in pieces."""
    wants = [*view.keys(asked.wants), *depth.more]
    found = lacking(view, wants, view.keys(asked.haves), depth.ends, depth.had)
    if asked.include_tag:
        _add_tags(view, found)
    return write_pack(view, found.objects, found.common, asked.form)


def _add_tags(view: View, found: Lacking) -> None:
    """The tags of what is sent, also if nobody has asked for them."""
    for ref in view.refs():
        key = view.key(ref.id)
        if ref.peeled is not None and key is not None and view.key(ref.peeled) in found.objects:
            closure(view, peel(view, key), found.objects)


def _depth(value: bytes) -> int:
    if not value.isdigit() or len(value) > 10 or int(value) == 0:
        raise Refused("the request has something else where a depth should be")
    return int(value)
