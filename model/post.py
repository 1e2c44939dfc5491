# SPDX-License-Identifier: Apache-2.0
"""What an action leaves behind, and what an expression is worth afterwards, said in terms of the state before."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from edgeproof.model.expr import Expr, ite, rewrite

__all__ = ["Each", "Post", "Store", "after", "fill_in", "read_array"]


@frozen
class Store:
    """An assignment to one element of an array."""

    index: Expr
    value: Expr


@frozen
class Each:
    """An assignment to every element of an array; `value` speaks of the element through `bound`."""

    bound: Expr
    value: Expr


Post = Mapping[str, "Expr | tuple[Store | Each, ...]"]
"""What an action leaves behind: a value per scalar, a sequence of assignments per array; the rest stays."""


def after(expression: Expr, post: Post) -> Expr:
    """The value that `expression` has once an action has left `post` behind, said in terms of the state before."""

    def leaf(node: Expr) -> Expr | None:
        if node.op != "var" or node.name not in post:
            return None
        change = post[node.name]
        return change if isinstance(change, Expr) else read_array(node, change)

    return rewrite(expression, leaf)


def fill_in(node: Expr, values: Mapping[str, int | str | bool]) -> Expr:
    """The expression with constants replaced by their values, and simplified."""

    def leaf(prm: Expr) -> Expr | None:
        known = prm.op == "prm" and prm.name in values
        return Expr("lit", prm.type, value=values[prm.name]) if known else None

    return rewrite(node, leaf)


def read_array(element: Expr, updates: tuple[Store | Each, ...]) -> Expr:
    """The value of an array's element after a sequence of assignments to the array."""
    (index,) = element.args
    value = element
    for update in updates:
        if isinstance(update, Store):
            value = ite(update.index == index, update.value, value)
        else:
            bound = update.bound
            value = rewrite(update.value, lambda node, b=bound: index if node is b else None)  # type: ignore[misc]
    return value
