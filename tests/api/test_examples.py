# SPDX-License-Identifier: Apache-2.0
"""What is in `examples/` runs as its first lines say, and comes to what they say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.plugin import PLUGIN

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples"


def run(*command: str, folder: Path, status: int = 0) -> str:
    done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == status, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder that is not ours."""
    return tmp_path


def test_every_example_says_how_it_is_run() -> None:
    for path in EXAMPLES.glob("*.py"):
        assert re.search(rf"^    (python|pytest) examples/{path.name}$", path.read_text(encoding="utf-8"), re.M), path


def test_a_design_of_ones_own_is_proved_and_its_flaw_is_shown(elsewhere: Path) -> None:
    said = run(str(EXAMPLES / "etag_cache.py"), folder=elsewhere)
    sound, flawed = said.split("\n\n")
    assert "fresh: PROVED by prove; any number of elements and versions, all values of the parameters" in sound
    assert "fresh: VIOLATED by explore; 12 steps" in flawed
    assert "10. lost(client=1)" in flawed


def test_a_system_of_ones_own_passes(elsewhere: Path) -> None:
    assert "1 passed" in run(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", *PLUGIN, str(EXAMPLES / "my_store.py"), folder=elsewhere
    )


def test_it_fails_once_it_is_broken_and_says_how(elsewhere: Path) -> None:
    text = (EXAMPLES / "my_store.py").read_text(encoding="utf-8")
    line = "        self.arm()\n"
    assert text.count(line) == 1
    (elsewhere / "my_store.py").write_text(text.replace(line, ""), encoding="utf-8")
    said = run("-m", "pytest", "-q", "-p", "no:cacheprovider", *PLUGIN, "my_store.py", folder=elsewhere, status=1)
    assert "MyStore does not do what do_kv does: after write: alarm is sync in the model, off in the system" in said
    assert re.search(r"1 . write +. config 0 -> 1", said, re.S)
    assert "breaks no property that was asked, as far as it shows" in said


def test_a_history_of_ones_own_is_judged(elsewhere: Path) -> None:
    said = run(str(EXAMPLES / "my_history.py"), folder=elsewhere)
    assert "A read is at most 72 s stale, which is D + S + D + T." in said
    kept_to, whatever = said.split("Whatever the cache is configured to do:\n")
    assert re.search(r"^bounded-staleness: MISSED .* T is 60 s", kept_to, re.M)
    assert re.search(r"^bounded-staleness: VIOLATED .* line 14: gru-1 at GRU was told version 2", whatever, re.M)


def test_a_property_of_ones_own_is_asked_of_a_design_that_is_there(elsewhere: Path) -> None:
    said = run(str(EXAMPLES / "own_property.py"), folder=elsewhere)
    assert re.findall(r"^published-in-time: (\w+) by (\w+)", said, re.M) == [
        ("PROVED", "prove"),
        ("VIOLATED", "explore"),
    ]


def test_an_engine_of_ones_own_speaks_beside_the_others(elsewhere: Path) -> None:
    said = run(str(EXAMPLES / "own_engine.py"), folder=elsewhere)
    assert re.findall(r"^([\w-]+): (\w+) by ([\w, ]+);", said, re.M) == [
        ("changelog-complete", "VIOLATED", "explore, walk"),
        ("no-partial-read", "VIOLATED", "explore"),
        ("never-ahead", "HOLDS_TO_BOUND", "explore, walk"),
    ]
