# SPDX-License-Identifier: Apache-2.0
"""Hundreds of kill -9 under concurrent writers; `make faults` does the same for the page."""

from __future__ import annotations

from math import inf
from pathlib import Path

import pytest

from edgeproof.impl.durable.front import Front, Reply, WriteRequest
from edgeproof.impl.durable.store import WriteResult
from edgeproof.impl.live.run import LiveOptions, run_live
from edgeproof.impl.pattern.deployment import Parts
from tests.faults.kills import killed
from tests.impl.live_runs import QUICK

KILLS = 250


class AnswersFirst(Front):
    """Commits what it has acknowledged a little later."""

    async def write(self, request: WriteRequest, reply: Reply) -> None:
        reply(WriteResult(self._store.version() + 1))
        self._runtime.spawn(self._later(request))

    async def _later(self, request: WriteRequest) -> None:
        await self._runtime.sleep(0.2)
        self._commit(request)


@pytest.mark.parametrize("system", ["reference", "workerd"])
def test_kills_at_any_moment_lose_nothing_tear_nothing_and_do_nothing_twice(system: str, tmp_path: Path) -> None:
    row = killed(tmp_path, system, KILLS, seed=1)
    assert row.lost == 0
    assert row.acknowledged > KILLS
    print(row)


def test_a_store_that_acknowledges_before_it_commits_is_caught(tmp_path: Path) -> None:
    quick = {**QUICK, "pops": 1, "writers": 1, "writes_per_second": 20.0}
    parts = Parts(front=AnswersFirst)
    result = run_live(LiveOptions(inf, tmp_path / "history.jsonl", kills=20, parts=parts, **quick))
    assert result.writes.lost > 0
