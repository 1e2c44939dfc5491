# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from typing import Any

import pytest

from edgeproof.impl.alternatives.kv_only import KvOnlySystem
from edgeproof.impl.alternatives.kv_writer import LOG_PREFIX, KvWriter, Write, changelog_in
from edgeproof.impl.edge.kv import KVNamespace, Limits
from edgeproof.impl.runtime import SimulatedRuntime
from edgeproof.impl.snapshot import from_kv
from edgeproof.impl.system import Setup
from tests.impl.driving import Step, play, refuses, seen


def started(**options: str) -> KvOnlySystem:
    system = KvOnlySystem()
    system.start(Setup("kv_only", options=options))
    return system


def by(action: str, writer: int) -> Step:
    return action, {"writer": writer}


WRITE: tuple[Step, ...] = (by("begin", 0), by("put_lands", 0), by("entry_lands", 0))


def test_a_write_is_seen_once_its_put_has_landed() -> None:
    system = started()
    assert seen(play(system, by("begin", 0)), "begun", "phase", "proposed", "kv") == (1, ("putting", "idle"), (1, 0), 0)
    landed = play(system, by("put_lands", 0), ("read", {"pop": 1}))
    assert seen(landed, "phase", "kv", "acked", "served") == (("logging", "idle"), 1, 1, (0, 1))
    assert seen(play(system, by("entry_lands", 0)), "phase", "entries") == (("idle", "idle"), 1)


def test_two_writers_with_one_base_leave_one_write_and_two_acknowledgements() -> None:
    system = started(changelog="inside")
    end = play(system, by("begin", 0), by("begin", 1), by("put_lands", 0), by("put_lands", 1))
    assert seen(end, "kv", "acked", "begun") == (1, 2, 2)


def test_a_writer_that_was_slow_takes_the_config_back() -> None:
    system = started()
    end = play(system, by("begin", 1), *WRITE, *WRITE, by("put_lands", 1))
    assert seen(end, "kv", "acked", "entries") == (1, 3, 2)


def test_a_write_based_on_a_cached_copy_is_based_on_the_past() -> None:
    system = started(base="cache")
    first: Step = ("begin_from_cache", {"writer": 0, "pop": 0})
    assert seen(play(system, first), "cached", "proposed") == ((True, False), (1, 0))
    again = play(system, by("put_lands", 0), by("entry_lands", 0), first)
    assert seen(again, "kv", "proposed") == (1, (1, 0)), "absence was cached"
    other = play(system, by("put_lands", 0), by("entry_lands", 0), ("begin_from_cache", {"writer": 0, "pop": 1}))
    assert other["proposed"] == (2, 0), "the other location asks the centre"


def test_what_a_dead_writer_had_not_put_is_never_put() -> None:
    system = started()
    assert seen(play(system, by("begin", 0), by("crash", 0)), "phase", "proposed") == (("idle", "idle"), (0, 0))
    assert seen(play(system, *WRITE), "kv", "begun", "acked") == (1, 2, 1)


@pytest.mark.parametrize(
    ("options", "before", "impossible"),
    [
        ({}, (), by("put_lands", 0)),
        ({}, (by("begin", 0),), by("begin", 0)),
        ({}, (by("begin", 0),), by("entry_lands", 0)),
        ({}, (), by("crash", 1)),
        ({}, (), ("begin_from_cache", {"writer": 0, "pop": 0})),
        ({"base": "cache"}, (), by("begin", 0)),
        ({"base": "cache"}, (("partition", {"pop": 0}),), ("begin_from_cache", {"writer": 0, "pop": 0})),
        ({"writing": "in_turn"}, (by("begin", 0),), by("begin", 1)),
        ({}, (), ("refresh", {"pop": 0})),
    ],
)
def test_what_cannot_happen_is_said_to_be_impossible(
    options: dict[str, str], before: tuple[Step, ...], impossible: Step
) -> None:
    refuses(started(**options), before, impossible)


# --- the writer itself


def written(changelog: str, *changes: dict[str, Any]) -> KVNamespace:
    runtime = SimulatedRuntime()
    kv = KVNamespace(runtime, limits=Limits(write_spacing=0))
    for number, one in enumerate(changes):
        instance = runtime.instance()
        writer = KvWriter(kv, instance, "unit", lambda: kv.read_centre("unit"), changelog=changelog)
        instance.spawn(writer.write(Write(f"w{number}", one, "ops"), _nobody_hears))
        while instance.pending:
            runtime.resolve(instance.pending[0])
    return kv


def _nobody_hears(version: int) -> None: ...


@pytest.mark.parametrize("changelog", ["beside", "inside"])
def test_a_write_keeps_what_it_does_not_change_and_logs_what_it_does(changelog: str) -> None:
    kv = written(changelog, {"a": 1, "b": 1}, {"b": 2})
    entry = kv.read_centre("unit")
    assert entry is not None
    assert from_kv(entry.value).config == {"a": 1, "b": 2}
    expected = [
        {"version": 1, "actor": "ops", "changes": {"a": 1, "b": 1}},
        {"version": 2, "actor": "ops", "changes": {"b": 2}},
    ]
    beside = [json.loads(one.value) for _, one in kv.list(prefix=LOG_PREFIX).keys]
    assert (beside, changelog_in(entry)) == ((expected, []) if changelog == "beside" else ([], expected))


def test_a_changelog_is_beside_or_inside() -> None:
    runtime = SimulatedRuntime()
    with pytest.raises(ValueError, match="beside or inside"):
        KvWriter(KVNamespace(runtime), runtime.instance(), "unit", lambda: None, changelog="nowhere")
