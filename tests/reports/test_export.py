# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from tests.reports.conftest import Run


def test_help_says_how_to_run_the_checkers(cli: Run) -> None:
    outcome = cli("export", "--help")
    assert outcome.status == 0
    assert all(part in outcome.out for part in ("Examples:", "Exit status:", "tla2tools.jar", "spin -a", "./pan"))


def test_tla_is_a_module_and_its_configuration(cli: Run, tmp_path: Path) -> None:
    outcome = cli("export", "do_kv", "--to", "tla", "--set", "Pop=1", "--out", "here")
    assert outcome.status == 0
    assert "wrote here/do_kv.tla\nwrote here/do_kv.cfg\n" in outcome.out
    assert "convergence ==" in (tmp_path / "here/do_kv.tla").read_text(encoding="utf-8")
    configuration = (tmp_path / "here/do_kv.cfg").read_text(encoding="utf-8")
    assert "  Pop = 1\n" in configuration
    assert "read_your_writes" not in configuration, "known anomalies are written if asked for"


def test_promela_leaves_out_what_spin_cannot_decide_and_says_so(cli: Run, tmp_path: Path) -> None:
    outcome = cli("export", "do_kv", "--to", "promela", "--case", "inline", "--json")
    assert outcome.status == 0
    document = outcome.document
    assert document["left_out"] == ["answered-write", "convergence"]
    assert "monotonic-kv" in document["properties"]
    assert document["constants"]["publisher"] == "inline"
    assert [(tmp_path / file).suffix for file in document["files"]] == [".pml"]
    assert document["run"][0].startswith("spin -a")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope", "--to", "tla"], "there is no design 'nope'"),
        (["do_kv"], "Missing option '--to'"),
        (["do_kv", "--to", "smt"], "'smt' is not one of 'tla', 'promela'"),
        (["do_kv", "--to", "tla", "--property", "x"], "there is no property 'x'"),
        (["do_kv", "--to", "tla", "--property", "local-reads"], "nothing in what was asked puts local-reads"),
        (["do_kv", "--to", "tla", "--hazard", "rain"], "there is no hazard 'rain'"),
        (["do_kv", "--to", "promela", "--set", "Pop=9999"], "too many to be written out"),
        (["do_kv", "--to", "promela", "--set", "T=99999999"], "too large for Promela"),
        (["do_kv", "--to", "tla", "--out", "/dev/null/x"], "cannot write to /dev/null/x"),
    ],
)
def test_bad_input_is_one_line_and_status_two(cli: Run, arguments: list[str], said: str) -> None:
    outcome = cli("export", *arguments)
    assert outcome.status == 2
    assert outcome.err.count("\n") == 1
    assert said in outcome.err
