# SPDX-License-Identifier: Apache-2.0
"""`edgeproof artifacts serve` as a process of its own, with the stock client and another one in front of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from dulwich import porcelain
from dulwich.repo import Repo

from tests.git.serving import Git, Served
from tests.processes import started
from tests.reports.conftest import Run

COMMAND = (sys.executable, "-m", "edgeproof.reports.cli", "artifacts", "serve", "--port", "0", "--json")


@contextmanager
def serving(directory: Path, end: signal.Signals = signal.SIGTERM) -> Iterator[tuple[Served, str, int]]:
    """The server, the bearer token of its control plane, and its process; it has to end well when it is asked to."""
    with started([*COMMAND, "--directory", str(directory)]) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or lines[-1] != "}\n":
            lines.append(process.stdout.readline())
        said = json.loads("".join(lines))
        yield Served(said["url"]), Path(said["bearer_file"]).read_text().strip(), process.pid
        process.send_signal(end)
        assert process.wait(20) == 0


def test_it_serves_until_it_is_asked_to_end_and_goes_on_where_it_stood(tmp_path: Path) -> None:
    git = Git(tmp_path / "work")
    git.folder.mkdir()
    git("init", "-q", "-b", "main")
    made = git.commit("first")
    with serving(tmp_path / "kept") as (server, bearer, _):
        status, said = server.ask("POST", "/repos", {"name": "mine"}, bearer)
        assert status == 201
        git = git.bearing(said["result"]["token"])
        git("push", "-q", said["result"]["remote"], "main")
        done = subprocess.run(
            [*COMMAND, "--directory", str(tmp_path / "kept")], capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert "another server keeps its repositories there" in done.stdout + done.stderr
    with serving(tmp_path / "kept", signal.SIGINT) as (server, _, _):
        assert git("ls-remote", server.remote("mine"), "refs/heads/main").split()[0] == made
        _with_dulwich(server, git.token, tmp_path / "dulwich", made)


def _with_dulwich(server: Served, token: str, folder: Path, tip: str) -> None:
    """Another client of the protocol clones, and pushes, with the secret as its password."""
    remote = server.remote("mine").replace("http://", f"http://anybody:{token.partition('?')[0]}@")
    porcelain.clone(remote, str(folder), errstream=BytesIO())
    with Repo(str(folder)) as repo:
        assert repo.head().decode() == tip
        (folder / "more").write_text("more")
        porcelain.add(repo, [str(folder / "more")])
        who = b"B <b@example.org>"
        made = porcelain.commit(repo, message=b"more", author=who, committer=who)
        porcelain.push(repo, remote, "refs/heads/main", outstream=BytesIO(), errstream=BytesIO())
    assert Git(folder, token)("ls-remote", server.remote("mine"), "refs/heads/main").split()[0] == made.decode()


def test_what_it_cannot_do_it_says_in_one_line(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = cli("artifacts", "serve", "--directory", str(tmp_path / "file"))
    assert found.status == 2
    assert "is no folder that repositories can be kept in" in found.err
    assert len(found.err.splitlines()) == 1


@pytest.mark.parametrize("given", [("--revoke", "forget"), ("--port", "70000"), ("--cache-ttl", "soon")])
def test_an_option_that_is_none_is_refused(cli: Run, given: tuple[str, str]) -> None:
    assert cli("artifacts", "serve", *given).status == 2
