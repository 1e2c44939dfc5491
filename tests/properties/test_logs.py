# SPDX-License-Identifier: Apache-2.0
"""The recipes of docs/logs.md: each a log of a shape that people have, its mapping, its events and its verdict."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import ibis
import pytest

from edgeproof.properties.evidence import Verdict
from edgeproof.properties.history import check_history
from edgeproof.properties.intake import load, read_mapping

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
