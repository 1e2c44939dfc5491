# SPDX-License-Identifier: Apache-2.0
"""Runs on the real clock that a slow machine does not spoil: they go on until there is enough, and are held to a bound
whose S is what the machine took, where that is more than was allowed for.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any, Final

from attrs import evolve

from edgeproof.impl.live.options import Paths
from edgeproof.impl.live.pulse import STALL
from edgeproof.impl.live.run import LiveOptions, LiveResult, run_live
from edgeproof.impl.live.site import ReferenceSite, Site
from edgeproof.properties.engines.history.engine import Promise, check_history
from edgeproof.properties.evidence import Evidence
from edgeproof.properties.promises import promise_of

__all__ = ["QUICK", "checked", "events_of", "promise_to", "run_until"]

QUICK: Final[dict[str, Any]] = {
    "pops": 2,
    "flags": 20,
    "writes_per_second": 4.0,
    "put_timeout": 0.4,
    "retry_delay": 0.1,
    "cache_ttl": 0.2,
    "write_spacing": 0.0,
}

AT_MOST: Final = 120.0
"""Seconds of a run that waits for something."""


def promise_to(options: LiveOptions, slowest: float = 0.0) -> Promise:
    """What the formula promises if the machine was as slow as this."""
    patient = evolve(options, sync_delay=max(options.sync_delay, ceil(1000 * slowest) / 1000))
    return promise_of(patient.constants(), machine=patient.sync_delay)


def checked(options: LiveOptions, slowest: float = 0.0) -> dict[str, Evidence]:
    """What the history shows, by property."""
    return {one.property: one for one in check_history(options.history, promise_to(options, slowest))}


def run_until(
    options: LiveOptions,
    strikes: set[str],
    site: Callable[[LiveOptions, Paths], Site] = ReferenceSite,
) -> LiveResult:
    """Run for as long as the options say, and then until every fault in `strikes` has struck and the bound has passed.

    The options have to keep what the processes record.
    """
    assert options.keep is not None
    kept, least = options.keep, options.seconds

    def look(line: str) -> None:
        seconds = float(line.partition(" ")[0])
        faults = [one for one in events_of(kept) if one["kind"] == "fault"]
        slowest = max((one["returned"] - one["invoke"] for one in faults if one["note"] == STALL), default=0.0)
        enough = max(least, promise_to(options, slowest).bound_s + 1)
        if seconds >= enough and strikes <= {one["note"] for one in faults}:
            os.kill(os.getpid(), signal.SIGINT)

    result = run_live(evolve(options, seconds=AT_MOST), look, site)
    assert result.interrupted, f"after {AT_MOST:g} s not all of {sorted(strikes)} had struck"
    return result


def events_of(kept: Path) -> list[dict[str, Any]]:
    """What the processes of a run have recorded so far."""
    lines = [line for part in kept.glob("*.jsonl") for line in part.read_text(encoding="utf-8").splitlines(True)]
    return [json.loads(line)["event"] for line in lines if line.endswith("\n")]
