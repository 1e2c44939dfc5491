# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from edgeproof.impl.snapshot import (
    LARGEST,
    REMOVED,
    ChangelogEntry,
    Snapshot,
    apply_changes,
    diff,
    from_kv,
    inverse,
    replay,
    to_json,
    to_kv,
)
from tests.impl.strategies import changes, configs, values


def entries_of(steps: list[dict[str, Any]]) -> tuple[list[ChangelogEntry], dict[str, Any]]:
    """The changelog of a sequence of writes, and the config that they lead to."""
    config: dict[str, Any] = {}
    entries = []
    for version, step in enumerate(steps, 1):
        before = inverse(config, step)
        entries += [ChangelogEntry(version, name, before[name], new, "ann", 0.0) for name, new in step.items()]
        config = apply_changes(config, step)
    return entries, config


@given(configs, configs)
def test_applying_the_diff_of_two_configs_makes_the_second_of_the_first(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    assert to_json(apply_changes(old, diff(old, new))) == to_json(new)


@given(configs)
def test_a_config_does_not_differ_from_itself(config: dict[str, Any]) -> None:
    assert diff(config, config) == {}


@given(configs, changes)
def test_the_inverse_takes_changes_back(config: dict[str, Any], step: dict[str, Any]) -> None:
    assert to_json(apply_changes(apply_changes(config, step), inverse(config, step))) == to_json(config)


def test_true_is_not_one() -> None:
    assert diff({"a": 1}, {"a": True}) == {"a": True}


@given(st.lists(changes, max_size=6))
def test_replaying_a_changelog_gives_the_config(steps: list[dict[str, Any]]) -> None:
    entries, config = entries_of(steps)
    assert to_json(replay(entries)) == to_json(config)


@given(st.lists(changes, min_size=1, max_size=6), st.data())
def test_a_changelog_with_a_version_missing_does_not_replay(steps: list[dict[str, Any]], data: st.DataObject) -> None:
    entries, _ = entries_of(steps)
    gone = data.draw(st.integers(1, len(steps)))
    assume(gone < len(steps))
    with pytest.raises(ValueError, match=r"follows|replaces"):
        replay([entry for entry in entries if entry.version != gone])


@given(st.lists(changes, min_size=1, max_size=4), st.data())
def test_a_changelog_whose_old_value_is_wrong_does_not_replay(steps: list[dict[str, Any]], data: st.DataObject) -> None:
    entries, _ = entries_of(steps)
    where = data.draw(st.integers(0, len(entries) - 1))
    lie = ["not what it was"] if entries[where].old is REMOVED else REMOVED
    entries[where] = evolve(entries[where], old=lie)
    with pytest.raises(ValueError, match="replaces"):
        replay(entries)


def test_replay_stops_at_the_version_that_is_asked_for() -> None:
    entries, _ = entries_of([{"a": 1}, {"a": 2}, {"b": 3}])
    assert [replay(entries, until=version) for version in range(4)] == [{}, {"a": 1}, {"a": 2}, {"a": 2, "b": 3}]


@given(st.integers(0, LARGEST), st.integers(0, LARGEST), configs)
def test_a_snapshot_comes_back_from_kv_as_it_went_in(version: int, era: int, config: dict[str, Any]) -> None:
    snapshot = Snapshot(version, era, config)
    value, metadata = to_kv(snapshot)
    assert from_kv(value) == snapshot
    assert metadata == {"version": version, "era": era}


@pytest.mark.parametrize(
    "value", [b"", b"1", b"[]", b"{}", b'{"version":1,"era":0}', b'{"version":1,"era":0,"config":3}', b"\xff"]
)
def test_what_is_no_published_config_is_refused(value: bytes) -> None:
    with pytest.raises(ValueError, match="not a published config"):
        from_kv(value)


@given(st.tuples(st.integers(0, 3), st.integers(0, 3)), st.tuples(st.integers(0, 3), st.integers(0, 3)))
def test_snapshots_are_ordered_by_era_and_then_by_version(a: tuple[int, int], b: tuple[int, int]) -> None:
    assert Snapshot(a[1], a[0]).at_least(Snapshot(b[1], b[0])) == (a >= b)


@given(values)
def test_equal_values_have_one_text(value: Any) -> None:
    if isinstance(value, dict):
        assert to_json(dict(reversed(value.items()))) == to_json(value)
    assert to_json(value).isascii()
