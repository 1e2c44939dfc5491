# SPDX-License-Identifier: Apache-2.0
"""A repository does what `artifacts_repo` says, step by step: pushes that race, collection, crashes, fetches, forks."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from attrs import define, field
from dulwich.object_format import DEFAULT_OBJECT_FORMAT
from dulwich.objects import Blob, Commit, ObjectID, ShaFile, Tree
from dulwich.pack import write_pack_objects

from edgeproof.impl.git.limits import Limits, Refused
from edgeproof.impl.git.repository import Repository
from edgeproof.impl.git.updates import NONE, Update
from edgeproof.impl.git.view import View
from edgeproof.impl.git.walk import closure
from edgeproof.impl.system import ActionImpossible, ActionUnknown, Observation, Setup
from edgeproof.model.trace import Trace
from edgeproof.properties.cases import for_runs, instance_of, scoreboard
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.fuzz.engine import Budget, fuzz
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Verdict
from edgeproof.properties.possible import facts_of
from edgeproof.properties.replay import replay_on

CASES = {case.name: case for case in scoreboard("artifacts_repo")}

OBJECT: Final = Blob.from_string(b"large" * 1_000)
SMALL: Final = Limits(held=64)
"""So that every pack goes to the blob store."""


@define
class Ticks:
    """The clock of a run."""

    at: float = 1_000.0

    def now(self) -> float:
        return self.at


@define
class Push:
    """A push at a location, from the refs that its client listed on."""

    listed: dict[str, bytes]
    forces: bool
    to: dict[str, str] = field(factory=dict)
    stage: str = "listed"
    spilled: bool = False
    won: bool = False


@define
class Fetch:
    """The refs that a fetch was told, and whether one of them reaches the object."""

    ids: list[bytes]
    promised: bool


class RepoSystem:
    """A repository whose door is open, in a folder of its own."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._repository: Repository | None = None

    def start(self, setup: Setup) -> None:
        self.close()
        self._folder, self._ticks = Path(tempfile.mkdtemp()), Ticks()
        self._grace, self._made = setup.numbers["K"], 0
        self._pops = setup.sizes["Pop"]
        self._pushes: dict[int, Push] = {}
        self._fetches: dict[int, Fetch] = {}
        self._dangling = [False] * self._pops
        self._forks: list[Repository] = []
        self._open()

    def close(self) -> None:
        if self._folder is not None:
            self._shut()
            for fork in self._forks:
                fork.close()
            shutil.rmtree(self._folder)
            self._folder = None

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        act = getattr(self, f"_do_{action}", None)
        if act is None:
            raise ActionUnknown(action)
        act(*arguments.values())

    def observe(self) -> Observation:
        pushes = [self._pushes.get(p) for p in range(self._pops)]
        with self._repo.view() as view:
            needs = {ref: self._reaches(view, [id]) for ref, id in self._refs(view).items()}
            row = view.key(OBJECT.sha().digest()) is not None
            blob = row and self._readable(view)
        return {
            "main_needs": needs.get("main", False),
            "side_needs": needs.get("side", False),
            "row": row,
            "blob": blob,
            "stage": tuple("none" if one is None else one.stage for one in pushes),
            "main_won": tuple(one is not None and one.won and "main" in one.to for one in pushes),
            "side_won": tuple(one is not None and one.won and "side" in one.to for one in pushes),
            "fetching": tuple(p in self._fetches for p in range(self._pops)),
            "promised": tuple(p in self._fetches and self._fetches[p].promised for p in range(self._pops)),
            "dangling": tuple(self._dangling),
            "forked": bool(self._forks),
            "stranded": not all(self._is_whole(fork) for fork in self._forks),
        }

    # --- pushing

    def _do_begin(self, pop: int, forces: bool = False) -> None:
        with self._repo.view() as view:
            self._pushes[pop] = Push(self._refs(view), forces)

    def _do_begin_forced(self, pop: int) -> None:
        self._do_begin(pop, forces=True)

    def _do_main_with(self, pop: int) -> None:
        self._pushes[pop].to["main"] = "with"

    def _do_main_without(self, pop: int) -> None:
        self._pushes[pop].to["main"] = "without"

    def _do_side_with(self, pop: int) -> None:
        self._pushes[pop].to["side"] = "with"

    def _do_side_without(self, pop: int) -> None:
        self._pushes[pop].to["side"] = "without"

    def _do_arrive(self, pop: int) -> None:
        self._pushes[pop].stage = "arrived"

    def _do_spill(self, pop: int) -> None:
        self._pushes[pop].spilled = True

    def _do_push(self, pop: int) -> None:
        push = self._pushes[pop]
        updates: list[Update] = []
        objects: list[ShaFile] = [OBJECT] if push.spilled else []
        for ref, to in push.to.items():
            commit, tree = self._commit(to, None if push.forces else push.listed.get(ref))
            updates.append(Update(f"refs/heads/{ref}".encode(), push.listed.get(ref, NONE), commit.sha().digest()))
            objects += [commit, tree]
        spool = self._repo.spool()
        once = {one.id: (one, None) for one in objects}
        write_pack_objects(spool.write, [*once.values()], object_format=DEFAULT_OBJECT_FORMAT)
        try:
            push.won = not self._repo.push(updates, spool)
        except Refused:
            push.won = False
        push.stage = "arrived" if push.won else "refused"

    def _do_acknowledge(self, pop: int) -> None:
        if not self._pushes[pop].won:
            raise ActionImpossible
        del self._pushes[pop]

    def _do_break_off(self, pop: int) -> None:
        del self._pushes[pop]

    def _do_crash(self) -> None:
        self._pushes.clear()
        self._fetches.clear()
        self._shut()
        self._open()

    # --- collecting and forking

    def _do_collect(self) -> None:
        self._repo.collect()

    def _do_fork(self) -> None:
        assert self._folder is not None
        folder = self._folder / f"fork-{len(self._forks)}"
        self._repo.copy_to(folder)
        self._forks.append(Repository(folder, self._ticks, limits=SMALL))

    # --- fetching

    def _do_fetch(self, pop: int) -> None:
        with self._repo.view() as view:
            ids = list(self._refs(view).values())
            self._fetches[pop] = Fetch(ids, self._reaches(view, ids))

    def _do_download(self, pop: int) -> None:
        fetch = self._fetches.pop(pop)
        with self._repo.view() as view:
            found = all(self._repo.may_fetch(view, id) for id in fetch.ids) and self._readable(view)
        self._dangling[pop] = fetch.promised and not found

    def _do_tick(self) -> None:
        self._ticks.at += 1

    # --- the repository

    @property
    def _repo(self) -> Repository:
        assert self._repository is not None
        return self._repository

    def _open(self) -> None:
        assert self._folder is not None
        self._repository = Repository(self._folder / "repo", self._ticks, limits=SMALL, grace=self._grace)

    def _shut(self) -> None:
        self._repo.close()

    def _refs(self, view: View) -> dict[str, bytes]:
        return {row.name.decode().rpartition("/")[2]: row.id for row in view.refs()}

    def _reaches(self, view: View, ids: list[bytes]) -> bool:
        found: set[int] = set()
        closure(view, view.keys(ids), found)
        return view.key(OBJECT.sha().digest()) in found

    def _readable(self, view: View) -> bool:
        key = view.key(OBJECT.sha().digest())
        try:
            return key is not None and view.content(key) == OBJECT.as_raw_string()
        except OSError:
            return False

    def _is_whole(self, fork: Repository) -> bool:
        with fork.view() as view:
            return self._readable(view)

    def _commit(self, to: str, parent: bytes | None) -> tuple[ShaFile, ShaFile]:
        """A commit like no other, whose tree has the object or not."""
        self._made += 1
        tree = Tree()
        if to == "with":
            tree.add(b"large", 0o100644, OBJECT.id)
        commit = Commit()
        commit.tree = tree.id
        commit.parents = [] if parent is None else [ObjectID(parent.hex().encode())]
        commit.author = commit.committer = b"A <a@example.org>"
        commit.author_time = commit.commit_time = self._made
        commit.author_timezone = commit.commit_timezone = 0
        commit.message = str(self._made).encode()
        return commit, tree


@pytest.mark.parametrize("name", ["repo", "repo-forks"])
def test_a_repository_does_what_the_model_does(name: str) -> None:
    at = for_runs(CASES[name])
    (lockstep,) = fuzz(at, [], kernel_source([at], []), RepoSystem, Budget(25, 60, seed=1))
    assert lockstep.verdict is Verdict.HOLDS_TO_BOUND, lockstep.reason


def _collects_with_a_fork() -> Trace:
    """The shortest run in which the repo collects an object that its fork has."""
    case = CASES["repo-forks"]
    (fact,) = [one for one in facts_of(case) if one.id == "possible:a-fork-outlives-it"]
    (found,) = explore(instance_of(case), [fact], kernel_source([instance_of(case)], [fact]))
    assert found.witness is not None
    return found.witness


def test_a_fork_outlives_what_its_repo_collects() -> None:
    trace = _collects_with_a_fork()
    told = replay_on(trace, RepoSystem())
    assert {"fork", "collect"} <= {event.action for event in trace.events}
    assert (told.completed, told.mismatch) == (True, "")


# --- teeth


class NoGrace(RepoSystem):
    """Collects after every push, however short a time ago a ref needed what goes."""

    def _do_push(self, pop: int) -> None:
        super()._do_push(pop)
        self._ticks.at += 100
        self._repo.collect()
        self._ticks.at -= 100


class RefsOneByOne(RepoSystem):
    """Makes the updates that it can of a push, and leaves the others."""

    def _open(self) -> None:
        super()._open()
        self._repo._atomic = False


class Forgetful(RepoSystem):
    """A crash takes the blob store along."""

    def _do_crash(self) -> None:
        super()._do_crash()
        self._repo.blobs.sweep(set())


@pytest.mark.parametrize("broken", [NoGrace, RefsOneByOne, Forgetful])
def test_a_broken_repository_is_told_from_the_model(broken: type[RepoSystem]) -> None:
    at = for_runs(CASES["repo"])
    found = fuzz(at, [], kernel_source([at], []), broken, Budget(100, 80, seed=1, shorten=False))[0]
    assert found.verdict is Verdict.VIOLATED
