# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import pickle
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from edgeproof.model.designs import DESIGNS
from edgeproof.model.machine import DesignError
from edgeproof.properties.cases import scoreboard
from edgeproof.properties.evidence import Ledger, Verdict
from edgeproof.reports.systems import ONLY, SYSTEMS
from tests.reports import examples
from tests.reports.conftest import Run
from tests.reports.standins import Calls
from tests.reports.test_bundle import schema


def test_the_exit_status_is_that_of_the_ledger(cli: Run, calls: Calls) -> None:
    undecided = Ledger(tuple(c for c in examples.ledger().conclusions if c.property == "local-reads"), 0, 1.0)
    for ledger, status in ((examples.ledger(), 1), (examples.good_ledger(), 0), (undecided, 3)):
        calls.ledger = ledger
        assert cli("verify").status == status


def test_json_is_one_document_and_the_same_as_the_file(cli: Run) -> None:
    outcome = cli("verify", "--json", "--out", "here")
    assert outcome.document == json.loads(Path("here/report.json").read_text(encoding="utf-8"))
    assert "an engine that chatters" in outcome.err


def test_without_a_terminal_the_text_is_plain_and_lines_are_whole(cli: Run) -> None:
    outcome = cli("verify")
    assert "\x1b" not in outcome.out + outcome.err
    path = r"reports/out/\d+-cases-[0-9a-f]{6}/traces/inline\.monotonic-kv\.explore\.itf\.json"
    assert re.search(rf"^    edgeproof replay {path}$", outcome.out, re.MULTILINE)
    assert (
        "exit status 1: a property is violated, engines contradict each other, or something is not what is pinned\n"
        in (outcome.out)
    )
    assert "1/2 inline: explore" in outcome.err
    rows = [line for line in outcome.out.splitlines() if "engines contradict each other " in line]
    assert "monotonic-reads" in rows[0], "no row is broken over several lines"


def test_without_words_every_case_of_the_scoreboard_is_checked(cli: Run, calls: Calls) -> None:
    cli("verify", "--seed", "5")
    assert calls.cases == tuple(case for design in DESIGNS for case in scoreboard(design))
    assert calls.plan.seed == 5


def test_of_the_real_runtime_only_the_designs_that_it_has_are_checked_unless_others_are_named(
    cli: Run, calls: Calls
) -> None:
    said = cli("verify", "--system", "workerd").err
    assert {case.design for case in calls.cases} == set(ONLY["workerd"])
    assert f"workerd has {', '.join(ONLY['workerd'])}, and no other design is checked" in said
    cli("verify", "--system", "workerd", "--design", "kv_only")
    assert {case.design for case in calls.cases} == {"kv_only"}


def test_a_case_can_be_named_and_cut_down_to_a_property_and_an_engine(cli: Run, calls: Calls) -> None:
    cli("verify", "--case", "inline", "--property", "convergence", "--engine", "prove")
    (case,) = calls.cases
    assert (case.properties, dict(case.expected)) == (("convergence",), {"convergence": Verdict.VIOLATED})
    assert calls.plan.engines == ("prove",)


def test_what_the_runs_have_to_cover_can_be_asked_for(cli: Run, calls: Calls) -> None:
    cli("verify")
    assert (calls.plan.least.actions, calls.plan.least.transitions) == (100, 0)
    cli("verify", "--require-actions", "90", "--require-transitions", "500")
    assert (calls.plan.least.actions, calls.plan.least.transitions) == (90, 500)


def test_options_hazards_and_numbers_make_a_case_of_ones_own(cli: Run, calls: Calls) -> None:
    words = ["--option", "publisher=inline", "--hazard", "crash", "--set", "F=3", "--expect", "convergence=VIOLATED"]
    cli("verify", *words)
    (case,) = calls.cases
    assert case.constants == {"publisher": "inline", "crash": True, "F": 3}
    assert case.expected["convergence"] is Verdict.VIOLATED


BAD = [
    ("--design nope", "there is no design 'nope'; there is do_kv"),
    ("--case nope", "there is no case 'nope'; there is outbox"),
    ("--option publisher", "--option takes NAME=VALUE, not 'publisher'"),
    ("--option publishr=inline", "did you mean 'publisher'?"),
    ("--option publisher=carrier", "publisher is one of outbox, inline, not 'carrier'"),
    ("--option crash=inline", "there is no option 'crash'"),
    ("--hazard crsh", "there is no hazard 'crsh'; did you mean 'crash'?"),
    ("--set F=-1", "F is a whole number from 0 to 2,147,483,647, not '-1'"),
    ("--set Pop=0", "Pop is a whole number from 1 to 2,147,483,647, not '0'"),
    ("--set F=2147483648", "F is a whole number from 0 to 2,147,483,647, not '2147483648'"),
    ("--set F=99999999999999999999", "F is a whole number from 0"),
    ("--set Q=1", "there is no number 'Q'"),
    ("--expect convergence=PROVED", "--expect convergence takes VIOLATED, UNKNOWN, VACUOUS, not 'PROVED'"),
    ("--expect nope=VIOLATED", "there is no property 'nope'"),
    ("--property nope", "there is no property 'nope'"),
    ("--case inline --property local-reads", "nothing in what was asked puts local-reads to the test"),
    ("--expect local-reads=VIOLATED", "--expect local-reads: this configuration cannot put it to the test"),
    ("--case inline --hazard crash", "--case names a case of the scoreboard"),
    ("--engine guess", "'guess' is not one of 'explore', 'prove', 'fuzz'"),
    ("--profile slow", "'slow' is not one of 'quick', 'full'"),
    ("--seed -1", "-1 is not in the range x>=0"),
    ("--seed x", "'x' is not a valid integer range"),
    ("--nope", "No such option"),
    ("--out a-file", "cannot write to a-file: a-file is not a folder"),
    ("--out a-file/below", "a-file is not a folder"),
]


@pytest.mark.parametrize(("words", "message"), BAD)
def test_bad_words_get_one_line_and_status_2_before_anything_runs(
    cli: Run, calls: Calls, tmp_path: Path, words: str, message: str
) -> None:
    (tmp_path / "a-file").write_text("not a folder")
    calls.during = lambda: pytest.fail("nothing must run")
    outcome = cli("verify", *words.split())
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err
    assert outcome.err.count("\n") == 1
    as_document = cli("verify", *words.split(), "--json")
    assert as_document.status == 2
    assert message in as_document.document["error"]
    assert [path.name for path in tmp_path.iterdir()] == ["a-file"]


def test_what_an_engine_cannot_make_sense_of_is_unusable_too(cli: Run, calls: Calls, tmp_path: Path) -> None:
    def refuse() -> None:
        raise DesignError("a search needs writes > 0")

    calls.during = refuse
    outcome = cli("verify", "--set", "writes=0")
    assert (outcome.status, outcome.err.splitlines()[-1]) == (2, "edgeproof: a search needs writes > 0")
    assert not list(tmp_path.iterdir())


def test_ctrl_c_ends_with_130_and_leaves_nothing(cli: Run, calls: Calls, tmp_path: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    calls.during = interrupt
    outcome = cli("verify")
    assert (outcome.status, outcome.err.splitlines()[-1]) == (130, "edgeproof: interrupted")
    assert "Traceback" not in outcome.err
    assert not list(tmp_path.iterdir())


def test_a_bug_is_not_taken_for_a_violation(cli: Run, calls: Calls) -> None:
    def stumble() -> None:
        raise ZeroDivisionError

    calls.during = stumble
    outcome = cli("verify", "--json")
    assert outcome.status == 70
    assert "Traceback" in outcome.err
    assert "a bug in edgeproof" in outcome.document["error"]


def test_the_real_engines_end_in_one_valid_document_and_a_status(tmp_path: Path) -> None:
    words = "--option publisher=inline --property monotonic-kv --engine prove --json"
    command = [sys.executable, "-m", "edgeproof.reports.cli", "verify", *words.split(), "--out", str(tmp_path)]
    for more, status in (((), 1), (("--expect", "monotonic-kv=VIOLATED"), 0)):
        done = subprocess.run([*command, *more], capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
        report = json.loads(done.stdout)
        jsonschema.validate(report, schema("report.schema.json"))
        assert report == json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
        on_time, asked = report["cases"][0]["properties"]
        assert (on_time["id"], on_time["verdict"]) == ("time-diverges", "PROVED")
        assert (tmp_path / asked["trace"]).is_file()


def test_systems_can_be_sent_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(SYSTEMS["reference"])) is SYSTEMS["reference"]


def test_another_question_leaves_the_reports_of_the_first_alone_and_latest_leads_to_the_last(cli: Run) -> None:
    cli("verify", "--case", "inline")
    (first,) = [path for path in Path("reports/out").iterdir() if not path.is_symlink()]
    traces = {path.name for path in (first / "traces").iterdir()}
    cli("verify", "--case", "outbox")
    assert {path.name for path in (first / "traces").iterdir()} == traces
    latest = Path("reports/out/latest")
    assert latest.resolve().name.startswith("outbox-")
    cli("verify", "--case", "inline")
    assert latest.resolve() == first.resolve(), "the same question has the same folder"
    assert (latest / "report.json").is_file()


def test_what_is_in_the_way_of_latest_is_said(cli: Run) -> None:
    Path("reports/out/latest").mkdir(parents=True)
    outcome = cli("verify", "--case", "inline")
    assert outcome.status == 2
    assert "reports/out/latest is in the way" in outcome.err


def test_in_github_actions_what_is_not_as_expected_is_annotated(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    assert "::error " not in cli("verify").out
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    said = cli("verify").out
    assert len(re.findall(r"^::(?:error|warning) file=\S+,line=\d+,title=", said, re.MULTILINE)) == 5
    assert "::error " not in cli("verify", "--json").out


def test_the_summary_is_held_to_the_base_that_is_named_before_anything_is_run(cli: Run) -> None:
    assert cli("verify", "--out", "old").status == 1
    cli("verify", "--out", "new", "--base", "old/report.json")
    assert "## Since the base report" in Path("new/report.md").read_text(encoding="utf-8")
    assert "## Since the base report" not in Path("old/report.md").read_text(encoding="utf-8")
    refused = cli("verify", "--out", "none", "--base", "nowhere.json")
    assert (refused.status, Path("none").exists()) == (2, False)
    assert "cannot read nowhere.json" in refused.err
    assert "--base is for" in cli("verify", "--target", "edgeproof.toml", "--base", "old/report.json").err
