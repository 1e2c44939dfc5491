# SPDX-License-Identifier: Apache-2.0
"""How late a location of `global_push` can run a version.

Each stage but the last takes as long as the slowest answer: the version arrives (P), is watched (W), and the location
says that it is well (A). In the last stage it has to arrive. Where locations may be cut off, a push can be lost: the
partition heals within G, and H later the location asks; and it may be cut off once more before it answers.
"""

from __future__ import annotations

from edgeproof.model.expr import TRUE, Expr
from edgeproof.model.machine import State
from edgeproof.properties.bounds.term import Term, total

__all__ = ["arrival_bound", "stage_bound", "terms"]


def terms(s: State) -> tuple[Term, ...]:
    """The summands in the order in which a version on its way to a location can meet them."""
    staged: Expr = s.rollout == "staged"
    answered: Expr = staged & (s.gate == "reports") & s.partition
    return (
        Term("K*(P + W + A)", "the stages before the last", s.stages * (s.P + s.W + s.A), staged),
        Term("K*(G + H + G)", "their locations are cut off", s.stages * (s.G + s.H + s.G), answered),
        *_arrival(s),
    )


def stage_bound(s: State) -> Expr:
    """How long a stage can take, from its pushes to the next one."""
    cut_off = Term("", "", s.G + s.H + s.G, s.partition & (s.gate == "reports"))
    return s.P + s.W + s.A + total((cut_off,))


def arrival_bound(s: State) -> Expr:
    """How long after a location's turn has come it can still run something older."""
    return total(_arrival(s))


def _arrival(s: State) -> tuple[Term, ...]:
    return (
        Term("P", "the push arrives", s.P, TRUE),
        Term("G", "the location is cut off, and the push is lost", s.G, s.partition),
        Term("H", "the location asks", s.H, s.partition & (s.pull == "on")),
    )
