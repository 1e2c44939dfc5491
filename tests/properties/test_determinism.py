# SPDX-License-Identifier: Apache-2.0
"""The same seed twice gives the same bytes, whatever order Python's sets and hashes have."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.processes import started

HERE = Path(__file__).resolve().parents[2]


def test_witnesses_of_every_engine_are_the_same_under_two_hash_seeds() -> None:
    command = [sys.executable, "-W", "ignore", "-m", "tests.properties.witnesses"]
    with ExitStack() as until_the_end:
        running = [
            until_the_end.enter_context(started(command, cwd=HERE, env={**os.environ, "PYTHONHASHSEED": seed}))
            for seed in ("0", "1")
        ]
        first, second = (process.communicate()[0] for process in running)
    assert [process.returncode for process in running] == [0, 0]
    assert first == second
    for engine in ("explore", "prove", "fuzz"):
        assert f'"origin": "{engine}"' in first, f"{engine} has a witness to compare"
