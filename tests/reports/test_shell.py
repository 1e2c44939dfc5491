# SPDX-License-Identifier: Apache-2.0
"""`edgeproof shell`: lines that walk through a design."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from edgeproof.model.designs import load
from edgeproof.model.machine import Instance
from edgeproof.properties.walk import begin
from edgeproof.reports.shell.session import COMMANDS, Session, answer, words
from tests.reports.conftest import Outcome, Run

Type = Callable[..., Outcome]


@pytest.fixture
def typed(cli: Run, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Start the shell, and type lines."""

    def run(start: str, *lines: str) -> Outcome:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return cli("shell", *start.split())

    return run


def test_an_anomaly_is_walked_to_kept_and_replayed(typed: Type, cli: Run) -> None:
    walked = typed("do_kv --option publisher=inline", "write_inline 0", "find monotonic-kv", "save walk.itf.json")
    assert walked.status == 0
    assert "1. write_inline(slot=0): config 0 -> 1" in walked.out
    assert "4. stray_lands(slot=0): stray[0] yes -> no" in walked.out
    assert "   monotonic-kv is broken" in walked.out
    again = cli("replay", "walk.itf.json", "--on", "reference")
    assert (again.status, "monotonic-kv: broken, as the trace claims" in again.out) == (0, True)


def test_it_goes_on_from_the_end_of_a_trace(typed: Type) -> None:
    typed("do_kv", "write", "acknowledge", "save walk.itf.json")
    gone_on = typed("walk.itf.json", "fire")
    assert "do_kv: 2 steps so far" in gone_on.out
    assert "3. fire: alarm sync -> lease" in gone_on.out


def test_what_cannot_happen_says_what_it_needs(typed: Type) -> None:
    said = typed("do_kv", "put_lands", "write_inline 0").out
    assert "not now: put_lands\n   needs sending = flying\n" in said
    assert "not now: write_inline 0\n   never, in this configuration: `set` another\n" in said


def test_the_same_steps_meet_another_fate_with_another_option(typed: Type) -> None:
    said = typed("do_kv", "write", "set crash=on", "set Pop=3", "crash", "set crash=off").out
    assert "crash is on now, and the steps are the same" in said
    assert "Pop is 3 now, and the steps are the same" in said
    assert "1 step of 2 can be taken then: crash cannot happen here" in said


def test_a_step_is_taken_by_its_number_and_taken_back(typed: Type) -> None:
    said = typed("do_kv", "1", "undo", "undo 7", "99", "quit", "write").out
    assert said.count("1. write:") == 1
    assert said.count("back after 0 steps") == 2
    assert "4 events can happen now, numbered from 1" in said


def test_what_has_not_settled_is_not_broken(typed: Type) -> None:
    said = typed("do_kv", "write", "check").out
    assert "not yet  convergence" in said
    assert "✓        atomic-write" in said


def test_the_walk_is_there_as_data(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("write\nstate\n"))
    document = cli("shell", "do_kv", "--json").document
    assert [one["action"] for one in document["steps"]] == [None, "write"]


def test_somebody_types_at_a_prompt(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        keys.send_text("acknowledge_early\rwrite\r\x04")
        said = cli("shell", "do_kv", "--option", "ack=early").out
    assert "1. acknowledge_early: request none -> taken" in said
    assert "not now: write" in said


NONSENSE = [
    "jump", "read", "read 0", "read 0 x", "99999999999", "-1", "undo x", "find", "find kv <", "find convergence",
    "find __import__('os')", "set", "set crash", "set crash=perhaps", "set nope=1", "set Pop=0", "set publisher=x",
    "begin 99", "begin x", "save", "save /proc/none/x", "blocked nope", "\x1b[2J", "write\x00", "é",
]  # fmt: skip


@pytest.mark.parametrize("line", NONSENSE)
def test_nonsense_is_answered_and_changes_nothing(line: str) -> None:
    session = Session(begin(Instance.of(load("do_kv"))), ("+", "X", "."))
    answered = answer(session, line)
    assert (answered.walk, answered.over) == (session.walk, False)
    assert len(answered.said) == 1


def test_everything_that_a_line_can_say_is_helped_with_and_completed(typed: Type) -> None:
    said = typed("do_kv", "help").out
    assert all(f"\n{name} " in said for name in COMMANDS)
    completed = words(Session(begin(Instance.of(load("do_kv"))), ("+", "X", ".")))
    assert {*COMMANDS, "write", "tick"} <= set(completed)
    assert "write_inline" not in completed


@pytest.mark.parametrize("start", ["nope", "nothing.itf.json", "do_kv --option publisher=x"])
def test_a_bad_beginning_is_one_line_and_status_2(typed: Type, tmp_path: Path, start: str) -> None:
    refused = typed(start, "write")
    assert (refused.status, refused.out, refused.err.count("\n")) == (2, "", 1)
