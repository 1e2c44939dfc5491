# SPDX-License-Identifier: Apache-2.0
"""The abstract steps that runs on a system took: `reachable_kinds` says of how many.

An abstract step is an action, what the design's switches (its booleans and enums that are no arrays) say before it, and
which variables it changes: a write that arms the alarm is another one than a write that finds it armed. It says not
which element of an array is meant, nor which number, so that runs with room for many writes can be held against a
search with room for two. Clocks, and what only the observer knows, are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from edgeproof.model.kernel import Kernel
from edgeproof.model.layout import Field
from edgeproof.properties.engines.fuzz.sight import followed

__all__ = ["Kind", "is_switch", "kinds_driven", "mask_of", "told_fields"]

Kind: TypeAlias = tuple[str, tuple[int, ...], frozenset[str]]
"""An action, the values of the switches before it, and the variables that it changed."""


def kinds_driven(kernel: Kernel, transitions: Iterable[tuple[Any, ...]]) -> set[Kind]:
    """The kinds of the steps of a tally: each is a label, and the words of the state that it began in."""
    most, words = kernel.most_successors, kernel.source.words
    parameters = [int(value) for value in kernel.parameters]
    out, labels, flags = [0] * (most * words), [0] * most, [0] * most
    fields, found = told_fields(kernel), set[Kind]()
    switches = [one for one in fields if is_switch(kernel, one)]
    for label, *before in transitions:
        for n in range(kernel.expand(before, 0, parameters, out, labels, flags)):
            if labels[n] == label:
                after = out[n * words : (n + 1) * words]
                said = tuple((before[one.word] & mask_of(one)) >> one.shift for one in switches)
                changed = (one.name for one in fields if (before[one.word] ^ after[one.word]) & mask_of(one))
                found.add((kernel.source.labels[label][0], said, frozenset(changed)))
    return found


def told_fields(kernel: Kernel) -> list[Field]:
    """Where the variables are that are neither clocks nor the observer's, in the order of their declaration."""
    machine = kernel.instance.machine
    order, aside = list(machine.variables), followed(machine)
    return sorted((one for one in kernel.source.fields if one.name not in aside), key=lambda one: order.index(one.name))


def is_switch(kernel: Kernel, one: Field) -> bool:
    """Whether a variable is a boolean or an enum, and no array."""
    return one.type.kind in ("bool", "enum") and not kernel.instance.machine.variables[one.name].over


def mask_of(one: Field) -> int:
    """The bits of a variable in its word."""
    return ((1 << one.bits * one.length) - 1) << one.shift
