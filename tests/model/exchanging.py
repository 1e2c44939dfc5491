# SPDX-License-Identifier: Apache-2.0
"""Every exchange of the elements of an instance, one by one: what canonical states are held to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations, product
from typing import Any

from edgeproof.model.interpret import State
from edgeproof.model.machine import Instance

__all__ = ["exchanged", "exchanges"]

Exchange = Mapping[str, tuple[int, ...]]
"""By sort the element that each element becomes."""


def exchanges(instance: Instance) -> Iterator[Exchange]:
    """All of them: what belongs together stays together."""
    sorts = {one.type.sort: one for one in instance.machine.rigids.values() if one.role == "sort"}
    sizes = {sort: instance.number(instance.machine.sort_size_name(sort)) for sort in sorts}
    for chosen in product(*(permutations(range(size)) for size in sizes.values())):
        becomes = dict(zip(sorts, chosen, strict=True))
        homes = [(sort, one.home, sizes[one.home]) for sort, one in sorts.items() if one.home]
        if all(
            becomes[sort][element] % owners == becomes[home][element % owners]
            for sort, home, owners in homes
            for element in range(sizes[sort])
        ):
            yield becomes


def exchanged(instance: Instance, state: State, becomes: Exchange) -> dict[str, Any]:
    """The state with its elements exchanged."""
    return {name: _moved(value, becomes.get(instance.machine.variables[name].over)) for name, value in state.items()}


def _moved(value: Any, becomes: tuple[int, ...] | None) -> Any:
    if becomes is None:
        return value
    moved = dict(zip(becomes, value, strict=True))
    return tuple(moved[element] for element in range(len(value)))
