# SPDX-License-Identifier: Apache-2.0
"""The alternative without copies: every read at the edge is a request to the Durable Object.

There is nothing that could be stale, and nothing to answer with while the object cannot be reached. A read is told what
the object holds when the request gets there; what the reply's way back takes is not counted as age.
"""

from __future__ import annotations

from edgeproof.model.designs.parts.links import Links
from edgeproof.model.expr import Expr
from edgeproof.model.machine import (
    Design,
    State,
    action,
    boolean,
    clock,
    count,
    definition,
    enum,
    hazard,
    natural,
)

__all__ = ["DoOnly"]


class DoOnly(Links, Design):
    """One unit of config in one Durable Object, read from everywhere."""

    writes = count(2, "how many config states a search goes through")

    config = natural(writes, doc="the config's state, and its version")
    logged = natural(writes, doc="the changelog's last entry")
    down = boolean(doc="the Durable Object has died and has not been started again")
    request = enum(
        "none", "stored", "lost", doc="the write in progress: stored and not acknowledged, acknowledgement lost"
    )

    acked = natural(writes, doc="the newest acknowledged write")
    served = natural(writes, over=Links.Pop, doc="what a client at the location was told last")
    failed = boolean(over=Links.Pop, doc="the last read at the location got no answer")

    watched = natural(writes, initial=None, doc="the write under observation; 0 observes none")
    watching = boolean(doc="the write under observation is committed")
    since = clock(while_=lambda s: s.watching, doc="since the write under observation was committed")

    @definition()
    def pending(s: State) -> Expr:
        """A write is under way, and its client waits for an answer."""
        waits: Expr = s.request != "none"
        return waits

    @definition(pop=Links.Pop)
    def loaded(s: State, pop: Expr) -> Expr:
        """The reader at the location has had a config; it keeps nothing of it."""
        return s.served[pop] > 0

    @definition(pop=Links.Pop)
    def partial(s: State, pop: Expr) -> Expr:
        """What a client at the location was told last is the content of no committed version."""
        return s.config < s.served[pop]

    @action(fair=False)
    def write(s: State) -> None:
        """The control plane writes: config and changelog in one transaction."""
        s.require(~s.down & (s.request == "none") & (s.config < s.writes))
        s.config = s.config + 1
        s.logged = s.logged + 1
        s.request = "stored"
        with s.when(s.config == s.watched):
            s.watching = True

    @action()
    def acknowledge(s: State) -> None:
        """The reply leaves the Durable Object, now that the write is durable."""
        s.require(s.request == "stored")
        s.acked = s.config
        s.request = "none"

    @action()
    def retry(s: State) -> None:
        """The client, having seen no reply, sends its write again, with its idempotency key."""
        s.require(~s.down & (s.request == "lost"))
        s.acked = s.config
        s.request = "none"

    @action(fair=False)
    def write_refused(s: State) -> None:
        """A client expects a version that is no longer the current one: refused, and nothing changes."""
        s.require(~s.down & (s.config > 0) & (s.request == "none"))

    @action(pop=Links.Pop)
    def read(s: State, pop: Expr) -> None:
        """A request at a POP asks the Durable Object for the config."""
        s.failed[pop] = s.cut[pop] | s.down
        with s.when(~s.failed[pop]):
            s.served[pop] = s.config

    @hazard()
    def crash(s: State) -> None:
        """The Durable Object dies: storage is kept, a reply that has not left is lost, and nobody answers."""
        s.require(~s.down)
        s.down = True
        with s.when(s.request == "stored"):
            s.request = "lost"

    @action()
    def restart(s: State) -> None:
        """The platform starts the Durable Object again, from its storage."""
        s.require(s.down)
        s.down = False
