# SPDX-License-Identifier: Apache-2.0
"""SPIN on a Promela text: how many states it stores, how many errors it finds, and what the first one is called."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import frozen

__all__ = ["Found", "Thorough", "run_spin", "run_spin_through"]

VERIFIER = ("-DSAFETY", "-DNOREDUCE")
_VIOLATED = re.compile(r"assertion violated\s+!\(\s*(\w+)\s*\) \(at depth (\d+)\)")


@frozen
class Found:
    """What SPIN's verifier printed at its end."""

    stored: int
    transitions: int
    errors: int
    first: str
    depth: int
    seconds: float


@frozen
class Thorough:
    """What a verifier printed that goes on after errors, breadth first: `violated` has for each assertion how deep the
    first error is.
    """

    stored: int
    transitions: int
    violated: Mapping[str, int]
    seconds: float


def run_spin(text: str, folder: Path, compiled: Sequence[str] = (), run: Sequence[str] = ()) -> Found:
    """Generate, compile and run the verifier of a model in an empty folder."""
    _compile(text, folder, compiled)
    done = subprocess.run(["./pan", "-m100000", *run], cwd=folder, capture_output=True, text=True, check=False)
    assert "error: max search depth too small" not in done.stdout, "the search was cut off"
    violated = _VIOLATED.search(done.stdout)
    elapsed = re.search(r"elapsed time ([\d.]+)", done.stdout)
    return Found(
        _number(r"(\d+) states, stored", done.stdout),
        _number(r"(\d+) transitions", done.stdout),
        _number(r"errors: (\d+)", done.stdout),
        violated.group(1) if violated else "",
        int(violated.group(2)) if violated else -1,
        float(elapsed.group(1)) if elapsed else 0.0,
    )


def run_spin_through(text: str, folder: Path) -> Thorough:
    """The same through all that can happen, whatever is violated on the way."""
    _compile(text, folder, ("-DBFS",))
    violated: dict[str, int] = {}
    said = []
    command = ["./pan", "-m100000", "-c0"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pan:
        assert pan.stdout is not None
        for line in pan.stdout:
            # There is a line for nearly every error, so they are not kept.
            if found := _VIOLATED.search(line):
                violated.setdefault(found.group(1), int(found.group(2)))
            else:
                said.append(line)
    printed = "".join(said)
    assert "error: max search depth too small" not in printed, "the search was cut off"
    elapsed = re.search(r"elapsed time ([\d.]+)", printed)
    return Thorough(
        _number(r"(\d+) states, stored", printed),
        _number(r"(\d+) transitions", printed),
        violated,
        float(elapsed.group(1)) if elapsed else 0.0,
    )


def _compile(text: str, folder: Path, options: Sequence[str]) -> None:
    (folder / "model.pml").write_text(text)
    for command in (["spin", "-a", "-o2", "model.pml"], ["gcc", "-O1", *VERIFIER, *options, "-o", "pan", "pan.c"]):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"
        assert "rror" not in done.stdout, done.stdout


def _number(pattern: str, printed: str) -> int:
    found = re.search(pattern, printed)
    assert found, f"SPIN did not come to an end: {printed}"
    return int(found.group(1))
