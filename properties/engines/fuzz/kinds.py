# SPDX-License-Identifier: Apache-2.0
"""Of all abstract steps that can happen, how many did runs on a system take?

An abstract step is an action, what the design's switches (its booleans and enums that are no arrays) say before it, and
which variables it changes: a write that arms the alarm is another one than a write that finds it armed. It says not
which element of an array is meant, nor which number, so that runs with room for many writes can be held against a
search with room for two. Clocks, and what only the observer knows, are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import frozen

from edgeproof.model.kernel import Kernel
from edgeproof.model.layout import Field
from edgeproof.model.machine import Instance
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.fuzz.sight import followed
from edgeproof.properties.engines.kernels import kernel_source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Kind", "Reachable", "kinds_driven", "reachable_kinds"]

Kind: TypeAlias = tuple[str, tuple[int, ...], frozenset[str]]
"""An action, the values of the switches before it, and the variables that it changed."""

MOST: Final = 100_000
"""States that are searched for kinds."""


@frozen
class Reachable:
    """All kinds of steps that an instance has; `sizes` are those of its index sorts, in words."""

    kinds: frozenset[Kind]
    sizes: str


def kinds_driven(kernel: Kernel, transitions: Iterable[tuple[Any, ...]]) -> set[Kind]:
    """The kinds of the steps of a tally: each is a label, and the words of the state that it began in."""
    most, words = kernel.most_successors, kernel.source.words
    parameters = [int(value) for value in kernel.parameters]
    out, labels, flags = [0] * (most * words), [0] * most, [0] * most
    fields, found = _told(kernel), set[Kind]()
    switches = [one for one in fields if _is_switch(kernel, one)]
    for label, *before in transitions:
        for n in range(kernel.expand(before, 0, parameters, out, labels, flags)):
            if labels[n] == label:
                after = out[n * words : (n + 1) * words]
                said = tuple((before[one.word] & _mask(one)) >> one.shift for one in switches)
                changed = (one.name for one in fields if (before[one.word] ^ after[one.word]) & _mask(one))
                found.add((kernel.source.labels[label][0], said, frozenset(changed)))
    return found


def reachable_kinds(instance: Instance) -> Reachable | None:
    """The kinds of steps of an instance, or of one with a single element of each sort where it has too many states.

    None where that has too many as well. Takes what a search takes (the extra `search`).
    """
    sorts = instance.of_role("sort")
    for one in (instance, instance.with_(**dict.fromkeys(sorts, 1))):
        found = _searched(one)
        if found is not None:
            return Reachable(found, ", ".join(f"{name}={one.values[name]}" for name in sorts))
    return None


def _searched(instance: Instance) -> frozenset[Kind] | None:
    import numpy as np

    from edgeproof.properties.engines.cover.chart import chart_of
    from edgeproof.properties.engines.explore.engine import search_instance

    _, kernel, search = search_instance(instance, kernel_source([instance], []), Limits(states=MOST))
    if not search.complete:
        return None
    chart, fields = chart_of(search, search.graph()), _told(kernel)
    before = search.states[chart.source]
    changed = before ^ search.states[chart.target]
    switches = [one for one in fields if _is_switch(kernel, one)]
    columns = [(before[:, one.word] & _mask(one)) >> one.shift for one in switches]
    rows = np.unique(np.stack([chart.label, _patterns(fields, changed), *columns], axis=1), axis=0)
    actions, names = [name for name, _ in kernel.source.labels], [one.name for one in fields]
    return frozenset(
        (actions[label], tuple(said), frozenset(name for bit, name in enumerate(names) if bits >> bit & 1))
        for label, bits, *said in rows.tolist()
    )


def _patterns(fields: Sequence[Field], changed: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each edge the set of variables that differ, a bit each."""
    import numpy as np

    pattern = np.zeros(len(changed), dtype=np.int64)
    for bit, one in enumerate(fields):
        pattern |= ((changed[:, one.word] & _mask(one)) != 0).astype(np.int64) << bit
    return pattern


def _told(kernel: Kernel) -> list[Field]:
    """Where the variables are that are neither clocks nor the observer's, in the order of their declaration."""
    machine = kernel.instance.machine
    order, aside = list(machine.variables), followed(machine)
    return sorted((one for one in kernel.source.fields if one.name not in aside), key=lambda one: order.index(one.name))


def _is_switch(kernel: Kernel, one: Field) -> bool:
    return one.type.kind in ("bool", "enum") and not kernel.instance.machine.variables[one.name].over


def _mask(one: Field) -> int:
    return ((1 << one.bits * one.length) - 1) << one.shift
