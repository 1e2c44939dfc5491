# SPDX-License-Identifier: Apache-2.0
"""Whether objects and names are what Git says they are, as strictly as `git fsck --strict`, and what objects link to.

Git's own check of the bytes of an object is what is followed; dulwich's parsers are more lenient, and twice as slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from dulwich.refs import Ref, check_ref_format

from edgeproof.impl.git.entries import BLOB, COMMIT, NAMES, TAG, TREE
from edgeproof.impl.git.limits import Refused

__all__ = ["Link", "links_of", "ref_problem"]

Link = tuple[bytes, int]
"""The id of an object (20 bytes), and the type that it has to have."""

_LONGEST_REF: Final = 1024

_ENTRY: Final = re.compile(rb"(40000|100644|100755|120000|160000) ([^/\0]+)\0(.{20})", re.DOTALL)
_LEAST_ENTRY: Final = 22
"""Bytes of a tree's entry beyond its mode and its name."""

_IDENT: Final = rb"(?:[^<>\0\n]+ |)<[^<>\0\n]*> (?:0|[1-9][0-9]{0,17}) [+-][0-9]{4}\n"
_COMMIT: Final = re.compile(
    rb"tree ([0-9a-f]{40})\n((?:parent [0-9a-f]{40}\n)*)author " + _IDENT + rb"committer " + _IDENT
)
_TAG: Final = re.compile(
    rb"object ([0-9a-f]{40})\ntype (commit|tree|blob|tag)\ntag [^\0\n]+\n(?:tagger " + _IDENT + rb")?"
)
_TYPES: Final = {name: kind for kind, name in NAMES.items()}

_ODD: Final = re.compile(rb"[.gG]|[^\\\xe2\xef]*[\\\xe2\xef]", re.DOTALL)
"""Names that have to be looked at; no other can be one of those below."""
_NTFS: Final = re.compile(rb"(?:\.git|git~1)[ .]*(?::.*)?", re.IGNORECASE | re.DOTALL)
_IGNORED_BY_HFS: Final = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")


def links_of(kind: int, content: bytes) -> list[Link]:
    """What an object links to. Raises Refused for content that is not of its type; a blob may be anything."""
    if kind == TREE:
        return _tree(content)
    if kind == COMMIT:
        return _commit(content)
    return _tag(content) if kind == TAG else []


def ref_problem(name: bytes) -> str | None:
    """Why a ref may not have this name; None if it may."""
    if not name.startswith(b"refs/") or not check_ref_format(Ref(name)) or len(name) > _LONGEST_REF:
        return "funny refname"
    return None


def _tree(content: bytes) -> list[Link]:
    found = _ENTRY.findall(content)
    if sum(len(mode) + len(name) for mode, name, _ in found) + _LEAST_ENTRY * len(found) != len(content):
        raise Refused("a tree has an entry that is malformed")
    names = [name for _, name, _ in found]
    if len(set(names)) != len(names):
        raise Refused("a tree has two entries of one name")
    order = [name + b"/" if mode == b"40000" else name for mode, name, _ in found]
    if order != sorted(order):
        raise Refused("a tree is not in order")
    _check_paths(names)
    for mode, name, _ in found:
        if mode == b"120000" and name.lower() == b".gitmodules":
            raise Refused("a tree has .gitmodules that is a symbolic link")
    # The commit of a submodule is in another repository.
    return [(id, TREE if mode == b"40000" else BLOB) for mode, _, id in found if mode != b"160000"]


def _check_paths(names: Iterable[bytes]) -> None:
    for name in filter(_ODD.match, names):
        if name in (b".", b".."):
            raise Refused(f"a tree has an entry {name.decode()}")
        parts = [name, *name.split(b"\\")[1:]]
        plain = _IGNORED_BY_HFS.sub("", name.decode(errors="replace")).lower()
        if plain == ".git" or any(map(_NTFS.fullmatch, parts)):
            raise Refused("a tree has an entry .git, or one that some file systems take for it")


def _commit(content: bytes) -> list[Link]:
    found = _COMMIT.match(content)
    if found is None or not _ends_well(content, found.end()):
        raise Refused("a commit is malformed")
    parents = [(bytes.fromhex(line[7:].decode()), COMMIT) for line in found[2].splitlines()]
    return [(bytes.fromhex(found[1].decode()), TREE), *parents]


def _tag(content: bytes) -> list[Link]:
    found = _TAG.match(content)
    if found is None or not _ends_well(content, found.end()):
        raise Refused("a tag is malformed")
    return [(bytes.fromhex(found[1].decode()), _TYPES[found[2]])]


def _ends_well(content: bytes, at: int) -> bool:
    """Whether the rest of the headers holds no NUL and none that may be there once, and then ends."""
    end = content.find(b"\n\n", at - 1)
    rest = content[at : len(content) if end < 0 else end + 1]
    lines = rest.split(b"\n")
    once = (b"tree ", b"parent ", b"author ", b"committer ", b"object ", b"type ", b"tag ", b"tagger ")
    return b"\0" not in rest and not any(line.startswith(once) for line in lines)
