# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.impl.history import EMPTY_DIGEST, Digests, Event, Recorder, digest_of, digest_of_value, merge
from edgeproof.impl.snapshot import Snapshot, to_json, to_kv
from tests.impl.strategies import configs


def as_it_is(event: Event) -> Event:
    return event


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@given(config=configs, version=st.integers(0, 10**9), era=st.integers(0, 3))
def test_a_published_value_has_the_digest_of_its_config(config: dict[str, Any], version: int, era: int) -> None:
    value, _ = to_kv(Snapshot(version, era, config))
    assert digest_of_value(value) == digest_of(config)
    assert digest_of_value(json.dumps(json.loads(value), indent=1).encode()) == digest_of(config)


def test_what_is_no_published_config_has_no_digest() -> None:
    with pytest.raises(ValueError, match="not a published config"):
        digest_of_value(b'{"config":{}}')


@given(several=st.lists(configs, max_size=5))
def test_remembered_digests_are_the_digests(several: list[dict[str, Any]]) -> None:
    digests = Digests()
    for config in [*several, *several[::-1]]:
        assert digests.of(config) == digest_of(config)


def test_values_that_python_takes_for_equal_have_different_digests() -> None:
    digests = Digests()
    assert len({digests.of({"a": value}) for value in (True, 1, 1.0)}) == 3
    assert digests.of({}) == EMPTY_DIGEST


def test_a_history_is_in_the_order_of_invoke_whatever_process_recorded_what(tmp_path: Path) -> None:
    for name, times in (("a", (3.0, 1.0)), ("b", (2.0,))):
        recorder = Recorder(tmp_path / name)
        for at in times:
            recorder.record(Event("fault", "app", at, at + 0.5, "ok", note="crash"))
        recorder.close()
    counts = merge([tmp_path / "a", tmp_path / "b"], as_it_is, tmp_path / "history", origin=1.0)
    assert [(one["invoke"], one["return"]) for one in lines(tmp_path / "history")] == [(0, 0.5), (1, 1.5), (2, 2.5)]
    assert counts == {"fault ok": 3}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "history"]


def test_what_is_known_later_replaces_what_was_recorded_first(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "part")
    began = Event("publish", "app", 1.0, None, "unknown", 1, 0)
    ended, lost = recorder.record(began), recorder.record(evolve(began, version=2))
    recorder.record(evolve(began, returned=2.0, outcome="ok"), replaces=ended)
    assert ended != lost
    merge([tmp_path / "part"], as_it_is, tmp_path / "history")
    found = [(one["version"], one["outcome"], one["return"]) for one in lines(tmp_path / "history")]
    assert found == [(1, "ok", 2.0), (2, "unknown", None)]


def test_half_a_line_of_a_killed_process_is_left_out(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "part")
    recorder.record(Event("read", "app", 1.0, 2.0, "ok", 1, 0))
    with (tmp_path / "part").open("a") as part:
        part.write('{"number":1,"ev')
    assert merge([tmp_path / "part"], as_it_is, tmp_path / "history") == {"read ok": 1}


def test_a_commit_is_completed_by_its_key(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "part")
    recorder.record(Event("commit", "app", 1.0, None, "unknown", key="k"))
    merge([tmp_path / "part"], lambda event: evolve(event, note=event.key), tmp_path / "history")
    assert lines(tmp_path / "history")[0]["note"] == "k"


def test_the_digest_is_that_of_canonical_json() -> None:
    import hashlib

    config = {"b": [1, "é"], "a": None}
    assert to_json(config) == '{"a":null,"b":[1,"\\u00e9"]}'
    assert digest_of(config) == hashlib.sha256(to_json(config).encode()).hexdigest()
