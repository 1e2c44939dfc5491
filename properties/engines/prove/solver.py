# SPDX-License-Identifier: Apache-2.0
"""Z3, given so much work and not so much time: it gives up at the same question however busy the machine is."""

from __future__ import annotations

from typing import Any, Final

import z3

__all__ = ["WORK", "new_solver"]

WORK: Final = 6_000_000
"""Units of work for one question, by Z3's count (`rlimit`): some 2,000 are a millisecond. Questions that we have met
take up to a million.
"""


def new_solver(work: int = WORK) -> Any:
    """A solver that answers `unknown` where a question takes more than `work`."""
    solver = z3.Solver()
    solver.set("rlimit", work)
    return solver
