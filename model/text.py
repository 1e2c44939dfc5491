# SPDX-License-Identifier: Apache-2.0
"""An instance as text for other people's tools: what TLA+ (`model.text_tla`) and Promela (`model.text_promela`) share.

The text has the interpreter's meaning on the instance's state space with clocks cut off as in `model.layout`: the same
initial states, events and successors, so that another tool counts the same states and gives the same verdicts. Options
and hazards are fixed first. The same instance gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal, TypeAlias, assert_never

from attrs import evolve, frozen

from edgeproof.model.expr import Expr, Op, same
from edgeproof.model.kernel import StateForm, StepForm
from edgeproof.model.layout import clock_caps
from edgeproof.model.machine import Instance, Machine, fill_in, specialise
from edgeproof.model.post import Post

__all__ = ["Names", "Subject", "Tongue", "below", "changes", "comment", "heading", "render", "subject"]

WIDTH: Final = 110
"""Longer expressions are broken into lines."""


@frozen
class Subject:
    """What is written down: an instance, its machine with options and hazards fixed, properties, clock cut-offs.

    `settles` are properties that hold from some moment on, for ever, in every fair run.
    """

    instance: Instance
    machine: Machine
    states: tuple[StateForm, ...]
    steps: tuple[StepForm, ...]
    settles: tuple[StateForm, ...]
    caps: Mapping[str, int]

    @property
    def properties(self) -> tuple[str, ...]:
        """The names of the properties: of states, of steps, of fair runs."""
        return (*(f.name for f in self.states), *(f.name for f in self.steps), *(f.name for f in self.settles))


def subject(
    instance: Instance,
    states: Sequence[StateForm] = (),
    steps: Sequence[StepForm] = (),
    settles: Sequence[StateForm] = (),
) -> Subject:
    """Fix the options and hazards of an instance, and cut its clocks off for these properties."""
    values = {**instance.of_role("option"), **instance.of_role("hazard")}
    machine = specialise(instance.machine, values)
    possible = {action.name for action in machine.actions}
    of_states = [evolve(f, holds=fill_in(f.holds, values), tested=fill_in(f.tested, values)) for f in states]
    settling = [evolve(f, holds=fill_in(f.holds, values), tested=fill_in(f.tested, values)) for f in settles]
    of_steps = [
        StepForm(
            form.name,
            {
                name: (fill_in(holds, values), fill_in(tested, values))
                for name, (holds, tested) in form.per_action.items()
                if name in possible
            },
        )
        for form in steps
    ]
    asked = [e for form in (*of_states, *settling) for e in (form.holds, form.tested)]
    asked += [e for form in of_steps for pair in form.per_action.values() for e in pair]
    caps = clock_caps(instance, asked)
    return Subject(instance, machine, tuple(of_states), tuple(of_steps), tuple(settling), caps)


Sign: TypeAlias = Op | Literal["ne"]


@frozen
class Tongue:
    """How a language spells the operators: of numbers and truths by name, `not`, and a choice's three separators."""

    signs: Mapping[Sign, str]
    negation: str
    choice: tuple[str, str, str]


def render(node: Expr, tongue: Tongue, leaf: Callable[[Expr, int], str], indent: int = 0, *, bare: bool = False) -> str:
    """An expression in a language, every compound in parentheses; `indent` is where its further lines begin.

    `leaf` writes literals, variables, constants, arguments, what elements belong to, and quantifiers. `bare` leaves out
    the outermost parentheses of what is no choice and fits on one line.
    """
    operands = node.args
    joints: tuple[str, ...]
    match node.op:
        case "lit" | "var" | "prm" | "arg" | "home" | "forall" | "exists":
            return leaf(node, indent)
        case "not" if node.args[0].op == "eq":
            operands = node.args[0].args
            joints = ("", f" {tongue.signs['ne']} ")
        case "not":
            return tongue.negation + render(node.args[0], tongue, leaf, indent)
        case "ite":
            joints = tongue.choice
        case "add" | "sub" | "mul" | "eq" | "lt" | "le" | "and" | "or":
            joints = ("", *(f" {tongue.signs[node.op]} " for _ in node.args[1:]))
        case never:
            assert_never(never)
    parts = [render(child, tongue, leaf, indent + 2) for child in operands]
    flat = "".join(joint + part for joint, part in zip(joints, parts, strict=True))
    if len(flat) + indent > WIDTH or "\n" in flat:
        further = [joint.lstrip() + part for joint, part in zip(joints[1:], parts[1:], strict=True)]
        flat = ("\n" + " " * (indent + 2)).join([joints[0] + parts[0], *further])
    return flat if bare and node.op != "ite" and "\n" not in flat else f"({flat})"


def changes(post: Post) -> Post:
    """What an action leaves behind without the assignments that plainly change nothing."""
    return {
        name: change
        for name, change in post.items()
        if not (isinstance(change, Expr) and same(change, Expr("var", change.type, (), name)))
    }


def below(name: str, value: Expr) -> bool:
    """Whether a new value of a clock needs no cutting off: it is a number written down, or as it was."""
    if value.op == "ite":
        return all(below(name, branch) for branch in value.args[1:])
    return value.op == "lit" or (value.op == "var" and value.name == name)


class Names:
    """Identifiers: what a thing is called in the model as far as the language and the names given before allow it."""

    def __init__(self, reserved: Iterable[str], forbidden_starts: tuple[str, ...] = ()) -> None:
        self._taken = set(reserved)
        self._starts = forbidden_starts

    def take(self, wanted: str) -> str:
        """A name that nothing else has, as close to the wanted one as can be; nothing else will get it."""
        name = self.free(wanted, ())
        self._taken.add(name)
        return name

    def free(self, wanted: str, others: Iterable[str]) -> str:
        """A name for use in one place, beside `others`; it may be given again elsewhere."""
        taken = self._taken.union(others)
        name = re.sub(r"[^A-Za-z0-9_]", "_", wanted)
        if not re.match("[A-Za-z]", name) or name.startswith(self._starts or ("\n",)):
            name = "x" + name
        while name in taken:
            name += "_"
        return name


def heading(of: Subject) -> list[str]:
    """The lines of prose at the top of a text: what it is of, and what it means."""
    instance = of.instance
    options = ", ".join(f"{name}={value}" for name, value in instance.of_role("option").items())
    numbers = {**instance.of_role("sort"), **instance.of_role("count"), **instance.of_role("duration")}
    lines = [f"{of.machine.name}, written by edgeproof from its model."]
    lines += [f"Options: {options}"] if options else []
    lines += [f"Hazards: {', '.join(instance.hazards) or 'none'}"] if instance.of_role("hazard") else []
    lines += [f"Numbers: {', '.join(f'{name}={value}' for name, value in numbers.items())}"] if numbers else []
    if of.caps:
        lines.append("Time advances in whole ticks. A clock stops one above the largest value it is compared with:")
        lines.append(", ".join(f"{name} at {cap}" for name, cap in of.caps.items()))
    return lines


def comment(text: str) -> str:
    """Text that can stand in a comment of any language: one line, ASCII, and nothing that ends or opens one."""
    plain = " ".join(text.encode("ascii", "replace").decode().split())
    return plain.replace("(*", "( *").replace("*)", "* )").replace("/*", "/ *").replace("*/", "* /")
