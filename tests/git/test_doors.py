# SPDX-License-Identifier: Apache-2.0
"""What opens a door for Git, at which location, and until when."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgeproof.impl.artifacts.service import CannotKeep
from edgeproof.impl.tokens.tokens import MAX_TTL, MIN_TTL
from tests.git.serving import Git, Served, basic, serving

CACHED = 600.0
"""Seconds that a location serves its copy."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("doors"), cache_ttl=CACHED) as server:
        server.repo("mine")
        server.repo("yours")
        yield server


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Git:
    git = Git(tmp_path_factory.mktemp("work"))
    git("init", "-q", "-b", "main")
    git.commit("first")
    return git


def door(server: Served, header: str | None, operation: str = "upload", repo: str = "mine", pop: str = "ams") -> int:
    """The status of the first request that a client makes."""
    headers = {"Edgeproof-Pop": pop} | ({} if header is None else {"Authorization": header})
    return server.send("GET", f"/git/default/{repo}.git/info/refs?service=git-{operation}-pack", headers=headers)[0]


def eventually(check: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not check():
        assert time.monotonic() < until, "it did not come about within a minute"
        time.sleep(0.05)


def secret(token: str) -> str:
    return token.partition("?")[0]


def test_a_bearer_carries_all_of_a_token_and_a_password_its_secret_whoever_the_user(server: Served) -> None:
    token = server.mint("mine")
    assert door(server, f"Bearer {token}") == 200
    assert door(server, basic("anybody", secret(token))) == 200
    assert door(server, basic("", secret(token))) == 200
    assert door(server, basic(secret(token), "x")) == 401
    assert door(server, basic("x", secret(token)[:-1])) == 401


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer art_v1_" + "0" * 40,
        "Bearer ../token",
        "Basic !!!",
        "Basic YQ==",
        basic("x", "\0"),
        "Bearer the-control-plane",
    ],
)
def test_whoever_has_no_token_is_asked_for_one(server: Served, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    path = "/git/default/mine.git/info/refs?service=git-upload-pack"
    status, said, body = server.send("GET", path, headers=headers)
    assert status == 401
    assert said["www-authenticate"] == 'Basic realm="Git", Bearer'
    assert body == b"Unauthorized\n"


def test_a_token_is_for_one_repository_and_nobody_learns_which_there_are(server: Served) -> None:
    token = server.mint("mine")
    assert door(server, f"Bearer {token}", repo="yours") == 401
    assert door(server, f"Bearer {token}", repo="nowhere") == 401


def test_a_token_is_for_no_later_repository_of_the_same_name(server: Served) -> None:
    token = server.repo("again")
    assert door(server, f"Bearer {token}", repo="again") == 200
    assert server.ask("DELETE", "/repos/again")[0] == 202
    assert door(server, f"Bearer {token}", repo="again") == 401
    server.repo("again")
    assert door(server, f"Bearer {token}", repo="again") == 401, "though the location has a copy of its key"


def test_a_token_to_read_does_not_push(server: Served, git: Git, tmp_path: Path) -> None:
    reading, writing = server.mint("mine", "read"), server.mint("mine")
    git.bearing(writing)("push", "-q", server.remote("mine"), "main")
    reader = git.bearing(reading)
    assert "refs/heads/main" in reader("ls-remote", server.remote("mine"))
    said = reader("push", server.remote("mine"), "main:refs/heads/other", fails=True)
    assert "403" in said
    assert "refs/heads/other" not in reader("ls-remote", server.remote("mine"))


def test_the_password_of_the_stock_client_is_the_secret(server: Served, git: Git) -> None:
    token = server.mint("yours")
    url = server.remote("yours").replace("http://", f"http://anybody:{secret(token)}@")
    git("push", "-q", url, "main:refs/heads/by-password")
    assert "refs/heads/by-password" in git("ls-remote", url)


def test_a_revoked_token_still_reads_where_a_copy_is_and_nowhere_else(server: Served) -> None:
    token = server.mint("mine", "read")
    assert door(server, f"Bearer {token}", pop="ams") == 200
    assert server.ask("DELETE", f"/tokens/{secret(token)}")[0] == 200
    assert door(server, f"Bearer {token}", pop="gru") == 401
    assert door(server, f"Bearer {token}", pop="ams") == 200, "the documented anomaly, within the window"
    assert server.ask("DELETE", f"/tokens/{secret(token)}")[0] == 404, "it is revoked already"


def test_a_revoked_token_is_refused_everywhere_once_the_copies_are_old(tmp_path: Path) -> None:
    with serving(tmp_path, cache_ttl=0.2) as server:
        token = server.repo("mine")
        for pop in ("ams", "gru"):
            assert door(server, f"Bearer {token}", pop=pop) == 200
        assert server.ask("DELETE", f"/tokens/{secret(token)}")[0] == 200
        eventually(lambda: all(door(server, f"Bearer {token}", pop=pop) == 401 for pop in ("ams", "gru")))


@pytest.mark.parametrize("recheck", [True, False])
def test_a_push_with_a_revoked_token_counts_only_where_nobody_checks_again(
    git: Git, tmp_path: Path, recheck: bool
) -> None:
    with serving(tmp_path, cache_ttl=CACHED, recheck=recheck) as server:
        token = server.repo("mine")
        writer = git.bearing(token)
        assert writer("ls-remote", server.remote("mine")) == ""
        assert server.ask("DELETE", f"/tokens/{secret(token)}")[0] == 200
        if recheck:
            said = writer("push", server.remote("mine"), "main", fails=True)
            assert "the token does not allow it" in said
        else:
            writer("push", "-q", server.remote("mine"), "main")
        assert ("refs/heads/main" in writer("ls-remote", server.remote("mine"))) == (not recheck)


def test_a_location_that_is_unknown_is_a_mistake(server: Served) -> None:
    assert door(server, f"Bearer {server.mint('mine')}", pop="xxx") == 400


# --- the control plane


def test_tokens_last_from_a_minute_to_a_year(server: Served) -> None:
    for ttl in (MIN_TTL, MAX_TTL):
        assert server.mint("mine", ttl=ttl)
    for wrong in (MIN_TTL - 1, MAX_TTL + 1, 90.5, "60", None):
        status, said = server.ask("POST", "/tokens", {"repo": "mine", "ttl": wrong})
        assert (status, said["errors"][0]["code"]) == (400, 10103)


def test_tokens_are_listed_by_state_and_never_told_again(server: Served) -> None:
    server.repo("listed")
    kept, gone = server.mint("listed", "read"), server.mint("listed", "write")
    assert server.ask("DELETE", f"/tokens/{secret(gone)}")[0] == 200
    assert [one["state"] for one in server.ask("GET", "/repos/listed/tokens")[1]["result"]] == ["active", "active"]
    revoked = server.ask("GET", "/repos/listed/tokens?state=revoked")[1]["result"]
    assert [one["scope"] for one in revoked] == ["write"]
    whole = server.ask("GET", "/repos/listed/tokens?state=all&per_page=2")[1]
    assert (len(whole["result"]), whole["result_info"]["total_count"]) == (2, 3)
    assert secret(kept)[7:] not in str(whole)
    assert server.ask("GET", "/repos/listed/tokens?state=lost")[0] == 400


def test_repositories_are_made_listed_and_deleted(server: Served) -> None:
    server.repo("one.more")
    status, said = server.ask("POST", "/repos", {"name": "one.more"})
    assert (status, said["errors"][0]["code"], said["success"]) == (409, 10201, False)
    assert server.ask("GET", "/repos/one.more")[1]["result"] == {
        "name": "one.more",
        "remote": server.remote("one.more"),
        "default_branch": "main",
    }
    first = server.ask("GET", "/repos?limit=1")[1]
    more = server.ask("GET", f"/repos?limit=200&cursor={first['result_info']['cursor']}")[1]
    assert "one.more" in [one["name"] for one in first["result"] + more["result"]]
    assert server.ask("DELETE", "/repos/one.more")[0] == 202
    assert server.ask("GET", "/repos/one.more")[1]["errors"][0]["code"] == 10200


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a@b", "x.git", "-x", "x" * 64, 7, None])
def test_a_name_that_is_none_is_refused(server: Served, name: object) -> None:
    assert server.ask("POST", "/repos", {"name": name})[0] == 400


def test_the_control_plane_is_closed_to_tokens_and_strangers(server: Served) -> None:
    for bearer in (server.mint("mine"), "", "x", "the-control-plan\u00e9"):
        assert server.ask("GET", "/repos", bearer=bearer)[0] == 401
    assert server.send("GET", "/v1/api/namespaces/other/repos")[0] == 404
    assert server.ask("PUT", "/repos")[0] == 405
    assert server.ask("POST", "/repos", "x" * 100_000)[0] == 413


def test_secrets_are_in_no_log_and_in_no_file(git: Git, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(tmp_path) as server:
        token = server.repo("mine")
        git.bearing(token)("push", "-q", server.remote("mine"), "main")
        door(server, f"Bearer {token}", repo="yours")
        server.ask("DELETE", f"/tokens/{secret(token)}")
    hidden = secret(token)[7:]
    assert hidden not in caplog.text
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert hidden.encode() not in path.read_bytes()


def test_what_was_kept_is_there_again_and_for_one_server_at_a_time(git: Git, tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        token = server.repo("mine")
        git.bearing(token)("push", "-q", server.remote("mine"), "main")
    with serving(tmp_path) as server:
        assert "refs/heads/main" in git.bearing(token)("ls-remote", server.remote("mine"))
        with pytest.raises(CannotKeep, match="another server"), serving(tmp_path):
            pass
