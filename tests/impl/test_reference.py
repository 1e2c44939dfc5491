# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgeproof.impl.pattern.system import ReferenceSystem
from edgeproof.impl.system import Setup
from tests.impl.driving import Step, play, refuses, seen
from tests.impl.mutants import MUTANTS


@pytest.fixture(params=["memory", "file"])
def system(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReferenceSystem]:
    one = ReferenceSystem(directory=tmp_path if request.param == "file" else None)
    yield one
    one.close()


def read(pop: int, cache: int | None = None) -> Step:
    return "read", {"pop": pop, "cache": pop if cache is None else cache}


PUBLISH: tuple[Step, ...] = ("write", "acknowledge", "fire", "put_lands", "put_confirmed")


def test_a_write_travels_from_the_store_to_a_reader(system: ReferenceSystem) -> None:
    system.start(Setup("do_kv"))
    assert seen(play(system, "write"), "config", "logged", "alarm", "request", "acked") == (1, 1, "sync", "stored", 0)
    assert seen(play(system, "acknowledge"), "request", "acked") == ("none", 1)
    assert seen(play(system, "fire"), "alarm", "sending", "sent", "kv") == ("lease", "flying", 1, 0)
    assert seen(play(system, "put_lands"), "sending", "kv") == ("landed", 1)
    assert seen(play(system, "put_confirmed"), "alarm", "sending", "sent") == ("off", "idle", 0)
    end = play(system, read(1))
    assert seen(end, "served", "cached", "cache", "loaded") == ((0, 1), (False, True), (0, 1), (False, True))
    assert seen(end, "partial", "torn", "neighbour_hit") == ((False, False), 0, False)


def test_a_run_begins_from_nothing(system: ReferenceSystem) -> None:
    system.start(Setup("do_kv"))
    first = system.observe()
    play(system, *PUBLISH, "write", read(0), ("partition", {"pop": 1}), "tick")
    system.start(Setup("do_kv"))
    assert system.observe() == first


def test_observing_changes_nothing(system: ReferenceSystem) -> None:
    system.start(Setup("do_kv"))
    play(system, *PUBLISH, "write")
    assert system.observe() == system.observe()


def test_a_crash_loses_the_reply_and_a_retry_is_applied_once(system: ReferenceSystem) -> None:
    system.start(Setup("do_kv"))
    assert seen(play(system, "write", "crash"), "request", "config", "alarm") == ("lost", 1, "sync")
    assert seen(play(system, "retry"), "request", "config", "acked") == ("none", 1, 1)


def test_a_blind_retry_is_applied_twice() -> None:
    system = ReferenceSystem()
    system.start(Setup("do_kv", options={"retries": "blind"}))
    assert seen(play(system, "write", "crash", "retry"), "config", "logged", "acked") == (2, 2, 2)


def test_a_write_that_was_acknowledged_early_is_lost_by_a_crash(system: ReferenceSystem) -> None:
    system.start(Setup("do_kv", options={"ack": "early"}))
    assert seen(play(system, "acknowledge_early"), "request", "acked", "config") == ("taken", 1, 0)
    assert seen(play(system, "crash"), "request", "acked", "config") == ("none", 1, 0)


def test_an_exception_between_bare_statements_is_seen_as_a_torn_config_by_readers() -> None:
    system = ReferenceSystem()
    system.start(Setup("do_kv", options={"statements": "bare"}))
    assert seen(play(system, *PUBLISH, "uncaught"), "config", "logged", "torn") == (2, 1, 2)
    end = play(system, "write", "fire", "put_lands", read(0))
    assert seen(end, "torn", "partial") == (2, (False, False)), "the next write has covered it"
    system.start(Setup("do_kv", options={"statements": "bare"}))
    end = play(system, "write", "acknowledge", "uncaught", "fire", "put_lands", read(0))
    assert seen(end, "served", "partial") == ((2, 0), (True, False))


def test_a_put_of_a_superseded_instance_takes_kv_back() -> None:
    system = ReferenceSystem()
    system.start(Setup("do_kv", numbers={"D": 1, "R": 1}))
    play(system, "write", "acknowledge", "fire", ("put_late", {"slot": 1}))
    end = play(system, "write", "acknowledge", "tick", "tick", "fire", "put_lands", "put_confirmed")
    assert seen(end, "kv", "stray", "carries", "alarm") == (2, (False, True), (0, 1), "off")
    assert seen(play(system, ("stray_lands", {"slot": 1})), "kv", "stray", "carries") == (1, (False, False), (0, 0))


def test_inline_puts_overtake_each_other_and_both_are_acknowledged() -> None:
    system = ReferenceSystem()
    system.start(Setup("do_kv", options={"publisher": "inline"}))
    play(system, ("write_inline", {"slot": 0}), ("write_inline", {"slot": 1}))
    end = play(system, ("stray_lands", {"slot": 1}), ("stray_lands", {"slot": 0}))
    assert seen(end, "config", "kv", "acked", "alarm") == (2, 1, 2, "off")


def test_with_a_shared_key_another_units_config_is_overwritten() -> None:
    system = ReferenceSystem()
    system.start(Setup("do_kv", options={"kv_key": "shared"}))
    assert seen(play(system, "write", "acknowledge", "fire"), "neighbour_hit", "kv") == (False, 0)
    assert seen(play(system, "put_lands"), "neighbour_hit", "kv") == (True, 1)


@pytest.mark.parametrize(("epoch", "served"), [("off", (2, 0)), ("on", (1, 0))])
def test_a_guarded_reader_refuses_what_was_restored_unless_copies_carry_the_era(
    epoch: str, served: tuple[int, int]
) -> None:
    system = ReferenceSystem()
    system.start(Setup("do_kv", options={"reader": "guarded", "epoch": epoch}))
    play(system, *PUBLISH, *PUBLISH, read(0))
    end = play(system, "rollback", "fire", "put_lands", "tick", "tick", read(0))
    assert seen(end, "config", "kv", "restored", "served") == (1, 1, 1, served)


def test_another_cache_of_a_location_may_be_older() -> None:
    system = ReferenceSystem()
    system.start(Setup("do_kv", hazards=("disjoint_caches",)))
    play(system, *PUBLISH, read(1), *PUBLISH)
    assert play(system, read(0))["served"] == (2, 1)
    assert play(system, read(0, cache=1))["served"] == (1, 1)


def test_a_location_that_is_cut_off_gets_no_answer_until_it_heals() -> None:
    system = ReferenceSystem()
    system.start(Setup("do_kv"))
    cut = play(system, ("partition", {"pop": 0}), read(0))
    assert seen(cut, "cut", "failed") == ((True, False), (True, False))
    assert play(system, ("heal", {"pop": 0}), read(0))["failed"] == (False, False)


@pytest.mark.parametrize(
    ("before", "impossible"),
    [
        ((), "acknowledge"),
        ((), "commit_late"),
        ((), "retry"),
        (("write",), "write"),
        (("write",), "retry"),
        ((), ("write_inline", {"slot": 0})),
        ((), "fire"),
        (("write", "fire"), "fire"),
        ((), "put_lands"),
        (("write", "fire"), "put_confirmed"),
        (("write", "fire", "put_lands"), "put_lands"),
        (("write", "fire", "put_lands"), "put_fails"),
        (("write", "fire"), "put_ambiguous"),
        (("write", "fire", "put_lands"), ("put_late", {"slot": 0})),
        ((), ("stray_lands", {"slot": 0})),
        ((), ("stray_vanishes", {"slot": 0})),
        ((), ("inline_put_fails", {"slot": 0})),
        ((), "rollback"),
        ((), ("read", {"pop": 0, "cache": 1})),
        ((), ("refresh", {"cache": 0})),
        ((), ("evict", {"pop": 0})),
        ((), ("heal", {"pop": 0})),
        ((("partition", {"pop": 0}),), ("partition", {"pop": 0})),
    ],
)
def test_what_cannot_happen_is_said_to_be_impossible(before: tuple[Step, ...], impossible: Step) -> None:
    system = ReferenceSystem()
    system.start(Setup("do_kv"))
    refuses(system, before, impossible)


def test_a_handler_that_throws_loses_its_alarm_only_if_the_platform_gives_up() -> None:
    system = ReferenceSystem()
    fail: tuple[Step, ...] = ("fire", "put_fails", "tick")
    for hazards, alarm in (((), "retry"), (("alarm_exhausted",), "off")):
        system.start(Setup("do_kv", options={"handler": "throws"}, hazards=hazards))
        end = play(system, "write", *fail * 7)
        assert seen(end, "alarm", "failures") == (alarm, 7)


# --- the broken ones


def test_mutants_have_names_of_their_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mutant_starts_and_looks_well_at_first(mutant: Any) -> None:
    broken, sound = mutant.system(), ReferenceSystem()
    broken.start(mutant.setup)
    sound.start(mutant.setup)
    assert broken.observe() == sound.observe()
