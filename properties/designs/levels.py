# SPDX-License-Identifier: Apache-2.0
"""The consistency levels: what each promises holds, and what only a higher one promises is violated.

By these cases the chain of implications between the levels is checked, and that no two of them are the same. Bounded
staleness and session are not one above the other: each allows what the other forbids. The lemmas say why the levels
imply each other: nobody has what the store has not committed. A definition costs nothing.
"""

from __future__ import annotations

from typing import Final

from edgeproof.model.expr import exists, for_all, implies
from edgeproof.model.machine import State
from edgeproof.properties.designs.dossier import Dossier, Fact, Lemmas, Row, Term
from edgeproof.properties.designs.parts.possible import acknowledged, watched

__all__ = ["DOSSIER"]

_CASES: Final[tuple[Row, ...]] = (
    ("level-strong", {"level": "strong"}, (), "strong: a read gives the last write, so everything else follows"),
    (
        "level-bounded",
        {"level": "bounded"},
        ("read-your-writes", "cross-pop-monotonic"),
        "bounded staleness: never older than B, but perhaps older than one's own write",
    ),
    (
        "level-session",
        {"level": "session"},
        ("bounded-staleness", "cross-pop-monotonic"),
        "session: never older than one's own writes, but others' may stay unseen for ever",
    ),
    (
        "level-prefix",
        {"level": "prefix"},
        ("bounded-staleness", "read-your-writes", "cross-pop-monotonic"),
        "consistent prefix: committed configs in their order",
    ),
    (
        "level-eventual",
        {"level": "eventual"},
        ("monotonic-reads", "bounded-staleness", "read-your-writes", "cross-pop-monotonic"),
        "eventual: in the end the last write, until then anything that was committed",
    ),
)


def terms(s: State) -> tuple[Term, ...]:
    """The level's own bound; a strong read is never late."""
    return (Term("B", "what the level allows", s.B, s.level != "strong"),)


_LEMMAS: Final[Lemmas] = {
    "acked-is-committed": lambda s: s.acked <= s.config,
    "at-hand-is-committed": lambda s: for_all(s.Pop, lambda p: s.at_hand[p] <= s.config),
    "served-is-committed": lambda s: for_all(s.Pop, lambda p: s.served[p] <= s.config),
    "watched-is-committed": lambda s: implies(s.watching, s.watched <= s.config),
}


DOSSIER: Final = Dossier(
    cases=_CASES,
    engines=("explore", "prove"),
    terms=terms,
    lemmas=_LEMMAS,
    possible={
        "a-write-is-acknowledged": acknowledged("level-strong"),
        "a-reader-is-behind-at-first": Fact(
            "level-strong",
            "A location has not caught up, while nothing is written.",
            lambda s: (s.config == 0) & exists(s.Pop, lambda p: ~s.settled[p]),
        ),
        **watched("level-strong", "write", "write_by_another"),
        "another's-write-is-watched": Fact(
            "level-strong",
            "A write of somebody else is watched from its commit on.",
            lambda s: s.watching & (s.since == 0) & (s.acked < s.watched),
        ),
        "one's-own-write-is-watched": Fact(
            "level-strong",
            "So is one of the client that reads.",
            lambda s: s.watching & (s.since == 0) & (s.acked == s.watched),
        ),
        "a-read-is-as-late-as-it-may-be": Fact(
            "level-bounded",
            "Any read is told what was superseded exactly B ago.",
            lambda s: s.watching & (s.since == s.B) & for_all(s.Pop, lambda p: s.at_hand[p] < s.watched),
            "read",
        ),
        "a-reader-is-as-late-as-it-may-be": Fact(
            "level-bounded",
            "A reader may be told what was superseded exactly B ago.",
            lambda s: s.watching & (s.since == s.B) & exists(s.Pop, lambda p: s.at_hand[p] < s.watched),
        ),
    },
)
