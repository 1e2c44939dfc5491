# SPDX-License-Identifier: Apache-2.0
"""`edgeproof compare`: one story as text, JSON and Markdown, and a trace file behind every "no"."""

from __future__ import annotations

import json
from pathlib import Path

from properties.cases import BOARDS, scoreboard
from properties.variations import variations
from tests.reports.conftest import Run
from tests.reports.standins import Calls


def test_json_is_one_document_and_the_same_as_the_file(edgeproof: Run) -> None:
    outcome = edgeproof("compare", "--json", "--out", "here")
    assert outcome.document == json.loads(Path("here/compare.json").read_text(encoding="utf-8"))


def test_every_trace_that_is_named_is_there(edgeproof: Run) -> None:
    document = edgeproof("compare", "--json", "--out", "here").document
    named = [one["trace"] for case in document["cases"] for one in case["properties"].values() if one["trace"]]
    assert named
    assert all(Path(name).is_file() for name in named)


def test_text_and_markdown_show_the_same_matrix(edgeproof: Run) -> None:
    text = edgeproof("compare", "--out", "here").out
    markdown = Path("here/compare.md").read_text(encoding="utf-8")
    assert "inline" in text
    assert "✗4" in text
    assert "✗4" in markdown
    assert "\x1b" not in text


def test_quick_compares_the_scoreboards_and_full_the_variations_too(edgeproof: Run, calls: Calls) -> None:
    boards = tuple(case for design in BOARDS for case in scoreboard(design))
    edgeproof("compare")
    assert calls.cases == boards
    edgeproof("compare", "--profile", "full")
    assert calls.cases == (*boards, *(case for design in BOARDS for case in variations(design)))


def test_designs_can_be_named(edgeproof: Run, calls: Calls) -> None:
    edgeproof("compare", "--design", "levels")
    assert calls.cases == scoreboard("levels")
    outcome = edgeproof("compare", "--design", "levvels")
    assert (outcome.status, outcome.err.count("\n")) == (2, 1)
    assert "did you mean 'levels'?" in outcome.err
