# SPDX-License-Identifier: Apache-2.0
"""Every check finds exactly the events that break its definition, on thousands of random histories."""

from __future__ import annotations

from random import Random

import pytest

from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.facts import Facts, gather
from edgeproof.properties.traffic.promise import Promise
from tests.properties.held_histories import PROMISES, hold
from tests.properties.naive_traffic import DEFINITIONS
from tests.properties.random_traffic import as_table, random_unit

PROMISE = PROMISES[0]
UNITS = 500


def test_every_check_is_of_a_property_of_the_catalogue_and_has_a_definition() -> None:
    assert set(CHECKS) <= set(CATALOGUE)
    assert list(DEFINITIONS) == list(CHECKS)


@pytest.mark.parametrize("promise", PROMISES, ids=["T", "skew", "bound"])
def test_checks_find_what_breaks_their_definitions_and_nothing_else(promise: Promise) -> None:
    broken = hold(PROMISES.index(promise), UNITS, promise)
    assert [name for name in CHECKS if broken[name] < 3] == []


PAIRS = ("monotonic-kv", "monotonic-reads", "cross-pop-monotonic", "read-your-writes", "bounded-staleness")


def test_what_explains_a_read_that_is_too_old_was_newer_and_over_before_it_began() -> None:
    random = Random(5)
    lines = [line for n in range(100) for line in random_unit(random, f"u{n:03}")]
    facts = gather(as_table(lines))
    for name in PAIRS:
        rows = CHECKS[name].violations(facts, PROMISE)
        for row in rows:
            cause = lines[row["because_line"] - 1]
            assert cause["unit"] == row["unit"]
            assert (cause["era"], cause["version"]) > (row["era"], row["version"])
            assert cause["return"] == row["because_at"] < row["invoke"]


def test_a_broken_property_has_been_tested() -> None:
    random = Random(99)
    for _ in range(6):
        facts: Facts = gather(as_table(random_unit(random, "u", 30)))
        for name, check in CHECKS.items():
            if check.violations(facts, PROMISE):
                assert check.tested(facts, PROMISE) > 0, name
