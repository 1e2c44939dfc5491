# SPDX-License-Identifier: Apache-2.0
"""The shortest way from where a walk has come to, to a state or a step that somebody looks for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Final

from attrs import frozen

from edgeproof.model.expr import Expr
from edgeproof.model.interpret import NotEnabledError, evaluate, initial_count
from edgeproof.model.kernel import Kernel, StateForm, build_kernel
from edgeproof.model.machine import DesignError
from edgeproof.properties.catalogue import Property
from edgeproof.properties.engines.explore.engine import root_of, way_to
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.explore.search import Search, prepare_search
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.walk import Walk, begin, step

__all__ = ["Way", "nearest", "where"]

_FIRST_DEPTH: Final = 4
_BEGINNINGS: Final = 1_000
"""Of so many initial states each is tried; of more only the one that the walk began in."""


@frozen
class Way:
    """The walk that leads there, None where none does; whether all that can follow was looked at, in how many states.

    The walk has the steps that were taken already and begins where they did, or in another of the initial states.
    """

    walk: Walk | None
    whole: bool
    states: int


def where(condition: Expr) -> Property:
    """To look for a state in which a condition holds: the property that it never does."""
    return Property("sought", "What is looked for never comes about.", "typed", state=lambda _: ~condition)


def nearest(walk: Walk, broken: Property, limits: Limits | None = None) -> Way:
    """The shortest way from here to where a property is broken.

    Raises DesignError for a property that settles, as no single step breaks it, and where the sizes are too large.
    """
    if broken.settles is not None:
        raise DesignError(f"{broken.id} is about what becomes of a run in the end: no single step breaks it")
    limits = limits or Limits()
    source = kernel_source([walk.instance], [broken])
    searcher, kernel = prepare_search(source), build_kernel(source, walk.instance)
    begun = list(_begun_anywhere(walk))
    packed = [kernel.pack(one.here) for one in begun]
    depth = _FIRST_DEPTH
    while True:
        search = searcher.run(kernel, packed, limits.states, min(depth, limits.depth), 0)
        if search.hits[0, 1] >= 0:
            return Way(_walked(begun, kernel, search), True, search.count)
        if search.complete or search.depth < depth:
            return Way(None, search.complete, search.count)
        depth *= 2


def _begun_anywhere(walk: Walk) -> Iterator[Walk]:
    """The walk, and the same steps from every other initial state in which they can be taken."""
    yield walk
    count = initial_count(walk.instance)
    for number in range(count if count <= _BEGINNINGS else 0):
        first = begin(walk.instance, number)
        if first.here == walk.states[0]:
            continue
        try:
            yield reduce(step, walk.events, first)
        except NotEnabledError:
            continue


def _walked(begun: list[Walk], kernel: Kernel, search: Search) -> Walk:
    """The way that the search found, taken again by the interpreter, which has to find the property broken."""
    _, state, label = (int(n) for n in search.hits[0])
    events = [*way_to(kernel, search, state), *([kernel.events[label]] if label >= 0 else [])]
    walk = reduce(step, events, begun[root_of(search, state)])
    (form,) = kernel.source.forms
    if isinstance(form, StateForm):
        holds = evaluate(walk.instance, form.holds, walk.here)
    else:
        condition, _ = form.per_action[events[-1].action]
        holds = evaluate(walk.instance, condition, walk.states[-2], dict(events[-1].arguments))
    assert not holds, f"the interpreter does not confirm the way to where {form.name} is broken"
    return walk
