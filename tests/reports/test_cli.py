# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeproof.impl.live.result import Writes
from edgeproof.impl.live.run import LiveError, LiveOptions, LiveResult
from edgeproof.model.designs import DESIGNS
from edgeproof.properties.engines.history.engine import Promise
from edgeproof.properties.evidence import Evidence, Verdict
from tests.processes import started
from tests.properties import histories
from tests.reports.conftest import Run
from tests.reports.standins import Calls

COMMANDS = (
    *("verify", "cover", "diff", "compare", "replay", "show", "bound", "run", "check", "learn", "follow", "export"),
    *("list", "scaffold"),
)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches_by_example_and_tells_the_exit_statuses(cli: Run, command: str) -> None:
    outcome = cli(command, "--help")
    assert outcome.status == 0
    for part in ("Examples:", f"edgeproof {command}", "Exit status:", "--json", "--seed"):
        assert part in outcome.out


def test_the_first_page_names_every_command(cli: Run) -> None:
    outcome = cli("--help")
    assert outcome.status == 0
    assert all(f"\n  {command} " in outcome.out for command in COMMANDS)


def test_the_first_page_says_how_bash_is_told_to_complete_and_bash_then_does(cli: Run, tmp_path: Path) -> None:
    (switched_on,) = re.findall(r"^ +(eval .*)$", cli("--help").out, re.M)
    program = tmp_path / "edgeproof"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m edgeproof.reports.cli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    typed = "COMP_WORDS=(edgeproof verify --des); COMP_CWORD=2; _edgeproof_completion edgeproof"
    done = subprocess.run(
        ["bash", "-ec", f'PATH={shlex.quote(str(tmp_path))}:$PATH; {switched_on}; {typed}; echo "${{COMPREPLY[@]}}"'],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "--design\n", "")


def test_no_command_and_an_unknown_one_are_unusable(cli: Run) -> None:
    assert cli().status == 2
    assert "edgeproof: name a command" in cli().err
    outcome = cli("verfy")
    assert outcome.status == 2
    assert outcome.err.count("\n") == 1
    assert "No such command 'verfy'" in outcome.err


def test_a_reader_that_has_had_enough_is_no_failure_of_ours() -> None:
    command = [sys.executable, "-m", "edgeproof.reports.cli", "verify", "--help"]
    with started(command, stderr=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stderr is not None
        writer.stdout.close()
        errors = writer.stderr.read()
        assert writer.wait() in (0, 141)
    assert "Traceback" not in errors
    assert "Exception" not in errors


def test_an_output_without_unicode_gets_what_it_can_show() -> None:
    program = "from edgeproof.reports.consoles import open_terminal\nt = open_terminal(False)"
    command = [sys.executable, "-c", f"{program}\nt.out.print(t.marks[0], 'a → b')"]
    done = subprocess.run(command, capture_output=True, env={"PYTHONIOENCODING": "ascii:replace"}, check=True)
    assert done.stdout == b"+ a ? b\n"


BOUND = [
    "bound",
    "--sync-delay",
    "2s",
    "--put-timeout",
    "5s",
    "--retries",
    "3",
    "--retry-delay",
    "1s",
    "--cache-ttl",
    "60s",
]


def test_bound_answers_in_seconds_with_its_terms_and_its_proof(cli: Run) -> None:
    document = cli(*BOUND, "--json").document
    assert (document["bound_s"], document["reached_s"], document["tight"]) == (90, 90, True)
    assert (document["formula"], document["dominant"]) == ("D + S + F*(D + R) + D + T", "T")
    assert [term["seconds"] for term in document["terms"]] == [5, 2, 18, 5, 60]
    assert document["proof"]["verdict"] == "PROVED"
    assert document["writes"].endswith("this holds at any rate of writes, with an alarm that is up to 1 s late")
    assert document["trace"]["#meta"]["format"] == "edgeproof-trace"


def test_bound_in_text_marks_what_dominates_and_shows_the_tight_run(cli: Run) -> None:
    outcome = cli(*BOUND)
    assert outcome.status == 0
    assert outcome.out.startswith("90 s:")
    assert "\n= D + S + F*(D + R) + D + T\n" in outcome.out
    (line,) = [line for line in outcome.out.splitlines() if "dominates" in line]
    assert "60 s" in line
    assert "PROVED by prove in " in outcome.out
    assert "tight: in this run" in outcome.out
    last = [line for line in outcome.out.splitlines() if "read(pop=0" in line][-1]
    assert [cell.strip() for cell in last.split("│")[1:-1]] == ["90 s", "read(pop=0, cache=0)", "2", "2", "1"]


def test_bound_counts_in_fractions_of_a_second_and_shortens_long_runs(cli: Run) -> None:
    words = "--sync-delay 250ms --put-timeout 500ms --retries 40 --retry-delay 1s --cache-ttl 1m30s --memo-ttl 10s"
    outcome = cli("bound", *words.split())
    assert outcome.out.startswith("161.25 s:")
    assert "more steps)" in outcome.out
    assert outcome.out.count("\n") < 70
    document = cli("bound", *words.split(), "--json").document
    assert (document["bound_s"], document["unit_s"]) == (161.25, 0.25)
    assert document["writes"].endswith("this holds of writes that come as long after the put before them")


def test_bound_tells_what_else_the_design_bounds(cli: Run) -> None:
    poisoned = "--design do_kv_content --hazard poison_write --option vetting=off --option validate=serves --set X=2s"
    outcome = cli(*BOUND, *poisoned.split())
    assert outcome.status == 0
    assert "\n92 s: a bad version that is told was committed at most this long ago\n" in outcome.out
    assert "\n= X + D + S + F*(D + R) + D + T\n" in outcome.out
    assert outcome.out.endswith("tight: a run is known that reaches it\n")
    (beside,) = cli(*BOUND, *poisoned.split(), "--json").document["beside"]
    assert (beside["property"], beside["bound_s"], beside["reached_s"]) == ("poison-bounded", 92, 92)
    assert beside["proof"]["verdict"] == "PROVED"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--memo-ttl", "-1s"], "'-1s' is negative"),
        (["--memo-ttl", "10"], "'10' has no unit"),
        (["--memo-ttl", "soon"], "'soon' is not a duration"),
        (["--retries", "-1"], "-1 is not in the range"),
        (["--retries", "1.5"], "'1.5' is not a valid integer"),
        (["--zombie-window", "30s"], "no bound without a heartbeat"),
    ],
)
def test_bound_refuses_what_is_no_number_or_duration(cli: Run, words: list[str], message: str) -> None:
    outcome = cli(*BOUND, *words)
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err
    assert outcome.err.count("\n") == 1
    assert message in cli(*BOUND, *words, "--json").document["error"]


def test_bound_asks_for_what_it_needs(cli: Run) -> None:
    outcome = cli("bound", "--sync-delay", "2s")
    assert outcome.status == 2
    assert "a bound takes --retries and --put-timeout and --cache-ttl as well" in outcome.err
    assert outcome.err.count("\n") == 1


def test_list_documents_every_choice(cli: Run, calls: Calls) -> None:
    document = cli("list", "--json").document
    assert [design["name"] for design in document["designs"]] == list(DESIGNS)
    for kind in ("options", "hazards", "numbers", "actions", "variables"):
        assert any(design[kind] for design in document["designs"])
        assert all(one["doc"] for design in document["designs"] for one in design[kind])
    assert all(one["says"] and one["source"] for one in document["properties"])
    text = cli("list", "--design", "do_kv").out
    assert "publisher" in text
    assert "never-ahead" in text
    assert "inline" in text
    assert re.search(r"read +. pop of Pop, cache of Pop .+ A request at a POP reads the config", text)
    assert re.search(
        r"served +. each Pop: a whole number from 0 to writes +. what a client at the location was told", text
    )
    assert "since the write under observation" not in text  # the suite keeps that itself
    assert cli("list", "--design", "nope").status == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--for -3s", "'-3s' is negative"),
        ("--for 0s", "seconds must be more than 0"),
        ("--for 1s --flags 0", "a config has 1 to 5000 flags"),
        ("--for 1s --reader dreamer", "a reader is plain, guarded or memo"),
        ("--for 1s --fault meteor", "there is no fault 'meteor'"),
        ("--for 1s --pops 0", "0 is not in the range"),
    ],
)
def test_run_refuses_nonsense_in_one_line(cli: Run, tmp_path: Path, words: str, message: str) -> None:
    outcome = cli("run", *words.split())
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err
    assert outcome.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_run_whose_process_dies_is_undecided_and_names_it(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_live(options: LiveOptions, notify: Callable[[str], None], site: object) -> LiveResult:
        raise LiveError("pop-1 died (signal 9)")

    monkeypatch.setattr("edgeproof.impl.live.run.run_live", run_live)
    outcome = cli("run", "--for", "3s", "--json")
    assert outcome.status == 3
    assert outcome.document == {"verdict": "UNKNOWN", "reason": "pop-1 died (signal 9)"}
    assert "a run of 3 s says nothing about a bound of 6 s" in outcome.err
    assert outcome.err.endswith("edgeproof: undecided: pop-1 died (signal 9)\n")


@pytest.mark.parametrize(
    ("verdict", "ended_by", "lost", "status"),
    [
        (Verdict.HOLDS_TO_BOUND, 0, 0, 0),
        (Verdict.VIOLATED, 0, 0, 1),
        (Verdict.VACUOUS, 0, 0, 3),
        (Verdict.HOLDS_TO_BOUND, signal.SIGINT, 0, 130),
        (Verdict.HOLDS_TO_BOUND, signal.SIGTERM, 0, 143),
        (Verdict.HOLDS_TO_BOUND, 0, 1, 1),
    ],
)
def test_run_records_a_history_and_reports_what_it_shows(
    cli: Run, monkeypatch: pytest.MonkeyPatch, verdict: Verdict, ended_by: int, lost: int, status: int
) -> None:
    def run_live(options: LiveOptions, notify: Callable[[str], None], site: object) -> LiveResult:
        notify("1 s of 60 s")
        options.history.write_text("".join(histories.text(histories.clean())), "utf-8")
        assert (options.seconds, options.pops, options.heartbeat) == (60.0, 4, 1.5)
        counts = {"read ok": 1200, "commit ok": 34}
        writes = Writes(acknowledged=34, lost=lost, torn=0, twice=0)
        return LiveResult(options.history, 60.0, counts, ("a remark",), 1000, 20.0, writes, ended_by)

    def check_history(history: Path, promise: Promise, *, seed: int) -> list[Evidence]:
        assert (history.name, promise.bound_s, promise.guarded, seed) == ("history.jsonl", 6.0, True, 0)
        staleness = {f"{word}_{q}_s": 0.5 for word in ("certain", "possible") for q in ("p50", "p99", "max")}
        measures = {**staleness, "headroom_s": 5.5, "bound_s": 6.0}
        return [Evidence("bounded-staleness", "history", verdict, "1,234 events", measures=measures)]

    monkeypatch.setattr("edgeproof.impl.live.run.run_live", run_live)
    monkeypatch.setattr("edgeproof.properties.engines.history.engine.check_history", check_history)
    words = ["run", "--for", "1m", "--pops", "4", "--heartbeat", "1500ms"]
    outcome = cli(*words, "--json")
    assert outcome.status == status
    assert outcome.document["report"]["cases"][0]["properties"][0]["verdict"] == verdict
    text = cli(*words).out
    assert "recorded 1,234 events in reports/out/history.jsonl\na remark\n" in text
    assert "head-room to the bound: 5.500 s of 6 s\n" in text
    assert "20 reads/s; 34 commit ok, 1,200 read ok" in text
    assert f"writes: 34 acknowledged, {lost} lost, 0 torn, 0 made twice\n" in text


@pytest.mark.parametrize("words", [["list"], ["list", "--json"], ["bound", "--help"]], ids=" ".join)
def test_whoever_has_read_enough_ends_a_command_without_a_word(words: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "edgeproof.reports.cli", *words]
    with started(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        assert (process.wait(), said) == (128 + signal.SIGPIPE, "")
