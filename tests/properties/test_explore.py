# SPDX-License-Identifier: Apache-2.0
"""A mapping is proposed for logs that nobody has described, says why, and makes events of them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.properties.intake.explore import Proposal, explore
from edgeproof.properties.intake.mapping_file import mapping_of
from edgeproof.properties.intake.mapping_text import mapping_text
from edgeproof.properties.intake.rows import rows_of
from edgeproof.properties.intake.sources import find_sources
from tests.properties.histories import clean, text
from tests.properties.test_logs import RECIPES, written

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("kind", "logs", "message", "Logs", "Message", "body", "resourceLogs", "scopeLogs", "logRecords")
            )
            | st.sampled_from(
                ("attributes", "key", "value", "stringValue", "kvlistValue", "values", "resourceSpans", "ts")
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
        | inner.map(lambda value: json.dumps(value))
    ),
    max_leaves=12,
)


def explored(folder: Path) -> list[Proposal]:
    return [explore(source) for source in find_sources([folder])]


def test_a_history_in_our_format_needs_no_mapping(tmp_path: Path) -> None:
    (tmp_path / "h.jsonl").write_text("".join(text(clean())), encoding="utf-8")
    (proposal,) = explored(tmp_path)
    assert proposal.mapping.is_plain
    assert mapping_text([proposal]) == "# h.jsonl: needs no mapping; of 9 records 9 are events\n"


@pytest.mark.parametrize("name", RECIPES)
def test_what_is_proposed_for_a_recipe_makes_events_of_its_log(tmp_path: Path, name: str) -> None:
    written(tmp_path, RECIPES[name]).unlink()
    proposals = explored(tmp_path)
    said = mapping_of(tomllib.loads(mapping_text(proposals)))
    for one in proposals:
        assert (one.missing, one.problems) == ((), ())
        assert said.of(one.path).columns == one.mapping.columns
    assert sum(one.events for one in proposals) == 4
    assert sum(one.commits for one in proposals) == 2


def test_each_column_is_proposed_with_a_reason_and_what_is_missing_is_said(tmp_path: Path) -> None:
    lines = [
        {"ts": 1795435200000, "op": "config.write", "app": "a", "rev": "r7", "latency_ms": 20, "ok": "TRUE"},
        {"ts": 1795435201000, "op": "config.read", "app": "a", "rev": "r7", "latency_ms": 1, "ok": "FALSE"},
        {"ts": 1795435202000, "op": "cron", "app": "a", "rev": None, "latency_ms": 1, "ok": "TRUE"},
    ]
    (tmp_path / "h.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    (proposal,) = explored(tmp_path)
    assert proposal.missing == ("reader",)
    assert (proposal.events, proposal.skipped, proposal.problems) == (1, 1, (("a read needs `pop` and `reader`", 1),))
    assert tomllib.loads(mapping_text([proposal])) == {
        "columns": {
            "kind": "op",
            "unit": "app",
            "invoke": "ts",
            "outcome": "ok",
            "version": "rev",
            "duration": "latency_ms",
        },
        "times": {"invoke": "ms", "duration": "ms"},
        "constants": {"pop": "everywhere"},
        "versions": {"form": "r{}"},
        "values": {
            "kind": {"config.write": "commit", "config.read": "read", "cron": "skip", "*": "skip", "": "skip"},
            "outcome": {"TRUE": "ok", "FALSE": "fail"},
        },
    }
    said = mapping_text([proposal])
    assert 'invoke = "ts"  # by its name; 1795435200000, 1795435201000, 1795435202000: in ms, by its size\n' in said
    assert "#   nothing was taken for `reader`, which is needed: there is ts, op, app, rev, latency_ms, ok\n" in said


@settings(max_examples=50)
@given(st.lists(JSON, min_size=1, max_size=4))
def test_no_record_at_all_stops_a_log_from_being_read_or_looked_at(tmp_path_factory: Any, records: list[Any]) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    lines = [json.dumps(record) for record in records]
    path.write_text("\n".join(lines), encoding="utf-8")
    (proposal,) = explored(path)
    for line in lines:
        for row in rows_of(1, line.encode(), proposal.mapping):
            assert row is not None
    mapping_of(tomllib.loads(mapping_text([proposal])))
