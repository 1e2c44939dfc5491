# SPDX-License-Identifier: Apache-2.0
"""A stand-in for the engines, so that the tests of the command line are about the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from edgeproof.properties.costs.table import Cost, Parameters
from edgeproof.properties.evidence import Case, Ledger
from edgeproof.properties.verify import Plan, Progress
from tests.reports import examples

__all__ = ["Calls"]


class Calls:
    """What `verify` and `costs` were asked, and what they are to answer."""

    def __init__(self) -> None:
        self.ledger: Ledger = examples.ledger()
        self.cases: Sequence[Case] = ()
        self.plan = Plan()
        self.parameters = Parameters()
        self.during: Callable[[], None] = lambda: None

    def verify(self, cases: Sequence[Case], plan: Plan, system: Any, notify: Callable[[Progress], None]) -> Ledger:
        self.cases, self.plan = cases, plan
        notify(Progress("inline", "explore", 1, 2))
        print("an engine that chatters")
        self.during()
        return self.ledger

    def costs(self, designs: Sequence[str], parameters: Parameters, system: Any) -> tuple[Cost, ...]:
        self.parameters = parameters
        return tuple(cost for cost in examples.COSTS if cost.design in designs)
