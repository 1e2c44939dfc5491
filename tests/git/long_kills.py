# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the server at any moment of a push: what it acknowledged is there, what it did not is there as a whole or
not at all, and what is there can be cloned.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tests.git.serving import BEARER, Git, Served
from tests.processes import started

KILLS = 40
BRANCHES = ("main", "other")

SERVER = f"""
import sys, time
from pathlib import Path
from edgeproof.impl.artifacts.http import ArtifactServer
from edgeproof.impl.artifacts.service import ArtifactOptions
from edgeproof.impl.edge.kv import Limits
from edgeproof.impl.git.limits import Limits as GitLimits

options = ArtifactOptions(kv=Limits(write_spacing=0, min_cache_ttl=0), git=GitLimits(held=int(sys.argv[2])))
with ArtifactServer({BEARER!r}, options, Path(sys.argv[1])) as server:
    print(server.url, flush=True)
    time.sleep(10**6)
"""


@contextmanager
def running(folder: Path, held: int) -> Iterator[tuple[Served, subprocess.Popen[str]]]:
    with started([sys.executable, "-c", SERVER, str(folder), str(held)]) as process:
        assert process.stdout is not None
        yield Served(process.stdout.readline().strip()), process


def test_kills_in_the_middle_of_pushes_lose_nothing_and_tear_nothing(tmp_path: Path) -> None:
    random = Random(1)
    git = Git(tmp_path / "work")
    git.folder.mkdir()
    git("init", "-q", "-b", "main")
    kept = tmp_path / "kept"
    kept.mkdir()
    with running(kept, 1_000) as (server, _):
        git = git.bearing(server.repo("mine"))
    before: dict[str, str] = {}
    acknowledged = there = 0
    for number in range(KILLS):
        tips = _committed(git, random, number)
        with running(kept, random.choice((1_000, 10**6))) as (server, process):
            pushed = _push_and_kill(git, server, process, random.random() * 0.6)
        with running(kept, 1_000) as (server, _):
            found = _refs(git, server)
            assert found in (before, tips), "all of a push or nothing of it"
            assert found == tips or not pushed, "what was acknowledged is there"
            _check_clone(git, server, tmp_path / f"clone-{number}")
            if found == before:
                git("push", "-q", "--atomic", server.remote("mine"), *BRANCHES)
            else:
                there += 1
        acknowledged += pushed
        before = tips
    print(f"{KILLS} kills: {acknowledged} acknowledged, {there} there, {KILLS - there} not")
    assert 0 < there < KILLS, "kills come before and after the moment in which a push counts"


def _committed(git: Git, random: Random, number: int) -> dict[str, str]:
    tips = {}
    for branch in BRANCHES:
        if number:
            git("checkout", "-q", branch)
        else:
            git("checkout", "-q", "--orphan", branch)
        tips[f"refs/heads/{branch}"] = git.commit(random.randbytes(2_000).hex(), f"file-{random.randrange(9)}")
    return tips


def _push_and_kill(git: Git, server: Served, process: subprocess.Popen[str], after: float) -> bool:
    header = f"http.extraHeader=Authorization: Bearer {git.token}"
    command = ["git", "-c", header, "push", "-q", server.remote("mine"), *BRANCHES]
    with started(command, cwd=git.folder, stderr=subprocess.DEVNULL) as push:
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        process.wait()
        return push.wait(30) == 0


def _refs(git: Git, server: Served) -> dict[str, str]:
    lines = git("ls-remote", server.remote("mine"), "refs/heads/*").splitlines()
    return {name: tip for tip, name in (line.split("\t") for line in lines)}


def _check_clone(git: Git, server: Served, folder: Path) -> None:
    copy = git.at(folder)
    folder.mkdir()
    copy("clone", "-q", "--mirror", server.remote("mine"), ".")
    assert copy("fsck", "--strict", "--connectivity-only") == ""
