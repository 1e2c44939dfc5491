# SPDX-License-Identifier: Apache-2.0
"""One edit on trial: driven in its cases as much as `edgeproof verify` drives any, and what it failed on driven again
without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Final

from attrs import evolve, frozen

from edgeproof.properties.edits.alone import alone, alone_within
from edgeproof.properties.edits.drive import Builder, Finding, drive, mismatch
from edgeproof.properties.edits.edit import Edit
from edgeproof.properties.engines.fuzz.engine import Budget
from edgeproof.properties.evidence import Case
from tests.edits.configurations import cases
from tests.edits.systems import WORKER, reference, worker

__all__ = ["QUICK", "Trial", "builder_for", "cases_of", "tried", "tried_all"]

QUICK: Final = Budget(50, 80, shorten=False)
"""As much as the quick plan of `edgeproof verify` gives to a case; a test holds the two together."""


@frozen
class Trial:
    """What came of it. `otherwise` is what the implementation without the edit does otherwise than the run that showed
    the edit; it has to be nothing, as else the run shows something else.
    """

    edit: Edit
    finding: Finding
    otherwise: str

    @property
    def found(self) -> bool:
        """Whether lockstep shows the edit, and nothing but the edit."""
        return self.finding.case is not None and not self.otherwise

    @property
    def as_said(self) -> bool:
        """Whether it went as the list of edits has it: found, or survived and said to."""
        return self.found is not bool(self.edit.survives)


def tried(edit: Edit, budget: Budget = QUICK, within: float | None = None) -> Trial:
    """Put an edit on trial, in processes of its own. Raises RuntimeError where it cannot even be driven, and
    TimeoutError where that does not end `within` so many seconds.
    """
    build = builder_for(edit)
    finding = alone_within(within, drive, edit, cases_of(edit), build, budget)
    otherwise = "" if finding.trace is None else alone(mismatch, finding.trace, build)
    return Trial(edit, evolve(finding, trace=None), otherwise)


def builder_for(edit: Edit) -> Builder:
    """What makes the system that an edit is of."""
    return worker if edit.file.startswith(WORKER) else reference


def cases_of(edit: Edit) -> tuple[Case, ...]:
    """The cases that an edit is to be found in."""
    return tuple(cases()[name] for name in edit.cases)


def tried_all(
    edits: Sequence[Edit], processes: int, seed: int = 0, notify: Callable[[Trial], None] = lambda trial: None
) -> list[Trial]:
    """Try edits, several at a time; the trials in the order of the edits. `notify` hears of each when it is over."""
    with ThreadPoolExecutor(processes) as pool:
        under_way = [pool.submit(tried, edit, evolve(QUICK, seed=seed)) for edit in edits]
        for one in as_completed(under_way):
            notify(one.result())
    return [one.result() for one in under_way]
