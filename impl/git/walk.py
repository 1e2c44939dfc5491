# SPDX-License-Identifier: Apache-2.0
"""Walks over what links to what: what is reachable, what a client lacks, and where a shallow history ends.

The links of an object are a column of its row: no object is inflated to be walked over.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable
from heapq import heappop, heappush
from typing import Final

from attrs import frozen

from edgeproof.impl.git.entries import COMMIT, TAG
from edgeproof.impl.git.view import View

__all__ = ["Lacking", "closure", "depths", "is_ancestor", "lacking", "meets", "parents", "peel"]

_WANT: Final = 1
_HAVE: Final = 2
_BATCH: Final = 500


@frozen
class Lacking:
    """What a client is to be sent, and what it has of which that may be a delta upon; by the objects' numbers."""

    objects: set[int]
    common: set[int]


def closure(view: View, keys: Iterable[int], seen: set[int]) -> None:
    """Add to `seen` what can be reached from objects; what is there already is not walked over again."""
    stack = [key for key in set(keys) if key not in seen]
    seen.update(stack)
    while stack:
        batch, stack = stack[-_BATCH:], stack[:-_BATCH]
        for (links,) in view.rows("links", batch):
            if links:
                fresh = set(array("I", links)) - seen
                seen |= fresh
                stack.extend(fresh)


def lacking(
    view: View,
    wants: Collection[int],
    haves: Collection[int],
    ends: Collection[int] = (),
    shallow: Collection[int] = (),
) -> Lacking:
    """What a client that has some objects, and all that they link to, lacks of others.

    `ends` are commits whose parents it does not want, `shallow` those whose parents it does not have though it has
    them. Of what the client has, no more is left out than what the commits next to those it lacks hold; Git does the
    same.
    """
    tips = _peeled(view, wants)
    had = _peeled(view, haves).commits
    if not had and not ends:
        everything: set[int] = set()
        closure(view, wants, everything)
        return Lacking(everything, set())
    commits, edge = _paint(view, tips.commits, had, set(ends), set(shallow))
    common = set(edge)
    closure(view, [array("I", links)[0] for (links,) in view.rows("links", edge)], common)
    seen = common | set(commits)
    closure(view, [array("I", links)[0] for (links,) in view.rows("links", commits)], seen)
    # Tags, and what is tagged that is no commit, come as they are asked for.
    closure(view, tips.others, seen)
    seen.update(tips.tags)
    return Lacking(seen - common - set(haves), common)


def meets(view: View, wants: Collection[int], haves: Collection[int]) -> bool:
    """Whether every commit that is wanted has one in its history that the client has: it may stop telling."""
    had = set(_peeled(view, haves).commits)
    if not had:
        return False
    least = min(generation for (generation,) in view.rows("generation", had))
    return all(_reaches(view, want, had, least) for want in _peeled(view, wants).commits)


def is_ancestor(view: View, old: int, new: int) -> bool:
    """Whether a commit is in the history of another."""
    (generation,) = next(view.rows("generation", [old]))
    return _reaches(view, new, {old}, generation)


def depths(view: View, starts: Iterable[int], most: int) -> dict[int, int]:
    """How many steps from the next start each commit is, up to `most`; a start is at 1."""
    found = dict.fromkeys(_peeled(view, starts).commits, 1)
    level, at = list(found), 1
    while level and at < most:
        at += 1
        parents = {parent for _, links in view.rows("id, links", level) for parent in array("I", links)[1:]}
        level = [parent for parent in parents if parent not in found]
        found.update(dict.fromkeys(level, at))
    return found


def parents(view: View, keys: Iterable[int]) -> set[int]:
    """The parents of commits."""
    return {parent for (links,) in view.rows("links", keys) for parent in array("I", links)[1:]}


def peel(view: View, key: int) -> list[int]:
    """An object, and where it is a tag what it is of, to the end."""
    found = [key]
    while True:
        kind, links = next(view.rows("type, links", found[-1:]))
        if kind != TAG:
            return found
        found.append(array("I", links)[0])


@frozen
class _Peeled:
    commits: list[int]
    tags: list[int]
    others: list[int]


def _peeled(view: View, keys: Iterable[int]) -> _Peeled:
    found = _Peeled([], [], [])
    kinds = dict(view.rows("id, type", keys))
    for key, kind in kinds.items():
        chain = peel(view, key) if kind == TAG else [key]
        found.tags.extend(chain[:-1])
        last = kind if len(chain) == 1 else next(view.rows("type", chain[-1:]))[0]
        (found.commits if last == COMMIT else found.others).append(chain[-1])
    return found


def _paint(
    view: View, wants: Iterable[int], haves: Iterable[int], ends: set[int], shallow: set[int]
) -> tuple[list[int], set[int]]:
    """The commits that only those who want have, and those next to them that both have.

    Commits are taken by generation, so that both colours of one have come by the time that it is taken.
    """
    colours: dict[int, int] = {}
    heap: list[tuple[int, int]] = []
    lacked: list[int] = []
    only_wanted = 0

    def paint(keys: Iterable[int], colour: int) -> None:
        nonlocal only_wanted
        fresh = []
        for key in keys:
            before = colours.get(key, 0)
            colours[key] = after = before | colour
            only_wanted += (after == _WANT) - (before == _WANT)
            if not before:
                fresh.append(key)
        for key, generation in view.rows("id, generation", fresh):
            heappush(heap, (-generation, key))

    paint(set(haves), _HAVE)
    paint(set(wants), _WANT)
    while only_wanted:
        _, key = heappop(heap)
        colour = colours[key]
        only_wanted -= colour == _WANT
        if colour == _WANT:
            lacked.append(key)
        passed = (0 if key in ends else colour & _WANT) | (0 if key in shallow else colour & _HAVE)
        if passed:
            paint(parents(view, [key]), passed)
    beside = parents(view, set(lacked) - ends)
    return lacked, {parent for parent in beside if colours.get(parent, 0) & _HAVE}


def _reaches(view: View, start: int, goals: set[int], least: int) -> bool:
    """Whether a commit has one of others in its history, none of which is of a generation below `least`."""
    seen, stack = {start}, [start]
    while stack:
        if not goals.isdisjoint(stack):
            return True
        rows = view.rows("generation, links", stack)
        above = (array("I", links)[1:] for generation, links in rows if generation > least)
        stack = [parent for parent in {one for some in above for one in some} if parent not in seen]
        seen.update(stack)
    return False
