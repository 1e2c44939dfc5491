# SPDX-License-Identifier: Apache-2.0
"""`ref-race`: of two pushes that race for a ref, one wins."""

from __future__ import annotations

from edgeproof.model.expr import FALSE, TRUE, Expr
from edgeproof.properties.catalogue.property import Property, Step

__all__ = ["PROPERTY"]

_MOVES = ("push", "push_rest")


def _wins_main(step: Step, pop: Expr) -> Expr:
    wins: Expr = ~step.before.main_won[pop] & step.after.main_won[pop]
    return wins


def _wins_side(step: Step, pop: Expr) -> Expr:
    wins: Expr = ~step.before.side_won[pop] & step.after.side_won[pop]
    return wins


def _nobody_was_faster(step: Step) -> Expr:
    """A push that moves a ref is the first to do so since its client listed that."""
    if step.action not in _MOVES:
        return TRUE
    pop, before = step.arguments["pop"], step.before
    main = ~_wins_main(step, pop) | ~before.main_moved[pop]
    return main & (~_wins_side(step, pop) | ~before.side_moved[pop])


def _somebody_was(step: Step) -> Expr:
    """A push would move a ref that another one has moved since its client listed it."""
    if step.action not in _MOVES:
        return FALSE
    pop, before = step.arguments["pop"], step.before
    main = (before.main_to[pop] != "stays") & before.main_moved[pop]
    side: Expr = (before.side_to[pop] != "stays") & before.side_moved[pop]
    return main | side


PROPERTY = Property(
    "ref-race",
    "Of two pushes whose clients saw the same ref, at most one moves it.",
    "Git: receive-pack moves a ref only from the object id that the client names as the old one.",
    needs=("main_to", "side_to", "main_moved", "side_moved", "main_won", "side_won"),
    step=_nobody_was_faster,
    tested_step=_somebody_was,
    applies=lambda instance: instance.number("Pop") > 1,
)
