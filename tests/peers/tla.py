# SPDX-License-Identifier: Apache-2.0
"""A TLA+ checker on our module and configuration: `tla` of the crate tla-checker, which reads what TLC reads."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from attrs import frozen

from edgeproof.model.text import Subject
from edgeproof.model.text_tla import tla

__all__ = ["Verdict", "run_tla"]


@frozen
class Verdict:
    """What the checker says: its status, what is broken, how many steps its run has, and the size of its search."""

    status: str
    broken: str
    steps: int
    states: int
    transitions: int
    seconds: float


def run_tla(of: Subject, folder: Path) -> Verdict:
    """Check an instance's module with its configuration, in an empty folder."""
    name, module, configuration = tla(of)
    (folder / f"{name}.tla").write_text(module)
    (folder / f"{name}.cfg").write_text(configuration)
    command = ["tla", f"{name}.tla", "--json", "--max-depth", "1000"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines, f"no verdict: {done.stdout}{done.stderr}"
    found = json.loads(lines[-1])
    stats = found.get("stats", {})
    return Verdict(
        found["status"],
        found.get("property") or found.get("invariant_name") or "",
        len(found.get("trace", [])) - 1,
        stats.get("states_explored", -1),
        stats.get("transitions", -1),
        stats.get("elapsed_secs", 0.0),
    )
