# SPDX-License-Identifier: Apache-2.0
"""Tokens for Git repos: a Durable Object per repo knows its tokens, KV carries them to where Git requests arrive.

One token of one repo is followed from its minting to its revocation. The repo's other tokens show only in that they
keep the one publisher busy. A request is admitted or refused in one moment; a transfer that was admitted goes on.

`revoke` says what a revocation does in KV: the token's key is deleted, or a tombstone is put in its place, or (`mark`)
a second key is put that says "revoked", and the token's own key is left as it is.
"""

from __future__ import annotations

from edgeproof.model.designs.parts.alarm import fail, lose_attempt, publish_soon
from edgeproof.model.designs.parts.cache import KvCache, take
from edgeproof.model.designs.parts.outbox import LatePuts, Outbox, start_stray
from edgeproof.model.designs.parts.tokens import TokenTable, is_checked_again, is_in_scope
from edgeproof.model.expr import NAT, Expr, ite, lift
from edgeproof.model.machine import (
    Design,
    State,
    action,
    boolean,
    clock,
    definition,
    duration,
    enum,
    hazard,
    index_sort,
    inherited,
    option,
)

__all__ = ["ArtifactsTokens"]


class ArtifactsTokens(TokenTable, LatePuts, Outbox, KvCache, Design):
    """A repo's Durable Object, its publisher, a token's keys in KV, and the check at each POP."""

    Pop = index_sort("Pop", 1, "locations at which Git requests arrive; each has a KV cache and a clock")
    Put = inherited()

    revoke = option("tombstone", "delete", "mark", doc="what a revocation does in KV")
    recheck = check = inherited()
    margin = option("off", "on", doc="whether the edge refuses a token E before it expires")
    repair = inherited()

    F = S = D = R = T = H = Z = inherited()
    L = inherited()
    E = duration(1, "clock error: a location's clock is behind by at most this")

    negative_cache = inherited()

    # --- the Durable Object

    token = writes = minted_for = revoked_for = inherited()
    alarm = armed = failures = inherited()

    sending = inherited("the publisher's put: under way, or applied and not yet confirmed")
    sent = enum("none", "active", "revoked", doc="what the publisher's put says of the token")
    outdated = boolean(doc="the table has changed since the publisher's put was made")
    sending_for = inherited("since the publisher's put began")

    stray = inherited()
    carries = enum("none", "active", "revoked", over=LatePuts.Put, doc="what it says of the token")
    stray_for = inherited()

    # --- KV's centre and the locations

    listed = enum("absent", "token", "tombstone", doc="what KV's centre holds under the token's key")
    marked = boolean(doc="KV's centre holds the token's mark")

    cached = inherited("the location has a copy of the token's key")
    cache = enum("absent", "token", "tombstone", over=Pop, doc="what that copy says")
    age = inherited("since the copy was fetched")
    unmarked = boolean(over=Pop, doc="the location has cached that there is no mark")
    unmarked_for = clock(over=Pop, while_=lambda s, p: s.unmarked[p], doc="since that was cached")
    slow = boolean(over=Pop, doc="the location's clock is behind by E")
    admitted = inherited()

    # --- words that properties use

    @definition()
    def kv(s: State) -> Expr:
        """The token's key in KV as a version: absence carries none."""
        return ite(s.listed == "tombstone", lift(2, NAT), ite(s.listed == "token", lift(1, NAT), 0))

    expired = inherited()

    @definition(pop=Pop)
    def failed(s: State, pop: Expr) -> Expr:
        """The last request at a location was refused."""
        return ~s.admitted[pop]

    # --- the owner of the repo

    @action(fair=False)
    def mint_read(s: State) -> None:
        """The owner has a token minted that may fetch."""
        TokenTable.mint_read(s)
        _change(s)

    @action(fair=False)
    def mint_write(s: State) -> None:
        """The owner has a token minted that may fetch and push."""
        TokenTable.mint_write(s)
        _change(s)

    @action(fair=False)
    def revoke_token(s: State) -> None:
        """The owner revokes the token: table and alarm in one transaction."""
        TokenTable.revoke_token(s)
        _change(s)

    @action(fair=False)
    def change_another(s: State) -> None:
        """Another token of the repo is minted or revoked: the same alarm, the same put."""
        _change(s)

    # --- publishing

    @action()
    def fire(s: State) -> None:
        """The alarm fires: the handler leases the alarm, reads the table and starts its one put."""
        Outbox.fire(s)
        s.sent = s.token

    @action()
    def put_lands(s: State) -> None:
        """KV's centre applies the publisher's put."""
        Outbox.put_lands(s)
        _apply(s, s.sent)

    @action()
    def put_confirmed(s: State) -> None:
        """The handler learns that its put is applied; if the table has changed meanwhile it arms the alarm again."""
        Outbox.put_confirmed(s)
        _forget_put(s)

    @hazard()
    def put_fails(s: State) -> None:
        """KV refuses the publisher's put, or it times out, and it was not applied."""
        Outbox.put_fails(s)
        _forget_put(s)

    @hazard()
    def crash(s: State) -> None:
        """The Durable Object dies: memory and its put in flight are lost, storage (with the alarm) is kept."""
        Outbox.crash(s)
        _forget_put(s)

    @hazard(slot=LatePuts.Put)
    def put_late(s: State, slot: Expr) -> None:
        """KV puts are not fenced: a put whose instance is superseded (or gives it up) may still land, until Z later."""
        _let_stray(s, slot)
        lose_attempt(s)
        _forget_put(s)

    @hazard(under="put_late", slot=LatePuts.Put)
    def put_given_up(s: State, slot: Expr) -> None:
        """The publisher gives its put up, as its time is up or its connection breaks: it may land until Z later."""
        _let_stray(s, slot)
        fail(s)
        _forget_put(s)

    @action(slot=LatePuts.Put)
    def stray_lands(s: State, slot: Expr) -> None:
        """KV applies a put that nobody waits for any more."""
        LatePuts.stray_lands(s, slot)
        _apply(s, s.carries[slot])
        _forget_stray(s, slot)

    @hazard(under="put_late", slot=LatePuts.Put)
    def stray_vanishes(s: State, slot: Expr) -> None:
        """A put that nobody waits for any more never lands."""
        LatePuts.stray_vanishes(s, slot)
        _forget_stray(s, slot)

    # --- Git requests with the token

    @action(fair=False, pop=Pop)
    def fetch(s: State, pop: Expr) -> None:
        """A clone, fetch or pull of the token's repo."""
        s.admitted[pop] = _look_up(s, pop)

    @action(fair=False, pop=Pop)
    def push(s: State, pop: Expr) -> None:
        """A push to the token's repo: it goes on to the Durable Object, which can look into its own table."""
        s.admitted[pop] = _look_up(s, pop) & is_in_scope(s) & is_checked_again(s)

    @action(fair=False, pop=Pop)
    def fetch_elsewhere(s: State, pop: Expr) -> None:
        """Somebody presents the token at another repo."""
        s.admitted[pop] = _look_up(s, pop) & (s.check == "presence")

    @hazard(pop=Pop)
    def skew(s: State, pop: Expr) -> None:
        """The clock of a location falls behind, by E: what is admitted at a smaller error is admitted at E."""
        s.require(~s.slow[pop])
        s.slow[pop] = True

    @action(pop=Pop)
    def resync(s: State, pop: Expr) -> None:
        """The clock of a location is set right."""
        s.require(s.slow[pop])
        s.slow[pop] = False

    # --- what time may not overtake: the platform's promises, as parameters

    alarms_fire_in_time = puts_end_in_time = strays_end_in_time = inherited()


def _change(s: State) -> None:
    """The change and the alarm in one transaction."""
    publish_soon(s)
    s.outdated = s.sending != "idle"


def _apply(s: State, said: Expr) -> None:
    """KV's centre takes what a put says of the token; one from before its minting does not touch its keys."""
    with s.when(said == "active"):
        s.listed = "token"
    with s.when(said == "revoked"):
        s.listed = ite(
            s.revoke == "mark", s.listed, ite(s.revoke == "delete", lift("absent", s.listed.type), "tombstone")
        )
        s.marked = s.revoke == "mark"


def _let_stray(s: State, slot: Expr) -> None:
    """Nobody waits any more for the publisher's put, which is under way."""
    s.require((s.sending == "flying") & (s.sent != "none") & ~s.stray[slot])
    start_stray(s, slot, carries=s.sent)


def _forget_put(s: State) -> None:
    s.sending = "idle"
    s.sent = "none"
    s.outdated = False


def _forget_stray(s: State, slot: Expr) -> None:
    s.carries[slot] = "none"


def _look_up(s: State, pop: Expr) -> Expr:
    """What the edge makes of the token: its key and its mark through the location's cache, its expiry by its clock."""
    # Its secret is not known to anybody before it is minted.
    s.require(s.token != "none")
    fresh = s.fresh[pop]
    found = ite(fresh, s.cache[pop], s.listed)
    known_clear = s.unmarked[pop] & (s.unmarked_for[pop] <= s.T)
    clear = known_clear | ~s.marked
    with s.when(~fresh):
        take(s, pop, (s.listed != "absent") | s.negative_cache, cache=s.listed)
    with s.when((s.revoke == "mark") & ~known_clear):
        s.unmarked[pop] = ~s.marked & s.negative_cache
        s.unmarked_for[pop] = 0
    told = s.minted_for + ite(s.margin == "on", s.E, 0)
    in_time = told <= s.L + ite(s.slow[pop], s.E, 0)
    return (found == "token") & ((s.revoke != "mark") | clear) & in_time
