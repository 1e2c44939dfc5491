# SPDX-License-Identifier: Apache-2.0
"""Is a mutant the design in other words? It is, where both have the same steps from every state of the invariant: for
any number of everything, and for all values of the numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum

from edgeproof.model.declare import Variable
from edgeproof.model.expr import TRUE, Expr, Type, exists
from edgeproof.model.machine import Action
from edgeproof.model.post import read_array
from edgeproof.model.smt import UnencodableError, fix_choices
from edgeproof.properties.engines.prove.induct import UndecidedError
from edgeproof.properties.mutation.mutants import Mutant
from edgeproof.properties.mutation.proved import Proofs, action_of

__all__ = ["Likeness", "likeness"]


class Likeness(Enum):
    """What a mutant does compared with the design, as far as the solver shows it."""

    SAME = "the same"
    LESS = "less, and nothing else"
    OTHER = "something else, perhaps"


def likeness(proofs: Proofs, mutant: Mutant) -> Likeness:
    """What is shown of a mutant in this case; OTHER where the solver gives up, or where it begins otherwise.

    One that owes other actions a turn has the same steps, and is not the same.
    """
    if not mutant.action:
        return Likeness.OTHER
    design = proofs.instance.machine
    before = action_of(design, mutant.action, proofs.instance)
    after = action_of(mutant.machine, mutant.action, proofs.instance)
    # One that is impossible in this case has none of the arguments that proofs add.
    able = max(before, after, key=lambda one: len(one.arguments))
    more = [after.guard & ~before.guard, *_otherwise(before, after, design.variables)]
    if _can_be(proofs, able, more):
        return Likeness.OTHER
    if before.fair is not after.fair or _can_be(proofs, able, [before.guard & ~after.guard]):
        return Likeness.LESS
    return Likeness.SAME


def _can_be(proofs: Proofs, action: Action, wanted: Sequence[Expr]) -> bool:
    """Whether one of these can be true of an action's arguments where the invariant holds; yes where nobody knows."""
    anything = Action(f"{action.name} otherwise", action.arguments, TRUE, {}, False)
    trial = proofs.trial([anything])
    try:
        found = trial.ask(anything, [fix_choices(proofs.instance, one) for one in wanted], hold=True)
    except (UndecidedError, UnencodableError):
        return True
    proofs.keep(trial)
    return found is not None


def _otherwise(before: Action, after: Action, variables: Mapping[str, Variable]) -> Iterator[Expr]:
    """What would be true of a state in which both can happen and leave something else behind."""
    for name, variable in variables.items():
        if name in before.post or name in after.post:
            yield before.guard & after.guard & _changed_otherwise(name, variable, before, after)


def _changed_otherwise(name: str, variable: Variable, before: Action, after: Action) -> Expr:
    def left(action: Action, *index: Expr) -> Expr:
        was = Expr("var", variable.type, index, name)
        change = action.post.get(name, was)
        return change if isinstance(change, Expr) else read_array(was, change)

    if not variable.over:
        return left(before) != left(after)
    return exists(Type("index", sort=variable.over), lambda one: left(before, one) != left(after, one))
