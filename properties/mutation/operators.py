# SPDX-License-Identifier: Apache-2.0
"""The mistakes that one makes in an expression: each is another node in the place of one."""

from __future__ import annotations

from collections.abc import Iterator

from edgeproof.model.expr import Expr, all_of, any_of, lift
from edgeproof.model.structure import Machine

__all__ = ["edits"]

Edit = tuple[str, str, Expr]
"""Which kind, in words, and what stands there instead."""


def edits(node: Expr, machine: Machine, hazard: str = "") -> Iterator[Edit]:
    """What could stand in a node's place by mistake, of the same type.

    That a `hazard` has to be on is not written down where it strikes, but said by the language: nobody forgets it.
    """
    match node.op:
        case "and" | "or":
            yield from _without_a_part(node, hazard)
        case "lt" | "le":
            other = Expr("le" if node.op == "lt" else "lt", node.type, node.args)
            yield "comparison", f"`{other}` instead of `{node}`", other
        case "ite":
            for branch in node.args[1:]:
                yield "branch", f"`{branch}` whether or not `{node.args[0]}`", branch
        case "add" | "sub":
            if node.args[0].type == node.type:
                yield "arithmetic", f"`{node.args[0]}` instead of `{node}`", node.args[0]
        case "not":
            if node.args[0].op not in ("lt", "le", "eq"):
                yield "negation", f"`{node.args[0]}` instead of `{node}`", node.args[0]
        case "forall" | "exists":
            other = Expr("exists" if node.op == "forall" else "forall", node.type, node.args)
            yield "quantifier", f"`{other}` instead of `{node}`", other
        case "prm":
            yield from _another_constant(node, machine)
        case "lit":
            yield from _another_value(node)


def _without_a_part(node: Expr, hazard: str) -> Iterator[Edit]:
    join = all_of if node.op == "and" else any_of
    for gone, part in enumerate(node.args):
        if hazard and part.op == "prm" and part.name == hazard:
            continue
        rest = join((*node.args[:gone], *node.args[gone + 1 :]))
        yield ("conjunct" if node.op == "and" else "disjunct"), f"no `{part}` in `{node}`", rest


def _another_constant(node: Expr, machine: Machine) -> Iterator[Edit]:
    """A duration for another one: the next that is declared."""
    if machine.rigids[node.name].role == "duration":
        names = [name for name, rigid in machine.rigids.items() if rigid.role == "duration"]
        other = names[(names.index(node.name) + 1) % len(names)]
        if other != node.name:
            yield "duration", f"{other} instead of {node.name}", Expr("prm", node.type, (), other)


def _another_value(node: Expr) -> Iterator[Edit]:
    if node.type.kind == "enum":
        labels = node.type.labels
        other = lift(labels[(labels.index(str(node.value)) + 1) % len(labels)], node.type)
        yield "value", f"{other} instead of {node}", other
    elif node.type.is_number and isinstance(node.value, int):
        other = lift(node.value + 1, node.type)
        yield "value", f"{other} instead of {node}", other
    elif node.type.kind == "bool":
        yield "value", f"{not node.value} instead of {node}", lift(not node.value, node.type)
