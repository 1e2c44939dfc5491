# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

from edgeproof.impl.live.run import FAULTS
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


def test_every_fault_is_named_in_the_help() -> None:
    (help_text,) = [str(getattr(option, "help", "")) for option in run.params if option.name == "faults"]
    assert set(FAULTS) == set(help_text.rstrip(".").split(": ")[1].split(", "))
