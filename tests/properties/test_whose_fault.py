# SPDX-License-Identifier: Apache-2.0
"""Whose fault a missed bound is: a duty of the design that was missed excuses nothing, the platform's lateness does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import ibis
import pyarrow as pa
import pytest

from edgeproof.properties.engines.history.engine import examine, judge, judge_assumption
from edgeproof.properties.evidence import Evidence, Verdict
from edgeproof.properties.intake.columns import MALFORMED
from edgeproof.properties.traffic.assumptions import MONITORS
from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.facts import gather
from edgeproof.properties.traffic.promise import Promise
from tests.properties.histories import Line, commit, fault, publish, read
from tests.properties.random_traffic import as_table

PROMISE: Final = Promise(
    90.0, sync_delay=2.0, put_timeout=5.0, retry_delay=1.0, failures=3, cache_ttl=60.0, assumptions=("S = 2 s",)
)
BEGUN: Final = [commit(1, 0, 1), publish(1, 1, 1.1), commit(2, 10, 10.1)]
STALE: Final = read(1, 200, 200.1, source="kv")
"""100 s more than the bound after line 3 was acknowledged."""

BOUND: Final = "bounded-staleness"


def found(lines: Sequence[Line], *names: str) -> list[Evidence]:
    """The evidence on properties, assumptions and duties."""
    facts = gather(as_table(list(lines)))
    malformed = ibis.memtable(pa.Table.from_pylist([], schema=MALFORMED))
    examined = examine(facts, malformed, PROMISE)
    return [
        judge(CHECKS[name], examined, PROMISE)
        if name in CHECKS
        else judge_assumption(MONITORS[name], examined, PROMISE)
        for name in names
    ]


def test_what_is_never_published_is_the_designs_fault_and_names_the_commit_that_waited() -> None:
    stale, duty, late = found([*BEGUN, STALE], BOUND, "keeps-publishing", "assumes-sync-delay")
    assert [one.verdict for one in (stale, duty, late)] == [Verdict.VIOLATED, Verdict.VIOLATED, Verdict.HOLDS_TO_BOUND]
    assert duty.reason == "the commit of line 3 waited 189.900 s, until the history ended, and was never put"


def test_what_is_published_late_may_be_the_platforms() -> None:
    stale, duty, late = found([*BEGUN, STALE, publish(2, 201, 201.1)], BOUND, "keeps-publishing", "assumes-sync-delay")
    assert [one.verdict for one in (stale, duty, late)] == [Verdict.MISSED, Verdict.HOLDS_TO_BOUND, Verdict.MISSED]
    why = "a commit had waited 190.900 s when line 5 was put, and S is 2 s"
    assert late.reason == why
    assert stale.reason.startswith(f"the promise was missed by 99.900 s, and by this assumption: {why}; line 4: ")


def test_an_alarm_that_may_yet_come_is_late_until_the_minute_that_it_is_allowed_is_over() -> None:
    soon = read(1, 50, 50.1)
    duty, late = found([*BEGUN, soon], "keeps-publishing", "assumes-sync-delay")
    assert (duty.verdict, late.verdict) == (Verdict.HOLDS_TO_BOUND, Verdict.MISSED)
    assert late.reason == "the commit of line 3 had waited 39.900 s when the history ended, and S is 2 s"


def test_a_store_that_did_not_come_back_cannot_publish() -> None:
    (duty,) = found(
        [*BEGUN, fault("crash", 11, 11) | {"return": None, "outcome": "unknown"}, STALE], "keeps-publishing"
    )
    assert duty.verdict is Verdict.HOLDS_TO_BOUND


def test_a_retry_that_is_late_is_the_designs_fault_and_names_the_put_that_failed() -> None:
    lines = [*BEGUN, publish(2, 11, 11.1, outcome="fail"), STALE, publish(2, 201, 201.1)]
    stale, duty = found(lines, BOUND, "keeps-retry-delay")
    assert (stale.verdict, duty.verdict) == (Verdict.VIOLATED, Verdict.VIOLATED)
    assert duty.reason == "189.900 s went by after the put of line 4 had failed, and R is 1 s"


def test_a_cache_that_serves_its_copy_for_too_long_is_the_platforms() -> None:
    lines = [*BEGUN, publish(2, 11, 11.1), {**STALE, "source": "cache"}]
    stale, ttl = found(lines, BOUND, "assumes-cache-ttl")
    assert (stale.verdict, ttl.verdict) == (Verdict.MISSED, Verdict.MISSED)
    assert found([*lines[:-1], STALE], BOUND)[0].verdict is Verdict.VIOLATED


def test_a_restored_store_that_was_published_at_once_waited_for_nothing_though_its_copies_carry_no_era() -> None:
    back = [fault("rollback", 100, 100.1, version=1, era=1), publish(1, 101, 101.1)]
    lines = [*BEGUN, publish(2, 11, 11.1), *back, read(2, 300, 300.1)]
    stale, duty, late = found(lines, BOUND, "keeps-publishing", "assumes-sync-delay")
    assert [one.verdict for one in (stale, duty, late)] == [
        Verdict.VIOLATED,
        Verdict.HOLDS_TO_BOUND,
        Verdict.HOLDS_TO_BOUND,
    ]


@pytest.mark.parametrize("name", [BOUND, "read-your-writes"])
def test_staleness_is_certain_only_beyond_what_clocks_may_differ_by(name: str) -> None:
    lines = [*BEGUN, publish(2, 11, 11.1), read(1, 110, 110.1)]
    facts = gather(as_table(lines))
    for skew, broken in ((1.0, 1), (9.9, 1 if name == "read-your-writes" else 0), (100.0, 0)):
        promise = Promise(90.0, skew=skew)
        assert CHECKS[name].broken(facts, promise).count().execute() == broken
