# SPDX-License-Identifier: Apache-2.0
"""The solver gives up after so much work, and says so; no clock has a part in it."""

from __future__ import annotations

import z3

from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.engines.prove.engine import Effort, prove
from edgeproof.properties.engines.prove.solver import new_solver
from edgeproof.properties.evidence import Verdict

CASE = scoreboard("do_kv")[0]


def factors(solver: z3.Solver) -> z3.CheckSatResult:
    """A question that takes long."""
    a, b = z3.Ints("a b")
    solver.add(a > 1, b > 1, a * b == 1_000_003 * 1_000_033)
    return solver.check()


def test_a_question_that_takes_more_work_than_there_is_stays_open() -> None:
    assert factors(new_solver(1_000)) == z3.unknown


def test_what_the_solver_gives_up_on_is_undecided_and_not_proved() -> None:
    wanted = [CATALOGUE[name] for name in CASE.properties]
    found = prove(instance_of(CASE), wanted, dossier_of("do_kv").lemmas, Effort(work=1))
    assert {one.verdict for one in found} == {Verdict.UNKNOWN}
    assert all("gave up" in one.reason for one in found)
