# SPDX-License-Identifier: Apache-2.0
"""What is learnt of an environment is the smallest that the history respects."""

from __future__ import annotations

from math import inf
from random import Random
from typing import Any, Final

from attrs import evolve

from edgeproof.properties.traffic.assumptions import LATE, MONITORS, Monitor
from edgeproof.properties.traffic.facts import Facts, at_once, gather
from edgeproof.properties.traffic.learn import learn, numbers_of
from edgeproof.properties.traffic.promise import Promise
from tests.properties.histories import clean, commit, publish, read
from tests.properties.random_traffic import as_table, random_unit

MILLISECOND: Final = 0.001
WATCHED: Final = tuple(one for one in MONITORS.values() if one.symbol in "SDFRT" and one.id != LATE)


def environment(facts: Facts) -> Promise:
    """A promise that takes for granted what was learnt, and no more."""
    values = learn(at_once(facts), Promise(inf)).values
    s, d, f, r, t = (values[symbol] for symbol in "SDFRT")
    return Promise(inf, failures=int(f), put_timeout=d, sync_delay=s, retry_delay=r, cache_ttl=t)


def broken(monitor: Monitor, facts: Facts, promise: Promise) -> int:
    return len(monitor.broken(facts, promise))


def test_a_history_respects_what_was_learnt_of_it_and_nothing_smaller() -> None:
    random = Random(5)
    facts = gather(as_table([line for n in range(60) for line in random_unit(random, f"u{n}")]))
    learnt = environment(facts)
    for one in WATCHED:
        limit = one.limit(learnt)
        assert limit, f"{one.id}: nothing was learnt, so that this compares nothing"
        assert not broken(one, facts, learnt), one.id
        smaller: dict[str, Any] = {one.field: limit - (1 if one.symbol == "F" else MILLISECOND)}
        assert one.symbol == "D" or broken(one, facts, evolve(learnt, **smaller)), one.id


def test_d_is_that_of_the_longest_put_confirmed_or_given_up() -> None:
    lines = [*clean(), commit(3, 10, 10.1), publish(3, 10.2, 14.4504, outcome="unknown")]
    assert learn(at_once(gather(as_table(lines))), Promise(inf)).values["D"] == 4.251  # up to the next millisecond


def test_what_the_history_is_not_about_is_named_with_the_reason() -> None:
    from_kv = [read(1, 2, 2.1, source="kv"), commit(1, 1, 1.2), publish(1, 1.5, 1.6)]
    assert learn(at_once(gather(as_table(from_kv))), Promise(inf)).unwatched == {
        "T": "no read says that it was served from a cache"
    }
    unpublished = learn(at_once(gather(as_table([commit(1, 1, 1.2)]))), Promise(inf))
    assert {symbol for symbol, why in unpublished.unwatched.items() if why == "no put is recorded"} >= set("SDFR")


def test_numbers_are_whole_milliseconds_and_not_below_what_was_measured() -> None:
    """1.6 - 1.5 is a little more than 0.1 in doubles, and so is 5.2 - 4.1 more than 1.1."""
    numbers = numbers_of(learn(at_once(gather(as_table(clean()))), Promise(inf)))
    assert {symbol: str(value) for symbol, value in numbers.items()} == {
        "S": "4/5", "D": "101/1000", "F": "0", "R": "0", "T": "1101/1000",
    }  # fmt: skip
