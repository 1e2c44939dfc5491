# SPDX-License-Identifier: Apache-2.0
"""Many mutants, on several processes: all of a design's, or a sample that a seed chooses."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import as_completed
from random import Random

from attrs import frozen

from edgeproof.model.designs import load
from edgeproof.properties.mutation.kills import Fate, judged
from edgeproof.properties.mutation.mutants import mutants
from edgeproof.properties.workers import ended_together, workers

__all__ = ["Asked", "chosen", "run"]


@frozen
class Asked:
    """One mutant to be judged."""

    design: str
    mutant: str


def chosen(designs: Sequence[str], sample: int | None, seed: int) -> list[Asked]:
    """The mutants of some designs: all, or as many as `sample` says of all of them together, by the seed."""
    every = [Asked(design, one.name) for design in designs for one in mutants(load(design))]
    if sample is None or sample >= len(every):
        return every
    picked = Random(f"mutants {seed}").sample(range(len(every)), sample)
    return [every[place] for place in sorted(picked)]


def run(
    asked: Collection[Asked], engines: Sequence[str], processes: int, notify: Callable[[Fate, int, int], None]
) -> list[Fate]:
    """Judge them; `notify` hears of each as it is judged, with how many of how many are done."""
    fates: dict[Asked, Fate] = {}
    with workers(processes) as pool, ended_together():
        work = {pool.submit(_judged, one, tuple(engines)): one for one in asked}
        for done, future in enumerate(as_completed(work), start=1):
            fates[work[future]] = future.result()
            notify(fates[work[future]], done, len(work))
    return [fates[one] for one in asked]


def _judged(asked: Asked, engines: tuple[str, ...]) -> Fate:
    mutant = next(one for one in mutants(load(asked.design)) if one.name == asked.mutant)
    return judged(asked.design, mutant, engines)
