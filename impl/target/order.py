# SPDX-License-Identifier: Apache-2.0
"""The versions of a run as histories have them: 0 is what was there before, and each commit is one more.

Numbers that count are counted from the one before the run. Numbers that only go up are ranked. Of opaque versions the
order is that of the commits: what ended before another began came first, a write that names another's version as its
base came after it, and of two writes at once the last is the one that the store then shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import field, frozen

from edgeproof.impl.target.routes import STRONG, Target, Versions
from edgeproof.impl.target.runs import Happened, Run

__all__ = ["Places", "acknowledged", "places_of"]

Token = int | str


@frozen
class Places:
    """The place of every version that was told in a run. `settled` says that no write of it may have gone unseen."""

    of: dict[Token, int] = field(factory=dict)
    settled: bool = True

    def place(self, version: Token | None) -> int | None:
        """The place of a version, 0 for the absence of one; None where nobody knows whose it is."""
        return 0 if version is None else self.of.get(version)


def acknowledged(happened: Iterable[Happened]) -> list[Happened]:
    """The writes that were told the version that they made."""
    return [one for one in happened if one.kind == "write" and one.heard.outcome == "ok"]


def places_of(target: Target, run: Run, fresh: bool) -> Places:
    """Where the versions of a run belong. `fresh` is whether nobody had written to its unit before."""
    writes = [one for one in run.happened if one.kind == "write"]
    answered = {one.number for one in acknowledged(writes)}
    settled = not any(one.heard.outcome == "unknown" and one.number not in answered for one in writes)
    told = [one.heard.version for one in (*run.before, *run.happened) if one.heard.version is not None]
    match target.versions:
        case Versions.COUNTING:
            base = _number_before(run, fresh)
            return Places({v: max(0, int(v) - base) for v in told}, settled)
        case Versions.INCREASING:
            base = _number_before(run, fresh)
            newer = sorted({int(v) for v in told if int(v) > base})
            return Places({v: newer.index(int(v)) + 1 if int(v) > base else 0 for v in told}, settled)
    return _opaque(run, told, settled)


def _number_before(run: Run, fresh: bool) -> int:
    """The last number before the run."""
    before = {one.at: one.heard.version for one in run.before}
    if isinstance(strong := before.get(STRONG), int):
        return strong
    known = [int(version) for version in before.values() if version is not None]
    if fresh and known:
        return max(known)
    first = [int(one.heard.version or 0) for one in acknowledged(run.happened)]
    return min(first) - 1 if first else max(known, default=0)


def _opaque(run: Run, told: Sequence[Token], settled: bool) -> Places:
    of: dict[Token, int] = {one.heard.version: 0 for one in run.before if one.heard.version is not None}
    for version in _in_order(run):
        of.setdefault(version, max(of.values(), default=0) + 1)
    if settled:
        # Nobody was told to have made these: each is a version of its own, newer than all that were made.
        for version in told:
            of.setdefault(version, max(of.values(), default=0) + 1)
    return Places(of, settled)


def _in_order(run: Run) -> list[Token]:
    found: list[Token] = []
    for step in dict.fromkeys(one.step for one in run.happened):
        here = [one for one in run.happened if one.step == step]
        made = acknowledged(here)
        shown = [one.heard.version for one in here if one.at == STRONG and not one.beside]
        in_order = sorted(made, key=lambda one: (_comes_after(one, made), one.heard.version in shown))
        found += [one.heard.version for one in in_order if one.heard.version is not None]
    return found


def _comes_after(one: Happened, others: Sequence[Happened]) -> bool:
    return one.base is not None and any(one.base == other.heard.version for other in others if other is not one)
