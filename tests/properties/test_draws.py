# SPDX-License-Identifier: Apache-2.0
"""What a run does follows from its seed, whatever else is loaded; Hypothesis itself would draw what stands in there."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from edgeproof.impl.system import Setup
from edgeproof.properties.engines.fuzz.engine import Budget, fuzz
from edgeproof.properties.engines.kernels import kernel_source
from tests.processes import started
from tests.properties.designs import instance
from tests.properties.test_fuzz import Lamp, LampSystem

HERE = Path(__file__).resolve().parents[2]


class Noted(LampSystem):
    """A lamp that keeps what it was asked to do: a digit an action, and a stroke a run."""

    asked = ""

    def start(self, setup: Setup) -> None:
        super().start(setup)
        Noted.asked += "|"

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        super().perform(action, arguments)
        Noted.asked += "0" if action == "switch" else "1"


def what_is_asked() -> str:
    at = instance(Lamp, surge=True)
    Noted.asked = ""
    fuzz(at, [], kernel_source([at], []), Noted, Budget(200, 6, seed=3))
    return Noted.asked


def test_a_module_more_in_the_process_changes_no_run(tmp_path: Path) -> None:
    constants = ", ".join(str(7**20 * n) for n in range(1, 200))
    (tmp_path / "beside.py").write_text(f"NUMBERS = ({constants})\n")
    tell = "from tests.properties.test_draws import what_is_asked; print(what_is_asked())"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))}
    commands = [[sys.executable, "-W", "ignore", "-c", before + tell] for before in ("", "import beside; ")]
    with started(commands[0], cwd=HERE, env=environment) as one, started(commands[1], cwd=HERE, env=environment) as two:
        alone, beside = one.communicate()[0], two.communicate()[0]
    assert (one.returncode, two.returncode) == (0, 0)
    assert alone == beside
    assert alone.count("|") == 200
