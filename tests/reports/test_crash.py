# SPDX-License-Identifier: Apache-2.0
"""`edgeproof crash`: small stores of two kinds, each as it should be and with a mistake that a power cut shows."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Final

import pytest

from edgeproof.properties.engines.crash.syscalls import ptrace
from tests.ptraced import needs_ptrace
from tests.reports.conftest import Outcome, Run

pytestmark = needs_ptrace

STORES: Final = Path(__file__).parents[1] / "properties" / "crash_stores"
SHOWS: Final = {"log": "all", "setting": "newest", "ways": "all"}


def program_of(store: str) -> str:
    """The words of a command that begin with what runs a store; a path may have spaces."""
    return shlex.join([sys.executable, "-I", "-S", str(STORES / f"{store}.py")])


@pytest.fixture
def crash(cli: Run, tmp_path: Path) -> Run:
    """Cut the power of a store with a mistake, or several words of them, and of its recovery; two lines are written."""
    (tmp_path / "lines").write_text("one=1\ntwo=2\n")

    def run(store: str, mistakes: str = "", *options: object, recovers: str = "") -> Outcome:
        program = program_of(store)
        asked = ("crash", "--workload", "lines", "--shows", SHOWS[store], *options)
        work, check = f"{program} work {{folder}} {mistakes}", f"{program} check {{folder}} {recovers}"
        return cli(*asked, "--command", work, "--recover", check)

    return run


@pytest.mark.parametrize("store", ["log", "setting"])
def test_a_store_that_syncs_before_it_acknowledges_holds_after_every_power_cut(store: str, crash: Run) -> None:
    outcome = crash(store, "", "--json")
    assert outcome.status == 0, outcome.out
    assert outcome.document["verdict"] == "HOLDS_TO_BOUND"
    assert outcome.document["measures"]["acknowledged"] == 2
    assert outcome.document["bound"].startswith(f"all {outcome.document['measures']['images']} images of ")


@pytest.mark.parametrize(
    ("store", "mistake", "cut", "lost", "why"),
    [
        ("log", "acknowledges-early", "write of log", "write of log", "'one=1' was acknowledged, and is not there"),
        ("log", "forgets-folder", "sync of log", "create of log", "'one=1' was acknowledged, and is not there"),
        ("setting", "forgets-file", "rename of setting.tmp to setting", "write of setting.tmp", "HAS has no token"),
        (
            *("setting", "forgets-folder", "rename of setting.tmp to setting", "rename of setting.tmp to setting"),
            "'one=1' was acknowledged, and nothing is there",
        ),
    ],
)
def test_a_mistake_is_shown_by_the_first_power_cut_that_does(
    store: str, mistake: str, cut: str, lost: str, why: str, crash: Run
) -> None:
    outcome = crash(store, mistake, "--json")
    assert outcome.status == 1, outcome.out
    assert why in outcome.document["reason"]
    shown = outcome.document["power cut"]
    assert shown["operation"] == cut
    assert any(one["operation"].startswith(lost) and one["fate"] == "lost" for one in shown["not sure"])


def test_a_power_cut_is_kept_with_its_files_and_is_wrong_until_the_recovery_is_mended(crash: Run, cli: Run) -> None:
    assert crash("setting", "forgets-file", "--save", "cut.json", "--keep", "image").status == 1
    assert Path("image", "setting").read_bytes() == b""
    recover = f"{program_of('setting')} check {{folder}}"
    again = cli("crash", "--replay", "cut.json", "--recover", recover)
    assert again.status == 1
    assert "the power goes after operation 3 of 8, rename of setting.tmp to setting" in again.out
    assert cli("crash", "--replay", "cut.json", "--recover", "true").status == 0


def test_a_store_goes_on_from_a_folder_that_there_is_and_leaves_that_alone(crash: Run) -> None:
    Path("begin").mkdir()
    Path("begin", "log").write_text("")
    outcome = crash("log", "forgets-folder", "--from", "begin", "--images", 2)
    assert outcome.status == 0, "the folder had it before"
    assert "all 2 images of 2 of 5 points" in outcome.out
    assert Path("begin", "log").read_text() == ""


@pytest.mark.parametrize(
    ("program", "recover", "verdict", "reason"),
    [
        ("true", "true", "VACUOUS", "has changed nothing in its folder"),
        ("touch {folder}/a", "true", "VACUOUS", "it has said no line `ACK token`"),
        ("sh -c 'touch {folder}/a; echo ACK 1'", "true", "UNKNOWN", "without any power cut: '1' was acknowledged"),
        ("sh -c 'touch {folder}/a; echo ACK 1'", "false", "UNKNOWN", "the recovery ends with status 1"),
        ("sh -c 'echo ACK 1; echo ACK 1'", "true", "UNKNOWN", "'1' is acknowledged twice"),
        ("sh -c 'echo no >&2; exit 3'", "true", "UNKNOWN", "the command ends with status 3: no"),
        ("ln -s a {folder}/b", "true", "UNKNOWN", "b is a symbolic link"),
    ],
)
def test_what_says_nothing_of_power_cuts_is_undecided_and_says_why(
    program: str, recover: str, verdict: str, reason: str, cli: Run
) -> None:
    outcome = cli("crash", "--command", program, "--recover", recover, "--json")
    assert outcome.status == 3
    assert outcome.document["verdict"] == verdict
    assert reason in outcome.document["reason"]


def test_where_nobody_may_be_watched_nothing_is_said(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(process: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(ptrace, "seize", refuse)
    outcome = cli("crash", "--command", "touch {folder}/a", "--recover", "true")
    assert outcome.status == 3
    assert outcome.out.startswith("UNKNOWN power-cut: this machine allows no ptrace")


def test_a_recovery_that_never_ends_is_wrong(cli: Run) -> None:
    slow = "sh -c 'grep -q done {folder}/a && echo HAS 1 || sleep 99'"
    work = "sh -c 'echo done > {folder}/a; echo ACK 1'"
    outcome = cli("crash", "--command", work, "--recover", slow, "--recover-timeout", "1s")
    assert outcome.status == 1
    assert "the recovery does not end within 1 s" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--command", "true"), "name the recovery"),
        (("--recover", "true"), "name the command that writes"),
        (("--command", "no-such-program", "--recover", "true"), "no program 'no-such-program'"),
        (("--command", "true", "--recover", "no-such-program"), "no program 'no-such-program'"),
        (("--command", "'", "--recover", "true"), "No closing quotation"),
        (("--command", "true", "--recover", "true", "--keep", "."), ". is there already"),
        (("--replay", "lines", "--recover", "true", "--save", "x"), "--replay takes its files"),
        (("--replay", "/nowhere", "--recover", "true"), "cannot read /nowhere"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(arguments: tuple[str, ...], why: str, cli: Run) -> None:
    outcome = cli("crash", *arguments)
    assert outcome.status == 2
    assert why in outcome.err
    assert outcome.err.count("\n") == 1


WAYS: Final = (
    *("appended", "vectors", "flagged", "opened_in_sync", "around_the_cache", "by_a_child", "by_a_thread"),
    *("by_a_shell", "sent", "copied", "allocated"),
)


@pytest.mark.parametrize("way", WAYS)
def test_whichever_way_a_log_is_written_it_holds_if_it_is_synced_and_only_then(way: str, crash: Run) -> None:
    assert crash("ways", way).status == 0
    outcome = crash("ways", f"{way} forgets-sync")
    assert outcome.status == 1
    assert "'one=1' was acknowledged, and is not there" in outcome.out


@pytest.mark.parametrize("way", ["by_range", "elsewhere"])
def test_what_only_looks_like_a_sync_makes_nothing_sure(way: str, crash: Run) -> None:
    outcome = crash("ways", way)
    assert outcome.status == 1
    assert "'one=1' was acknowledged, and is not there" in outcome.out


@pytest.mark.parametrize(
    ("way", "why"),
    [
        ("through_memory", "through memory"),
        ("through_a_pipe", "moves bytes from a pipe into a file"),
        ("named_late", "log.new was moved into the folder from elsewhere"),
    ],
)
def test_what_cannot_be_recorded_is_undecided_and_said(way: str, why: str, crash: Run) -> None:
    outcome = crash("ways", way)
    assert outcome.status == 3
    assert outcome.out.startswith("UNKNOWN power-cut: ")
    assert why in outcome.out
