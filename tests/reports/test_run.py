# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import signal
from contextlib import closing
from pathlib import Path

import pytest

from edgeproof.impl.durable.database import connect
from edgeproof.impl.live.run import FAULTS
from edgeproof.impl.scratch import OWNER
from edgeproof.reports.commands.run import run
from tests.reports.conftest import Run


def test_a_real_run_is_recorded_checked_and_reported(cli: Run, tmp_path: Path) -> None:
    numbers = ["--sync-delay", "500ms", "--put-timeout", "300ms", "--cache-ttl", "100ms", "--seed", "5"]
    numbers += ["--writes", "4", "--flags", "10", "--pops", "1", "--retries", "0"]
    outcome = cli("run", "--for", "4s", *numbers, "--keep", "kept", "--json")
    report = outcome.document["report"]
    (case,) = report["cases"]
    assert {one["id"]: one["verdict"] for one in case["properties"]} == dict.fromkeys(
        ("never-ahead", "no-partial-read", "monotonic-reads", "bounded-staleness"), "HOLDS_TO_BOUND"
    )
    assert (outcome.status, report["exit_status"], report["seed"]) == (0, 0, 5)
    staleness = case["properties"][-1]["evidence"][0]
    assert staleness["bound"].startswith("2.2 s = D + S + D + T; this history: ")
    assert staleness["measures"]["headroom_s"] > 0
    assert "publish fail" not in outcome.document["counts"], "KV takes one put a second, and is given no more"
    proof = cli(*outcome.document["proved_by"].split()[1:], "--json").document
    assert (proof["bound_s"], proof["formula"]) == (staleness["measures"]["bound_s"], "D + S + D + T")
    assert "S = 1.5 s has room for the 1 s that KV wants" in proof["writes"]
    lines = (tmp_path / "reports/out/history.jsonl").read_text().splitlines()
    assert len(lines) == sum(outcome.document["counts"].values())
    assert {json.loads(line)["kind"] for line in lines} == {"commit", "publish", "read"}
    assert (tmp_path / "kept" / "store.sqlite").exists()
    assert outcome.document["writes"]["acknowledged"] > 0

    (tmp_path / "kept" / OWNER).touch()  # as if it had been killed after all that
    again = cli("run", "--recover", "kept", "--out", "again", "--json")
    assert again.document["writes"] == outcome.document["writes"]
    assert again.document["counts"] == outcome.document["counts"]
    assert [one["verdict"] for one in again.document["report"]["cases"][0]["properties"]] == ["HOLDS_TO_BOUND"] * 4
    assert not (tmp_path / "kept").exists()
    assert "no run that was killed" in cli("run", "--recover", "again").err


def test_a_run_keeps_what_an_earlier_one_had_recorded_that_was_killed(
    cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tmp_path / "out" / "history.jsonl.recording"
    for asked, says in (
        ("{}", "nothing can be made of what it has left"),
        ('{"site": "reference", "options": {"seconds": 9.0, "faults": []}}', "recorded is in out/history-killed.jsonl"),
    ):
        left.mkdir(parents=True)
        (left / OWNER).touch()
        (left / "run.json").write_text(asked)
        with closing(connect(left / "store.sqlite")):
            pass
        monkeypatch.setattr("edgeproof.impl.live.run.run_live", lambda *given: terminated())
        outcome = cli("run", "--for", "1s", "--out", "out")
        assert f"edgeproof: an earlier run into out was killed; {'what it had ' if 'is in' in says else ''}{says}" in (
            outcome.err
        )
        assert outcome.err.endswith("edgeproof: ended by SIGTERM\n")
        assert (outcome.status, left.exists()) == (143, False)
    assert (tmp_path / "out" / "history-killed.jsonl").read_text() == ""


def terminated() -> None:
    """Somebody asks this process to end."""
    os.kill(os.getpid(), signal.SIGTERM)


def test_how_long_a_run_should_be_has_to_be_said(cli: Run) -> None:
    outcome = cli("run")
    assert (outcome.status, outcome.err.splitlines()[-1]) == (
        2,
        "edgeproof: say how long it should run: --for 30s, or --kills 100",
    )


def test_every_fault_is_named_in_the_help() -> None:
    (help_text,) = [str(getattr(option, "help", "")) for option in run.params if option.name == "faults"]
    assert set(FAULTS) == set(help_text.rstrip(".").split(": ")[1].split(", "))
