# SPDX-License-Identifier: Apache-2.0
"""What one engine leaves open and another can say more about, once all of them have been at a case.

Where an induction failed, the search knows whether the state that it failed from can be reached. Where the search alone
decides, a cut-off may say that its bound is none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from attrs import evolve

from edgeproof.model.machine import Instance
from edgeproof.properties.catalogue import Property
from edgeproof.properties.engines.prove.cutoff import Cutoff, cutoffs
from edgeproof.properties.evidence import Evidence, Verdict

__all__ = ["cutoffs_within", "failed_inductions", "only_searched", "say_cutoffs", "say_reachable"]


def failed_inductions(evidence: Iterable[Evidence]) -> list[Evidence]:
    """Where an induction failed, but for properties that are violated: of those there is a run to look at."""
    evidence = list(evidence)
    violated = {one.property for one in evidence if one.verdict is Verdict.VIOLATED}
    return [one for one in evidence if one.unsettled is not None and one.property not in violated]


def say_reachable(evidence: Sequence[Evidence], met: Iterable[bool | None]) -> list[Evidence]:
    """The evidence, saying of each of `failed_inductions` whether the search has met the state that it failed from."""
    marks = dict(zip((one.property for one in failed_inductions(evidence)), met, strict=True))
    said = {True: "which is reachable", False: "which is not reachable", None: "which the search did not come to"}
    return [
        evolve(one, reason=f"{one.reason}, {said[marks[one.property]]}")
        if one.unsettled is not None and one.property in marks
        else one
        for one in evidence
    ]


def only_searched(evidence: Iterable[Evidence], asked: Collection[str]) -> list[str]:
    """The properties, of those that were asked, that nothing but an exhaustive search decides."""
    evidence = [one for one in evidence if one.property in asked]
    decided = {one.property for one in evidence if one.verdict in (Verdict.PROVED, Verdict.VIOLATED)}
    return [one.property for one in evidence if _is_searched(one) and one.property not in decided]


def cutoffs_within(instance: Instance, properties: list[Property], sort: str, size: int) -> list[Cutoff]:
    """Of which properties more elements of a sort than so many make no difference, if that is no more than `size`."""
    found = cutoffs(instance, properties, instance.machine.rigids[sort].type.sort)
    return [evolve(one, sort=sort) for one in found if 0 < one.elements <= size]


def say_cutoffs(evidence: Iterable[Evidence], found: Iterable[Cutoff]) -> list[Evidence]:
    """The evidence, saying of what was searched for which index sorts its bound is none."""
    lifted: dict[str, list[str]] = {}
    for one in found:
        lifted.setdefault(one.property, []).append(f"{one.elements} of {one.sort} decide for any number")
    return [
        evolve(one, bound=f"{one.bound}; {', '.join(lifted[one.property])}")
        if _is_searched(one) and one.property in lifted
        else one
        for one in evidence
    ]


def _is_searched(one: Evidence) -> bool:
    return one.engine == "explore" and one.exhaustive
