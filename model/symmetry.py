# SPDX-License-Identifier: Apache-2.0
"""Which index sorts have elements that are all alike: whoever exchanges two of them changes nothing that matters.

The language knows no order of elements and no name for one, so that a run with its elements exchanged is a run. That is
not assumed but read off the tree: every guard, change and deadline of an instance, and all that is asked of it, may
compare elements of a sort for equality, index arrays by them and quantify over them, and nothing else. A variable
begins with one value for all elements, or with any. What does not hold to that is refused, with the reason.

Elements that belong to others (`of=`) can be exchanged where they belong to the same one; their owners, together with
what belongs to them, where each has as many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import factorial, prod

from attrs import frozen

from edgeproof.model.expr import Expr
from edgeproof.model.machine import Instance, Machine, Store

__all__ = ["Symmetry", "symmetry_of"]


@frozen
class Symmetry:
    """The index sorts whose elements are alike, and of the others why they are refused.

    A sort in which there is nothing to exchange, as each element is alone, is in neither. `exchanges` is how many
    there are, and how many states an orbit has at most.
    """

    sorts: tuple[str, ...]
    refused: Mapping[str, str]
    exchanges: int


def symmetry_of(instance: Instance, asked: Iterable[Expr]) -> Symmetry:
    """What can be exchanged in an instance, of which `asked` is asked."""
    machine = instance.machine
    nodes = _nodes([*_says(instance.specialised), *asked])
    sorts = [one.type.sort for one in machine.rigids.values() if one.role == "sort"]
    distinguished = {sort: why for sort in sorts if (why := _distinguished(sort, nodes))}
    refused = distinguished | {
        sort: why for sort in sorts if sort not in distinguished and (why := _uneven(instance, sort, distinguished))
    }
    exchanges = {sort: many for sort in sorts if sort not in refused and (many := _exchanges(instance, sort)) > 1}
    return Symmetry(tuple(exchanges), refused, prod(exchanges.values()))


def _says(machine: Machine) -> Iterator[Expr]:
    """Whatever decides what the machine may do; the passing of time is one of its actions."""
    for action in machine.actions:
        yield action.guard
        for change in action.post.values():
            for update in (change,) if isinstance(change, Expr) else change:
                if isinstance(update, Expr):
                    yield update
                else:
                    yield update.value
                    if isinstance(update, Store):
                        yield update.index


def _nodes(roots: Iterable[Expr]) -> list[Expr]:
    """Every node of the trees, once."""
    seen: dict[Expr, None] = {}
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen[node] = None
            waiting.extend(node.args)
    return list(seen)


def _distinguished(sort: str, nodes: Sequence[Expr]) -> str:
    """How an element of the sort is told from the others; empty where none is."""
    return next((why for node in nodes if (why := _tells_apart(node, sort))), "")


def _tells_apart(node: Expr, sort: str) -> str:
    """How a node treats an element of the sort unlike the others; empty where it does not."""
    if node.type.sort == sort and node.op in ("lit", "prm"):
        return f"`{node}` is one of them"
    if node.type.sort == sort and node.op == "var":
        return f"{node.name} holds one of them"
    of_sort = [part.type.sort == sort for part in node.args]
    if node.op == "eq" and any(of_sort) and not all(of_sort):
        return f"`{node}` compares one of them with what is none"
    if any(of_sort) and node.op not in ("eq", "var", "home", "ite", "forall", "exists"):
        return f"`{node}` does more with one of them than to ask whether it is another"
    return ""


def _uneven(instance: Instance, sort: str, distinguished: Mapping[str, str]) -> str:
    """Why an owner cannot be exchanged for another with all that belongs to them; empty where it can."""
    for owned in _owned(instance.machine, sort):
        if owned in distinguished:
            return f"elements of {owned} belong to them, of which {distinguished[owned]}"
        owners, many = _size(instance, sort), _size(instance, owned)
        if many % owners:
            return f"{many} elements of {owned} belong to {owners}: not as many to each"
    return ""


def _exchanges(instance: Instance, sort: str) -> int:
    """In how many ways the elements of a sort can be exchanged: those of one owner for each other."""
    home, size = instance.machine.index(sort).home, _size(instance, sort)
    owners = _size(instance, home) if home else 1
    return prod(factorial(len(range(owner, size, owners))) for owner in range(owners))


def _owned(machine: Machine, sort: str) -> list[str]:
    return [one.type.sort for one in machine.rigids.values() if one.role == "sort" and one.home == sort]


def _size(instance: Instance, sort: str) -> int:
    return instance.number(instance.machine.sort_size_name(sort))
