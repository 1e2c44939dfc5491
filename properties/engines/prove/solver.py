# SPDX-License-Identifier: Apache-2.0
"""Z3, given so much work and not so much time: it gives up at the same question however busy the machine is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import z3

__all__ = ["WORK", "answer", "assume", "new_solver"]

WORK: Final = 6_000_000
"""Units of work for one question, by Z3's count (`rlimit`): some 2,000 are a millisecond. Questions that we have met
take up to a million.
"""


def new_solver(work: int = WORK) -> Any:
    """A solver that answers `unknown` where a question takes more than `work`."""
    solver = z3.Solver()
    solver.set("rlimit", work)
    return solver


def assume(solver: Any, formulas: Iterable[Any]) -> None:
    """Have the solver take the formulas, which are boolean terms, for true."""
    # As `Solver.add` does, which first finds out of each what sort it is of.
    for formula in formulas:
        z3.Z3_solver_assert(solver.ctx.ref(), solver.solver, formula.ast)


def answer(solver: Any, assumptions: Sequence[Any] = ()) -> Any:
    """`Solver.check`, of boolean terms that are assumed this once."""
    given = (z3.Ast * len(assumptions))(*[one.ast for one in assumptions])
    return z3.CheckSatResult(z3.Z3_solver_check_assumptions(solver.ctx.ref(), solver.solver, len(assumptions), given))
