# SPDX-License-Identifier: Apache-2.0
"""This project's own history, pushed, cloned and fetched by the stock client, beside `git http-backend`.

Both servers are asked the same in one run; what comes back is compared with what was pushed, ref by ref and object by
object. Then a repository of 10,000 objects, and one with a blob of 60 MB, with the memory that they take. Processor
time is of client and server together, so that it says something on a busy machine, too.
"""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Final

from attrs import define, frozen

from tests.git.backend import backend
from tests.git.serving import Git, Served
from tests.reports.test_artifacts import serving

ROOT: Final = Path(__file__).resolve().parents[2]
MOST: Final = 3.0
"""How many times the time of Git's own server ours may take."""
ROUNDS: Final = 3
NEW: Final = 20
"""Commits that a fetch is behind."""
MEMORY: Final = 250.0
"""MB that the server may take for any of this."""


@frozen
class Took:
    """Seconds."""

    wall: float
    processor: float


@define
class Place:
    """One of the servers: how it makes a repository, and how much processor time it has had beside its children."""

    make: Callable[[], tuple[str, str]]
    used: Callable[[], float]
    url: str = ""
    token: str = ""

    def renew(self) -> None:
        self.url, self.token = self.make()


def bench_own_history(tmp_path: Path) -> None:
    """Clone, fetch and push within 3 times of Git's own server, and what comes back is what went."""
    source = Git(tmp_path / "source")
    subprocess.run(["git", "clone", "-q", "--mirror", "--no-local", str(ROOT), str(source.folder)], check=True)
    print(
        f"\n{source('rev-list', '--objects', '--all', '--count')} objects; the best of {ROUNDS}, seconds of the clock"
    )
    print("(and of processor time, client and server together)")
    with both(tmp_path) as (ours, theirs):
        for act in (push, clone, fetch):
            compare(act, source, ours, theirs)
        check(source, ours, tmp_path / "copy")


def bench_ten_thousand_objects(tmp_path: Path) -> None:
    """A wide and flat history: 7,000 files in 50 folders, then 100 commits."""
    source = made(tmp_path / "source")
    for number in range(7_000):
        write(source, f"{number % 50}/{number}", f"file {number}\n" * 20)
    record(source)
    for number in range(100):
        for at in range(16):
            write(source, f"{(number + at) % 50}/{number}", f"changed {number} {at}\n" * 20)
        record(source)
    print(f"\n{source('rev-list', '--objects', '--all', '--count')} objects")
    with both(tmp_path) as (ours, theirs):
        for act in (push, clone):
            compare(act, source, ours, theirs)
        check(source, ours, tmp_path / "copy")


def bench_a_large_blob(tmp_path: Path) -> None:
    """60 MB that cannot be compressed, and never are in memory as a whole."""
    source = made(tmp_path / "source")
    (source.folder / "large").write_bytes(Random(0).randbytes(60_000_000))
    record(source)
    print("\na blob of 60 MB")
    with both(tmp_path) as (ours, theirs):
        for act in (push, clone):
            compare(act, source, ours, theirs)
        check(source, ours, tmp_path / "copy")


@contextmanager
def both(folder: Path) -> Iterator[tuple[Place, Place]]:
    bare = folder / "theirs"
    bare.mkdir()
    with serving(folder / "ours") as (server, bearer, process), backend(bare) as url:
        names = (f"r{number}" for number in range(1_000))

        def at_theirs() -> tuple[str, str]:
            name = f"{next(names)}.git"
            Git(bare)("init", "-q", "--bare", name)
            Git(bare / name)("config", "http.receivepack", "true")
            return f"{url}/{name}", ""

        yield Place(lambda: at_ours(server, bearer, next(names)), lambda: used(process)), Place(at_theirs, lambda: 0.0)
        peak = resident(process)
        print(f"  our server took at most {peak:.0f} MB")
        assert peak < MEMORY


def at_ours(server: Served, bearer: str, name: str) -> tuple[str, str]:
    status, said = server.ask("POST", "/repos", {"name": name}, bearer)
    assert status == 201
    return said["result"]["remote"], said["result"]["token"]


def compare(act: Callable[[Place, Git], Took], source: Git, ours: Place, theirs: Place) -> None:
    """Turn and turn about, so that whatever else the machine does strikes both."""
    rounds = [(act(ours, source), act(theirs, source)) for _ in range(ROUNDS)]
    walls = [min(took.wall for took in side) for side in zip(*rounds, strict=True)]
    processors = [min(took.processor for took in side) for side in zip(*rounds, strict=True)]
    ratio, work = walls[0] / walls[1], processors[0] / processors[1]
    print(
        f"  {act.__name__}: {walls[0]:.2f} ({processors[0]:.2f}); git http-backend {walls[1]:.2f} ({processors[1]:.2f})"
    )
    print(f"    {ratio:.1f} times the time, {work:.1f} times the processor time", flush=True)
    assert ratio < MOST


def push(place: Place, source: Git) -> Took:
    place.renew()
    return took(place, source, "push", "-q", "--mirror", place.url)


def clone(place: Place, source: Git) -> Took:
    return took(place, fresh(source), "clone", "-q", "--mirror", place.url, ".")


def fetch(place: Place, source: Git) -> Took:
    """What the last commits of the main line brought."""
    git = fresh(source)
    git("init", "-q", "--bare", ".")
    git("fetch", "-q", str(source.folder), f"{source('rev-parse', f'main~{NEW}')}:refs/heads/old")
    return took(place, git, "fetch", "-q", place.url, "main:refs/heads/new")


def took(place: Place, git: Git, *arguments: str) -> Took:
    before, begin = children() + place.used(), time.perf_counter()
    git.bearing(place.token)(*arguments)
    return Took(time.perf_counter() - begin, children() + place.used() - before)


def check(source: Git, ours: Place, folder: Path) -> None:
    folder.mkdir()
    copy = source.at(folder).bearing(ours.token)
    copy("clone", "-q", "--mirror", ours.url, ".")
    assert copy("show-ref", "-d") == source("show-ref", "-d")
    assert copy("rev-list", "--objects", "--all", "--count") == source("rev-list", "--objects", "--all", "--count")
    assert copy("fsck", "--full", "--strict") == ""


def made(folder: Path) -> Git:
    folder.mkdir()
    git = Git(folder)
    git("init", "-q", "-b", "main")
    return git


def write(git: Git, name: str, content: str) -> None:
    (git.folder / name).parent.mkdir(exist_ok=True)
    (git.folder / name).write_text(content)


def record(git: Git) -> None:
    git("add", "-A")
    git("commit", "-q", "-m", "m")


def fresh(source: Git) -> Git:
    folder = source.folder.parent / f"clone-{time.monotonic_ns()}"
    folder.mkdir()
    return source.at(folder)


def children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def used(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(process: int) -> float:
    """At most, in MB; mapped files, which the machine may take back at any time, do not count."""
    said = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    return (int(said["VmHWM"].split()[0]) - int(said["RssFile"].split()[0])) / 1024
