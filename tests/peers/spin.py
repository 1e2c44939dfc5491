# SPDX-License-Identifier: Apache-2.0
"""SPIN on a Promela text: how many states it stores, how many errors it finds, and what the first one is called."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

__all__ = ["Found", "run_spin"]

VERIFIER = ("-DSAFETY", "-DNOREDUCE")


@frozen
class Found:
    """What SPIN's verifier printed at its end."""

    stored: int
    transitions: int
    errors: int
    first: str
    depth: int
    seconds: float


def run_spin(text: str, folder: Path, compiled: Sequence[str] = (), run: Sequence[str] = ()) -> Found:
    """Generate, compile and run the verifier of a model in an empty folder."""
    (folder / "model.pml").write_text(text)
    for command in (["spin", "-a", "-o2", "model.pml"], ["gcc", "-O1", *VERIFIER, *compiled, "-o", "pan", "pan.c"]):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"
        assert "rror" not in done.stdout, done.stdout
    done = subprocess.run(["./pan", "-m100000", *run], cwd=folder, capture_output=True, text=True, check=False)
    assert "error: max search depth too small" not in done.stdout, "the search was cut off"
    violated = re.search(r"assertion violated\s+!\(\s*(\w+)\s*\) \(at depth (\d+)\)", done.stdout)
    elapsed = re.search(r"elapsed time ([\d.]+)", done.stdout)
    return Found(
        _number(r"(\d+) states, stored", done.stdout),
        _number(r"(\d+) transitions", done.stdout),
        _number(r"errors: (\d+)", done.stdout),
        violated.group(1) if violated else "",
        int(violated.group(2)) if violated else -1,
        float(elapsed.group(1)) if elapsed else 0.0,
    )


def _number(pattern: str, printed: str) -> int:
    found = re.search(pattern, printed)
    assert found, f"SPIN did not come to an end: {printed}"
    return int(found.group(1))
