# SPDX-License-Identifier: Apache-2.0
"""Requests that no Git client would send are refused, change nothing, and a Git client can say why."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from dulwich.protocol import pkt_line

from edgeproof.impl.git.entries import BLOB, header
from edgeproof.impl.git.limits import Limits
from edgeproof.impl.git.updates import NONE
from tests.git.serving import Git, Served, serving
from tests.impl.git.made import MAIN, Made, one_file, packed, ref_delta, size

LIMITS = Limits(object=2_000_000, pack=3_000_000, request=100_000, inflated=8_000_000)
FIRST, ROOT, FILE = one_file(b"one")
FLUSH = b"0000"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("wire"), git=LIMITS) as server:
        yield server


@pytest.fixture(scope="module")
def token(server: Served) -> str:
    return server.repo("mine")


def post(
    server: Served, token: str, service: str, body: bytes, encoding: str = "", version: str = ""
) -> tuple[int, bytes]:
    kind = f"application/x-git-{service}-pack-request"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": kind, "Git-Protocol": version}
    if encoding:
        headers["Content-Encoding"] = encoding
    status, _, said = server.send("POST", f"/git/default/mine.git/git-{service}-pack", body, headers)
    return status, said


def pushing(pack: bytes, ref: bytes = MAIN, new: Made = FIRST) -> bytes:
    update = b"%s %s %s\0report-status" % (NONE.hex().encode(), new.id.hex().encode(), ref)
    return pkt_line(update) + FLUSH + pack


WANT = b"want " + FIRST.id.hex().encode()
LINES = {
    "a length that is no number": (b"00zz", "no number"),
    "a length with a sign": (b"-001", "no number"),
    "a length of three": (b"0003", "length 3"),
    "a line that is cut off": (b"0040want", "middle of a line"),
    "a length that is cut off": (b"00", "no number"),
    "an id that is none": (pkt_line(b"want " + b"x" * 40) + FLUSH, "id of an object"),
    "an object that is nowhere": (pkt_line(b"want " + b"1" * 40) + FLUSH + pkt_line(b"done"), "not our ref"),
    "a have before the wants are over": (pkt_line(b"have " + b"1" * 40) + FLUSH, "before its wants"),
    "a depth that is none": (pkt_line(WANT) + pkt_line(b"deepen -1") + FLUSH, "a depth"),
    "a filter": (pkt_line(WANT) + pkt_line(b"filter blob:none") + FLUSH, "filter is not supported"),
    "more than a request may have": (pkt_line(WANT) * 3_000 + FLUSH, "at most 100000 bytes"),
}


@pytest.mark.parametrize("how", LINES)
def test_a_fetch_that_is_malformed_is_answered_by_an_error(server: Served, token: str, how: str) -> None:
    body, why = LINES[how]
    status, said = post(server, token, "upload", body)
    assert status == 200
    assert said[4:8] == b"ERR "
    assert why in said.decode()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (pkt_line(b"command=push") + FLUSH, "no command push"),
        (pkt_line(b"command=fetch") + pkt_line(b"object-format=sha256") + FLUSH, "SHA-1"),
        (pkt_line(b"command=fetch") + b"0001" + pkt_line(b"sing") + FLUSH, "no argument sing"),
        (pkt_line(b"command=fetch") + b"0001" + pkt_line(b"filter blob:none") + FLUSH, "filter"),
        (pkt_line(b"command=fetch") + b"0001" + pkt_line(b"want " + b"1" * 40) + FLUSH, "not our ref"),
    ],
)
def test_a_command_of_version_2_that_is_malformed_as_well(server: Served, token: str, body: bytes, why: str) -> None:
    _, said = post(server, token, "upload", body, version="version=2")
    assert said[4:8] == b"ERR "
    assert why in said.decode()


def test_a_request_may_be_gzipped_and_is_no_larger_for_it(server: Served, token: str) -> None:
    body = pkt_line(b"want " + b"1" * 40) + FLUSH + pkt_line(b"done")
    assert b"not our ref" in post(server, token, "upload", gzip.compress(body), "gzip")[1]
    assert b"at most 100000" in post(server, token, "upload", gzip.compress(pkt_line(WANT) * 100_000), "gzip")[1]
    assert b"cannot be inflated" in post(server, token, "upload", b"no gzip at all", "gzip")[1]
    assert b"ends before" in post(server, token, "upload", gzip.compress(body[:-12])[:-9], "gzip")[1]
    assert post(server, token, "upload", body, "br")[0] == 415


PACKS = {
    "a pack that is cut off": (packed(FIRST, ROOT, FILE)[:-3], "checksum"),
    "no pack": (b"", "no pack"),
    "an object that declares 2 GB": (packed(header(BLOB, 2**31) + b"x"), "2000000 bytes"),
    "a delta that makes 2 GB": (packed(FILE, ref_delta(FILE.id, size(3) + size(2**31))), "2000000 bytes"),
    "a commit without its tree": (packed(FIRST), "lacks the tree"),
}


@pytest.mark.parametrize("how", PACKS)
def test_a_pack_that_is_unsound_is_not_unpacked(server: Served, token: str, how: str) -> None:
    pack, why = PACKS[how]
    status, said = post(server, token, "receive", pushing(pack))
    assert status == 200
    assert said[4:].startswith(b"unpack ")
    assert why in said.decode()
    assert b"ng refs/heads/main unpacker error" in said
    assert refs(server, token) == []


def test_a_pack_may_come_gzipped_and_is_no_larger_for_it(server: Served, token: str) -> None:
    bomb = gzip.compress(pushing(bytes(9_000_000)))
    assert b"at most 3000000 bytes" in post(server, token, "receive", bomb, "gzip")[1]
    branch = b"refs/heads/gzipped"
    said = post(server, token, "receive", gzip.compress(pushing(packed(FIRST, ROOT, FILE), branch)), "gzip")[1]
    assert b"ok refs/heads/gzipped" in said
    assert refs(server, token) == [branch]
    delete = b"%s %s %s\0report-status" % (FIRST.id.hex().encode(), NONE.hex().encode(), branch)
    # It came first, so that HEAD stands for it.
    assert b"current branch" in post(server, token, "receive", pkt_line(delete) + FLUSH)[1]


def test_more_than_a_pack_may_have_is_not_even_read(server: Served, token: str) -> None:
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=20)
    connection.putrequest("POST", "/git/default/mine.git/git-receive-pack")
    connection.putheader("Authorization", f"Bearer {token}")
    connection.putheader("Content-Length", str(2**31))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


@pytest.mark.parametrize(
    "name", [b"refs/heads/a..b", b"refs/heads/x.lock", b"refs/heads/\x7f", b"HEAD", b"refs/heads/"]
)
def test_a_ref_that_git_would_not_name_so_is_not_made(server: Served, token: str, name: bytes) -> None:
    before = refs(server, token)
    said = post(server, token, "receive", pushing(packed(FIRST, ROOT, FILE), name))[1]
    assert b"ng " + name + b" funny refname" in said
    assert refs(server, token) == before


def test_what_is_none_of_the_three_requests_is_not_there(server: Served, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    for method, path in (
        ("GET", "/info/refs"),
        ("GET", "/info/refs?service=git-archive"),
        ("GET", "/HEAD"),
        ("GET", "/objects/info/packs"),
        ("GET", "/git-upload-pack"),
        ("POST", "/info/refs?service=git-upload-pack"),
        ("GET", "/../../etc/passwd"),
    ):
        assert server.send(method, f"/git/default/mine.git{path}", headers=headers)[0] == 404
    path = "/git/default/mine.git/git-upload-pack"
    assert server.send("POST", path, b"0000", {**headers, "Content-Type": "text/plain"})[0] == 415


def test_the_stock_client_says_why_it_was_refused(
    server: Served, token: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    git = Git(tmp_path_factory.mktemp("refused"), token)
    git("init", "-q", "-b", "main")
    (git.folder / "large").write_bytes(bytes(2_000_001))
    git.commit("too large")
    said = git("push", server.remote("mine"), "main", fails=True)
    assert "an object has at most 2000000 bytes" in said
    assert "unpacker error" in said


def refs(server: Served, token: str) -> list[bytes]:
    body = pkt_line(b"command=ls-refs\n") + b"0001" + FLUSH
    _, said = post(server, token, "upload", body, version="version=2")
    names = []
    while said and said != FLUSH:
        length = int(said[:4], 16)
        names.append(said[45:length].strip())
        said = said[length:]
    return [name for name in names if name != b"HEAD"]
