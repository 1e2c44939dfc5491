# SPDX-License-Identifier: Apache-2.0
"""What the classical consistency levels allow, with nothing else in the way.

One store commits; a reader at a location is told whatever the chosen level allows, and the worst of it. What holds here
holds of every system of that level; what is violated here, the level does not promise.

Source: Terry, Replicated Data Consistency Explained Through Baseball (CACM 2013), and the five levels of Azure Cosmos
DB, which name them so.
"""

from __future__ import annotations

from edgeproof.model.expr import Expr, implies
from edgeproof.model.machine import (
    Design,
    State,
    action,
    boolean,
    clock,
    count,
    definition,
    duration,
    each,
    index_sort,
    natural,
    option,
)

__all__ = ["Levels"]


class Levels(Design):
    """A store, and readers that are told anything that a level of consistency allows."""

    Pop = index_sort("Pop", 2, "locations, each with a reader")

    level = option("strong", "bounded", "session", "prefix", "eventual", doc="what readers are promised")
    writes = count(3, "how many config states a search goes through")
    B = duration(2, "bounded: how long after it was superseded a config may still be told")

    config = natural(writes, doc="the config's state, and the version it is read under")
    acked = natural(writes, doc="the newest write of the client that reads; others write as well")
    served = natural(writes, over=Pop, doc="what the client was told last at the location")
    at_hand = natural(writes, over=Pop, doc="the config that a read at the location would be told")
    settled = boolean(over=Pop, doc="the location has caught up with the last write")
    since = clock(while_=lambda s: s.watching, doc="since the write under observation was committed")
    watched = natural(writes, initial=None, doc="the write under observation; 0 observes none")
    watching = boolean(doc="the write under observation is committed")

    @definition()
    def kv(s: State) -> Expr:
        """There is no copy but what readers are told."""
        return s.config

    @definition(pop=Pop)
    def failed(s: State, pop: Expr) -> bool:
        """Every read is answered."""
        return False

    @definition(pop=Pop)
    def partial(s: State, pop: Expr) -> bool:
        """Configs are told whole."""
        return False

    @action(fair=False)
    def write(s: State) -> None:
        """The client writes, and is told so at once."""
        _commit(s)
        s.acked = s.config

    @action(fair=False)
    def write_by_another(s: State) -> None:
        """Somebody else writes."""
        _commit(s)

    @action(fair=False, pop=Pop)
    def forward(s: State, pop: Expr) -> None:
        """A newer config comes by at a location."""
        s.require(~s.settled[pop] & (s.at_hand[pop] < s.config))
        s.at_hand[pop] = s.at_hand[pop] + 1

    @action(fair=False, pop=Pop)
    def back(s: State, pop: Expr) -> None:
        """An older config comes by at a location."""
        s.require(~s.settled[pop] & (s.at_hand[pop] > 0))
        s.at_hand[pop] = s.at_hand[pop] - 1

    @action(pop=Pop)
    def catch_up(s: State, pop: Expr) -> None:
        """The location has everything that was written so far."""
        s.require(~s.settled[pop])
        s.settled[pop] = True
        s.at_hand[pop] = s.config

    @action(pop=Pop)
    def read(s: State, pop: Expr) -> None:
        """The client reads at a location and is told the config at hand, if the level allows it."""
        told = s.at_hand[pop]
        s.require(implies(s.level != "eventual", s.served[pop] <= told))
        s.require(implies(s.level == "session", s.acked <= told))
        s.require(implies((s.level == "bounded") & s.watching & (s.B < s.since), s.watched <= told))
        s.require(implies(s.level == "strong", told == s.config))
        s.served[pop] = told


def _commit(s: State) -> None:
    s.require(s.config < s.writes)
    s.config = s.config + 1
    each(s.settled, lambda p: False)
    with s.when(s.config == s.watched):
        s.watching = True
