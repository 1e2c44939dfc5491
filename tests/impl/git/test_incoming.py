# SPDX-License-Identifier: Apache-2.0
"""What is not a sound pack of sound objects is refused, says why, and leaves nothing."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from hashlib import sha1
from io import BytesIO

import pytest
from dulwich.object_format import SHA1
from dulwich.pack import PackData, PackInflater
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.impl.git.checks import links_of
from edgeproof.impl.git.entries import BLOB, COMMIT, TAG, TREE, header
from edgeproof.impl.git.incoming import Base, check_pack
from edgeproof.impl.git.limits import DEFAULT, Limits, Refused
from edgeproof.impl.git.repository import Repository
from tests.impl.git.made import (
    MAIN,
    WHO,
    blob,
    commit,
    inserting,
    ofs_delta,
    one_file,
    packed,
    push,
    ref_delta,
    repository,
    rows,
    size,
    tree,
)

FIRST, ROOT, FILE = one_file(b"one")
FOREIGN = b"\1" * 20
SMALL = Limits(object=10_000, tree=1_000, objects=50, inflated=100_000, delta_depth=5, held=500, streamed=2_000)


class Nothing:
    """A repository without any object."""

    def find(self, id: bytes) -> Base | None:
        return None

    def content(self, key: int) -> bytes:
        raise AssertionError(key)


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    repo = repository(tmp_path_factory.mktemp("repo"), SMALL)
    yield repo
    repo.close()


def chain(length: int) -> list[bytes]:
    """Deltas, each upon the one before, of which the first is upon FILE."""
    said, before = [], FILE
    for number in range(length):
        after = blob(b"content %d" % number)
        said.append(ref_delta(before.id, inserting(len(before.content), after.content)))
        before = after
    return said


def bomb(declared: int, real: int) -> bytes:
    return header(BLOB, declared) + zlib.compress(bytes(real))


LYING = {
    "the entries are fewer than it says": (packed(FIRST, count=2), "ends in the middle|cannot be inflated|kind"),
    "the entries are more than it says": (packed(FIRST, ROOT, FILE, count=2), "more in it"),
    "its checksum is another": (packed(FIRST)[:-1] + b"!", "checksum"),
    "it is cut off": (packed(FIRST, ROOT, FILE)[:60], "checksum"),
    "it is no pack": (b"KCAP" + packed()[4:], "no pack"),
    "it is of version 3": (b"PACK\0\0\0\3" + packed()[8:], "no pack"),
    "it declares more objects than may be": (packed(count=2**32 - 1), "at most 50 objects"),
    "an object declares 2 GB": (packed(header(BLOB, 2**31) + zlib.compress(b"")), "at most 10000 bytes"),
    "an object declares what no number holds": (packed(b"\xb0" + b"\xff" * 12), "no object has"),
    "an object has more bytes than it declares": (packed(bomb(10, 9_000)), "another size"),
    "an object has fewer bytes than it declares": (packed(bomb(9_000, 10)), "another size"),
    "a large object has more bytes than it declares": (packed(bomb(3_000, 9_000_000)), "another size"),
    "a large object has fewer bytes than it declares": (packed(bomb(9_000, 10)), "another size"),
    "it inflates to too much": (packed(*[blob(bytes(9_000 + n)) for n in range(12)]), "inflates to more"),
    "its data are no zlib": (packed(header(BLOB, 5) + b"hello"), "cannot be inflated"),
    "an entry is of kind 5": (packed(header(5, 5) + zlib.compress(b"hello")), "kind 5"),
    "an object is there twice": (packed(FILE, FILE), "twice"),
    "a delta has its base before the pack": (packed(ofs_delta(400, b"")), "without their bases"),
    "a delta has itself as its base": (packed(ofs_delta(0, b"\0\0")), "without their bases"),
    "a delta has its base nowhere": (packed(ref_delta(FOREIGN, inserting(3, b"x"))), "without their bases"),
    "deltas are upon each other": (
        packed(ref_delta(FOREIGN, inserting(1, b"a")), ref_delta(b"\2" * 20, inserting(1, b"b"))),
        "without their bases",
    ),
    "a delta is upon a base of another size": (packed(FILE, ref_delta(FILE.id, inserting(99, b"x"))), "does not fit"),
    "a delta makes less than it says": (packed(FILE, ref_delta(FILE.id, size(3) + size(9) + b"\1x")), "does not fit"),
    "a delta copies from beyond its base": (
        packed(FILE, ref_delta(FILE.id, size(3) + size(200) + b"\x90\xc8")),
        "does not fit",
    ),
    "a delta says it makes 2 GB": (packed(FILE, ref_delta(FILE.id, size(3) + size(2**31))), "at most 10000 bytes"),
    "a delta ends before it says anything": (packed(FILE, ref_delta(FILE.id, b"")), "malformed"),
    "deltas are upon too many others": (packed(FILE, *chain(6)), "more than 5 others"),
    "a tree is larger than trees may be": (
        packed(tree(*[(b"100644", b"f%03d" % n, FILE.id) for n in range(50)])),
        "a tree has at most",
    ),
    "what it links to is nowhere": (packed(FIRST, ROOT), "lacks the blob"),
    "a commit's tree is a blob": (
        packed(commit(FILE), FILE),
        "linked to as a tree, and is none",
    ),
    "one object is linked to as two types": (
        packed(tree((b"100644", b"a", FILE.id), (b"40000", b"b", FILE.id)), FILE),
        "two types",
    ),
}


@pytest.mark.parametrize("how", LYING)
def test_a_pack_that_lies_is_refused(repo: Repository, how: str) -> None:
    pack, why = LYING[how]
    with pytest.raises(Refused, match=why):
        push(repo, pack, (MAIN, None, FIRST))
    assert rows(repo) == [0, 0, 0, 0, 0]


GIT = FILE.id
ODD_TREES = {
    "entries out of order": [(b"100644", b"b", GIT), (b"100644", b"a", GIT)],
    "a folder sorted as a file": [(b"40000", b"a", GIT), (b"100644", b"a.b", GIT)],
    "two of one name": [(b"100644", b"a", GIT), (b"100644", b"a", GIT)],
    "a file and a folder of one name": [(b"100644", b"a", GIT), (b"100644", b"a.b", GIT), (b"40000", b"a", GIT)],
    "a mode with a zero before it": [(b"040000", b"a", GIT)],
    "a mode that nothing has": [(b"100600", b"a", GIT)],
    "a name with a slash": [(b"100644", b"a/b", GIT)],
    "a name that is empty": [(b"100644", b"", GIT)],
    ".": [(b"100644", b".", GIT)],
    "..": [(b"40000", b"..", GIT)],
    ".git": [(b"40000", b".git", GIT)],
    ".GIT": [(b"40000", b".GiT", GIT)],
    ".git, as HFS+ reads it": [(b"40000", ".g\u200cit".encode(), GIT)],
    ".git, as HFS+ reads it from its first letter on": [(b"40000", "\u200c.git".encode(), GIT)],
    ".git, as NTFS shortens it": [(b"40000", b"git~1", GIT)],
    ".git, as NTFS reads it": [(b"40000", b".git. . ", GIT)],
    ".git, as an NTFS stream": [(b"40000", b".git::$INDEX_ALLOCATION", GIT)],
    ".git behind a backslash": [(b"40000", b"a\\.git", GIT)],
    ".gitmodules as a link": [(b"120000", b".gitmodules", GIT)],
}


@pytest.mark.parametrize("how", ODD_TREES)
def test_a_tree_that_git_would_not_write_is_refused(how: str) -> None:
    with pytest.raises(Refused, match="tree"):
        links_of(TREE, tree(*ODD_TREES[how]).content)


def test_trees_that_git_writes_are_taken() -> None:
    names = [b".gitignore", b".github", b"a", b"a-b", b"a.b", "\u00fc".encode(), b"git"]
    assert len(links_of(TREE, tree(*[(b"100644", name, GIT) for name in sorted(names)]).content)) == len(names)
    submodule = tree((b"160000", b"sub", FOREIGN), (b"120000", b"link", GIT))
    with pytest.raises(Refused, match="order"):
        links_of(TREE, submodule.content)
    assert links_of(TREE, tree((b"120000", b"link", GIT), (b"160000", b"sub", FOREIGN)).content) == [(GIT, BLOB)]


WORDS = b"tree %s\nauthor %s\ncommitter %s\n\nm" % (b"a" * 40, WHO, WHO)


@pytest.mark.parametrize(
    "content",
    [
        WORDS.replace(b"tree ", b"tree  "),
        WORDS.replace(b"a" * 40, b"A" * 40),
        WORDS.replace(b"author", b"writer"),
        WORDS.replace(b"1700000000", b"01700000000"),
        WORDS.replace(b" +0000", b""),
        WORDS.replace(b"<a@", b"<<a@"),
        WORDS.replace(b"\n\n", b"\ntree %s\n\n" % (b"a" * 40)),
        WORDS.replace(b"\n\n", b"\nnote \0\n\n"),
        b"",
    ],
)
def test_a_commit_that_git_would_not_write_is_refused(content: bytes) -> None:
    with pytest.raises(Refused, match="commit"):
        links_of(COMMIT, content)


def test_commits_and_tags_that_git_writes_are_taken() -> None:
    signed = WORDS.replace(b"\n\n", b"\nencoding latin-1\ngpgsig -----BEGIN\n more\n -----END\n\n", 1)
    assert links_of(COMMIT, signed) == [(b"\xaa" * 20, TREE)]
    tag = b"object %s\ntype commit\ntag v1\ntagger %s\n\nm" % (b"b" * 40, WHO)
    assert links_of(TAG, tag) == [(b"\xbb" * 20, COMMIT)]
    with pytest.raises(Refused, match="tag"):
        links_of(TAG, tag.replace(b"type commit", b"type thing"))


def test_deltas_may_come_before_their_bases_and_upon_each_other() -> None:
    deltas = chain(4)
    found = check_pack(memoryview(packed(*reversed(deltas), FILE)), DEFAULT, Nothing())
    assert {one.id for one in found.entries} == {FILE.id, *(blob(b"content %d" % n).id for n in range(4))}


def test_a_large_blob_has_the_same_id_as_it_would_have_in_memory() -> None:
    large = blob(sha1(b"x").digest() * 500)
    found = check_pack(memoryview(packed(large)), SMALL, Nothing())
    assert found.entries[0].id == large.id


@given(st.data())
def test_whatever_is_changed_in_a_pack_it_is_refused_or_read_as_dulwich_reads_it(data: st.DataObject) -> None:
    whole = bytearray(packed(FIRST, ROOT, FILE, *chain(3))[:-20])
    for _ in range(data.draw(st.integers(0, 2))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    changed = bytes(whole) + sha1(whole).digest()
    try:
        found = check_pack(memoryview(changed), SMALL, Nothing())
    except Refused:
        return
    peer = PackInflater.for_pack_data(PackData.from_file(BytesIO(changed), SHA1, len(changed)))
    assert {one.id.hex().encode() for one in found.entries} == {one.id for one in peer}
