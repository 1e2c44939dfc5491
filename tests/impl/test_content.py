# SPDX-License-Identifier: Apache-2.0
"""What is recognised as bad, and what a publisher makes of it."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.impl.content.content import MAX_FEATURES, is_valid, sealed, unsealed
from edgeproof.impl.content.publisher import newest_good
from edgeproof.impl.durable.database import connect
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.runtime import SimulatedRuntime
from edgeproof.impl.snapshot import Snapshot, from_kv, to_json

GOOD = {"features": ["a"], "limit": 5}
BAD = {"features": ["x"] * (MAX_FEATURES + 1)}


def test_a_file_may_have_as_many_features_as_a_consumer_has_room_for() -> None:
    assert is_valid({"features": ["x"] * MAX_FEATURES})
    assert is_valid({})
    assert not is_valid(BAD)
    assert not is_valid({"features": "many"})


def test_a_sealed_value_tells_what_was_sealed_also_to_who_does_not_look() -> None:
    snapshot = Snapshot(7, 1, GOOD)
    value, label = sealed(snapshot)
    assert unsealed(value) == from_kv(value) == snapshot
    assert label == {"version": 7, "era": 1}


@pytest.mark.parametrize(
    "changed", [{"version": 8}, {"era": 2}, {"config": {**GOOD, "limit": 6}}, {"digest": None}, {"digest": "0" * 64}]
)
def test_a_label_over_another_content_and_a_content_under_another_label_are_seen(changed: dict[str, object]) -> None:
    value = {**json.loads(sealed(Snapshot(7, 1, GOOD))[0]), **changed}
    with pytest.raises(ValueError, match="the digest of version"):
        unsealed(to_json(value).encode())


SEALED = sealed(Snapshot(7, 1, GOOD))[0]


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_a_byte_that_has_changed_is_seen_or_changes_nothing(at: int, by: int) -> None:
    damaged = bytes([*SEALED[:at], SEALED[at] ^ by, *SEALED[at + 1 :]])
    with suppress(ValueError):
        assert unsealed(damaged) == Snapshot(7, 1, GOOD)


def test_the_newest_good_version_is_found_behind_all_the_bad_ones() -> None:
    store = ConfigStore(connect(), SimulatedRuntime())
    assert newest_good(store, store.snapshot()) == Snapshot(0)
    for changes in (GOOD, BAD, {"limit": 6}):
        store.write(changes, actor="operator")
    assert newest_good(store, store.snapshot()) == Snapshot(1, 0, GOOD)
    store.write({"features": []}, actor="operator")
    assert newest_good(store, store.snapshot()) == Snapshot(4, 0, {"features": [], "limit": 6})
