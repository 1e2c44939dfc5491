# SPDX-License-Identifier: Apache-2.0
"""States that are each other but for the exchange of like elements are one orbit: which of them stands for all?

`orbit_text` writes, as `model.kernel` does, a small Python module of integer arithmetic for one instance. What an
element has in all arrays is put side by side into a register, a sorting network orders the registers of a sort, and
they are put back: that is the same for every state of an orbit. Elements that belong to others are ordered within
their owner first, and go with it when owners are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from attrs import frozen

from edgeproof.model.expr import Type
from edgeproof.model.kernel import KernelSource
from edgeproof.model.layout import WORD_BITS, Field
from edgeproof.model.machine import Instance
from edgeproof.model.symmetry import Symmetry

__all__ = ["moved_sorts", "orbit_text", "sorting_network"]


@frozen
class _Item:
    """What is moved together: registers by which it is ordered, and registers that only go with them."""

    ordered: tuple[str, ...]
    along: tuple[str, ...] = ()

    def __add__(self, other: _Item) -> _Item:
        return _Item(self.ordered + other.ordered, self.along + other.along)


@frozen
class _Sort:
    """An index sort by a number, with its size, and the registers of an element: fields, each with its place in it."""

    number: int
    size: int
    registers: tuple[tuple[tuple[Field, int], ...], ...]

    def item(self, element: int) -> _Item:
        """An element's registers; one that goes along holds its number."""
        name = f"e{self.number}_{element}"
        return _Item(tuple(f"{name}_{n}" for n in range(len(self.registers))), (name,))


def orbit_text(source: KernelSource, instance: Instance, symmetry: Symmetry) -> str:
    """The functions `canonical`, `orbit` and `arranged` of an instance that `source` has room for.

    `canonical(states, i, out)` writes to place i of `out` the words of the state that stands for the orbit of state
    number i, and `arranged(states, i, out)` which elements have come to stand where in it, sort by sort
    (`moved_sorts`). `orbit(states, i)` returns how many states that orbit has.
    """
    moved = moved_sorts(instance, symmetry)
    sorts = {name: _sort(source, instance, name, n, moved[name]) for n, name in enumerate(moved)}
    groups = list(_groups(instance, symmetry, sorts))
    loaded = [f"s{w} = states[i * {source.words} + {w}]" for w in range(source.words)]
    gathered = loaded + [line for one in sorts.values() for line in _gathered(one)]
    sorted_ = gathered + [line for group in groups for line in _ordered(group)]
    put_back = [_put_back(word, source.words, list(sorts.values())) for word in range(source.words)]
    counted = ["size = 1", *(line for group in groups for line in _arrangements(group))]
    return "\n".join(
        [
            *_function("canonical(states, i, out)", [*sorted_, *put_back, "return 0"]),
            *_function("orbit(states, i)", [*sorted_, *counted, "return size"]),
            *_function("arranged(states, i, out)", [*sorted_, *_told(list(sorts.values())), "return 0"]),
            "",
        ]
    )


def moved_sorts(instance: Instance, symmetry: Symmetry) -> dict[str, int]:
    """The sorts whose elements move, with their sizes: those that are alike, and those that belong to such."""
    sorts = {name: one for name, one in instance.machine.rigids.items() if one.role == "sort"}
    moved = {name: one for name, one in sorts.items() if {one.type.sort, one.home} & set(symmetry.sorts)}
    return {one.type.sort: instance.number(name) for name, one in moved.items()}


def sorting_network(size: int) -> list[tuple[int, int]]:
    """Which places to compare, and exchange if the first has more, so that they end up in order.

    Batcher's merge exchange (Knuth, The Art of Computer Programming, volume 3, 5.2.2, algorithm M).
    """
    pairs = []
    run = 1
    while run < size:
        apart = run
        while apart:
            for begin in range(apart % run, size - apart, 2 * apart):
                for low in range(begin, min(begin + apart, size - apart)):
                    if low // (2 * run) == (low + apart) // (2 * run):
                        pairs.append((low, low + apart))
            apart //= 2
        run *= 2
    return pairs


def _function(head: str, body: Sequence[str]) -> list[str]:
    return [f"def {head}:", *(f"    {line}" for line in body)]


def _sort(source: KernelSource, instance: Instance, sort: str, number: int, size: int) -> _Sort:
    registers: list[list[tuple[Field, int]]] = []
    used = WORD_BITS
    for one in source.fields:
        if instance.machine.variables[one.name].over == sort:
            if used + one.bits > WORD_BITS:
                registers.append([])
                used = 0
            registers[-1].append((one, used))
            used += one.bits
    return _Sort(number, size, tuple(tuple(one) for one in registers))


def _groups(instance: Instance, symmetry: Symmetry, sorts: dict[str, _Sort]) -> Iterator[list[_Item]]:
    """What is put in order, one group after the other: what belongs to one owner, then the owners with it."""
    homes = {name: instance.machine.index(name).home for name in sorts}
    for name, sort in sorts.items():
        if name in symmetry.sorts and homes[name]:
            owners = len(instance.domain(Type("index", sort=homes[name])))
            for owner in range(min(owners, sort.size)):
                yield [sort.item(element) for element in range(owner, sort.size, owners)]
    for name, sort in sorts.items():
        if name in symmetry.sorts and not homes[name]:
            owned = [one for other, one in sorts.items() if homes[other] == name]
            yield [
                sum((one.item(e) for one in owned for e in range(element, one.size, sort.size)), sort.item(element))
                for element in range(sort.size)
            ]


def _gathered(sort: _Sort) -> Iterator[str]:
    for element in range(sort.size):
        item = sort.item(element)
        yield f"{item.along[0]} = {element}"
        for name, register in zip(item.ordered, sort.registers, strict=True):
            yield f"{name} = " + " | ".join(f"({_read(one, element)} << {place})" for one, place in register)


def _read(one: Field, element: int) -> str:
    return f"((s{one.word} >> {one.shift + element * one.bits}) & {(1 << one.bits) - 1})"


def _ordered(group: Sequence[_Item]) -> Iterator[str]:
    """Lines that put the registers of a group in order."""
    for low, high in sorting_network(len(group)):
        one, other = group[low], group[high]
        if one.ordered:
            yield f"more = {_more(one.ordered, other.ordered)}"
            for a, b in zip(one.ordered + one.along, other.ordered + other.along, strict=True):
                yield f"kept = {a}"
                yield f"{a} = ({b} if more else {a})"
                yield f"{b} = (kept if more else {b})"


def _more(one: Sequence[str], other: Sequence[str]) -> str:
    """Whether the first is the larger, register by register."""
    if len(one) == 1:
        return f"({one[0]} > {other[0]})"
    return f"({one[0]} > {other[0]} or ({one[0]} == {other[0]} and {_more(one[1:], other[1:])}))"


def _put_back(word: int, words: int, sorts: Sequence[_Sort]) -> str:
    """The line that makes a word of the canonical state: in the place of each element what has come to stand there."""
    moved, parts = 0, []
    for sort in sorts:
        for element in range(sort.size):
            for name, register in zip(sort.item(element).ordered, sort.registers, strict=True):
                for one, place in register:
                    if one.word == word:
                        mask, shift = (1 << one.bits) - 1, one.shift + element * one.bits
                        moved |= mask << shift
                        parts.append(f"((({name} >> {place}) & {mask}) << {shift})")
    return f"out[i * {words} + {word}] = " + " | ".join([f"(s{word} & {~moved})", *parts])


def _arrangements(group: Sequence[_Item]) -> Iterator[str]:
    """Lines that multiply `size` by the number of ways to arrange what is in order: equal ones are interchangeable."""
    yield "run = 1"
    for place, (one, other) in enumerate(pairwise(group), start=2):
        equal = " and ".join(f"{a} == {b}" for a, b in zip(one.ordered, other.ordered, strict=True)) or "True"
        yield f"run = (run + 1 if {equal} else 1)"
        yield f"size = size * {place} // run"


def _told(sorts: Sequence[_Sort]) -> Iterator[str]:
    names = [sort.item(element).along[0] for sort in sorts for element in range(sort.size)]
    for place, name in enumerate(names):
        yield f"out[i * {len(names)} + {place}] = {name}"
