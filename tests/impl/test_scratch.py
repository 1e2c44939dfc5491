# SPDX-License-Identifier: Apache-2.0
"""What a killed process has left in a temporary folder is told from what is in use, and removed."""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path

import pytest

from edgeproof.impl.scratch import OwnedDirectory, claim, is_left, sweep
from tests.processes import started

LEAVE = (
    "import sys, time; from edgeproof.impl.scratch import OwnedDirectory;"
    "one = OwnedDirectory('run', sys.argv[1]); print(one.name, flush=True); time.sleep(60)"
)


def test_a_sweep_removes_what_the_dead_have_left_and_nothing_of_the_living(tmp_path: Path) -> None:
    mine = OwnedDirectory("run", str(tmp_path))
    nobodys = tmp_path / "edgeproof-of-somebody-else"
    nobodys.mkdir()
    with started([sys.executable, "-c", LEAVE, str(tmp_path)]) as other:
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().strip())
        assert sweep([str(tmp_path)]) == [], "it is in use"
        other.kill()
        other.wait()
        assert is_left(theirs)
    assert sweep([str(tmp_path)]) == [theirs]
    assert sorted(tmp_path.iterdir()) == sorted([Path(mine.name), nobodys])
    mine.cleanup()
    mine.cleanup()
    assert list(tmp_path.iterdir()) == [nobodys]


def test_a_folder_has_one_owner_at_a_time(tmp_path: Path) -> None:
    assert not is_left(tmp_path), "it never had one"
    owner = claim(tmp_path)
    with pytest.raises(BlockingIOError):
        claim(tmp_path)
    assert not is_left(tmp_path)
    os.close(owner)
    assert is_left(tmp_path)


def test_whoever_makes_such_a_folder_removes_what_the_dead_have_left_there(tmp_path: Path) -> None:
    with started([sys.executable, "-c", LEAVE, str(tmp_path)]) as other:
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().strip())
        other.kill()
        other.wait()
    assert theirs.is_dir()
    with OwnedDirectory("of-another-kind", str(tmp_path)) as mine:
        assert [*tmp_path.iterdir()] == [Path(mine)]


def test_a_folder_that_is_being_made_is_not_taken_for_one_that_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock, others = fcntl.flock, list[list[Path]]()

    def slowly(number: int, how: int) -> None:
        monkeypatch.setattr(fcntl, "flock", flock)
        others.append(sweep([str(tmp_path)]))
        flock(number, how)

    monkeypatch.setattr(fcntl, "flock", slowly)
    with OwnedDirectory("run", str(tmp_path)) as mine:
        assert others == [[]]
        assert sweep([str(tmp_path)]) == []
        assert Path(mine).is_dir()
