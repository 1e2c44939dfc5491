# SPDX-License-Identifier: Apache-2.0
"""The scoreboard of do_only: never stale, and silent whenever the Durable Object cannot be reached."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edgeproof.impl.alternatives.do_only import DoOnlySystem
from edgeproof.impl.edge.remote import RemoteReader
from edgeproof.impl.snapshot import Snapshot
from edgeproof.model.designs.do_only import DoOnly
from edgeproof.model.machine import Design, action
from edgeproof.properties.bounds import formula
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.engines.prove.engine import prove
from edgeproof.properties.evidence import Verdict
from tests.properties import boards

CASES = {case.name: case for case in scoreboard("do_only")}

DEPTHS = {
    # A write, a read that succeeds, the fault, a read that fails.
    "do-only-crash": {"local-reads": 4},
    "do-only-partition": {"local-reads": 4},
}


@pytest.fixture(scope="module")
def found() -> boards.Found:
    return boards.searched("do_only")


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_every_verdict_is_the_expected_one(case: Any, found: boards.Found) -> None:
    boards.expected_verdict(case, found)


@pytest.mark.parametrize(("case", "name"), boards.violations("do_only"))
def test_every_violation_shows_in_the_model_and_on_code(case: str, name: str, found: boards.Found) -> None:
    boards.shows_on_code(found[case, name].witness)


def test_the_implementation_does_what_the_model_does_and_leaves_nothing_out(found: boards.Found) -> None:
    boards.runs_in_lockstep("do_only", found)


def test_the_shortest_runs_are_this_long(found: boards.Found) -> None:
    assert boards.steps(found) == DEPTHS


@pytest.mark.parametrize("case", CASES)
def test_what_copies_cannot_give_is_proved(case: str) -> None:
    wanted = {"read-your-writes", "monotonic-reads", "cross-pop-monotonic", "bounded-staleness", "durable-ack"}
    assert wanted <= boards.proved(CASES[case])


def test_nobody_is_told_what_is_superseded_not_even_in_the_moment_of_the_write() -> None:
    at = instance_of(CASES["do-only"])
    assert formula(at) == "0"
    (found,) = prove(at, [boards.told_at_the_bound()], dossier_of("do_only").lemmas)
    assert found.verdict is Verdict.PROVED


class AnswersFromMemory(DoOnly):
    @action(pop=DoOnly.Pop)
    def read(s: Any, pop: Any) -> None:
        """A request is answered with what the location was told before."""
        with s.when(s.served[pop] == 0):
            s.served[pop] = s.config


class KeepsRepliesBack(DoOnly):
    @action()
    def acknowledge(s: Any) -> None:
        """The reply tells of a version that was never stored."""
        s.require((s.request == "stored") & (s.config < s.writes))
        s.acked = s.config + 1
        s.request = "none"


@pytest.mark.parametrize(
    ("design", "name"),
    [
        (AnswersFromMemory, "read-your-writes"),
        (AnswersFromMemory, "bounded-staleness"),
        (AnswersFromMemory, "convergence"),
        (AnswersFromMemory, "cross-pop-monotonic"),
        (KeepsRepliesBack, "durable-ack"),
    ],
)
def test_a_broken_design_is_caught(design: type[Design], name: str) -> None:
    assert boards.violated_by(design, name, "do_only")


class KeepsItsFirstAnswer(RemoteReader):
    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._first: Snapshot | None = None

    async def read(self) -> Snapshot:
        self._first = self._first or await super().read()
        return self._first


class NeverFails(RemoteReader):
    def _get(self) -> Snapshot:
        return self._ask()


@pytest.mark.parametrize(("reader", "case"), [(KeepsItsFirstAnswer, "do-only"), (NeverFails, "do-only-partition")])
def test_a_broken_reader_is_caught_in_lockstep(reader: Callable[..., RemoteReader], case: str) -> None:
    assert boards.caught_in_lockstep(CASES[case], lambda: DoOnlySystem(reader), DoOnlySystem)
