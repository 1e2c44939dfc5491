# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import pytest
from attrs import evolve

from edgeproof.reports import walkthrough
from tests.reports.conftest import Run

VERDICTS = ("never-ahead", "no-partial-read", "monotonic-reads", "bounded-staleness")


def test_the_walk_through_flips_a_kill_switch_and_its_record_is_checked(cli: Run, tmp_path: Path) -> None:
    outcome = cli("flags", "walkthrough", "--json")
    assert outcome.status == 0
    said = outcome.document
    assert said["verdicts"] == dict.fromkeys(VERDICTS, "HOLDS_TO_BOUND")
    assert sorted(said["seen_s"]) == ["ams", "gru", "sin"]
    assert max(said["seen_s"].values()) <= said["bound_s"] == 5.0
    assert [step["step"].split(" ")[0] for step in said["steps"]] == [
        "An",
        "Three",
        "Two",
        "The",
        "Everybody",
        "The",
    ]
    made, asked, refused, _, spread, log = (step["says"] for step in said["steps"])
    assert made[1].endswith('second to 30 % by accountId if country in ["BR","PT"]; else first')
    assert "new-checkout = true (TARGETING_MATCH)" in asked[0]
    assert 'payment-provider = "southpay" (SPLIT)' in asked[1]
    assert "config version 3" in asked[4]
    assert refused[1] == "bo is refused: the current version of payment-provider is 4"
    assert all("(DISABLED), and its client hears that it has changed" in line for line in spread[:3])
    assert log == ["version 1: create by ana", "version 5: update by bo, enabled from true to false"]
    lines = (tmp_path / "reports/out/history.jsonl").read_text().splitlines()
    assert {json.loads(line)["kind"] for line in lines} == {"commit", "publish", "read"}


def test_a_location_that_keeps_its_copy_too_long_is_a_violation(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walkthrough, "_CHOICES", evolve(walkthrough._CHOICES, cache_ttl=60.0))
    outcome = cli("flags", "walkthrough", "--json")
    assert outcome.status == 1
    assert outcome.document["seen_s"] == {}
    assert outcome.document["verdicts"]["bounded-staleness"] == "VIOLATED"
