# SPDX-License-Identifier: Apache-2.0
"""One node for all equal expressions, so that what is equal is told by identity, from wherever it comes."""

from __future__ import annotations

from typing import Any

from attrs import define, field

from edgeproof.model.expr import Expr
from edgeproof.model.post import Post, Store

__all__ = ["Interned"]


@define(eq=False)
class Interned:
    """The nodes seen so far: the first of all that are equal stands for them.

    Variables are told by their names, as a solver's encoder tells them. So what is interned can be asked about, and
    nothing can be substituted in it: two quantifiers may have come to share a variable.
    """

    nodes: dict[tuple[Any, ...], Expr] = field(factory=dict)
    done: dict[Expr, Expr] = field(factory=dict)

    def of(self, node: Expr) -> Expr:
        """The node that stands for all that are equal to this one."""
        found = self.done.get(node)
        if found is None:
            args = tuple([self.of(child) for child in node.args])
            key = (node.op, node.type, node.name, node.value, *map(id, args))
            found = self.nodes.get(key)
            if found is None:
                found = self.nodes[key] = Expr(node.op, node.type, args, node.name, node.value)
            self.done[node] = self.done[found] = found
        return found

    def of_post(self, post: Post) -> tuple[Any, ...]:
        """A key that two posts have in common if, and only if, they leave the same behind."""
        return tuple([(name, *self._change(change)) for name, change in post.items()])

    def _change(self, change: Any) -> tuple[Any, ...]:
        if isinstance(change, Expr):
            return (self.of(change),)
        places = ((update.index if isinstance(update, Store) else update.bound) for update in change)
        return tuple(
            (type(update).__name__, self.of(place), self.of(update.value))
            for update, place in zip(change, places, strict=True)
        )
