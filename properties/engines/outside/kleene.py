# SPDX-License-Identifier: Apache-2.0
"""What an expression is worth where some of the state is not known: true, false, or unknown (Kleene 1952)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

from edgeproof.model.expr import OPERATORS, Expr
from edgeproof.model.interpret import State
from edgeproof.model.machine import Instance

__all__ = ["known_value"]


def known_value(instance: Instance, node: Expr, state: State, arguments: Mapping[str, Any] = {}) -> Any:
    """As `model.interpret.evaluate`, but for variables that `state` lacks: None where the value depends on them."""

    def value(child: Expr) -> Any:
        return known_value(instance, child, state, arguments)

    match node.op:
        case "lit":
            return node.value
        case "prm":
            return instance.values[node.name]
        case "arg":
            return arguments.get(node.name)
        case "home":
            element = value(node.args[0])
            return None if element is None else element % len(instance.domain(node.type))
        case "var":
            whole: Any = state.get(node.name)
            if whole is None or not node.args:
                return whole
            place = value(node.args[0])
            return None if place is None else whole[place]
        case "not":
            inside = value(node.args[0])
            return None if inside is None else not inside
        case "and":
            return _every(value(child) for child in node.args)
        case "or":
            return _some(value(child) for child in node.args)
        case "ite":
            return _chosen(*(value(child) for child in node.args))
        case "forall" | "exists":
            bound, body = node.args
            elements = (
                known_value(instance, body, state, {**arguments, bound.name: element})
                for element in instance.domain(bound.type)
            )
            return _every(elements) if node.op == "forall" else _some(elements)
        case "add" | "sub" | "mul" | "eq" | "lt" | "le":
            left, right = (value(child) for child in node.args)
            return None if left is None or right is None else OPERATORS[node.op](left, right)
        case never:
            assert_never(never)


def _every(values: Iterable[bool | None]) -> bool | None:
    found = list(values)
    return False if False in found else None if None in found else True


def _some(values: Iterable[bool | None]) -> bool | None:
    found = list(values)
    return True if True in found else None if None in found else False


def _chosen(condition: bool | None, then: Any, otherwise: Any) -> Any:
    if condition is None:
        return then if then == otherwise else None
    return then if condition else otherwise
