# SPDX-License-Identifier: Apache-2.0
"""`edgeproof cover` on the store of `examples/my_store.py`, as it is, without a part of it, and with a mistake."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import pytest

from edgeproof.model.trace import load_trace
from tests.reports.conftest import Outcome, Run

SMALL: Final = ("do_kv", "--set", "Pop=1", "--set", "writes=1", "--out", "out")
STORE: Final = (Path(__file__).parents[2] / "examples" / "my_store.py").read_text(encoding="utf-8")
ARMS: Final = "        self.arm()\n"
REFRESHES: Final = "def do_refresh("
TRACE: Final = Path("out") / "cover.itf.json"


@pytest.fixture(autouse=True)
def what_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that looks into the current folder must not change where the tests look."""
    monkeypatch.setattr(sys, "path", [*sys.path])


def store(name: str, old: str = "", new: str = "") -> str:
    """The store in a file of this name in the current folder, with one thing changed, and its name for `--on`."""
    assert not old or STORE.count(old) == 1
    Path(f"{name}.py").write_text(STORE.replace(old, new) if old else STORE, encoding="utf-8")
    return f"{name}:MyStore"


def counts(document: dict[str, Any]) -> tuple[int, int]:
    return document["transitions"], document["taken"]


def test_a_system_of_ones_own_is_led_through_every_transition(cli: Run) -> None:
    outcome: Outcome = cli("cover", *SMALL, "--on", store("whole"), "--json")
    assert outcome.status == 0
    document = outcome.document
    assert (document["verdict"], counts(document)) == ("HOLDS_TO_BOUND", (202, 202))
    assert (document["cannot_be_performed"], document["not_taken"], document["trace"]) == ({}, {}, None)
    assert document["steps"] == sum(document["performed"].values())
    said = cli("cover", *SMALL, "--on", "whole:MyStore")
    assert "do_kv with Pop=1, writes=1, on whole:MyStore\ntook all 202 transitions of 54 states, in " in said.out
    assert "202/202 do_kv: whole:MyStore" in said.err


def test_what_it_cannot_perform_is_listed_and_leaves_it_undecided(cli: Run) -> None:
    outcome = cli("cover", *SMALL, "--on", store("partly", REFRESHES, "def no_refresh("))
    assert outcome.status == 3
    assert "the system cannot perform refresh: 24 transitions\n" in outcome.out
    assert "took 178 of 202 transitions" in outcome.out


def test_where_it_does_otherwise_the_shortest_run_is_kept_and_replays(cli: Run) -> None:
    broken, whole = store("broken", ARMS), store("mended")
    outcome = cli("cover", *SMALL, "--on", broken)
    assert outcome.status == 1
    assert "parts ways: after write: alarm is sync in the model, off in the system" in outcome.out
    assert f"edgeproof replay {TRACE} --on {broken}" in outcome.out
    assert [str(event) for event in load_trace(TRACE.read_text(encoding="utf-8")).events] == ["write"]

    again = cli("replay", TRACE, "--on", broken, "--pytest", "test_it.py")
    assert (again.status, "the system does otherwise than the model" in again.out) == (0, True)
    assert cli("replay", TRACE, "--on", whole).status == 1
    text = Path("test_it.py").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(compile(text, "test_it.py", "exec"), names)
    with pytest.raises(AssertionError, match="alarm is 'off', recorded as 'sync'"):
        names["test_lockstep_of_do_kv_on_broken_mystore"]()

    assert cli("cover", *SMALL, "--on", whole).status == 0
    assert not TRACE.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("do_kb",), "there is no design 'do_kb'; did you mean 'do_kv'?"),
        (("do_kv", "--case", "nope"), "there is no case 'nope'"),
        (("do_kv", "--on", "refrence"), "there is no system 'refrence'; did you mean 'reference'?"),
        (("do_kv", "--on", "nowhere:Store"), "nowhere:Store cannot be had: ModuleNotFoundError: "),
        (("do_kv", "--on", "sys:path"), "sys:path is neither a class nor a function that makes a system"),
    ],
)
def test_what_does_not_exist_is_said_in_one_line(cli: Run, words: tuple[str, ...], said: str) -> None:
    outcome = cli("cover", *words)
    assert (outcome.status, outcome.err.count("\n")) == (2, 1)
    assert said in outcome.err


def test_too_large_a_graph_is_not_driven(cli: Run) -> None:
    outcome = cli("cover", *SMALL, "--most", 201)
    assert outcome.status == 3
    assert "nothing was driven: there are 202 transitions, and 201 are driven at most" in outcome.out
