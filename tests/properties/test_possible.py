# SPDX-License-Identifier: Apache-2.0
"""What must be able to happen: the search finds it, and a design that can do less is told of it."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from edgeproof.impl.references import ReferenceSystems
from edgeproof.model.designs import DESIGNS, load
from edgeproof.model.designs.do_kv_per_key import DoKvPerKey
from edgeproof.model.machine import Instance, Machine, hazard, read_design
from edgeproof.model.trace import dump_trace, load_trace
from edgeproof.properties.cases import scoreboard
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.engines.explore.engine import explore_with_time
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Evidence, Status, Verdict
from edgeproof.properties.mutation.mutants import mutants
from edgeproof.properties.possible import POSSIBLE, facts_of
from edgeproof.properties.replay import replay
from edgeproof.properties.verify import conclusions_of

DESIGN = "do_kv_per_key"


def found_in(case: str, machine: Machine, limits: Limits | None = None) -> Evidence:
    """What the search says of the facts of a case."""
    (one,) = (one for one in scoreboard(machine.name) if one.name == case)
    at = Instance.of(machine, **one.constants)
    facts = facts_of(one)
    found = explore_with_time(at, [], kernel_source([at], facts), limits, facts)
    return next(evidence for evidence in found if evidence.property == POSSIBLE)


@pytest.mark.parametrize("design", DESIGNS)
def test_every_design_says_what_must_be_possible_in_cases_that_it_has(design: str) -> None:
    names = {case.name for case in scoreboard(design)}
    assert len(dossier_of(design).possible) >= 2
    assert {fact.case for fact in dossier_of(design).possible.values()} <= names


def test_every_fact_is_shown_with_the_length_of_its_shortest_run() -> None:
    found = found_in("per-key", load(DESIGN))
    assert found.verdict is Verdict.HOLDS_TO_BOUND
    assert found.reason.startswith("A write is acknowledged. Shown in 2 steps. ")
    assert found.reason.endswith("KV holds one version of one key, and another of the other. Shown in 3 steps.")


def test_the_runs_to_the_facts_replay_and_show_no_less_than_they_say() -> None:
    runs = {run.about: run for run in found_in("per-key", load(DESIGN)).shown}
    assert {f"possible:{name}" for name, one in dossier_of(DESIGN).possible.items() if one.case == "per-key"} == set(
        runs
    )
    for run in runs.values():
        assert replay(load_trace(dump_trace(run))).confirmed is True
    acknowledged = runs["possible:a-write-is-acknowledged"]
    assert replay(acknowledged, on=ReferenceSystems).confirmed is True
    assert replay(evolve(acknowledged, about="possible:the-keys-differ")).confirmed is False


def test_a_search_that_stops_early_says_nothing_of_what_it_did_not_meet() -> None:
    found = found_in("per-key", load(DESIGN), Limits(depth=1))
    assert found.verdict is Verdict.UNKNOWN
    assert "1 steps deep, and had not met: A write is acknowledged." in found.reason


def test_a_design_that_never_acknowledges_can_do_less_than_it_should() -> None:
    status, reason = stands("per-key", mutant("acknowledge.impossible.1", "acknowledge never happens"))
    assert status is Status.VIOLATED
    assert reason.startswith("explore: in no state that can be reached: A write is acknowledged. ")


def test_what_leaves_no_trace_can_be_a_fact_as_well() -> None:
    found = found_in("do-only-crash", load("do_only"))
    assert "A client sends a write again. Shown in 4 steps." in found.reason
    (never,) = (one for one in mutants(load("do_only")) if one.says == "retry never happens")
    assert found_in("do-only-crash", never.machine).verdict is Verdict.VIOLATED


class RetriesAtOnce(DoKvPerKey):
    @hazard()
    def put_fails(s: Any) -> None:
        """A put fails, and the next attempt is due at once, as after a write."""
        DoKvPerKey.put_fails(s)
        s.alarm = "sync"


def test_a_design_that_retries_at_once_can_do_less_than_it_should() -> None:
    assert stands("per-key-faults", read_design(RetriesAtOnce, DESIGN)) == (
        Status.VIOLATED,
        "explore: in no state that can be reached: A retry waits for all of R. It waits from the failure on.",
    )


def mutant(name: str, says: str) -> Machine:
    """The design with one mistake, by its name, and what it says of itself."""
    (one,) = (one for one in mutants(load(DESIGN)) if one.name == name)
    assert one.says == says
    return one.machine


def stands(case: str, machine: Machine) -> tuple[Status, str]:
    """How the row on what is possible stands, and why."""
    (one,) = (one for one in scoreboard(DESIGN) if one.name == case)
    (row,) = (row for row in conclusions_of(one, [found_in(case, machine)]) if row.property == POSSIBLE)
    return row.status, row.reason
