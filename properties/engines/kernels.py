# SPDX-License-Identifier: Apache-2.0
"""One kernel for all the instances of a design that are to be searched or driven, asking all of their properties."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from edgeproof.model.kernel import KernelSource, build_source
from edgeproof.model.machine import Instance, Machine
from edgeproof.properties.catalogue import Property, state_form, step_form

__all__ = ["hull", "kernel_source"]


def kernel_source(instances: Sequence[Instance], properties: Sequence[Property]) -> KernelSource:
    """One kernel source for all `instances` of a machine, asking all of `properties`.

    What the instances agree on is fixed in it, but for hazards that are on: fuzzing switches them one by one.
    """
    shape = hull(instances)
    agreed = [name for name, value in shape.values.items() if all(i.values[name] == value for i in instances)]
    fixed = tuple(name for name in agreed if shape.values[name] is not True)
    return _source_of(shape.machine, tuple(shape.values.items()), tuple(properties), fixed)


@lru_cache(maxsize=16)
def _source_of(
    machine: Machine,
    values: tuple[tuple[str, int | str | bool], ...],
    properties: tuple[Property, ...],
    fixed: tuple[str, ...],
) -> KernelSource:
    states = [state_form(machine, p) for p in properties if p.step is None]
    steps = [step_form(machine, p) for p in properties if p.step is not None]
    return build_source(Instance(machine, dict(values)), states, steps, fixed)


def hull(instances: Sequence[Instance]) -> Instance:
    """An instance as large as each of the given ones in every number, so that its kernel serves them all."""
    first = instances[0]
    numbers = [n for n, r in first.machine.rigids.items() if r.role in ("sort", "count", "duration")]
    return first.with_(**{name: max(i.number(name) for i in instances) for name in numbers})
