# SPDX-License-Identifier: Apache-2.0
"""Many mutants, on several processes: all of a design's, or a sample that a seed chooses."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from itertools import groupby
from random import Random
from typing import Final

from attrs import frozen

from edgeproof.impl.system import System
from edgeproof.model.designs import load
from edgeproof.properties.mutation.judge import judged
from edgeproof.properties.mutation.kill import Fate
from edgeproof.properties.mutation.mutants import mutants
from edgeproof.properties.mutation.shared import names_of, shared_with
from edgeproof.properties.workers import ended_together, workers

__all__ = ["Asked", "Judging", "anew", "chosen", "run"]

_TOGETHER: Final = 120
"""Mutants that share a kernel: more of them make it slower for each."""


@frozen
class Asked:
    """One mutant to be judged."""

    design: str
    mutant: str


@frozen
class Judging:
    """How mutants are judged: by which engines, on which system, and how many have to notice one until it is enough.

    `system` is pickled, so it needs a name to import. With `most`, only cases of so many states are looked at.
    """

    engines: tuple[str, ...]
    system: Callable[[], System]
    enough: int = 2
    most: int | None = None


def chosen(designs: Sequence[str], sample: int | None, seed: int, inherited: bool = False) -> list[Asked]:
    """The mutants that belong to some designs, or with `inherited` all that these have: every one, or as many as
    `sample` says of all the designs together, by the seed.
    """
    every = [
        Asked(design, name)
        for design in designs
        for name in names_of(design)
        if inherited or name not in shared_with(design)
    ]
    if sample is None or sample >= len(every):
        return every
    picked = Random(f"mutants {seed}").sample(range(len(every)), sample)
    return [every[place] for place in sorted(picked)]


def anew(designs: Sequence[str], fates: Mapping[tuple[str, str], Fate]) -> list[Asked]:
    """The mutants that some designs share, of edits that nobody has noticed in the design that they belong to: they
    may be something else here.
    """
    passes = {asked for asked, fate in fates.items() if not fate.noticed}
    return [
        Asked(design, name)
        for design in designs
        for name, (other, same) in shared_with(design).items()
        if any((other, one) in passes for one in same)
    ]


def run(
    asked: Collection[Asked], judging: Judging, processes: int, notify: Callable[[list[Fate], int, int], None]
) -> None:
    """Judge them; `notify` hears of some as soon as they are judged, with how many of how many are done."""
    done = 0
    with workers(processes) as pool, ended_together():
        work = [pool.submit(_judged, design, names, judging) for design, names in _together(asked)]
        for future in as_completed(work):
            fates = future.result()
            done += len(fates)
            notify(fates, done, len(asked))


def _together(asked: Collection[Asked]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Mutants of one design, so many at a time, in the order of its text."""
    for design, of_design in groupby(asked, key=lambda one: one.design):
        names = [one.mutant for one in of_design]
        for first in range(0, len(names), _TOGETHER):
            yield design, tuple(names[first : first + _TOGETHER])


def _judged(design: str, names: tuple[str, ...], judging: Judging) -> list[Fate]:
    known = {one.name: one for one in mutants(load(design))}
    these = [known[name] for name in names]
    return judged(design, these, judging.system, judging.engines, judging.enough, judging.most)
