# SPDX-License-Identifier: Apache-2.0
"""The recipes of docs/logs.md: each a log of a shape that people have, its mapping, its events and its verdict."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import ibis
import pytest

from edgeproof.properties.evidence import Verdict
from edgeproof.properties.history import check_history
from edgeproof.properties.intake import ColumnMapping, load, read_mapping
from edgeproof.properties.intake.convert import batches
from edgeproof.properties.intake.parse import parse_row
from edgeproof.properties.intake.row import Row
from edgeproof.properties.intake.rows import rows_of
from edgeproof.properties.intake.sources import find_sources

PAGE: Final = Path(__file__).parents[2] / "docs" / "logs.md"
BLOCK: Final = re.compile(r"^```\w+ (\S+\.\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOON: Final = 1795435200.0
STORY: Final = [("commit", 7, 0.02), ("commit", 8, 10.02), ("read", 8, 12.001), ("read", 7, 13.001)]
"""What every recipe's log tells: kind, version, and when it was over."""


def recipes() -> dict[str, dict[str, str]]:
    """The files of each recipe, by its heading."""
    parts = re.split(r"^## (.*)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = {name: dict(BLOCK.findall(body)) for name, body in zip(parts[1::2], parts[2::2], strict=True)}
    return {name: files for name, files in found.items() if files}


RECIPES: Final = recipes()


@pytest.fixture(scope="module")
def backend() -> ibis.BaseBackend:
    return ibis.duckdb.connect()


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "mapping.toml"


def events(backend: Any, folder: Path, mapping: Path) -> list[dict[str, Any]]:
    loaded = load(backend, [folder], read_mapping(mapping))
    assert backend.to_pyarrow(loaded.malformed).to_pylist() == []
    rows: list[dict[str, Any]] = backend.to_pyarrow(loaded.events.order_by("returned")).to_pylist()
    return rows


def test_there_is_a_recipe_for_each_kind_of_log() -> None:
    assert len(RECIPES) == 7


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_reads_its_log_as_the_story_that_it_tells(
    backend: ibis.BaseBackend, tmp_path: Path, name: str
) -> None:
    found = events(backend, tmp_path, written(tmp_path, RECIPES[name]))
    versions = {7: 7, 8: 8} if {row["version"] for row in found} == {7, 8} else {1: 7, 2: 8}  # text has an order only
    told = [(row["kind"], versions[row["version"]], round(row["returned"] - NOON, 6)) for row in found]
    assert told == STORY
    assert {(row["unit"], row["outcome"]) for row in found} == {("cart", "ok")}
    assert [(row["pop"], row["reader"]) for row in found[2:]] == [("LIS", "i-1")] * 2
    assert all(row["invoke"] <= row["returned"] for row in found)


def test_the_verdict_on_a_recipe_is_that_its_reader_went_back(tmp_path: Path) -> None:
    """On one log for all: the events of the others are the same."""
    name = "ClickHouse"
    mapping = written(tmp_path, RECIPES[name])
    ledger = check_history(tmp_path, mapping=mapping, properties=["monotonic-reads", "never-ahead"])
    verdicts = {one.property: one.verdict for one in ledger.conclusions}
    assert verdicts == {"monotonic-reads": Verdict.VIOLATED, "never-ahead": Verdict.HOLDS_TO_BOUND}


EVENT: Final = {"kind": "fault", "unit": "a", "invoke": 1, "return": 2, "outcome": "ok", "note": "x"}
TEXT: Final = json.dumps(EVENT)


@pytest.mark.parametrize(
    "record",
    [
        {"log": TEXT + "\n", "stream": "stdout", "time": "2026-11-23T12:00:00Z"},
        {"message": f"INFO flag {TEXT}"},
        {"insertId": "a", "jsonPayload": EVENT},
        {"logEvents": [{"id": "1", "message": TEXT}, {"id": "2", "message": "START RequestId"}]},
        {"took": 3, "hits": {"hits": [{"_index": "logs", "_source": EVENT}]}},
        {"meta": [{"name": "kind"}], "data": [EVENT], "rows": 1},
        {"outcome": "ok", "logs": [{"message": ["a", EVENT]}, {"message": [7, None, {"other": 1}]}]},
        {"body": json.dumps({"message": TEXT})},
        EVENT | {"message": "an event may have one of its own", "logs": []},
    ],
)
def test_an_event_is_found_in_whatever_it_lies_in(record: dict[str, Any]) -> None:
    (row,) = rows_of(7, json.dumps(record).encode(), ColumnMapping())
    assert row == parse_row(7, TEXT)


def test_a_message_that_is_cut_off_is_malformed_and_another_line_is_none() -> None:
    (said,) = rows_of(
        1, json.dumps({"logs": [{"message": [TEXT[:40], "GET /", '{"a": 1}']}]}).encode(), ColumnMapping()
    )
    assert str(said).startswith("a message is cut off, or no JSON")


def test_a_name_that_is_there_twice_is_malformed_in_a_message_and_in_a_document(tmp_path: Path) -> None:
    twice = TEXT[:-1] + ', "unit": "b"}'
    (said,) = rows_of(1, json.dumps({"message": twice}).encode(), ColumnMapping())
    (tmp_path / "h.json").write_text(f"[{json.dumps(EVENT, indent=1)},\n\n{twice}]", encoding="utf-8")
    (source,) = find_sources([tmp_path])
    (batch,) = batches(source, ColumnMapping())
    assert str(said) == "`unit` is there twice"
    assert batch.malformed.select(["line", "problem"]).to_pylist() == [{"line": 10, "problem": str(said)}]
    assert batch.events["line"].to_pylist() == [1]


@pytest.mark.parametrize(
    "content", ['{\n"kind": ', "[1, 2]", "[\n{}]", '{\n"a": "}', "[[{}]]", "{\n}}", "[", '{\n"a": "\\']
)
def test_a_document_that_breaks_off_is_malformed_where_it_does(tmp_path: Path, content: str) -> None:
    (tmp_path / "h.json").write_text(content, encoding="utf-8")
    (source,) = find_sources([tmp_path])
    found = [batch.malformed["line"].to_pylist() for batch in batches(source, ColumnMapping())]
    assert all(line in (1, 2) for lines in found for line in lines)
    assert found or content == "["


@pytest.mark.parametrize("name", ["OTLP spans and logs", "OpenTelemetry's feature-flag events"])
def test_an_export_with_the_names_of_the_proto_files_holds_the_same_events(
    name: str, backend: ibis.BaseBackend, tmp_path: Path
) -> None:
    camel, snake = tmp_path / "camel", tmp_path / "snake"
    for folder in (camel, snake):
        folder.mkdir()
    expected = events(backend, camel, written(camel, RECIPES[name]))
    log, mapping = RECIPES[name].items()
    renamed = re.sub(r'"\w+":', lambda found: re.sub("[A-Z]", r"_\g<0>", found[0]).lower(), log[1])
    assert "time_unix_nano" in renamed
    found = events(backend, snake, written(snake, dict([(log[0], renamed), mapping])))
    assert [{**one, "file": ""} for one in found] == [{**one, "file": ""} for one in expected]


def test_a_flag_that_was_evaluated_on_a_span_is_a_read_and_the_span_none() -> None:
    def of(**attributes: str) -> list[dict[str, Any]]:
        return [{"key": key.replace("__", "."), "value": {"stringValue": value}} for key, value in attributes.items()]

    evaluated = of(feature_flag__key="cart", feature_flag__version="7", feature_flag__result__reason="stale")
    failed = of(feature_flag__key="cart", error__type="flag_not_found")
    events = [{"timeUnixNano": "2000000000", "name": "feature_flag", "attributes": one} for one in (evaluated, failed)]
    span = {"name": "GET /", "kind": 2, "startTimeUnixNano": "1", "endTimeUnixNano": "9", "events": events}
    resource = {"attributes": of(service__instance__id="i-1")}
    export = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}
    found = list(rows_of(1, json.dumps(export).encode(), ColumnMapping()))
    assert all(isinstance(row, Row) for row in found)
    assert [
        (row.kind, row.unit, row.invoke, row.outcome, row.version, row.pop, row.reader, row.source, row.note)
        for row in found
        if isinstance(row, Row)
    ] == [
        ("read", "cart", 2.0, "ok", 7, "everywhere", "i-1", "fallback", None),
        ("read", "cart", 2.0, "fail", None, "everywhere", "i-1", None, "flag_not_found"),
    ]
