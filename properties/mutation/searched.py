# SPDX-License-Identifier: Apache-2.0
"""What an exhaustive search notices of mutants in one case, all of which share a kernel."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from attrs import frozen

from edgeproof.properties.cases import instance_of
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.engines.explore.engine import decide
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.explore.search import Search
from edgeproof.properties.evidence import Case, Conclusion, Evidence, Status, Verdict
from edgeproof.properties.mutation.bisimilar import bisimilar
from edgeproof.properties.mutation.kill import How, Kill
from edgeproof.properties.mutation.mutants import Mutant
from edgeproof.properties.mutation.schema import Schema, schema
from edgeproof.properties.possible import facts_of
from edgeproof.properties.staleness import say_reached
from edgeproof.properties.verify import conclusions_of

__all__ = ["Look", "searched"]


@frozen
class Look:
    """What the search noticed of a mutant, and whether its state graph is another one than the design's, and has other
    runs; where nobody asked for that, it has if the graph is another one.
    """

    kills: tuple[Kill, ...]
    apart: bool
    runs: bool
    seconds: float


@frozen
class _Seen:
    """A search, and what it says of each property."""

    search: Search
    found: Mapping[str, Conclusion]


def searched(case: Case, mutants: Sequence[Mutant], compare: Sequence[bool] | None = None) -> Iterator[Look]:
    """What the search of a case notices, mutant by mutant; those that grow without end are searched to some end.

    `compare` says of which it is asked whether they have other runs: of all by default. Raises DesignError where the
    mutants have no kernel together, as one of them has none.
    """
    begun = time.perf_counter()
    properties = [CATALOGUE[name] for name in case.properties]
    together = schema(instance_of(case), mutants, [*properties, *facts_of(case)])
    design = _seen(together, case, 0, together.search(0, Limits().states))
    shared = (time.perf_counter() - begun) / len(mutants)
    for number, (one, asked) in enumerate(zip(mutants, compare or [True] * len(mutants), strict=True), start=1):
        begun = time.perf_counter()
        search = together.search(number, 4 * design.search.count + 1000)
        if _same(design.search, search) and not _owed_otherwise(one, together):
            yield Look((), False, False, time.perf_counter() - begun + shared)
            continue
        now = _seen(together, case, number, search)
        kills = tuple(_noticed(case, design, now))
        owes = _owes_others(one, together, now)
        apart = bool(kills) or owes or not _same_graph(design.search, search)
        better = owes or any(kill.how is not How.STATES for kill in kills)
        runs = apart and (better or not asked or not _same_runs(together, number, design, now))
        yield Look(kills, apart, runs, time.perf_counter() - begun + shared)


def _seen(together: Schema, case: Case, number: int, search: Search) -> _Seen:
    kernel = together.kernels[number]
    properties, facts = [CATALOGUE[name] for name in case.properties], facts_of(case)
    found = decide(together.searcher, kernel, search, properties, Limits(), facts)
    said = conclusions_of(case, say_reached(kernel.instance, found))
    return _Seen(search, {one.property: one for one in said})


def _noticed(case: Case, design: _Seen, now: _Seen) -> Iterator[Kill]:
    """All that does not stand as it should; where nothing is left to be said of verdicts, what shows less than before;
    then that the states are others.
    """
    wrong = [one for one in now.found.values() if one.status is not Status.AS_EXPECTED and not _cut_short(now, one)]
    for one in wrong:
        steps = 0 if one.witness is None else len(one.witness.events)
        yield Kill("search", case.name, one.property, How.VERDICT, one.status, one.reason[:200], steps)
    if wrong:
        return
    for name, one in now.found.items():
        if less := _less(design.found[name], one):
            yield Kill("search", case.name, name, How.MEASURE, Status.WEAKER, less, 0)
    before, after = design.search.count, now.search.count
    if before != after:
        reason = f"there were {before:,} states, and there are {after:,} now"
        yield Kill("search", case.name, "", How.STATES, Status.WEAKER, reason, 0)


def _cut_short(now: _Seen, one: Conclusion) -> bool:
    """Whether a property is undecided only because the search of ever more states was ended."""
    ended = not now.search.complete and now.search.left_range < 0
    return ended and one.verdict is not Verdict.VIOLATED


def _less(before: Conclusion, now: Conclusion) -> str:
    """What is shown by more steps, or later, than of the design."""
    if before.verdict is not now.verdict:
        return ""
    if before.witness is not None and now.witness is not None:
        was, steps = len(before.witness.events), len(now.witness.events)
        return f"it took {was} steps to show, and takes {steps}" if steps > was else ""
    was, reached = (_reached(one.evidence) for one in (before, now))
    return f"a run reached {was} ticks of the bound, and now {reached or 'none does'}" if reached < was else ""


def _reached(found: Sequence[Evidence]) -> int:
    return max((int(one.measures["reached"]) for one in found if "reached" in one.measures), default=0)


def _owed_otherwise(one: Mutant, together: Schema) -> bool:
    """Whether an action is owed a turn in a mutant and not in the design, or the other way round."""
    design = together.kernels[0].instance.machine
    return bool(one.action) and design.action(one.action).fair is not one.machine.action(one.action).fair


def _owes_others(one: Mutant, together: Schema, now: _Seen) -> bool:
    """Whether an action that happens is owed a turn otherwise."""
    happens = next(iter(now.found.values())).evidence[0].fired.get(one.action, 0)
    return _owed_otherwise(one, together) and happens > 0


def _same(before: Search, after: Search) -> bool:
    """Whether all that is seen of a mutant is what is seen of the design."""
    return np.array_equal(before.hits, after.hits) and _same_graph(before, after)


def _same_graph(before: Search, after: Search) -> bool:
    """Whether a mutant has the design's state graph; kernels list what can happen in one order."""
    if (before.count, before.transitions) != (after.count, after.transitions):
        return False
    if not np.array_equal(before.states, after.states):
        return False
    one, other = before.graph(), after.graph()
    return np.array_equal(one.start, other.start) and np.array_equal(one.target, other.target)


def _same_runs(together: Schema, number: int, design: _Seen, now: _Seen) -> bool:
    if not (design.search.complete and now.search.complete):
        return False
    kernels = together.kernels
    return bisimilar(together.searcher, (kernels[0], design.search), (kernels[number], now.search))
