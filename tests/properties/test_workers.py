# SPDX-License-Identifier: Apache-2.0
"""The processes that share the work of a run: none is left behind, however the run ends."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from tests.processes import started

HERE = Path(__file__).resolve().parents[2]

RUN = """
from edgeproof.impl.references import ReferenceSystems
from edgeproof.properties.cases import scoreboard
from edgeproof.properties.verify import PLANS, verify

if __name__ == "__main__":
    verify(scoreboard("do_only"), PLANS["full"], ReferenceSystems, lambda progress: print("works", flush=True))
"""

MUTANTS = """
from edgeproof.impl.references import ReferenceSystems
from edgeproof.properties.mutation.matrix import Judging, chosen, run

if __name__ == "__main__":
    judging = Judging(("explore",), ReferenceSystems)
    run(chosen(["do_kv_per_key"], None, 0), judging, 2, lambda *_: print("works", flush=True))
"""


@pytest.mark.parametrize("code", [RUN, MUTANTS], ids=["verify", "mutate"])
def test_when_a_run_is_killed_its_workers_end(code: str, tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text(code, encoding="utf-8")
    command = [sys.executable, "-W", "ignore", str(tmp_path / "run.py")]
    with started(command, cwd=HERE, env={**os.environ, "PYTHONPATH": str(HERE)}) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "works\n"
        workers = _children(running.pid)
        assert len(workers) >= 2
        running.kill()
    patience = time.monotonic() + 60
    while left := [one for one in workers if _runs(one)]:
        assert time.monotonic() < patience, f"{left} outlive their parent"
        time.sleep(0.05)


def _children(of: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{of}/task/{of}/children").read_text(encoding="ascii").split()]


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
