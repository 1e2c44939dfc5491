# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.impl.edge.centre import Centre, DictCentre, KVEntry, SqliteCentre
from edgeproof.impl.edge.kv import (
    KVLimitError,
    KVLocation,
    KVNamespace,
    KVThrottled,
    KVUnreachable,
    Limits,
    LocationCache,
)
from edgeproof.impl.runtime import SimulatedRuntime

FREE = Limits(write_spacing=0)


class Site:
    """A namespace, and one location that reads it."""

    def __init__(self, limits: Limits = FREE, **options: Any) -> None:
        self.clock, self.cache, self.reachable = SimulatedRuntime(), LocationCache(), True
        self.kv = KVNamespace(self.clock, limits=limits, **options)
        self.location = KVLocation(self.kv, self.clock, lambda: self.cache, lambda: self.reachable)

    def value(self, key: str = "k", **how: Any) -> bytes | None:
        entry = self.location.get(key, **how)
        return None if entry is None else entry.value


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture(params=["dict", "sqlite"])
def centre(request: pytest.FixtureRequest, tmp_path: Path) -> Centre:
    return DictCentre() if request.param == "dict" else SqliteCentre(tmp_path / "kv.sqlite")


# --- caching


@given(st.floats(30, 1e6), st.floats(0, 1e6))
def test_a_copy_is_served_exactly_as_long_as_the_cache_ttl_allows(ttl: float, age: float) -> None:
    site = Site()
    site.kv.put("k", "old")
    site.value()
    site.kv.put("k", "new")
    site.clock.advance(age)
    assert site.value(cache_ttl=ttl) == (b"old" if age <= ttl else b"new")


def test_a_lower_cache_ttl_counts_for_a_copy_that_is_cached_already(site: Site) -> None:
    site.kv.put("k", "old")
    site.value(cache_ttl=3600)
    site.kv.put("k", "new")
    site.clock.advance(31)
    assert site.value(cache_ttl=3600) == b"old"
    assert site.value(cache_ttl=30) == b"new"


def test_serving_a_copy_does_not_make_it_younger(site: Site) -> None:
    site.kv.put("k", "old")
    site.value()
    site.kv.put("k", "new")
    for _ in range(2):
        site.clock.advance(30)
        assert site.value() == b"old"
    site.clock.advance(1)
    assert site.value() == b"new"


def test_absence_is_cached_like_a_value(site: Site) -> None:
    assert site.value() is None
    site.kv.put("k", "new")
    site.clock.advance(60)
    assert site.value() is None
    site.clock.advance(1)
    assert site.value() == b"new"


def test_absence_is_not_cached_where_that_is_switched_off() -> None:
    site = Site(negative_caching=False)
    assert site.value() is None
    assert site.cache.copies == {}
    site.kv.put("k", "new")
    assert site.value() == b"new"


def test_a_deleted_key_lives_on_in_caches(site: Site) -> None:
    site.kv.put("k", "old")
    site.value()
    site.kv.delete("k")
    assert site.value() == b"old"
    site.clock.advance(61)
    assert site.value() is None


def test_a_refresh_brings_the_new_value_before_the_copy_is_too_old(site: Site) -> None:
    with pytest.raises(LookupError):
        site.location.refresh("k", site.cache)
    site.kv.put("k", "old")
    site.value()
    site.kv.put("k", "new")
    site.location.refresh("k", site.cache)
    assert site.value() == b"new"


def test_a_location_that_is_cut_off_serves_what_it_may_and_nothing_else(site: Site) -> None:
    site.kv.put("k", "old")
    site.value()
    site.reachable = False
    site.clock.advance(60)
    assert site.value() == b"old"
    site.clock.advance(1)
    with pytest.raises(KVUnreachable):
        site.value()
    with pytest.raises(KVUnreachable):
        site.location.refresh("k", site.cache)


def test_each_question_to_the_centre_is_counted_and_no_copy_that_is_served(site: Site) -> None:
    for asked in (1, 1, 2):
        site.value(cache_ttl=30)
        assert site.kv.usage.fetches == asked
        site.clock.advance(16)


def test_several_caches_of_one_location_may_go_back_in_time(site: Site) -> None:
    caches = [LocationCache(), LocationCache()]
    turn = iter([0, 1, 0])
    location = KVLocation(site.kv, site.clock, lambda: caches[next(turn)])
    seen = []
    for value in ("old", "new", "newest"):
        site.kv.put("k", value)
        entry = location.get("k")
        seen.append(entry and entry.value)
    assert seen == [b"old", b"new", b"old"]


def test_value_and_metadata_travel_together(site: Site) -> None:
    site.kv.put("k", "one", metadata={"version": 1})
    site.location.get("k")
    site.kv.put("k", "two", metadata={"version": 2})
    entry = site.location.get("k")
    assert entry is not None
    assert (entry.value, json.loads(entry.metadata or "")) == (b"one", {"version": 1})


def test_an_entry_says_when_it_was_put(centre: Centre) -> None:
    clock = SimulatedRuntime()
    kv = KVNamespace(clock, centre)
    clock.advance(5)
    kv.put("k", "one")
    clock.advance(2)
    entry = kv.read_centre("k")
    assert entry is not None
    assert entry.written_at == 5


# --- expiry


def test_a_key_expires_when_its_time_is_over_even_in_a_cache(site: Site) -> None:
    site.kv.put("k", "old", expiration_ttl=60)
    site.clock.advance(40)
    assert site.value(cache_ttl=3600) == b"old"
    site.clock.advance(19)
    assert site.value(cache_ttl=3600) == b"old"
    site.clock.advance(1)
    assert site.value(cache_ttl=3600) is None
    assert site.kv.list().keys == []


def test_an_expiration_is_a_point_in_time(site: Site) -> None:
    site.clock.advance(1000)
    site.kv.put("k", "old", expiration=1060)
    with pytest.raises(KVLimitError, match="59 s from now"):
        site.kv.put("k", "old", expiration=1059)
    site.clock.advance(60)
    assert site.kv.read_centre("k") is None


# --- limits, at the limit and one beyond it


@pytest.mark.parametrize("key", ["k" * 512, "é" * 256, "...", " ", ".x"])
def test_a_key_of_512_bytes_is_a_key(site: Site, key: str) -> None:
    site.kv.put(key, "v")
    assert site.kv.read_centre(key) is not None


@pytest.mark.parametrize(
    ("key", "status"), [("k" * 513, 414), ("é" * 256 + "k", 414), ("", 400), (".", 400), ("..", 400)]
)
def test_what_is_no_key_is_refused(site: Site, key: str, status: int) -> None:
    uses: list[Callable[[], None]] = [lambda: site.kv.put(key, "v"), lambda: site.kv.delete(key)]
    for use in uses:
        with pytest.raises(KVLimitError) as caught:
            use()
        assert caught.value.status == status


def test_a_value_of_25_mib_is_the_largest(site: Site) -> None:
    largest = bytes(25 * 1024 * 1024)
    site.kv.put("k", largest)
    with pytest.raises(KVLimitError, match="26214401 bytes exceeds the limit of 26214400") as caught:
        site.kv.put("k", largest + b"x")
    assert caught.value.status == 413


@pytest.mark.parametrize("fill", ["x" * 1022, "é" * 511])
def test_metadata_of_1024_bytes_of_json_is_the_largest(site: Site, fill: str) -> None:
    site.kv.put("k", "v", metadata=fill)
    with pytest.raises(KVLimitError, match="metadata of 1025 bytes") as caught:
        site.kv.put("k", "v", metadata=fill + "x")
    assert caught.value.status == 413


def test_a_key_lives_for_60_seconds_at_least(site: Site) -> None:
    site.kv.put("k", "v", expiration_ttl=60)
    with pytest.raises(KVLimitError, match="minimum of 60"):
        site.kv.put("k", "v", expiration_ttl=59)


def test_a_copy_is_cached_for_30_seconds_at_least(site: Site) -> None:
    site.value(cache_ttl=30)
    with pytest.raises(KVLimitError, match="minimum of 30"):
        site.value(cache_ttl=29)


def test_a_key_takes_one_write_a_second(centre: Centre) -> None:
    clock = SimulatedRuntime()
    kv = KVNamespace(clock, centre)
    kv.put("k", "one")
    kv.put("other", "one")
    clock.advance(0.999)
    writes: list[Callable[[], None]] = [lambda: kv.put("k", "two"), lambda: kv.delete("k")]
    for write in writes:
        with pytest.raises(KVThrottled) as caught:
            write()
        assert caught.value.status == 429
    clock.advance(0.001)
    kv.delete("k")
    with pytest.raises(KVThrottled):
        kv.put("k", "three")
    clock.advance(1)
    kv.put("k", "three")


def test_the_spacing_of_writes_can_be_lifted(centre: Centre) -> None:
    kv = KVNamespace(SimulatedRuntime(), centre, limits=FREE)
    for number in range(10):
        kv.put("k", str(number))
    entry = kv.read_centre("k")
    assert entry is not None
    assert entry.value == b"9"


# --- listing


KEYS = st.text("aé./\U0001f600\uffff", min_size=1, max_size=4).filter(lambda key: key not in (".", ".."))


@given(st.sets(KEYS, max_size=8), st.integers(1, 4), st.sampled_from(["", "a", "é", "\U0001f600"]))
def test_pages_make_up_the_list_in_the_order_of_bytes(keys: set[str], limit: int, prefix: str) -> None:
    clock = SimulatedRuntime()
    for centre in (DictCentre(), SqliteCentre(":memory:")):
        kv, found, cursor = KVNamespace(clock, centre), list[str](), None
        for key in keys:
            kv.put(key, "v")
        while True:
            page = kv.list(prefix=prefix, limit=limit, cursor=cursor)
            found += [key for key, _ in page.keys]
            cursor = page.cursor
            if cursor is None:
                break
        assert found == sorted((key for key in keys if key.startswith(prefix)), key=str.encode)


def test_a_page_has_at_most_1000_keys(site: Site) -> None:
    for number in range(1001):
        site.kv.put(f"{number:04}", "v")
    page = site.kv.list()
    assert (len(page.keys), page.cursor is None) == (1000, False)
    rest = site.kv.list(cursor=page.cursor)
    assert ([key for key, _ in rest.keys], rest.cursor) == (["1000"], None)
    for limit in (0, 1001):
        with pytest.raises(KVLimitError):
            site.kv.list(limit=limit)


@pytest.mark.parametrize("cursor", ["é", "%", "abc"])
def test_a_cursor_that_no_page_gave_is_refused(site: Site, cursor: str) -> None:
    with pytest.raises(KVLimitError, match="not a cursor"):
        site.kv.list(cursor=cursor)


# --- the centre


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.none() | st.binary(max_size=3), st.sampled_from([0.0, 0.5, 1.0, 2.0]), st.booleans()
    ),
    max_size=12,
)


@given(OPERATIONS, st.sampled_from([0.0, 1.0]))
def test_both_centres_do_the_same(operations: list[tuple[str, bytes | None, float, bool]], spacing: float) -> None:
    centres: list[Centre] = [DictCentre(), SqliteCentre(":memory:")]
    now = 0.0
    for key, value, wait, expires in operations:
        now += wait
        entry = None if value is None else KVEntry(value, None, now, now + 1 if expires else None)
        one, other = (centre.write(key, entry, now, spacing) for centre in centres)
        assert one == other
        one_read, other_read = ([centre.read(k) for k in "abc"] for centre in centres)
        assert one_read == other_read
        one_page, other_page = ([centre.page("", after, 2, now) for after in ("", "a")] for centre in centres)
        assert one_page == other_page


def test_processes_share_a_centre_through_its_file(tmp_path: Path) -> None:
    clock = SimulatedRuntime()
    writer, reader = (KVNamespace(clock, SqliteCentre(tmp_path / "kv.sqlite")) for _ in range(2))
    writer.put("k", b"\x00v", metadata=[1])
    assert reader.read_centre("k") == writer.read_centre("k") == KVEntry(b"\x00v", "[1]", 0.0)
    with pytest.raises(KVThrottled):
        reader.put("k", "w")
