# SPDX-License-Identifier: Apache-2.0
"""A Git client with tokens, over HTTP on loopback, before a Git server: what the token design is for."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from attrs import frozen
from dulwich import porcelain
from dulwich.objects import Commit, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo
from dulwich.server import BackendRepo, DictBackend
from dulwich.web import make_wsgi_chain

from impl.database import connect
from impl.git import GitDoor
from impl.kv import KVLocation, KVNamespace, LocationCache
from impl.replicator import Replicator
from impl.runtime import SimulatedRuntime
from impl.store import ConfigStore
from impl.token_edge import TokenGate, TokenPublication
from impl.token_table import TokenTable
from impl.tokens import Credential, Decision, Request

PATH = "/git/team/mine.git"
PERSON = b"A <a@example.com>"


class Platform:
    """A repo's tokens, KV and one location, in virtual time; `publish` is what the alarm does."""

    def __init__(self) -> None:
        self.runtime = SimulatedRuntime()
        store = ConfigStore(connect(), self.runtime)
        self.table = TokenTable("team/mine", store, self.runtime)
        self._kv = KVNamespace(self.runtime)
        self._object, self._isolate = self.runtime.instance(), self.runtime.instance()
        self._replicator = Replicator(store, self._kv, self._object, TokenPublication("token:"))
        cache = LocationCache()
        location = KVLocation(self._kv, self.runtime, lambda: cache)
        self._gate = TokenGate(location, self._isolate, self.runtime, "token:")

    def publish(self) -> None:
        task = self._object.spawn(self._replicator.on_alarm())
        self.runtime.resolve(self._object.pending[-1])
        task.outcome()

    def mint(self, scope: str) -> Credential:
        credential = self.table.mint(scope, 3600)
        self.publish()
        return credential

    def decide(self, request: Request) -> Decision:
        task = self._isolate.spawn(self._gate.decide(request))
        self.runtime.resolve(self._isolate.pending[-1])
        decision: Decision = task.outcome()
        return decision


@frozen
class Server:
    """Where it listens, and whether the Durable Object checks pushes once more."""

    address: str
    rechecks: bool


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        return None


@pytest.fixture
def platform() -> Platform:
    return Platform()


def first_commit(repo: Repo) -> Repo:
    tree, first = Tree(), Commit()
    first.tree = tree.id
    first.author = first.committer = PERSON
    first.author_time = first.commit_time = 0
    first.author_timezone = first.commit_timezone = 0
    first.message = b"first"
    for one in (tree, first):
        repo.object_store.add_object(one)
    repo.refs[Ref(b"refs/heads/main")] = first.id
    repo.refs.set_symbolic_ref(Ref(b"HEAD"), Ref(b"refs/heads/main"))
    return repo


@pytest.fixture(params=[True, False], ids=["rechecked", "not-rechecked"])
def server(request: pytest.FixtureRequest, platform: Platform, tmp_path: Path) -> Iterator[Server]:
    repo = first_commit(Repo.init_bare(tmp_path / "served", mkdir=True))
    repos: dict[str, BackendRepo] = {PATH: repo}
    served = make_wsgi_chain(DictBackend(repos))
    door = GitDoor(served, platform.decide, platform.table.decide if request.param else None)
    with make_server("127.0.0.1", 0, door, handler_class=Quiet) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield Server(f"http://127.0.0.1:{listening.server_port}{PATH}", request.param)
        listening.shutdown()
        thread.join()
    repo.close()


def clone(server: Server, token: Credential, target: Path) -> Repo:
    return porcelain.clone(
        server.address, str(target), username="git", password=token.secret, errstream=porcelain.NoneStream()
    )


def push(server: Server, repo: Repo, token: Credential) -> None:
    repo.get_worktree().commit(message=b"another", committer=PERSON, author=PERSON)
    silent: Any = porcelain.NoneStream()
    porcelain.push(
        repo,
        server.address,
        "HEAD:refs/heads/main",
        username="git",
        password=token.secret,
        outstream=silent,
        errstream=silent,
    )


def test_a_read_token_clones_and_does_not_push(server: Server, platform: Platform, tmp_path: Path) -> None:
    token = platform.mint("read")
    with clone(server, token, tmp_path / "copy") as repo, pytest.raises(Exception, match="403"):
        push(server, repo, token)


def test_a_write_token_pushes_what_others_then_clone(server: Server, platform: Platform, tmp_path: Path) -> None:
    token = platform.mint("write")
    with clone(server, token, tmp_path / "copy") as repo:
        push(server, repo, token)
        with clone(server, platform.mint("read"), tmp_path / "other") as other:
            assert other.head() == repo.head()


def test_a_revoked_token_clones_until_its_copy_times_out_and_pushes_only_where_nobody_checks_again(
    server: Server, platform: Platform, tmp_path: Path
) -> None:
    token = platform.mint("write")
    with clone(server, token, tmp_path / "copy") as repo:
        platform.table.revoke(token.text)
        platform.publish()
        clone(server, token, tmp_path / "still").close()
        if server.rechecks:
            with pytest.raises(Exception, match="403"):
                push(server, repo, token)
        else:
            push(server, repo, token)
    platform.runtime.advance(60.5)
    with pytest.raises(Exception, match="403"):
        clone(server, token, tmp_path / "never")


# --- the door itself


def through(
    door: GitDoor, path: str, *, method: str = "GET", query: str = "", header: str = ""
) -> tuple[str, dict[str, str]]:
    told: list[tuple[str, dict[str, str]]] = []
    environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "QUERY_STRING": query, "HTTP_AUTHORIZATION": header}
    list(door(environ, lambda status, headers: told.append((status, dict(headers)))))
    return told[0]


SECRET = "art_v1_" + "ab" * 20
BEARER = f"Bearer {SECRET}?expires=1000"
BASIC = "Basic " + base64.b64encode(f"anybody:{SECRET}".encode()).decode()
UPLOAD = "service=git-upload-pack"


class Recorder:
    """A server behind the door, and a check before it that admits everybody, both of which note what they see."""

    def __init__(self) -> None:
        self.environs: list[dict[str, Any]] = []
        self.requests: list[Request] = []
        self.door = GitDoor(self.serve, self.decide, None)

    def serve(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.environs.append(environ)
        start_response("200 OK", [])
        return [b""]

    def decide(self, request: Request) -> Decision:
        self.requests.append(request)
        return Decision(True, "")


@pytest.mark.parametrize("header", [BEARER, BEARER.replace("Bearer", "bearer"), f"Bearer {SECRET}", BASIC])
def test_a_token_is_taken_from_either_header_and_not_passed_on(header: str) -> None:
    behind = Recorder()
    assert through(behind.door, f"{PATH}/info/refs", query=UPLOAD, header=header)[0] == "200 OK"
    (request,) = behind.requests
    assert (request.repo, request.operation, request.credential.secret) == ("team/mine", "fetch", SECRET)
    assert SECRET not in repr(behind.environs)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", f"Digest {SECRET}", SECRET, "Basic ???", "Basic /w==", BASIC[:-8]]
)
def test_without_a_token_that_can_be_read_a_client_is_asked_for_one(header: str) -> None:
    behind = Recorder()
    status, headers = through(behind.door, f"{PATH}/info/refs", query=UPLOAD, header=header)
    assert (status, "WWW-Authenticate" in headers) == ("401 Unauthorized", True)
    assert not behind.requests
    assert not behind.environs


@pytest.mark.parametrize(
    ("path", "method", "query", "operation"),
    [
        (f"{PATH}/info/refs", "GET", UPLOAD, "fetch"),
        (f"{PATH}/info/refs", "GET", "service=git-receive-pack", "push"),
        (f"{PATH}/git-upload-pack", "POST", "", "fetch"),
        (f"{PATH}/git-receive-pack", "POST", "", "push"),
        (f"{PATH}/git-receive-pack", "POST", UPLOAD, "push"),
    ],
)
def test_what_a_request_is_for_is_told_by_its_path(path: str, method: str, query: str, operation: str) -> None:
    behind = Recorder()
    through(behind.door, path, method=method, query=query, header=BEARER)
    assert [one.operation for one in behind.requests] == [operation]


@pytest.mark.parametrize(
    ("path", "method", "query"),
    [
        (f"{PATH}/HEAD", "GET", ""),
        (f"{PATH}/objects/info/packs", "GET", ""),
        (f"{PATH}/info/refs", "GET", ""),
        (f"{PATH}/info/refs", "GET", f"{UPLOAD}&service=git-receive-pack"),
        (f"{PATH}/git-receive-pack", "GET", ""),
        ("/git/team/../yours.git/info/refs", "GET", UPLOAD),
        ("/git/team/mine/info/refs", "GET", UPLOAD),
        ("/git/mine.git/info/refs", "GET", UPLOAD),
        (f"{PATH}/info/refs\n", "GET", UPLOAD),
    ],
)
def test_nothing_but_the_smart_protocol_gets_through(path: str, method: str, query: str) -> None:
    behind = Recorder()
    assert through(behind.door, path, method=method, query=query, header=BEARER)[0] == "404 Not Found"
    assert not behind.requests
    assert not behind.environs
