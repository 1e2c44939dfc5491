# SPDX-License-Identifier: Apache-2.0
"""What takes minutes of real time: the platform's own retries of an alarm whose handler throws (`make long`, 150 s)."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from edgeproof.impl.workerd.adversary import Adversary
from edgeproof.impl.workerd.adversary_http import Door
from tests.workerd.test_runtime import deployed, kv, write

__all__ = ["kv"]


def test_the_platform_runs_a_handler_that_throws_seven_times_and_then_never(
    workerd: Path, kv: tuple[Adversary, Door]
) -> None:
    adversary, door = kv
    adversary.holding = True
    processes = deployed(door, handler="throws")
    try:
        assert write(processes, 1) == 200
        gaps = []
        last = time.monotonic()
        for _ in range(7):
            adversary.arrival(timeout=100).fail(503)
            now = time.monotonic()
            gaps.append(now - last)
            last = now
        for gap, base in zip(gaps[1:], (2, 4, 8, 16, 32, 64), strict=True):
            assert base <= gap <= base * 1.25 + 1
        with pytest.raises(TimeoutError):
            adversary.arrival(timeout=10)
    finally:
        processes.close()
