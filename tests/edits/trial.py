# SPDX-License-Identifier: Apache-2.0
"""One edit on trial: driven in its cases as much as `edgeproof verify` drives any, and what it failed on driven again
without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Final

from attrs import evolve, frozen

from edgeproof.properties.edits.alone import alone
from edgeproof.properties.edits.drive import Builder, Finding, drive, mismatch
from edgeproof.properties.edits.edit import Edit
from edgeproof.properties.engines.fuzz.engine import Budget
from tests.edits.configurations import cases
from tests.edits.systems import WORKER, reference, worker

__all__ = ["QUICK", "Trial", "tried", "tried_all"]

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


def tried(edit: Edit, seed: int = 0) -> Trial:
    """Put an edit on trial, in processes of its own. Raises RuntimeError where it cannot even be driven."""
    build: Builder = worker if edit.file.startswith(WORKER) else reference
    finding = alone(drive, edit, tuple(cases()[name] for name in edit.cases), build, evolve(QUICK, seed=seed))
    otherwise = "" if finding.trace is None else alone(mismatch, finding.trace, build)
    return Trial(edit, evolve(finding, trace=None), otherwise)


def tried_all(
    edits: Sequence[Edit], processes: int, seed: int = 0, notify: Callable[[Trial], None] = lambda trial: None
) -> list[Trial]:
    """Try edits, several at a time; the trials in the order of the edits. `notify` hears of each when it is over."""
    with ThreadPoolExecutor(processes) as pool:
        under_way = [pool.submit(tried, edit, seed) for edit in edits]
        for one in as_completed(under_way):
            notify(one.result())
    return [one.result() for one in under_way]
