# SPDX-License-Identifier: Apache-2.0
"""Kill -9 of the store, with its replicator, and of locations, at any moment under concurrent writers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.faults.row import Row

__all__ = ["killed"]

QUICK = "--writers 4 --writes 20 --pops 2 --flags 20 --put-timeout 400ms --retry-delay 200ms --cache-ttl 1s"
"""So much is under way that a kill mostly strikes something."""


def killed(folder: Path, system: str, kills: int, seed: int) -> Row:
    """`edgeproof run --kills`, and what it has found; every verdict on its history is to hold."""
    words = ["run", "--system", system, "--kills", str(kills), "--seed", str(seed), *QUICK.split()]
    command = [sys.executable, "-m", "edgeproof.reports.cli", *words, "--out", str(folder), "--json"]
    said = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    (case,) = said["report"]["cases"]
    verdicts = Counter(one["verdict"] for one in case["properties"])
    assert said["kills"] == kills, said
    assert set(verdicts) == {"HOLDS_TO_BOUND"}, said
    writes = said["writes"]
    refused, reads = said["counts"].get("commit fail", 0), said["counts"]["read ok"]
    hold = ", ".join(one["id"] for one in case["properties"])
    return Row(
        f"kill -9, {system}",
        f"`edgeproof {' '.join(words)}`: the store with its replicator, or one of two locations, at any moment",
        kills,
        writes["acknowledged"],
        writes["lost"] + writes["torn"] + writes["twice"],
        "no answer; the writer asks again with its key, and is told the version that was made, if one was "
        f"({refused:,} writes expected an old version, and were refused)",
        f"what it found when it was started again; {hold} hold of {reads:,} reads",
    )
