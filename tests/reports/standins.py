# SPDX-License-Identifier: Apache-2.0
"""A stand-in for the engines, so that the tests of the command line are about the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import pytest
from attrs import frozen

from properties.evidence import Case, Ledger
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


class Calls:
    """What `verify` was asked, and what it is to answer."""

    def __init__(self) -> None:
        self.ledger: Ledger = examples.ledger()
        self.cases: Sequence[Case] = ()
        self.plan = Plan()
        self.during: Callable[[], None] = lambda: None

    def verify(self, cases: Sequence[Case], plan: Plan, system: Any, notify: Callable[[Progress], None]) -> Ledger:
        self.cases, self.plan = cases, plan
        notify(Progress("inline", "explore", 1, 2))
        print("an engine that chatters")
        self.during()
        return self.ledger


def install(monkeypatch: pytest.MonkeyPatch, calls: Calls) -> None:
    """Put the stand-in where the command line looks for the real one."""
    plans = {"quick": Plan(), "full": Plan()}
    module = ModuleType("properties.verify")
    vars(module).update(verify=calls.verify, PLANS=plans, Plan=Plan, Progress=Progress)
    monkeypatch.setitem(sys.modules, module.__name__, module)
