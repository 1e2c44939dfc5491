# SPDX-License-Identifier: Apache-2.0
"""Every command that reads a file, given every kind of file that nobody should have to read: it says so in one line.

None of them waits, none of them ends in a bug, and nothing that a file says reaches a terminal as anything but letters.
"""

from __future__ import annotations

import json
import os
import signal
import time
from functools import partial
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from edgeproof.properties import regular
from edgeproof.properties.workers import workers
from tests.processes import started
from tests.properties.histories import clean
from tests.reports.conftest import Outcome, Run
from tests.reports.hostile_files import NO_FILES, ODD, PLACES, READERS, UNREADABLE, Reader
from tests.reports.standins import Calls

NOTHING_KEPT: Final = ("mutate --resume", "nothing")
"""It is made where it is not there."""

SECONDS: Final = 10.0
"""Of processor time that no file takes, whatever is in it."""


@pytest.fixture(autouse=True)
def good_files(cli: Run, tmp_path: Path) -> None:
    """What stands beside a hostile file."""
    (tmp_path / "good.json").write_text(READERS["diff, old"].good(tmp_path), encoding="utf-8")
    (tmp_path / "good.jsonl").write_text(PLACES["check"].good(tmp_path), encoding="utf-8")


def asked(cli: Run, reader: Reader, path: Path) -> Outcome:
    before = time.process_time()
    outcome = cli(*reader.command(path))
    assert time.process_time() - before < SECONDS
    assert outcome.err.replace("\n", "").isprintable()
    assert outcome.out.replace("\n", "").isprintable()
    assert "a bug in edgeproof" not in outcome.err
    return outcome


def refused(outcome: Outcome) -> None:
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert len(outcome.err) < 400


@pytest.mark.parametrize(("place", "kind"), [pair for pair in product(PLACES, NO_FILES) if pair != NOTHING_KEPT])
def test_what_is_no_file_is_refused_and_not_waited_for(cli: Run, tmp_path: Path, place: str, kind: str) -> None:
    path = tmp_path / PLACES[place].file
    NO_FILES[kind](path)
    refused(asked(cli, PLACES[place], path))


NOTHING_SAID: Final = (("check --mapping", "nothing in it"), ("mutate --resume", "nothing in it"))
"""A mapping that changes nothing is one, and what nothing was kept in yet is as good as no file."""


@pytest.mark.parametrize(("place", "kind"), [pair for pair in product(READERS, UNREADABLE) if pair not in NOTHING_SAID])
def test_what_says_nothing_is_refused(cli: Run, tmp_path: Path, place: str, kind: str) -> None:
    path = tmp_path / READERS[place].file
    UNREADABLE[kind](path)
    refused(asked(cli, READERS[place], path))


@pytest.mark.parametrize("place", ["show", "replay", "diff, new", "interleave --replay", "check --mapping, JSON"])
def test_what_a_good_file_says_beside_is_refused_or_passed_over(cli: Run, tmp_path: Path, place: str) -> None:
    reader, path = READERS[place], tmp_path / READERS[place].file
    good = reader.good(tmp_path)
    for kind, members in ODD.items():
        path.write_text("{" + members + ", " + good[1:], encoding="utf-8")
        outcome = asked(cli, reader, path)
        if outcome.status == 2 or kind in AMBIGUOUS:
            refused(outcome)
        else:
            assert outcome.status == 0


AMBIGUOUS: Final = ("a name twice", "NaN", "Infinity", "thousands of digits")


@pytest.mark.parametrize("place", ["check", "learn"])
def test_hostile_lines_of_a_history_are_malformed_ones(cli: Run, tmp_path: Path, place: str) -> None:
    path = tmp_path / "h.jsonl"
    good = [json.dumps(one) for one in clean()]
    odd = [f"{good[0][:-1]}, {ODD[kind]}}}" for kind in AMBIGUOUS]
    lines = [*good, *odd, "[" * 10_000, "9" * 10_000, '"\x00"', "\x1b[2J\u202e"]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert asked(cli, PLACES[place], path).status == 3


def test_a_file_that_is_written_while_it_is_read_is_read_as_far_as_it_may_go(tmp_path: Path) -> None:
    path = tmp_path / "grows"
    path.write_bytes(b"x" * 100)
    assert regular.read_at_most(path, 10) == b"x" * 10
    assert regular.read_at_most(path, 101) == b"x" * 100


def test_a_file_that_turns_into_a_device_between_two_looks_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"x")
    turned = partial(os.open, "/dev/zero")
    monkeypatch.setattr(os, "open", lambda path, flags: turned(flags))
    with pytest.raises(regular.IrregularError, match="is no file any more"):
        regular.read_at_most(tmp_path / "file", 10)


@pytest.mark.parametrize("place", PLACES)
def test_a_file_that_goes_between_two_looks_is_refused(
    cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    path, look = tmp_path / PLACES[place].file, regular._status
    path.write_text(PLACES[place].good(tmp_path), encoding="utf-8")

    def looked(at: Path) -> os.stat_result:
        found = look(at)
        if at.name == path.name:
            at.unlink()
        return found

    monkeypatch.setattr(regular, "_status", looked)
    refused(asked(cli, PLACES[place], path))
    assert not path.exists()


def test_a_pipe_is_read_to_its_end_as_a_shell_makes_them(cli: Run, tmp_path: Path) -> None:
    text = READERS["show"].good(tmp_path)
    (tmp_path / "t.json").write_text(text, encoding="utf-8")
    os.mkfifo(tmp_path / "pipe")
    # The pipe opens as soon as somebody writes.
    with started(["sh", "-c", "cat t.json > pipe"], cwd=tmp_path), (tmp_path / "pipe").open("rb"):
        outcome = cli("show", "pipe", "--json")
    assert outcome.document == cli("show", "t.json", "--json").document


def test_who_writes_nothing_into_a_pipe_is_not_waited_for_for_ever(
    cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regular, "_PATIENCE", 0.01)
    os.mkfifo(tmp_path / "pipe")
    silent = os.open(tmp_path / "pipe", os.O_RDWR)
    try:
        outcome = cli("show", "pipe")
    finally:
        os.close(silent)
    refused(outcome)
    assert "nothing came out of it for 0.01 s" in outcome.err


def test_a_process_at_work_that_the_machine_ends_is_said_in_one_line(cli: Run, calls: Calls) -> None:
    def killed() -> None:
        with workers() as pool:
            pool.submit(signal.raise_signal, signal.SIGKILL).result()

    calls.during = killed
    outcome = cli("verify")
    assert outcome.status == 3
    assert outcome.err.splitlines()[-1].startswith("edgeproof: undecided: a process that did part of the work")
    assert "Traceback" not in outcome.err


def test_where_memory_runs_out_that_is_said(cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def starved(text: str) -> None:
        raise MemoryError

    path = tmp_path / "t.json"
    path.write_text(READERS["show"].good(tmp_path), encoding="utf-8")
    monkeypatch.setattr("edgeproof.reports.inputs.load_trace", starved)
    outcome = asked(cli, READERS["show"], path)
    refused(outcome)
    assert "there is not enough memory for this trace" in outcome.err
