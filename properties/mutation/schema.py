# SPDX-License-Identifier: Apache-2.0
"""Many mutants in one kernel, which is compiled once: a number says which of them it is (mutant schemata: Untch, Offutt
and Harrold 1993).

What a mutant does otherwise stands beside the action that it is of, and happens only where the number is the mutant's;
the design itself is number 0. So the design and its mutants have their clocks cut off in the same place, and their
state graphs can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve, frozen

from edgeproof.model.declare import Rigid
from edgeproof.model.expr import FALSE, NAT, TRUE, Expr, all_of, lift
from edgeproof.model.interpret import initial_states
from edgeproof.model.kernel import (
    Kernel,
    KernelSource,
    StateForm,
    StepForm,
    build_source,
    kernel_parameters,
    load_kernel,
)
from edgeproof.model.machine import Action, Instance, Machine
from edgeproof.properties.catalogue import Property, state_form, step_form
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.explore.search import Search, Searcher, prepare_search
from edgeproof.properties.mutation.mutants import Mutant

__all__ = ["Schema", "schema"]

_WHICH = "mutant"
"""The name of the number that says which mutant it is."""
_MARK = "__"


@frozen
class Schema:
    """A design and its mutants in one configuration."""

    searcher: Searcher
    kernels: tuple[Kernel, ...]
    """That of the design, and one for each mutant."""

    def search(self, number: int, most_states: int) -> Search:
        """Every state that a mutant reaches, or the design where the number is 0."""
        kernel = self.kernels[number]
        initial = [kernel.pack(state) for state in initial_states(kernel.instance)]
        return self.searcher.run(kernel, initial, most_states, 1 << 30, Limits().edges)


def schema(design: Instance, mutants: Sequence[Mutant], properties: Sequence[Property]) -> Schema:
    """Compile a design in some configuration and mutants of it, with all that they are asked."""
    own = design.machine
    copies = {number: _copy(one, number) for number, one in enumerate(mutants, start=1) if _differs(one)}
    machine = _together(own, copies)
    values = {**design.values, _WHICH: len(mutants)}
    states = [state_form(own, one) for one in properties if one.step is None]
    steps = [step_form(own, one) for one in properties if one.step is not None]
    beside = {number: _forms_of(copies[number], own, properties) for number in copies}
    source = build_source(
        Instance(machine, values),
        states,
        [_with(form, copies, beside) for form in steps],
        [name for name in design.values if values[name] is not True],
    )
    parameters = kernel_parameters(source, Instance(machine, values))
    place = source.parameters.index(_WHICH)
    expand, check = load_kernel(source.text)
    searcher = prepare_search(source)
    kernels = []
    for number in range(len(mutants) + 1):
        chosen = (*parameters[:place], number, *parameters[place + 1 :])
        forms = [_as_of(form, copies.get(number), beside.get(number, {})) for form in steps]
        it = design if number == 0 else Instance(mutants[number - 1].machine, design.values)
        kernels.append(Kernel(_named(source, states, forms), it, expand, check, chosen))
    return Schema(searcher, tuple(kernels))


def _differs(one: Mutant) -> bool:
    """Whether something happens otherwise in it; else it begins otherwise, or cannot do something at all."""
    return bool(one.action)


def _copy(one: Mutant, number: int) -> Action:
    action = one.machine.action(one.action)
    return evolve(action, name=f"{action.name}{_MARK}{number}", guard=_which(number) & action.guard)


def _which(number: int) -> Expr:
    return Expr("prm", NAT, (), _WHICH) == lift(number, NAT)


def _together(own: Machine, copies: Mapping[int, Action]) -> Machine:
    """The machine with each mutant's action behind the one that it is in the place of."""
    actions = []
    for action in own.actions:
        mine = {number: one for number, one in copies.items() if _original(one.name) == action.name}
        as_it_is = all_of(~_which(number) for number in mine)
        actions += [evolve(action, guard=as_it_is & action.guard), *mine.values()]
    rigids = {**own.rigids, _WHICH: Rigid("count", NAT, 0)}
    return evolve(own, declared=evolve(own.declared, rigids=rigids), actions=tuple(actions))


def _original(name: str) -> str:
    return name.partition(_MARK)[0]


def _forms_of(copy: Action, own: Machine, properties: Sequence[Property]) -> dict[str, tuple[Expr, Expr]]:
    """What the properties of steps say of a mutant's action."""
    name = _original(copy.name)
    alone = evolve(own, actions=(evolve(copy, name=name),))
    forms = [step_form(alone, one) for one in properties if one.step is not None]
    return {form.name: form.per_action[name] for form in forms if name in form.per_action}


def _with(
    form: StepForm, copies: Mapping[int, Action], beside: Mapping[int, Mapping[str, tuple[Expr, Expr]]]
) -> StepForm:
    said = {one.name: beside[number][form.name] for number, one in copies.items() if form.name in beside[number]}
    return StepForm(form.name, {**form.per_action, **said})


def _as_of(form: StepForm, copy: Action | None, said: Mapping[str, tuple[Expr, Expr]]) -> StepForm:
    """The form as it is of one mutant, whose action has the name that it has in the design."""
    if copy is None:
        return form
    return StepForm(form.name, {**form.per_action, _original(copy.name): said.get(form.name, (TRUE, FALSE))})


def _named(source: KernelSource, states: Sequence[StateForm], steps: Sequence[StepForm]) -> KernelSource:
    labels = tuple((_original(name), arguments) for name, arguments in source.labels)
    return evolve(source, labels=labels, states=tuple(states), steps=tuple(steps))
