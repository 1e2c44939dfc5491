# SPDX-License-Identifier: Apache-2.0
"""The stock Git client does with a repository behind its doors what it does with any other."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.git.serving import Git, Served, serving

VERSIONS = ("0", "1", "2")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as server:
        yield server


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Git:
    """A history with deltas, a merge, folders, tags, and two branches."""
    git = Git(tmp_path_factory.mktemp("story"))
    git("init", "-q", "-b", "main")
    text = "".join(f"line {number}\n" for number in range(400))
    for number in range(8):
        git.commit(text.replace(f"line {number * 9}\n", f"changed {number}\n"), f"folder/{number % 3}")
    git("checkout", "-q", "-b", "side", "HEAD~3")
    git.commit("aside", "aside")
    git("checkout", "-q", "main")
    git("merge", "-q", "--no-edit", "side")
    git("tag", "light", "HEAD~2")
    git("tag", "-a", "-m", "annotated", "v1", "HEAD~1")
    git("tag", "-a", "-m", "of a tag", "v1-again", "v1")
    git("repack", "-q", "-a", "-d", "--depth=50")
    return git


def here(story: Git, server: Served, name: str) -> Git:
    """The story, pushed as a whole to a new repository."""
    git = story.bearing(server.repo(name))
    git("push", "-q", "--mirror", server.remote(name))
    return git


def refs(git: Git, *where: str) -> list[str]:
    lines = git("ls-remote", *where).splitlines() if where else git("show-ref", "-d").splitlines()
    return sorted(line.replace("\t", " ") for line in lines if not line.endswith("HEAD"))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_clone_has_every_ref_and_every_object(story: Git, server: Served, tmp_path: Path, version: str) -> None:
    git = here(story, server, f"clone-{version}").having(f"protocol.version={version}")
    copy = git.at(tmp_path)
    copy("clone", "-q", "--mirror", server.remote(f"clone-{version}"), ".")
    assert refs(copy) == refs(story)
    assert copy("symbolic-ref", "HEAD") == "refs/heads/main"
    assert copy("rev-list", "--objects", "--all") == story("rev-list", "--objects", "--all")
    assert copy("fsck", "--strict", "--full") == ""


@pytest.mark.parametrize("version", VERSIONS)
def test_a_fetch_brings_what_is_new_and_little_else(story: Git, server: Served, tmp_path: Path, version: str) -> None:
    name = f"fetch-{version}"
    git = here(story, server, name).having(f"protocol.version={version}")
    copy, other = git.at(tmp_path / "copy"), git.at(tmp_path / "other")
    for one in (copy, other):
        one.folder.mkdir()
        one("clone", "-q", server.remote(name), ".")
    made = other.commit("new", "folder/new")
    other("push", "-q", "origin", "main")
    copy.commit("of my own", "mine")
    before = int(copy("count-objects").split()[0])
    copy.having("fetch.unpackLimit=1000")("fetch", "-q", "origin")
    assert copy("rev-parse", "origin/main") == made
    assert int(copy("count-objects").split()[0]) - before == 4, "the commit, two trees and the file"
    assert copy("fsck", "--strict", "--connectivity-only") == ""


@pytest.mark.parametrize("version", VERSIONS)
def test_a_shallow_clone_is_deepened_and_made_whole(story: Git, server: Served, tmp_path: Path, version: str) -> None:
    name = f"shallow-{version}"
    git = here(story, server, name).having(f"protocol.version={version}")
    copy = git.at(tmp_path)
    copy("clone", "-q", "--depth", "1", server.remote(name), ".")
    assert copy("rev-list", "--count", "HEAD") == "1"
    copy("fetch", "-q", "--depth", "3")
    assert copy("rev-list", "HEAD") == _to_depth(story, 3)
    copy("fetch", "-q", "--deepen", "1")
    assert copy("rev-list", "HEAD") == _to_depth(story, 4)
    assert copy("fsck", "--connectivity-only") == ""
    copy("fetch", "-q", "--unshallow")
    assert copy("rev-list", "HEAD") == story("rev-list", "main")
    assert copy("rev-parse", "--is-shallow-repository") == "false"
    assert copy("fsck", "--strict") == ""


def _to_depth(story: Git, depth: int) -> str:
    """What Git's own server gives to a clone of that depth."""
    shallow = story.at(story.folder.parent / f"{story.folder.name}-{depth}")
    if not shallow.folder.exists():
        story("clone", "-q", "--depth", str(depth), f"file://{story.folder}", str(shallow.folder))
    return shallow("rev-list", "HEAD")


def test_what_a_shallow_clone_adds_can_be_pushed(story: Git, server: Served, tmp_path: Path) -> None:
    git = here(story, server, "from-shallow")
    copy = git.at(tmp_path)
    copy("clone", "-q", "--depth", "1", server.remote("from-shallow"), ".")
    made = copy.commit("upon little", "new")
    copy("push", "-q", "origin", "HEAD:refs/heads/main")
    assert copy("ls-remote", "origin", "refs/heads/main").split()[0] == made


def test_what_reaches_below_a_shallow_history_is_refused(story: Git, server: Served, tmp_path: Path) -> None:
    shallow = story.at(tmp_path).bearing(server.repo("below-shallow"))
    shallow("clone", "-q", "--depth", "1", f"file://{story.folder}", ".")
    said = shallow("push", server.remote("below-shallow"), "HEAD:refs/heads/main", fails=True)
    assert "lacks the commit" in said or "shallow" in said
    assert shallow("ls-remote", server.remote("below-shallow")) == ""


@pytest.fixture
def two(server: Served, tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Git, Git]:
    """Two clones of a repository with one commit."""
    name = request.node.name.replace("_", "-")[-60:].strip("-")
    one = Git(tmp_path / "one", server.repo(name))
    one.folder.mkdir()
    one("init", "-q", "-b", "main")
    one("remote", "add", "origin", server.remote(name))
    one.commit("first")
    one("push", "-q", "origin", "main")
    other = one.at(tmp_path / "other")
    other.folder.mkdir()
    other("clone", "-q", server.remote(name), ".")
    return one, other


def test_who_has_not_seen_the_latest_is_refused_and_may_force_it(two: tuple[Git, Git]) -> None:
    one, other = two
    theirs = one.commit("theirs")
    one("push", "-q", "origin", "main")
    mine = other.commit("mine")
    assert "fetch first" in other("push", "origin", "main", fails=True)
    stale = other("rev-parse", "origin/main")
    assert "stale info" in other("push", f"--force-with-lease=main:{stale}", "origin", "main", fails=True)
    other("push", "-q", f"--force-with-lease=main:{theirs}", "origin", "main")
    assert one("ls-remote", "origin", "refs/heads/main").split()[0] == mine
    one("push", "-q", "--force", "origin", "main")
    assert one("ls-remote", "origin", "refs/heads/main").split()[0] == theirs


def test_refs_are_deleted_but_for_the_current_branch(two: tuple[Git, Git]) -> None:
    one, _ = two
    one("push", "-q", "origin", "main:refs/heads/other", "main:refs/tags/t")
    one("push", "-q", "origin", ":refs/heads/other", ":refs/tags/t")
    assert [line.split("\t")[1] for line in one("ls-remote", "origin").splitlines()] == ["HEAD", "refs/heads/main"]
    assert "deletion of the current branch prohibited" in one("push", "origin", ":refs/heads/main", fails=True)


def test_an_atomic_push_is_all_or_nothing(two: tuple[Git, Git]) -> None:
    one, other = two
    one.commit("theirs")
    one("push", "-q", "origin", "main")
    other.commit("mine")
    said = other("push", "--atomic", "origin", "main", "main:refs/heads/other", fails=True)
    assert "atomic" in said
    assert "refs/heads/other" not in other("ls-remote", "origin")


def test_push_options_and_a_dry_run_are_taken(two: tuple[Git, Git]) -> None:
    one, _ = two
    made = one.commit("second")
    one("push", "-q", "--dry-run", "origin", "main")
    assert one("ls-remote", "origin", "refs/heads/main").split()[0] != made
    one("push", "-q", "-o", "reason=test", "origin", "main")
    assert one("ls-remote", "origin", "refs/heads/main").split()[0] == made


def test_of_pushes_at_one_time_to_one_ref_exactly_one_wins(two: tuple[Git, Git], tmp_path: Path) -> None:
    one, _ = two
    tips = []
    for number in range(4):
        one("checkout", "-q", "-B", f"b{number}", "origin/main")
        tips.append(one.commit(f"racing {number}"))

    def race(number: int) -> bool:
        # Each is sure of what it replaces: the server alone decides.
        old = one("rev-parse", "origin/main")
        try:
            one("push", "-q", f"--force-with-lease=main:{old}", "origin", f"b{number}:refs/heads/main")
        except AssertionError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(race, range(4)))
    assert won.count(True) == 1
    assert one("ls-remote", "origin", "refs/heads/main").split()[0] == tips[won.index(True)]


def test_pushes_at_one_time_to_refs_of_their_own_all_count(two: tuple[Git, Git]) -> None:
    one, _ = two
    tips = {}
    for number in range(4):
        one("checkout", "-q", "-B", f"b{number}", "origin/main")
        tips[f"refs/heads/b{number}"] = one.commit(f"apart {number}")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: one("push", "-q", "origin", f"b{number}"), range(4)))
    lines = one("ls-remote", "origin", "refs/heads/b*").splitlines()
    found = {name: tip for tip, name in (line.split("\t") for line in lines)}
    assert found == tips


def test_a_partial_clone_is_a_whole_one(story: Git, server: Served, tmp_path: Path) -> None:
    copy = here(story, server, "partial").at(tmp_path)
    copy("clone", "-q", "--filter=blob:none", server.remote("partial"), ".")
    assert copy("rev-list", "--objects", "--missing=print", "--all") == copy("rev-list", "--objects", "--all")


def test_an_empty_repository_can_be_cloned(server: Served, tmp_path: Path) -> None:
    git = Git(tmp_path, server.repo("empty"))
    git("clone", "-q", server.remote("empty"), "copy")
    assert (tmp_path / "copy/.git/HEAD").read_text() == "ref: refs/heads/main\n"


def test_a_fork_has_the_history_and_is_on_its_own(story: Git, server: Served, tmp_path: Path) -> None:
    git = here(story, server, "source")
    status, said = server.ask("POST", "/repos/source/fork", {"name": "fork"})
    assert status == 201
    fork = git.bearing(said["result"]["token"])
    assert refs(fork, server.remote("fork")) == refs(git, server.remote("source"))
    fork("push", "-q", server.remote("fork"), ":refs/heads/side")
    assert "refs/heads/side" in git("ls-remote", server.remote("source"))
    assert "refs/heads/side" not in fork("ls-remote", server.remote("fork"))
