# SPDX-License-Identifier: Apache-2.0
"""Whose fault a missed bound is: a duty of the design that was missed excuses nothing, the platform's lateness does.

The cases are one history, a unit each: blame is a matter of units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

import pytest

from edgeproof.properties.engines.history.engine import examine, judge, judge_assumption
from edgeproof.properties.engines.history.part import excused
from edgeproof.properties.evidence import Verdict
from edgeproof.properties.intake.columns import MALFORMED
from edgeproof.properties.traffic.assumptions import MONITORS
from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.facts import at_once, gather
from edgeproof.properties.traffic.measure import measure
from edgeproof.properties.traffic.promise import Promise
from tests.properties.histories import Line, commit, fault, publish, read
from tests.properties.random_traffic import as_table

PROMISE: Final = Promise(90.0, sync_delay=2.0, put_timeout=5.0, retry_delay=1.0, failures=3, cache_ttl=60.0)
BEGUN: Final = [commit(1, 0, 1), publish(1, 1, 1.1), commit(2, 10, 10.1)]
STALE: Final = read(1, 200, 200.1, source="kv")
"""99.9 s more than the bound after line 3 was acknowledged."""

BOUND: Final = CHECKS["bounded-staleness"]

Case = tuple[Sequence[Line], Verdict | None, Mapping[str, tuple[float, int]]]
"""A history, what its staleness comes to (None where it has none), and by assumption or duty by how much it was broken,
and by which line."""

CASES: Final[Mapping[str, Case]] = {
    "never published": ([*BEGUN, STALE], Verdict.VIOLATED, {"keeps-publishing": (189.9, 3)}),
    "published late": (
        [*BEGUN, STALE, publish(2, 201, 201.1)],
        Verdict.MISSED,
        {"assumes-sync-delay": (190.9, 5)},
    ),
    "not published within the minute that an alarm may be late": (
        [*BEGUN, read(1, 50, 50.1)],
        None,
        {"assumes-sync-delay": (39.9, 3)},
    ),
    "not published as the store did not come back": (
        [*BEGUN, {**fault("crash", 11, 11), "return": None, "outcome": "unknown"}, STALE],
        Verdict.VIOLATED,
        {},
    ),
    "more failed in a row than the bound allows for, until one did not": (
        [BEGUN[0], publish(1, 1, 1.1, outcome="fail"), publish(1, 2, 2.1), BEGUN[2]]
        + [*(publish(2, at, at + 0.1, outcome="fail") for at in (11, 12, 13, 14)), publish(2, 15, 15.1)],
        None,
        {"assumes-retries": (4, 8)},
    ),
    "not tried again in time": (
        [*BEGUN, publish(2, 11, 11.1, outcome="fail"), STALE, publish(2, 201, 201.1)],
        Verdict.VIOLATED,
        {"keeps-retry-delay": (189.9, 4)},
    ),
    "a copy that was served for too long": (
        [*BEGUN, publish(2, 11, 11.1), {**STALE, "source": "cache"}],
        Verdict.MISSED,
        {"assumes-cache-ttl": (188.9, 0)},
    ),
    "what may have been a copy, and may have been KV itself": (
        [*BEGUN, publish(2, 11, 11.1), STALE],
        Verdict.VIOLATED,
        {},
    ),
    "a restored store that was published at once, by copies without an era": (
        [*BEGUN, publish(2, 11, 11.1), fault("rollback", 100, 100.1, version=1, era=1)]
        + [publish(1, 101, 101.1), read(2, 300, 300.1)],
        Verdict.VIOLATED,
        {},
    ),
    "a put before a restore is of the version that there was by then": (
        [*BEGUN, publish(2, 60, 60.1), fault("rollback", 100, 100.1, version=1, era=1), publish(1, 101, 101.1)],
        None,
        {"assumes-sync-delay": (49.9, 4)},
    ),
}


@cache
def found() -> Mapping[str, tuple[Verdict | None, dict[str, tuple[float, int]]]]:
    """By case, what its staleness comes to, and what was broken."""
    lines = [{**line, "unit": case} for case, (lines, _, _) in CASES.items() for line in lines]
    places = [n for lines, _, _ in CASES.values() for n in range(1, len(lines) + 1)]
    facts = gather(as_table(lines))
    over = {name: one.broken(facts, PROMISE) for name, one in MONITORS.items()}
    stale = {row["unit"] for row in BOUND.violations(facts, PROMISE)}
    names = facts.vocabulary.of["unit"].words.to_pylist()
    forgiven = {name for name, one in zip(names, excused(BOUND, facts, over), strict=True) if one}
    broken: dict[str, dict[str, tuple[float, int]]] = {case: {} for case in CASES}
    for name, rows in over.items():
        for row in facts.rows(rows):
            line = 0 if row["line"] is None else places[row["line"] - 1]
            broken[row["unit"]][name] = (round(row["value"], 6), line)
    verdicts = {case: Verdict.MISSED if case in forgiven else Verdict.VIOLATED for case in stale}
    return {case: (verdicts.get(case), broken[case]) for case in CASES}


@pytest.mark.parametrize("case", CASES)
def test_a_missed_bound_is_the_designs_fault_unless_the_platform_broke_an_assumption(case: str) -> None:
    _, verdict, broken = CASES[case]
    assert found()[case] == (verdict, broken)


def test_verdicts_say_which_commit_was_never_put_and_that_this_is_no_excuse() -> None:
    facts = gather(as_table([*BEGUN, STALE]))
    examined = examine(at_once(facts), MALFORMED.empty_table(), PROMISE, [BOUND.id])
    duty, stale = judge_assumption(MONITORS["keeps-publishing"], examined, PROMISE), judge(BOUND, examined, PROMISE)
    assert (duty.verdict, stale.verdict) == (Verdict.VIOLATED, Verdict.VIOLATED)
    assert duty.reason == "the commit of line 3 waited 189.900 s, until the history ended, and was never put"
    assert stale.reason.startswith("line 4: r1 at lis was told version 1, 189.900 s after line 3 had committed")
    # Measured staleness is what is certain however clocks differ.
    assert measure(at_once(facts), 100.0).overall["certain"]["max"] == pytest.approx(89.9)
    assert measure(at_once(facts), 200.0).overall["certain"]["max"] == 0
