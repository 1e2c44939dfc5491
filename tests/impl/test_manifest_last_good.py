# SPDX-License-Identifier: Apache-2.0
"""A config in parts that cannot be had: a guarded reader tells its last one, and says so; nobody tells half of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import pytest
from attrs import frozen

from edgeproof.impl.edge.reader import NO_CONFIG, ConfigUnavailable
from edgeproof.impl.manifest.parts import Manifest, PartCorrupt, PartGone, PartsError, split
from edgeproof.impl.snapshot import Snapshot
from tests.impl.invalid_values import INVALID
from tests.impl.manifest_isolate import LAYOUT, Isolate

AFTER: Final = 7.0
"""Seconds after the last good read."""


def manifest_of(isolate: Isolate, version: int) -> Manifest:
    return split(isolate.published[version], target=LAYOUT.target)[0]


def new_part(isolate: Isolate) -> str:
    """The key of the part that the newest version has beyond those of the one before."""
    newest, before = (set(manifest_of(isolate, len(isolate.published) - n).parts) for n in (1, 2))
    return LAYOUT.prefix + (newest - before).pop()


def cut_off(isolate: Isolate) -> None:
    isolate.reachable = False


def cut_off_from_the_parts(isolate: Isolate) -> None:
    isolate.parts_reachable = False


def part_gone(isolate: Isolate) -> None:
    isolate.bucket.delete(new_part(isolate))


def part_spoiled(isolate: Isolate) -> None:
    isolate.bucket.put(new_part(isolate), b"{")


def cut_in_half(isolate: Isolate) -> None:
    value = manifest_of(isolate, 2).to_kv()[0]
    isolate.holds(value[: len(value) // 2])


def not_a_list(isolate: Isolate) -> None:
    isolate.holds(b'{"era":0,"parts":"abc","version":2}')


def no_version(isolate: Isolate) -> None:
    isolate.holds(b'{"era":0,"parts":[],"version":2.5}')


@frozen
class Mishap:
    """What happens to the second version, what a plain reader raises then, what a guarded one tells from, and why."""

    happens: Callable[[Isolate], None]
    error: type[Exception]
    source: str
    why: str


MISHAPS: Final[Mapping[str, Mishap]] = {
    "KV is out of reach": Mishap(cut_off, ConfigUnavailable, "fallback", "cannot be reached"),
    "the parts are out of reach": Mishap(cut_off_from_the_parts, ConfigUnavailable, "fallback", "cannot be reached"),
    "a part is gone": Mishap(part_gone, PartGone, "last_good", "version 2 names part"),
    "a part is another": Mishap(part_spoiled, PartCorrupt, "last_good", NO_CONFIG),
    "half a manifest": Mishap(cut_in_half, PartsError, "last_good", NO_CONFIG),
    "parts that are no list": Mishap(not_a_list, PartsError, "last_good", NO_CONFIG),
    "a version that is none": Mishap(no_version, PartsError, "last_good", NO_CONFIG),
}


@pytest.fixture(params=MISHAPS)
def mishap(request: pytest.FixtureRequest) -> Mishap:
    return MISHAPS[request.param]


@pytest.mark.parametrize("keeps", [True, False])
def test_the_last_good_config_is_told_and_said_to_be_one(keeps: bool, mishap: Mishap) -> None:
    isolate = Isolate(keeps, "guarded")
    isolate.publish()
    good = isolate.find()
    isolate.publish()
    mishap.happens(isolate)
    isolate.world.advance(AFTER)
    told = isolate.find()
    assert (told.snapshot, told.age, told.source) == (good.snapshot, AFTER, mishap.source)
    assert mishap.why in told.note


def test_a_plain_reader_and_one_that_has_nothing_yet_raise_what_is_wrong(mishap: Mishap) -> None:
    for policy in ("plain", "guarded"):
        isolate = Isolate(True, policy)
        isolate.publish()
        if policy == "plain":
            isolate.find()
        isolate.publish()
        mishap.happens(isolate)
        with pytest.raises(mishap.error):
            isolate.find()


@pytest.mark.parametrize("value", INVALID.values(), ids=INVALID)
def test_whatever_is_in_the_manifests_place_is_not_told_of_in_records(value: bytes) -> None:
    isolate = Isolate(True, "guarded")
    isolate.publish()
    good = isolate.find()
    isolate.holds(value)
    told = isolate.find()
    assert (told.snapshot, told.source, told.note) == (good.snapshot, "last_good", NO_CONFIG)


def test_a_new_config_is_told_as_soon_as_it_can_be_had() -> None:
    isolate = Isolate(True, "guarded")
    for _ in range(2):
        isolate.publish()
        isolate.find()
    isolate.holds(b"{")
    isolate.find()
    isolate.publish()
    told = isolate.find()
    assert (told.snapshot, told.age, told.source, told.note) == (isolate.published[3], 0.0, "kv", "")


def test_a_guarded_reader_does_not_go_back_and_a_plain_one_tells_what_kv_has() -> None:
    for policy, version, source in (("guarded", 2, "memo"), ("plain", 1, "kv")):
        isolate = Isolate(True, policy)
        for _ in range(2):
            isolate.publish()
            isolate.find()
        isolate.holds(manifest_of(isolate, 1).to_kv()[0])
        told = isolate.find()
        assert (told.snapshot, told.source) == (isolate.published[version], source)


def test_what_was_never_published_or_is_no_more_does_not_take_the_last_good_config_away() -> None:
    isolate = Isolate(True, "guarded")
    assert isolate.find().snapshot == isolate.published[0]
    isolate.cache.copies.clear()
    isolate.reachable = False
    with pytest.raises(ConfigUnavailable):
        isolate.find()
    isolate.reachable = True
    isolate.publish()
    isolate.find()
    isolate.kv.delete(LAYOUT.key)
    isolate.cache.copies.clear()
    told = isolate.find()
    assert (told.snapshot, told.source) == (isolate.published[1], "memo")


def test_a_config_of_a_later_era_is_newer_whatever_its_version() -> None:
    isolate = Isolate(True, "guarded")
    for _ in range(2):
        isolate.publish()
        isolate.find()
    isolate.holds(Manifest(0, 1, ()).to_kv()[0])
    assert isolate.find().snapshot == Snapshot(0, 1, {})


def test_an_answer_that_was_overtaken_takes_neither_the_config_nor_its_age_back() -> None:
    isolate = Isolate(True, "guarded")
    isolate.publish()
    slow = isolate.instance.spawn(isolate.reader.find())
    isolate.world.pending[0].apply()
    isolate.world.advance(AFTER)
    isolate.publish()
    isolate.cache.copies.clear()
    quick = isolate.instance.spawn(isolate.reader.find())
    while not quick.done:
        isolate.step(1)
    while not slow.done:
        isolate.step(0)
    told = slow.outcome()
    assert (told.snapshot.version, told.age, told.source) == (2, 0.0, "memo")
    isolate.reachable = False
    isolate.cache.copies.clear()
    assert isolate.find().age == 0.0


@pytest.mark.parametrize("asks_again", [False, True])
def test_an_answer_is_as_old_as_its_question_and_of_equal_ones_the_last_word_counts(asks_again: bool) -> None:
    isolate = Isolate(True, "guarded")
    isolate.publish()
    slow = isolate.instance.spawn(isolate.reader.find())
    isolate.world.advance(AFTER)
    if asks_again:
        quick = isolate.instance.spawn(isolate.reader.find())
        while not quick.done:
            isolate.step(-1)
    while not slow.done:
        isolate.step(0)
    assert slow.outcome().age == (0.0 if asks_again else AFTER)


def test_there_are_two_policies() -> None:
    with pytest.raises(ValueError, match="plain or guarded, not 'memo'"):
        Isolate(True, "memo")
