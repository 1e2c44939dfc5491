# SPDX-License-Identifier: Apache-2.0
"""All abstract steps that can happen, as the exhaustive search finds them: see `kinds`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from edgeproof.model.layout import Field
from edgeproof.model.machine import Instance
from edgeproof.properties.engines.cover.chart import chart_of
from edgeproof.properties.engines.explore.engine import search_instance
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.fuzz.kinds import Kind, is_switch, mask_of, told_fields
from edgeproof.properties.engines.kernels import kernel_source

__all__ = ["Reachable", "reachable_kinds"]

MOST: Final = 100_000
"""States that are searched for kinds."""


@frozen
class Reachable:
    """All kinds of steps that an instance has; `sizes` are those of its index sorts, in words."""

    kinds: frozenset[Kind]
    sizes: str


def reachable_kinds(instance: Instance) -> Reachable | None:
    """The kinds of steps of an instance, or of one with a single element of each sort where it has too many states.

    None where that has too many as well.
    """
    sorts = instance.of_role("sort")
    for one in (instance, instance.with_(**dict.fromkeys(sorts, 1))):
        found = _searched(one)
        if found is not None:
            return Reachable(found, ", ".join(f"{name}={one.values[name]}" for name in sorts))
    return None


def _searched(instance: Instance) -> frozenset[Kind] | None:
    searcher, kernel, search = search_instance(instance, kernel_source([instance], []), Limits(states=MOST))
    if not search.complete:
        return None
    chart, fields = chart_of(search, searcher.graph(kernel, search)), told_fields(kernel)
    before = search.states[chart.source]
    changed = before ^ search.states[chart.target]
    switches = [one for one in fields if is_switch(kernel, one)]
    columns = [(before[:, one.word] & mask_of(one)) >> one.shift for one in switches]
    rows = np.unique(np.stack([chart.label, _patterns(fields, changed), *columns], axis=1), axis=0)
    actions, names = [name for name, _ in kernel.source.labels], [one.name for one in fields]
    return frozenset(
        (actions[label], tuple(said), frozenset(name for bit, name in enumerate(names) if bits >> bit & 1))
        for label, bits, *said in rows.tolist()
    )


def _patterns(fields: Sequence[Field], changed: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each edge the set of variables that differ, a bit each."""
    pattern = np.zeros(len(changed), dtype=np.int64)
    for bit, one in enumerate(fields):
        pattern |= ((changed[:, one.word] & mask_of(one)) != 0).astype(np.int64) << bit
    return pattern
