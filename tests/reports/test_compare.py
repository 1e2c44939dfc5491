# SPDX-License-Identifier: Apache-2.0
"""`edgeproof compare`: one story as text, JSON and Markdown, and a trace file behind every "no"."""

from __future__ import annotations

import json
from pathlib import Path

from edgeproof.model.designs import DESIGNS
from edgeproof.properties.cases import scoreboard
from edgeproof.properties.evidence import Case, Evidence, Ledger, Verdict, conclude
from edgeproof.properties.variations import variations
from tests.reports.conftest import Run
from tests.reports.standins import Calls


def test_json_is_one_document_and_the_same_as_the_file(cli: Run) -> None:
    outcome = cli("compare", "--json", "--out", "here")
    assert outcome.document == json.loads(Path("here/compare.json").read_text(encoding="utf-8"))


def test_every_trace_that_is_named_is_there(cli: Run) -> None:
    document = cli("compare", "--json", "--out", "here").document
    named = [one["trace"] for case in document["cases"] for one in case["properties"].values() if one["trace"]]
    assert named
    assert all(Path(name).is_file() for name in named)


def test_text_and_markdown_show_the_same_matrix(cli: Run) -> None:
    text = cli("compare", "--out", "here").out
    markdown = Path("here/compare.md").read_text(encoding="utf-8")
    assert "inline" in text
    assert "✗4" in text
    assert "✗4" in markdown
    assert "\x1b" not in text


def test_every_design_is_a_row_with_what_it_costs_on_model_and_code(cli: Run) -> None:
    text = cli("compare", "--out", "here").out
    row = next(line for line in text.splitlines() if "63 s" in line)
    for cell in ("do_kv", "0.0033 (0.0033)", "0% (0%)", "200", "63 s = D + S + D + T", "1,000,000"):
        assert cell in row
    markdown = Path("here/compare.md").read_text(encoding="utf-8")
    assert "| `do_kv` |" in markdown
    assert "0.0033 (0.0033)" in markdown
    document = cli("compare", "--json", "--out", "here").document
    assert document["costs"]["do_kv"]["measured_hops"] == 12
    assert document["parameters"]["load"]["reads"] == 5


def test_what_costs_depend_on_can_be_given(cli: Run, calls: Calls) -> None:
    asked = ("--reads", 9, "--write-every", 7, "--locations", 2, "--cache-ttl", 30)
    cli("compare", *asked, "--config-bytes", 70, "--change-bytes", 3)
    load, sizes = calls.parameters.load, calls.parameters.sizes
    assert (load.reads, load.write_every, sizes.locations, calls.parameters.cache_ttl) == (9, 7, 2, 30)
    assert (sizes.config, sizes.change) == (70, 3)
    assert load.seconds % (calls.parameters.cache_ttl + 1) == 0, "whole times of a location's cached copy"
    outcome = cli("compare", "--cache-ttl", 5)
    assert (outcome.status, outcome.err.count("\n")) == (2, 1)


def test_a_cost_that_was_measured_otherwise_than_computed_shows(cli: Run, calls: Calls) -> None:
    alone = Case("alone", "do_only", {}, ("never-ahead",))
    calls.ledger = Ledger(
        (conclude(alone, "never-ahead", (Evidence("never-ahead", "prove", Verdict.PROVED),)),), 0, 1.0
    )
    assert "100% (99%)" in cli("compare").out


def test_quick_compares_the_scoreboards_and_full_the_variations_too(cli: Run, calls: Calls) -> None:
    boards = tuple(case for design in DESIGNS for case in scoreboard(design))
    cli("compare")
    assert calls.cases == boards
    cli("compare", "--profile", "full")
    assert calls.cases == (*boards, *(case for design in DESIGNS for case in variations(design)))


def test_designs_can_be_named(cli: Run, calls: Calls) -> None:
    cli("compare", "--design", "levels")
    assert calls.cases == scoreboard("levels")
    outcome = cli("compare", "--design", "levvels")
    assert (outcome.status, outcome.err.count("\n")) == (2, 1)
    assert "did you mean 'levels'?" in outcome.err
