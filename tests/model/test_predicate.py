# SPDX-License-Identifier: Apache-2.0
"""Conditions that somebody typed: what they say, and what is said of those that say nothing."""

from __future__ import annotations

import pytest

from edgeproof.model.designs import load
from edgeproof.model.interpret import evaluate, initial_state
from edgeproof.model.machine import DesignError, Instance
from edgeproof.model.predicate import LONGEST, predicate

DO_KV = Instance.of(load("do_kv"), T=3)
HERE = initial_state(DO_KV, 0) | {"config": 2, "kv": 1, "cached": (True, False), "age": (4, 0), "request": "stored"}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("kv < config", True),
        ("kv + 1 == config and not kv == config", True),
        ("0 < kv < config < 2", False),
        ("request == stored", True),
        ("request == lost or lost == request", False),  # a definition is called so, too
        ("request != 'stored' or 2 * kv >= config", True),
        ("some(cached and age > T)", True),
        ("every(cached)", False),
        ("every(served == 0) and not crash", True),
        ("publisher == inline", False),
    ],
)
def test_a_condition_says_of_a_state_what_it_reads_like(text: str, holds: bool) -> None:
    assert evaluate(DO_KV, predicate(DO_KV.machine, text), HERE) is holds


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "cannot be read; a condition is like this: kv < config and some(cached)"),
        ("kv <", "cannot be read"),
        ("(" * 400 + "kv" + ")" * 400, "cannot be read"),
        ("kv", "`kv` is no condition"),
        ("some(cache < coloured)", "there is no 'coloured' in do_kv; it has config, logged"),
        ("some(catched)", "there is no 'catched' in do_kv; did you mean 'cached'?"),
        ("stored", "`stored` is no condition"),
        ("kv == stored", "'stored' is not a value of type nat"),
        ("request == 3", "3 is not a value of type enum(none, taken, stored, lost)"),
        ("stored == taken", "neither 'stored' nor 'taken' says what it is a value of"),
        ("cached", "cached has many elements: some(cached ...) or every(cached ...)"),
        ("some(stray and cached)", "speaks of arrays over one sort; `stray and cached` has Pop, Put in it"),
        ("some(kv == 1)", "has none in it"),
        ("some(some(cached))", "speaks of arrays over one sort"),
        ("kv == 99999999999", "numbers go up to 2,147,483,647"),
        ("__import__('os').system('x')", "there is no '__import__' in do_kv"),
        ("kv.real == 1", "is nothing that a condition can say"),
        ("(lambda: kv)() == 1", "is nothing that a condition can say"),
        ("kv ** 9 == 1", "is nothing that a condition can say"),
        ("kv == 1" + " or kv == 1" * 200, f"a condition has at most {LONGEST:,} letters"),
    ],
)
def test_what_is_no_condition_is_refused_with_what_would_be_one(text: str, says: str) -> None:
    with pytest.raises(DesignError) as refused:
        predicate(DO_KV.machine, text)
    assert says in str(refused.value)
