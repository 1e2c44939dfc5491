# SPDX-License-Identifier: Apache-2.0
"""A design of one's own: clients that poll an origin by ETag. How old can be what a client holds?

    python examples/etag_cache.py

It is searched at small sizes, and proved for any number of clients and of versions, and for all values of P and L. Then
replies may get lost, and the shortest run in which a client holds something too old is shown.
"""

from __future__ import annotations

from collections.abc import Callable

import edgeproof
from edgeproof.model import (
    Design,
    Expr,
    State,
    action,
    boolean,
    clock,
    count,
    deadline,
    duration,
    enum,
    for_all,
    hazard,
    implies,
    index_sort,
    natural,
)


class EtagCache(Design):
    """An origin with one document, and clients that ask now and then whether its ETag is still the one they hold."""

    Client = index_sort("Client", 2, "who polls")

    writes = count(2, "how many versions a search goes through")
    P = duration(2, "poll interval: from a reply to the next request, at most")
    L = duration(1, "latency: from a request to its reply, at most")

    version = natural(writes, doc="what the origin has; its ETag")

    poll = enum("none", "asked", "answered", over=Client, doc="the client's request: under way, or on its way back")
    carried = natural(writes, over=Client, doc="what the reply carries")
    held = natural(writes, over=Client, doc="what the client holds")
    waiting = clock(over=Client, while_=lambda s, c: s.poll[c] != "none", doc="since the request was sent")
    resting = clock(over=Client, while_=lambda s, c: s.poll[c] == "none", doc="since there was a reply")

    # One version, any one, is followed by a clock: what holds of it holds of every version.
    watched = natural(writes, initial=None, doc="the version under observation; 0 observes none")
    watching = boolean(doc="the version under observation is published")
    since = clock(while_=lambda s: s.watching, doc="since it was published")

    @action(fair=False)
    def publish(s: State) -> None:
        """The origin gets a new version."""
        s.require(s.version < s.writes)
        s.version = s.version + 1
        with s.when(s.version == s.watched):
            s.watching = True

    @action(client=Client)
    def ask(s: State, client: Expr) -> None:
        """A client sends a request with the ETag that it holds."""
        s.require(s.poll[client] == "none")
        s.poll[client] = "asked"

    @action(client=Client)
    def answer(s: State, client: Expr) -> None:
        """The origin answers: 304 if the ETag is still the same, else the document as it is now."""
        s.require(s.poll[client] == "asked")
        s.poll[client] = "answered"
        s.carried[client] = s.version

    @action(client=Client)
    def arrive(s: State, client: Expr) -> None:
        """The reply reaches the client."""
        s.require(s.poll[client] == "answered")
        s.poll[client] = "none"
        s.held[client] = s.carried[client]
        s.carried[client] = 0

    @hazard(client=Client)
    def lost(s: State, client: Expr) -> None:
        """The reply gets lost; the client gives up, and polls again in its time."""
        s.require(s.poll[client] == "answered")
        s.poll[client] = "none"
        s.carried[client] = 0

    @deadline
    def clients_poll_in_time(s: State) -> Expr:
        """A client rests for P at most."""
        return for_all(s.Client, lambda c: implies(s.poll[c] == "none", s.resting[c] <= s.P))

    @deadline
    def replies_come_in_time(s: State) -> Expr:
        """A request is over within L."""
        return for_all(s.Client, lambda c: implies(s.poll[c] != "none", s.waiting[c] <= s.L))


def _is_old(s: State) -> Expr:
    old: Expr = s.watching & (s.P + s.L + s.L < s.since)
    return old


FRESH = edgeproof.Property(
    "fresh",
    "No client holds what was superseded longer ago than P + 2 L.",
    "A reply that left just before the change, a rest, and the next request.",
    state=lambda s: for_all(s.Client, lambda c: implies(_is_old(s), s.held[c] >= s.watched)),
    tested=_is_old,
)

LEMMAS = {
    "watched-is-published": lambda s: implies(s.watching, s.watched <= s.version),
    "who-rests-missed-it-by-a-reply": lambda s: _of_clients_behind(s, "none", lambda c: s.resting[c] + s.L),
    "who-asks-missed-it-before": lambda s: _of_clients_behind(s, "asked", lambda c: s.waiting[c] + s.P + s.L),
    "who-waits-missed-it-before": lambda s: _of_clients_behind(s, "answered", lambda c: s.waiting[c] + s.P + s.L),
    "old-replies-left-before": lambda s: for_all(
        s.Client,
        lambda c: implies(s.watching & (s.poll[c] == "answered") & (s.carried[c] < s.watched), s.since <= s.waiting[c]),
    ),
}
"""Why it holds, as candidate invariants. None is trusted: the prover keeps those that are inductive together."""


def _of_clients_behind(s: State, poll: str, at_most: Callable[[Expr], Expr]) -> Expr:
    """A client in this state of its poll that holds something older has missed the version at most so long ago."""

    def missed(c: Expr) -> Expr:
        behind = s.watching & (s.poll[c] == poll) & (s.held[c] < s.watched)
        return implies(behind, s.since <= at_most(c))

    return for_all(s.Client, missed)


if __name__ == "__main__":
    print(edgeproof.check(EtagCache, properties=[FRESH], lemmas=LEMMAS))
    print()
    broken = edgeproof.check(EtagCache, properties=[FRESH], lemmas=LEMMAS, lost=True).of("fresh")
    print(broken)
    for number, event in enumerate(broken.witness.events if broken.witness else (), 1):
        print(f"    {number}. {event}")
