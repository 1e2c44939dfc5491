# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for what the command line calls, so that its tests are about the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from types import ModuleType
from typing import Any

import pytest
from attrs import frozen

from model.designs import load
from model.interpret import evaluate
from model.machine import Instance
from model.trace import Trace, TraceError
from model.trace import replay as run_through
from properties.catalogue import CATALOGUE, applicable, state_form, step_form
from properties.evidence import Case, Evidence, Ledger, Verdict
from tests.reports import examples


@frozen
class Plan:
    seed: int = 0
    engines: tuple[str, ...] = ("explore", "prove", "fuzz")


@frozen
class Progress:
    case: str
    engine: str
    done: int
    total: int


@frozen
class Replay:
    completed: bool
    steps: tuple[str, ...]
    mismatch: str
    confirmed: bool | None


@frozen
class StalenessAnswer:
    bound: Fraction
    formula: str
    terms: tuple[tuple[str, str, Fraction], ...]
    dominant: str
    proof: Evidence
    trace: Trace | None
    tight: bool


class Calls:
    """What `verify` was asked, and what it is to answer."""

    def __init__(self) -> None:
        self.ledger: Ledger = examples.ledger()
        self.cases: Sequence[Case] = ()
        self.plan = Plan()
        self.during: Callable[[], None] = lambda: None

    def verify(self, cases: Sequence[Case], plan: Plan, system: Any, notify: Callable[[Progress], None]) -> Ledger:
        self.cases, self.plan = cases, plan
        notify(Progress("inline", "explore", 0, 2))
        print("an engine that chatters")
        self.during()
        return self.ledger


def scoreboard(design: str) -> tuple[Case, ...]:
    return tuple({c.case.name: c.case for c in examples.ledger().conclusions}.values())


def ad_hoc(design: str, constants: Mapping[str, int | str | bool], expected: Mapping[str, Verdict]) -> Case:
    instance = Instance.of(load(design), **constants)
    return Case("ad hoc", design, constants, applicable(instance), expected)


def truth_table(trace: Trace) -> tuple[dict[str, bool | None], ...]:
    machine = load(trace.design)
    instance = Instance.of(machine, **trace.constants)
    table: list[dict[str, bool | None]] = []
    for number, state in enumerate(trace.states):
        row: dict[str, bool | None] = {}
        for one in CATALOGUE.values():
            row[one.id] = None
            if one.step is None:
                row[one.id] = evaluate(instance, state_form(machine, one).holds, state)
            elif number:
                event = trace.events[number - 1]
                condition = step_form(machine, one).per_action.get(event.action)
                if condition is not None:
                    row[one.id] = evaluate(instance, condition[0], trace.states[number - 1], dict(event.arguments))
        table.append(row)
    return tuple(table)


def replay_on_model(trace: Trace) -> Replay:
    try:
        run_through(load(trace.design), trace)
    except TraceError as error:
        return Replay(False, (), str(error), None)
    broken = truth_table(trace)[-1].get(trace.about) is False if trace.about else None
    return Replay(True, tuple(map(str, trace.events)), "", broken)


def replay_on(trace: Trace, system: Any) -> Replay:
    return replay_on_model(trace)


def answer(*, cache_ttl: Fraction, heartbeat: Fraction | None = None, **numbers: Any) -> StalenessAnswer:
    proof = Evidence("bounded-staleness", "prove", Verdict.PROVED, "any number of POPs", True, seconds=0.5)
    terms = (("D", "an older put is in flight", Fraction(5)), ("T", "a location serves its copy", cache_ttl))
    return StalenessAnswer(5 + cache_ttl, "D + T", terms, "T", proof, examples.delivered(), True)


def install(monkeypatch: pytest.MonkeyPatch, calls: Calls) -> None:
    """Put the stand-ins where the command line looks for the real ones."""
    plans = {"quick": Plan(), "full": Plan()}
    modules: dict[str, dict[str, Any]] = {
        "properties.cases": {"scoreboard": scoreboard, "ad_hoc": ad_hoc},
        "properties.verify": {"verify": calls.verify, "PLANS": plans, "Plan": Plan, "Progress": Progress},
        "properties.staleness": {"answer": answer, "StalenessAnswer": StalenessAnswer},
        "properties.replay": {
            "replay_on_model": replay_on_model, "replay_on": replay_on, "truth_table": truth_table, "Replay": Replay
        },
    }  # fmt: skip
    for name, content in modules.items():
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
