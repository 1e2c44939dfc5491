# SPDX-License-Identifier: Apache-2.0
"""Walks by hand: what they may do next is what the meaning of a design says, and `nearest` is the shortest way."""

from __future__ import annotations

import random

import pytest

from edgeproof.model.designs import DESIGNS, load
from edgeproof.model.interpret import NotEnabledError, successors
from edgeproof.model.machine import DesignError, Instance
from edgeproof.model.predicate import predicate
from edgeproof.model.trace import replay
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.explore.nearest import nearest, where
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Verdict
from edgeproof.properties.walk import Walk, as_trace, begin, choices, event_named, step, undo

INLINE = Instance.of(load("do_kv"), publisher="inline", crash=True)


@pytest.mark.parametrize("design", DESIGNS)
def test_what_nothing_blocks_is_what_can_happen(design: str) -> None:
    chance = random.Random(design)
    for case in scoreboard(design)[:2]:
        walk = begin(instance_of(case))
        for _ in range(12):
            able = {event for event, _ in successors(walk.instance, walk.here)}
            told = list(choices(walk))
            assert {one.event for one in told if not one.blocked} == able
            assert {one.event.action for one in told if one.blocked} <= {a.name for a in walk.instance.machine.actions}
            if not able:
                break
            walk = step(walk, chance.choice(sorted(able, key=str)))
        assert list(walk.states) == replay(walk.instance.machine, as_trace(walk))


def test_what_is_blocked_says_what_it_needs() -> None:
    walk = begin(Instance.of(load("do_kv"), S=1))
    needs = {str(one.event): one.blocked for one in choices(walk)}
    assert needs["put_lands"] == ("sending = flying",)
    for typed in ("write", "tick"):
        walk = step(walk, event_named(walk, typed))
    assert {str(one.event): one.blocked for one in choices(walk)}["tick"] == ("alarms_fire_in_time",)


def test_an_event_is_written_as_it_is_shown_or_by_its_places() -> None:
    walk = begin(INLINE)
    texts = ("read(pop=1, cache=0)", "read 1 0", "read cache=0 pop=1", "read(1,0)")
    assert {str(event_named(walk, text)) for text in texts} == {"read(pop=1, cache=0)"}
    assert str(event_named(walk, "tick 3")) == "tick(3)"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("jump", "do_kv has no action 'jump'; it has write"),
        ("read", "read takes pop, cache, such as: read(pop=0, cache=0)"),
        ("read 0 x", "cache is a whole number, not 'x'"),
        ("read pop=0 pop=1", "read takes pop, cache, not pop"),
        ("crash 1", "crash takes nothing"),
        ("tick -1", "a tick's length is a whole number, not '-1'"),
    ],
)
def test_what_is_no_event_is_refused_with_what_would_be_one(typed: str, says: str) -> None:
    with pytest.raises(DesignError) as refused:
        event_named(begin(INLINE), typed)
    assert says in str(refused.value)


def test_undoing_goes_back_to_the_beginning_and_no_further() -> None:
    first = begin(INLINE)
    walk = step(step(first, event_named(first, "write_inline 0")), event_named(first, "crash"))
    assert undo(walk).events == walk.events[:1]
    assert undo(walk, 99) == first


# --- the nearest


@pytest.mark.parametrize("name", ["inline", "early-ack"])
def test_the_nearest_violation_from_the_beginning_is_the_shortest_there_is(name: str) -> None:
    case = next(one for one in scoreboard("do_kv") if one.name == name)
    asked = [CATALOGUE[p] for p, v in case.expected.items() if v is Verdict.VIOLATED and CATALOGUE[p].settles is None]
    at = instance_of(case)
    shortest = {e.property: e.witness for e in explore(at, asked, kernel_source([at], asked))}
    assert asked
    for one in asked:
        way, found = nearest(begin(at), one), shortest[one.id]
        assert way.walk is not None
        assert found is not None
        assert len(way.walk.events) == len(found.events)


def test_the_way_goes_on_from_the_steps_that_were_taken() -> None:
    walk = begin(INLINE)
    for typed in ("write_inline 0", "read 1 1"):
        walk = step(walk, event_named(walk, typed))
    way = nearest(walk, where(predicate(INLINE.machine, "kv < config and some(served == 2)")))
    assert way.walk is not None
    assert way.walk.events[:2] == walk.events
    assert (way.walk.here["kv"], way.walk.here["config"]) == (1, 2)


def test_a_write_that_another_beginning_watches_is_found_from_there() -> None:
    """The first of the initial states watches no write: nothing can be stale in it."""
    at = Instance.of(load("do_kv"), put_late=True)
    way = nearest(begin(at), CATALOGUE["bounded-staleness"])
    assert way.walk is not None
    assert way.walk.states[0]["watched"] != 0


def test_where_there_is_no_way_it_says_whether_it_looked_everywhere() -> None:
    torn = where(predicate(INLINE.machine, "torn > 0"))
    assert (nearest(begin(INLINE), torn).walk, nearest(begin(INLINE), torn).whole) == (None, True)
    soon = nearest(begin(INLINE), torn, Limits(states=10))
    assert (soon.walk, soon.whole) == (None, False)


def test_no_step_breaks_what_is_about_the_end() -> None:
    with pytest.raises(DesignError, match="convergence is about what becomes of a run in the end"):
        nearest(begin(INLINE), CATALOGUE["convergence"])


def test_a_walk_that_cannot_happen_is_none() -> None:
    walk: Walk = begin(INLINE)
    with pytest.raises(NotEnabledError):
        step(walk, event_named(walk, "put_lands"))
    with pytest.raises(DesignError, match="a run begins in one of 3 states, from 0; there is no 3"):
        begin(INLINE, 3)
