# SPDX-License-Identifier: Apache-2.0
"""What is drawn, and within which bounds it is sent."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from attrs import evolve

from edgeproof.impl.target.client import Client, Limits, NoAnswerError, OverspentError, Request
from edgeproof.impl.target.driver import Driver
from edgeproof.impl.target.events import recorded
from edgeproof.impl.target.programs import Budget, Step, programs, spell, spelled_out
from edgeproof.impl.target.routes import Target
from edgeproof.impl.target.session import drive
from edgeproof.reports.target.file import read_description
from tests.outside.front import Front, served
from tests.target.driving import describe, described


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return read_description(describe(tmp_path, "http://127.0.0.1:1", "flags")).target


def test_programs_have_all_that_clients_do_to_each_other(target: Target) -> None:
    steps = [step for program in programs(target, Budget(20, 12), 1.0) for step in program]
    together = [one for step in steps for one in step.steps]
    assert {step.do for step in steps} == {"write", "read", "again", "wait", "together"}
    assert {step.base for step in steps} == {"", "current", "old"}
    assert sum(one.do == "write" for one in together) > 5
    assert any(one.do == "again" for one in together)
    assert any(not json.dumps(step.value, ensure_ascii=False).isascii() for step in steps), "spiteful texts"
    assert any(isinstance(step.value, dict | list) for step in steps), "and whole documents"


def test_the_same_seed_draws_the_same_and_another_one_something_else(target: Target) -> None:
    first, again, other = (programs(target, Budget(3, 8, seed), None) for seed in (1, 1, 2))
    assert first == again != other


def test_a_program_is_the_same_after_it_was_spelled(target: Target) -> None:
    for program in programs(target, Budget(5, 12), 1.0):
        assert spelled_out(json.loads(json.dumps(spell(program)))) == program


def test_where_nobody_sees_which_of_two_writes_was_last_none_are_sent_at_once(target: Target) -> None:
    blind = evolve(target, reads={"edge": target.reads["edge"]})
    for program in programs(blind, Budget(20, 12), None):
        assert all(sum(one.do != "read" for one in step.steps) < 2 for step in program)


def test_requests_are_bounded_in_number_and_in_rate() -> None:
    with served(Front()) as address:
        client = Client(Limits(requests=10, per_second=50))
        began = time.monotonic()
        for _ in range(10):
            client.send(Request("GET", address, "/edge/x", {}, None, False))
        assert time.monotonic() - began >= (10 - 5) / 50, "four may leave at once"
        with pytest.raises(OverspentError, match="all 10 requests"):
            client.send(Request("GET", address, "/edge/x", {}, None, False))
    assert client.made == 10


def test_answers_are_bounded_in_the_time_that_they_take_together() -> None:
    request = Request("GET", "http://127.0.0.1:1", "/", {}, None, False)
    client = Client(Limits(answers=1e-9))
    with pytest.raises(NoAnswerError, match="cannot be reached"):
        client.send(request)
    assert client.half_spent
    with pytest.raises(OverspentError, match=r"all 1e-09 s that \[limits\] allows for answers"):
        client.send(request)


def test_where_answers_are_slow_fewer_runs_are_taken_and_one_of_them_waits_for_the_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(Front()) as address:
        one = described(tmp_path, address)
        drawn = programs(one.target, Budget(5, 4, patience=0.0), one.bound)
        monkeypatch.setattr(Client, "half_spent", True)
        session = drive(Driver(one.target, one.bearer), drawn, lambda *_: None)
    assert [run.program for run in session.runs] == [drawn[0], drawn[-1]]
    assert any(step.do == "wait" and step.ms >= 150 for step in drawn[-1])
    assert (session.left_out, session.ended) == (3, "")


def test_faults_are_commands_and_part_of_the_history(tmp_path: Path) -> None:
    with served(Front()) as address:
        one = described(tmp_path, address)
        mark = tmp_path / "struck"
        faults = {"kill": ("touch", str(mark)), "miss": ("false",)}
        target = evolve(one.target, faults=faults)
        assert not any(step.do == "fault" for drawn in programs(target, Budget(20, 12), None) for step in drawn)
        assert any(step.do == "fault" for drawn in programs(target, Budget(20, 12), None, True) for step in drawn)
        driver = Driver(target, one.bearer)
        run = driver.take((Step("fault", at="kill"), Step("fault", at="miss")))
    assert mark.exists()
    kill, miss = (event for event in recorded(target, run).events if event.kind == "fault")
    assert (kill.note, kill.outcome, miss.outcome) == ("kill", "ok", "fail")
    assert driver.complaints == ["fault miss: its command ended with 1"]
