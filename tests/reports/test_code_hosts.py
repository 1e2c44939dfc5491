# SPDX-License-Identifier: Apache-2.0
"""`report.sarif` is SARIF 2.1.0, and leads to the line of the design where it goes wrong; so do annotations.

The schema beside this file is the standard's own, of github.com/oasis-tcs/sarif-spec.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from edgeproof.properties.evidence import Ledger
from edgeproof.reports.faults import faults
from edgeproof.reports.sarif import sarif_document
from edgeproof.reports.view import arrange
from edgeproof.reports.workflow_commands import wants_workflow_commands, workflow_commands
from tests.reports import examples

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads(Path(__file__).with_name("sarif-schema-2.1.0.json").read_text(encoding="utf-8"))


def results(ledger: Ledger) -> list[dict[str, Any]]:
    document = json.loads(sarif_document(faults(arrange(ledger, "out"))))
    Draft4Validator(SCHEMA).validate(document)
    (run,) = document["runs"]
    assert [run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] for one in run["results"]] == [
        one["ruleId"] for one in run["results"]
    ]
    found: list[dict[str, Any]] = run["results"]
    return found


def test_what_is_not_as_expected_is_a_result_and_what_is_undecided_a_warning() -> None:
    levels = {one["ruleId"]: one["level"] for one in results(examples.ledger())}
    assert levels == {
        "monotonic-kv": "error",
        "never-ahead": "error",
        "convergence": "warning",
        "local-reads": "warning",
        "monotonic-reads": "error",
    }


def test_a_run_with_all_as_expected_has_no_results() -> None:
    assert results(examples.good_ledger()) == []


def test_a_violation_points_at_the_action_that_it_ends_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (broken,) = [one for one in results(examples.ledger()) if one["ruleId"] == "monotonic-kv"]
    place = broken["locations"][0]["physicalLocation"]
    lines = (ROOT / place["artifactLocation"]["uri"]).read_text(encoding="utf-8").splitlines()
    assert "def stray_lands" in "".join(lines[place["region"]["startLine"] - 1 :][:2])
    assert "stray_lands(slot=0). Replay: edgeproof replay out/traces/" in broken["message"]["text"]


def test_annotations_are_workflow_commands_of_a_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    lines = [*workflow_commands(faults(arrange(examples.ledger(), "out")))]
    assert len(lines) == len(results(examples.ledger()))
    assert not any("\n" in line for line in lines)
    assert lines[0].startswith("::error file=model/designs/do_kv.py,line=")
    assert ",title=monotonic-kv::do_kv, odd" in lines[0]
    assert sum(line.startswith("::warning ") for line in lines) == 2


def test_only_github_actions_wants_workflow_commands() -> None:
    assert wants_workflow_commands({"GITHUB_ACTIONS": "true"})
    assert not wants_workflow_commands({})
