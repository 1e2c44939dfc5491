# SPDX-License-Identifier: Apache-2.0
"""`do_only`: what it gains by having no copies, and what it pays for that.

It is never stale: nobody was ever told anything newer than the config, which is what is told.

What it costs: every read is a request to the Durable Object, and none has an answer without it.
"""

from __future__ import annotations

from typing import Final

from edgeproof.model.expr import NAT, Expr, for_all, implies, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.designs.dossier import Costing, Dossier, Fact, Lemmas, Row, Term, Writer
from edgeproof.properties.designs.parts.links import UNBROKEN
from edgeproof.properties.designs.parts.possible import acknowledged, happens, watched

__all__ = ["DOSSIER"]

_CASES: Final[tuple[Row, ...]] = (
    ("do-only", {}, (), "one place, one order: what is acknowledged is what everybody is told"),
    (
        "do-only-crash",
        {"crash": True},
        ("local-reads",),
        "while the object is down no location has anything to answer with",
    ),
    (
        "do-only-partition",
        {"partition": True},
        ("local-reads",),
        "a location that cannot reach the object has nothing to answer with",
    ),
)


def terms(s: State) -> tuple[Term, ...]:
    """How late a reader can be told: not at all, as there is no copy that could be old."""
    return ()


_LEMMAS: Final[Lemmas] = {
    "log-follows-config": lambda s: s.logged == s.config,
    "acked-is-committed": lambda s: s.acked <= s.config,
    "served-is-committed": lambda s: for_all(s.Pop, lambda p: s.served[p] <= s.config),
    "watched-is-committed": lambda s: implies(s.watching, (s.watched <= s.config) & (s.watched > 0)),
    **UNBROKEN,
    "the-object-is-up": lambda s: ~s.down,
}


def _leaves_the_location(s: State, pop: Expr) -> Expr:
    """Every read, unless the location cannot send anything."""
    return ite(s.cut[pop], lift(0, NAT), lift(1, NAT))


DOSSIER: Final = Dossier(
    cases=_CASES,
    room={"writes": 12},
    terms=terms,
    lemmas=_LEMMAS,
    costing=Costing(
        constants={"crash": True, "Pop": 3, "writes": 12},
        hops=_leaves_the_location,
        published=lambda sizes: 0,
        writer=Writer.OBJECT_THAT_READS_ASK,
        outage=("crash",),
        without="nothing",
    ),
    possible={
        "a-write-is-acknowledged": acknowledged("do-only"),
        "an-answer-is-lost": Fact(
            "do-only-crash", "A write is stored, and its answer is lost.", lambda s: s.request == "lost"
        ),
        "a-write-is-retried": happens("do-only-crash", "retry", "A client sends a write again."),
        "a-write-is-refused": Fact(
            "do-only", "A write is refused as soon as there is a config.", lambda s: s.config == 1, "write_refused"
        ),
        **watched("do-only"),
    },
)
