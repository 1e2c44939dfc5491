# SPDX-License-Identifier: Apache-2.0
"""Fetches through one location's cache that are under way together: the slow one must not undo the quick one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import Fetch, KVLocation, KVNamespace, Limits, LocationCache
from edgeproof.impl.runtime import SimulatedRuntime

TTL = 60.0


class Place:
    """A location's cache, whose questions to the centre are asked, looked up and answered one by one."""

    def __init__(
        self, cache: LocationCache | None = None, *, negative_caching: bool = True, dated: str = "asked"
    ) -> None:
        self.world = SimulatedRuntime()
        self.kv = KVNamespace(self.world, limits=Limits(write_spacing=0), negative_caching=negative_caching)
        self.cache = cache or LocationCache()
        self.behind: Callable[[str], KVEntry | None] = self.kv.read_centre
        self.location = KVLocation(
            self.kv, self.world, lambda: self.cache, behind=lambda key: self.behind(key), dated=dated
        )

    def put(self, value: str) -> None:
        self.world.advance(1)
        self.kv.put("k", value)

    def delete(self) -> None:
        self.world.advance(1)
        self.kv.delete("k")

    def get(self) -> bytes | None:
        entry = self.location.get("k", cache_ttl=TTL)
        return None if entry is None else entry.value

    def get_while(self, *happens: Callable[[], Any], looked_up_first: bool = True) -> bytes | None:
        """What a request is told while other things happen between its question to the centre and the answer."""

        def slow(key: str) -> KVEntry | None:
            self.behind = self.kv.read_centre
            found = self.kv.read_centre(key) if looked_up_first else None
            for act in happens:
                act()
            return found if looked_up_first else self.kv.read_centre(key)

        self.behind = slow
        return self.get()


def test_a_slow_fetch_of_an_older_value_does_not_undo_a_quick_one_of_a_newer() -> None:
    place = Place()
    place.put("1")
    assert place.get_while(lambda: place.put("2"), place.get) == b"1", "it was asked for before there was a 2"
    assert place.get() == b"2"


def test_a_slow_fetch_of_the_newer_value_stays_as_old_as_its_question() -> None:
    place = Place()
    place.put("1")
    asked_at = place.world.time
    assert place.get_while(place.get, lambda: place.put("2"), looked_up_first=False) == b"2"
    assert place.cache.copies["k"].fetched_at == asked_at
    assert place.get() == b"2"


@pytest.mark.parametrize("newer_first", [True, False])
def test_of_two_answers_the_newer_is_kept_though_its_question_is_older(newer_first: bool) -> None:
    place = Place()
    place.put("1")
    first = place.cache.begin("k", 1.0)
    second = place.cache.begin("k", 2.0)
    older = place.kv.read_centre("k")
    place.put("2")
    newer = place.kv.read_centre("k")
    answers = [(first, newer), (second, older)]
    for fetch, entry in answers if newer_first else answers[::-1]:
        place.cache.end(fetch, entry, negative_caching=True)
    assert place.cache.copies["k"].entry == newer


@pytest.mark.parametrize("put_again", [False, True])
def test_an_overtaken_answer_that_says_the_same_leaves_the_copy_as_it_is(put_again: bool) -> None:
    place = Place()
    place.put("1")
    slow, quick = place.cache.begin("k", 1.0), place.cache.begin("k", 2.0)
    place.cache.end(quick, place.kv.read_centre("k"), negative_caching=True)
    kept = place.cache.copies["k"]
    if put_again:
        place.put("1")
    place.cache.end(slow, place.kv.read_centre("k"), negative_caching=True)
    assert place.cache.copies["k"] == kept


@pytest.mark.parametrize(("overlap", "kept"), [("newest", b"2"), ("neither", None), ("latest", b"1")])
def test_what_a_cache_keeps_of_overlapping_answers_is_as_chosen(overlap: str, kept: bytes | None) -> None:
    place = Place(LocationCache(overlap))
    place.put("1")
    place.get_while(lambda: place.put("2"), place.get)
    copy = place.cache.copies.get("k")
    assert (copy and copy.entry and copy.entry.value) == kept


@pytest.mark.parametrize(("dated", "age"), [("asked", 10.0), ("answered", 0.0)])
def test_a_copy_counts_from_its_question_unless_it_is_dated_by_the_answer(dated: str, age: float) -> None:
    place = Place(dated=dated)
    place.put("1")
    place.get_while(lambda: place.world.advance(10))
    assert place.world.now() - place.cache.copies["k"].fetched_at == age


def test_a_rule_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="newest, neither, latest, not 'oldest'"):
        LocationCache("oldest")
    with pytest.raises(ValueError, match="asked or answered, not 'put'"):
        Place(dated="put")


@pytest.mark.parametrize("newer_first", [True, False])
def test_where_nobody_can_say_which_of_two_answers_is_newer_neither_is_kept(newer_first: bool) -> None:
    place = Place()
    first = place.cache.begin("k", 1.0)
    second = place.cache.begin("k", 2.0)
    place.put("1")
    answers = [(first, place.kv.read_centre("k")), (second, None)]
    for fetch, entry in answers if newer_first else answers[::-1]:
        place.cache.end(fetch, entry, negative_caching=True)
    assert place.cache.copies == {}


@pytest.mark.parametrize("negative_caching", [True, False])
def test_absence_that_is_learnt_late_does_not_hide_what_has_been_put_since(negative_caching: bool) -> None:
    place = Place(negative_caching=negative_caching)
    assert place.get_while(lambda: place.put("1"), place.get) is None
    assert place.get() == b"1"


def test_a_value_that_is_learnt_late_does_not_bring_back_what_has_been_deleted_since() -> None:
    place = Place()
    place.put("1")
    assert place.get_while(place.delete, place.get) == b"1"
    assert place.get() is None


def test_a_refresh_in_the_background_is_overtaken_in_the_same_way() -> None:
    place = Place()
    place.put("1")
    place.get()
    place.world.advance(TTL)
    slow = place.cache.begin("k", place.world.now())
    found = place.kv.read_centre("k")
    place.put("2")
    assert place.get() == b"2"
    place.cache.end(slow, found, negative_caching=True)
    assert place.get() == b"2"


class Script:
    """Questions to the centre, and after every answer: what is kept is as new as anything that was."""

    def __init__(self, negative_caching: bool) -> None:
        self.place = Place(negative_caching=negative_caching)
        self.changes = 0
        """How often the centre's value has changed."""
        self.under_way: list[tuple[Fetch, list[tuple[KVEntry | None, int]]]] = []
        """Each with what it has found, once it has been looked up, and after how many changes."""
        self.found_after: dict[float, int] = {}
        """After how many changes the copy was looked up that was asked for at this time."""
        self.kept_after = 0

    def put(self) -> None:
        self.changes += 1
        self.place.put(f"{self.changes}")

    def delete(self) -> None:
        self.changes += 1
        self.place.delete()

    def ask(self) -> None:
        self.place.world.advance(1)
        self.under_way.append((self.place.cache.begin("k", self.place.world.now()), []))

    def look_up(self, which: int) -> None:
        if self.under_way:
            fetch, found = self.under_way[which % len(self.under_way)]
            if not found:
                found.append((self.place.kv.read_centre("k"), self.changes))
                self.found_after[fetch.asked_at] = self.changes

    def answer(self, which: int) -> None:
        self.look_up(which)
        if not self.under_way:
            return
        fetch, ((entry, _),) = self.under_way.pop(which % len(self.under_way))
        self.place.cache.end(fetch, entry, negative_caching=self.place.kv.negative_caching)
        kept = self.place.cache.copies.get("k")
        if kept is not None:
            assert self.found_after[kept.fetched_at] >= self.kept_after
            self.kept_after = self.found_after[kept.fetched_at]


which = st.integers(0, 2)
steps = st.one_of(
    st.just((Script.ask,)),
    st.sampled_from([(Script.put,), (Script.put,), (Script.delete,)]),
    st.tuples(st.just(Script.look_up), which),
    st.tuples(st.just(Script.answer), which),
)


@given(st.booleans(), st.lists(steps, min_size=20, max_size=40))
@settings(max_examples=300)
def test_in_whatever_order_questions_are_answered_no_copy_gives_way_to_an_older_one(
    negative_caching: bool, script: list[tuple[Any, ...]]
) -> None:
    run = Script(negative_caching)
    for act, *arguments in script:
        act(run, *arguments)


def test_a_question_that_nobody_has_overtaken_replaces_whatever_is_there() -> None:
    place = Place()
    place.put("2")
    place.get()
    place.world.advance(TTL + 1)
    older = KVEntry(b"1", None, 0.0)
    place.behind = lambda key: older
    assert place.get() == b"1"
    assert place.cache.copies["k"].entry == older, "what is behind the cache has gone back, and the location with it"
