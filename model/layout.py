# SPDX-License-Identifier: Apache-2.0
"""Where a state's variables live in its words, and where its clocks are cut off.

A state is some integers of at most 62 bits each, as numba mixes signed and unsigned integers of 64 into floats. Clocks
are cut off just above the largest value that they are compared with (`clock_caps`): no guard, deadline or property can
tell the values beyond apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from attrs import frozen

from edgeproof.model.expr import TIME, Expr, Type, walk
from edgeproof.model.machine import TICK, Action, DesignError, Instance

__all__ = ["Field", "TooWideError", "clock_caps", "lay_out", "room"]

WORD_BITS: Final = 62


class TooWideError(DesignError):
    """One array of the design does not fit into a machine word: search fewer elements or smaller numbers."""


@frozen
class Field:
    """Where a variable lives: `bits` wide at `shift` in `word`; element k of an array is `k * bits` further on."""

    name: str
    type: Type
    word: int
    shift: int
    bits: int
    length: int

    def encode(self, value: Any) -> int:
        """The integer that stands for a value."""
        return self.type.labels.index(value) if self.type.kind == "enum" else int(value)

    def decode(self, raw: int) -> bool | int | str:
        """The value that an integer stands for."""
        if self.type.kind == "enum":
            return self.type.labels[raw]
        return bool(raw) if self.type.kind == "bool" else raw


def room(instance: Instance, caps: Mapping[str, int], name: str) -> tuple[int, int]:
    """How many bits an element of a variable needs, and how many elements it has."""
    variable = instance.machine.variables[name]
    length = len(instance.domain(Type("index", sort=variable.over))) if variable.over else 1
    most = caps[name] if variable.type.kind == "time" else len(instance.domain(variable.type, variable.limit)) - 1
    return max(1, most.bit_length()), length


def lay_out(instance: Instance, caps: Mapping[str, int]) -> tuple[tuple[Field, ...], int]:
    """A field per variable, and how many words they take.

    First fit, widest first; an array never straddles two words, so that an element is one shift away. Raises
    TooWideError for an array that no word has room for.
    """
    machine = instance.machine
    wanted = []
    for order, (name, variable) in enumerate(machine.variables.items()):
        bits, length = room(instance, caps, name)
        if bits * length > WORD_BITS:
            bits_too_many = f"{name} needs {length} x {bits} bits, more than a word's {WORD_BITS}"
            raise TooWideError(f"{bits_too_many}: take smaller numbers")
        wanted.append((-bits * length, order, name, variable.type, bits, length))
    used: list[int] = []
    fields = []
    for width, _, name, of, bits, length in sorted(wanted, key=lambda w: w[:2]):
        word = next((w for w, full in enumerate(used) if full - width <= WORD_BITS), len(used))
        if word == len(used):
            used.append(0)
        fields.append(Field(name, of, word, used[word], bits, length))
        used[word] -= width
    return tuple(fields), len(used)


def clock_caps(instance: Instance, also: Iterable[Expr] = ()) -> dict[str, int]:
    """For each clock one more than the largest value that anything compares it with; `also` are the properties.

    Raises DesignError where no such value is known.
    """
    machine = instance.machine
    caps = {one.name: 0 for one in machine.clocks}
    places = [c for _, c in machine.deadlines] + [a.guard for a in machine.actions if a.name != TICK] + list(also)
    for one in machine.actions:
        for change in one.post.values() if one.name != TICK else ():
            places += [change] if isinstance(change, Expr) else [update.value for update in change]
    for place in places:
        for node in walk(place):
            if node.op in ("lt", "le", "eq") and TIME in (node.args[0].type, node.args[1].type):
                for side, other in (node.args, node.args[::-1]):
                    for name, less in _clocks_in(instance, side):
                        caps[name] = max(caps[name], _largest(instance, other) + less + 1)
    copies = [pair for one in machine.actions for pair in _copied(one)]
    while raised := [(source, name) for name, source in copies if caps[source] < caps[name]]:
        # What a clock is set to has to tell apart what the clock itself does.
        caps |= {source: caps[name] for source, name in raised}
    return caps


def _copied(action: Action) -> Iterator[tuple[str, str]]:
    """The clocks that an action sets to what another shows, each with that other."""
    for name, change in action.post.items() if action.name != TICK else ():
        for value in (change,) if isinstance(change, Expr) else [update.value for update in change]:
            yield from ((name, source) for source in _readings(value) if source != name)


def _readings(value: Expr) -> Iterator[str]:
    """The clocks that a clock's new value may be a reading of."""
    if value.op == "ite":
        for branch in value.args[1:]:
            yield from _readings(branch)
    elif value.op == "var" and value.type == TIME:
        yield value.name


def _clocks_in(instance: Instance, side: Expr) -> Iterator[tuple[str, int]]:
    """The clocks that one side of a comparison is made of, and the most that is taken off each of them."""
    match side.op:
        case "var" if side.type == TIME:
            yield side.name, 0
        case "ite":
            for branch in side.args[1:]:
                yield from _clocks_in(instance, branch)
        case "add":
            for part in side.args:
                yield from _clocks_in(instance, part)
        case "sub" if not _has_clock(side.args[1]):
            for name, less in _clocks_in(instance, side.args[0]):
                yield name, less + _largest(instance, side.args[1])
        case _ if _has_clock(side):
            raise DesignError(f"where `{side}` is compared, no value is known above which its clocks can be cut off")


def _has_clock(node: Expr) -> bool:
    return any(part.op == "var" and part.type == TIME for part in walk(node))


def _largest(instance: Instance, node: Expr) -> int:
    """An upper bound of a number's values, from the instance's constants and the variables' ranges."""
    match node.op:
        case "lit":
            return int(node.value)
        case "prm":
            return instance.number(node.name)
        case "var":
            variable = instance.machine.variables[node.name]
            if not variable.limit:
                raise DesignError(f"clock compared with `{node}`, which has no upper bound")
            return instance.number(variable.limit)
        case "add":
            return sum(_largest(instance, child) for child in node.args)
        case "sub":
            return _largest(instance, node.args[0])
        case "mul":
            return _largest(instance, node.args[0]) * _largest(instance, node.args[1])
        case "ite":
            return max(_largest(instance, child) for child in node.args[1:])
    raise DesignError(f"clock compared with `{node}`, whose largest value cannot be told")
