# SPDX-License-Identifier: Apache-2.0
"""What a property is: an id, a sentence, where it comes from, and its forms.

A form is a plain function over a design's state. `state` must hold in every reachable state; `step` in every step, and
is told which action the step was; `settles` must hold from some moment on, for ever, once writes and faults have
stopped. `tested` says where a property is put to the test at all; a property that never is gets the verdict VACUOUS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import frozen

from edgeproof.model.expr import FALSE, TRUE, Expr
from edgeproof.model.kernel import StateForm, StepForm
from edgeproof.model.machine import Instance, Machine, State

__all__ = ["Property", "Step", "applies_to", "state_form", "step_form"]


@frozen
class Step:
    """One step as a property sees it: the states around it, the action's name and its arguments."""

    before: State
    after: State
    action: str
    arguments: Mapping[str, Expr]


@frozen
class Property:
    """One property and its forms for a model; a property has exactly one of `state`, `step`, `settles`.

    `tested` has the shape of the form. `within` says of steps how soon a property that `settles` does so at the latest,
    which can be proved by induction. `detail` adds what the property means for an instance, such as a bound's formula.
    `anomaly` marks what the pattern is documented to violate. `needs` names what a design has to declare (a variable or
    a definition) for the property to speak of it; `applies` says for which instances it can be put to the test at all.
    """

    id: str
    says: str
    source: str
    state: Callable[[State], Expr] | None = None
    step: Callable[[Step], Expr] | None = None
    settles: Callable[[State], Expr] | None = None
    tested: Callable[[State], Expr] | None = None
    tested_step: Callable[[Step], Expr] | None = None
    within: Callable[[Step], Expr] | None = None
    detail: Callable[[Instance], str] = lambda instance: ""
    anomaly: bool = False
    needs: tuple[str, ...] = ()
    applies: Callable[[Instance], bool] = lambda instance: True


def state_form(machine: Machine, one: Property) -> StateForm:
    """The expressions of a property of states (or of the states that one `settles` in)."""
    form = one.state or one.settles
    assert form is not None, f"{one.id} is no property of states"
    s = machine.state()
    return StateForm(one.id, form(s), one.tested(s) if one.tested else TRUE)


def step_form(machine: Machine, one: Property) -> StepForm:
    """The expressions of a property of steps (or of how soon one `settles`), a pair per action that it is about."""
    form = one.step or one.within
    assert form is not None, f"{one.id} is no property of steps"
    per_action = {}
    for action in machine.actions:
        arguments = {a.name: a for a in action.arguments}
        step = Step(machine.state(), machine.state(action.post), action.name, arguments)
        holds, tested = form(step), one.tested_step(step) if one.tested_step else TRUE
        if holds is not TRUE or tested is not FALSE:
            per_action[action.name] = (holds, tested)
    return StepForm(one.id, per_action)


def applies_to(instance: Instance, one: Property) -> bool:
    """Whether the instance's design can be asked about the property, and the instance puts it to the test."""
    s = instance.machine.state()
    return all(name in s for name in one.needs) and one.applies(instance)
