# SPDX-License-Identifier: Apache-2.0
"""The properties that an order of moves can break, over the facts of one run, each judged when its fact comes.

They are the catalogue's where the catalogue has them, and mean here what its forms over recorded events mean: an answer
is held to what had happened when it was asked for. The others are of code that is under way, and stated in `OWN`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from edgeproof.impl.interleaving import (
    Asked,
    Broke,
    Ended,
    Fact,
    Judged,
    Kept,
    Label,
    Promise,
    Published,
    Replaced,
    Revoked,
    Told,
)

__all__ = ["CHECKS", "OWN", "Check", "Run"]

OWN: Final[Mapping[str, str]] = {
    "age-is-honest": "What claims to be so old was current so long ago, but for the time of a cache.",
    "kept-goes-forward": "A memory never gives up what it keeps for something older.",
    "ends-well": "No operation ends in an error that its caller was not told to expect.",
}
"""What is asked of code under way and is no property of the catalogue."""


class Run:
    """What the facts of a run have come to so far: what checks are made of."""

    def __init__(self, promise: Promise) -> None:
        self.promise = promise
        self.contents: dict[Label, str] = {}
        """What was published, by label."""
        self.since: list[tuple[Label, float]] = []
        """Since when the source of truth has held something as new as that, oldest first."""
        self.asked: dict[str, tuple[str, float, Label]] = {}
        """Per operation: where and when it was asked for, and the newest that had been told there by then."""
        self.newest: dict[str, Label] = {}
        """The newest that was told, by place."""
        self.held: dict[str, Label] = {}
        self.revoked_at: float | None = None

    def superseded_at(self, label: Label) -> float | None:
        """When the source of truth has first held something newer; None if it never has."""
        return next((at for newer, at in self.since if newer > label), None)

    def take(self, fact: Fact) -> None:
        """Add a fact, once it has been judged."""
        if isinstance(fact, Published):
            self.contents[fact.label] = fact.content
            self.since.append((fact.label, fact.at))
        elif isinstance(fact, Asked):
            self.asked[fact.operation] = (fact.place, fact.at, self.newest.get(fact.place, NOTHING))
        elif isinstance(fact, Told):
            place = self.asked[fact.operation][0]
            self.newest[place] = max(self.newest.get(place, NOTHING), fact.label)
        elif isinstance(fact, Kept):
            self.held[fact.place] = fact.label
        elif isinstance(fact, Revoked):
            self.revoked_at = fact.at


NOTHING: Final[Label] = (0, 0)

Check = Callable[[Run, Fact], str | None]
"""Of a run and its next fact: None if the fact does not put the property to the test, else what is wrong, or ""."""


def _monotonic(run: Run, fact: Fact) -> str | None:
    if not isinstance(fact, Told) or (before := run.asked[fact.operation][2]) == NOTHING:
        return None
    return (
        ""
        if fact.label >= before
        else f"{fact.operation} is told {_say(fact.label)}, and {_say(before)} was told there before it was asked"
    )


def _bounded(run: Run, fact: Fact) -> str | None:
    if not isinstance(fact, Told) or fact.stands_in or (superseded := run.superseded_at(fact.label)) is None:
        return None
    late, bound = run.asked[fact.operation][1] - superseded, run.promise.staleness
    return "" if late <= bound else _too_late(f"{fact.operation} is told {_say(fact.label)}", late, bound)


def _honest(run: Run, fact: Fact) -> str | None:
    if not isinstance(fact, Told) or fact.at is None or fact.age is None:
        return None
    if (superseded := run.superseded_at(fact.label)) is None:
        return None
    late, most = fact.at - superseded, fact.age + run.promise.ageing
    claim = f"{fact.operation} is told {_say(fact.label)}, {fact.age:g} s old by its own account,"
    return "" if late <= most else f"{claim} and superseded for {late:g} s: {most:g} s is the most that it can be"


def _never_ahead(run: Run, fact: Fact) -> str | None:
    if not isinstance(fact, Told | Kept):
        return None
    whose = fact.operation if isinstance(fact, Told) else fact.place
    known = fact.label in run.contents or fact.label == NOTHING
    return "" if known else f"{whose} has {_say(fact.label)}, which nobody has published"


def _whole(run: Run, fact: Fact) -> str | None:
    if not isinstance(fact, Told) or fact.label not in run.contents:
        return None
    meant = run.contents[fact.label]
    label = f"{fact.operation} is told {_say(fact.label)}"
    return "" if fact.content == meant else f"{label} with the content {fact.content}, which is {meant}"


def _forward(run: Run, fact: Fact) -> str | None:
    if not isinstance(fact, Kept) or (before := run.held.get(fact.place)) is None:
        return None
    gives_up = f"{fact.place} gives up {_say(before)} for {_say(fact.label)}"
    return "" if fact.label >= before else gives_up


def _revoked(run: Run, fact: Fact) -> str | None:
    if not isinstance(fact, Judged) or run.revoked_at is None:
        return None
    late, bound = run.asked[fact.operation][1] - run.revoked_at, run.promise.staleness
    if late <= bound:
        return None
    return _too_late(f"{fact.operation} is let in", late, bound) if fact.admitted else ""


def _lost_update(run: Run, fact: Fact) -> str | None:
    if not isinstance(fact, Replaced) or fact.seen == fact.current:
        return None
    undoes = f"{fact.operation} replaces version {fact.current}, and has seen {fact.seen}"
    return undoes if fact.done else ""


def _ends_well(run: Run, fact: Fact) -> str | None:
    if isinstance(fact, Broke):
        return f"{fact.operation} ends with {fact.error}"
    return "" if isinstance(fact, Told | Judged | Ended) else None


def _converged(run: Run, fact: Fact) -> str | None:
    if not isinstance(fact, Ended):
        return None
    wrong = f"{fact.place} ends with {_say(fact.found)} instead of {_say(fact.meant)}"
    return "" if fact.found == fact.meant else wrong


CHECKS: Final[Mapping[str, Check]] = {
    "monotonic-reads": _monotonic,
    "bounded-staleness": _bounded,
    "age-is-honest": _honest,
    "never-ahead": _never_ahead,
    "no-partial-read": _whole,
    "kept-goes-forward": _forward,
    "token-revocation-bound": _revoked,
    "no-lost-update": _lost_update,
    "convergence": _converged,
    "ends-well": _ends_well,
}
"""Every check, by the id of its property."""


def judged(run: Run, facts: Iterable[Fact], ids: Iterable[str]) -> Iterable[tuple[str, str]]:
    """What the facts of one move put to the test, and what is wrong with each ("" where nothing is)."""
    for fact in facts:
        for name in ids:
            wrong = CHECKS[name](run, fact)
            if wrong is not None:
                yield name, wrong
        run.take(fact)


def _too_late(what: str, late: float, bound: float) -> str:
    return f"{what}, {late:g} s after that was over when it was asked: {bound:g} s is the most that there can be"


def _say(label: Label) -> str:
    era, version = label
    return f"version {version}{f' of era {era}' if era else ''}"
