# SPDX-License-Identifier: Apache-2.0
"""Tokens for Git repos: a Durable Object per repo knows its tokens, KV carries them to where Git requests arrive.

One token of one repo is followed from its minting to its revocation. The repo's other tokens show only in that they
keep the one publisher busy. A request is admitted or refused in one moment; a transfer that was admitted goes on.

`revoke` says what a revocation does in KV: the token's key is deleted, or a tombstone is put in its place, or (`mark`)
a second key is put that says "revoked", and the token's own key is left as it is.
"""

from __future__ import annotations

from edgeproof.model.expr import NAT, TIME, Expr, for_all, implies, ite, lift
from edgeproof.model.machine import (
    Design,
    State,
    action,
    boolean,
    clock,
    count,
    deadline,
    definition,
    duration,
    enum,
    hazard,
    hazard_mode,
    index_sort,
    natural,
    option,
)

__all__ = ["ArtifactsTokens"]


class ArtifactsTokens(Design):
    """A repo's Durable Object, its publisher, a token's keys in KV, and the check at each POP."""

    Pop = index_sort("Pop", 1, "locations at which Git requests arrive; each has a KV cache and a clock")
    Put = index_sort("Put", 1, "puts of superseded instances")

    revoke = option("tombstone", "delete", "mark", doc="what a revocation does in KV")
    recheck = option("on", "off", doc="whether the repo's Durable Object checks the token of a push once more")
    check = option("whole", "presence", doc="repo, scope and all, or only that KV has the token")
    margin = option("off", "on", doc="whether the edge refuses a token E before it expires")
    repair = option("none", "heartbeat", doc="whether the alarm publishes again although nothing changed")

    F = count(1, "failed attempts to publish in a row, at most")
    S = duration(1, "sync delay: an alarm fires at most this long after it is due")
    D = duration(1, "put time-out: a put has landed and is confirmed, or has failed, within this")
    R = duration(1, "retry delay: from a failed attempt to the next one")
    T = duration(1, "cacheTtl: how long a location serves its cached copy")
    H = duration(1, "heartbeat: from a confirmed put to the next one")
    Z = duration(1, "zombie window: a put of a superseded instance lands within this, or never")
    L = duration(5, "lifetime: a token expires this long after it was minted")
    E = duration(1, "clock error: a location's clock is behind by at most this")

    negative_cache = hazard_mode("the absence of a key is cached like a value")

    # --- the Durable Object

    token = enum("none", "active", "revoked", doc="the token in the repo's table")
    writes = boolean(doc="its scope is write, not read")
    minted_for = clock(while_=lambda s: s.token != "none", doc="since it was minted")
    revoked_for = clock(while_=lambda s: s.token == "revoked", doc="since it was revoked")
    alarm = enum("off", "sync", "lease", "retry", "beat", doc="why the alarm is armed")
    armed = clock(while_=lambda s: s.alarm != "off", doc="since the alarm was armed")
    failures = natural(F, doc="failed attempts to publish since the last success")

    sending = enum("idle", "flying", "landed", doc="the publisher's put: under way, or applied and not yet confirmed")
    sent = enum("none", "active", "revoked", doc="what the publisher's put says of the token")
    outdated = boolean(doc="the table has changed since the publisher's put was made")
    sending_for = clock(while_=lambda s: s.sending != "idle", doc="since the publisher's put began")

    stray = boolean(over=Put, doc="a put of a superseded instance is under way")
    carries = enum("none", "active", "revoked", over=Put, doc="what it says of the token")
    stray_for = clock(over=Put, while_=lambda s, k: s.stray[k])

    # --- KV's centre and the locations

    listed = enum("absent", "token", "tombstone", doc="what KV's centre holds under the token's key")
    marked = boolean(doc="KV's centre holds the token's mark")

    cached = boolean(over=Pop, doc="the location has a copy of the token's key")
    cache = enum("absent", "token", "tombstone", over=Pop)
    age = clock(over=Pop, while_=lambda s, p: s.cached[p], doc="since the copy was fetched")
    unmarked = boolean(over=Pop, doc="the location has cached that there is no mark")
    unmarked_for = clock(over=Pop, while_=lambda s, p: s.unmarked[p])
    slow = boolean(over=Pop, doc="the location's clock is behind by E")
    admitted = boolean(over=Pop, doc="the last request at the location was admitted")

    # --- words that properties use

    @definition()
    def kv(s: State) -> Expr:
        """The token's key in KV as a version: absence carries none."""
        return ite(s.listed == "tombstone", lift(2, NAT), ite(s.listed == "token", lift(1, NAT), 0))

    @definition()
    def expired(s: State) -> Expr:
        """The token is past its time."""
        return s.L < s.minted_for

    @definition(pop=Pop)
    def failed(s: State, pop: Expr) -> Expr:
        """The last request at a location was refused."""
        return ~s.admitted[pop]

    # --- the owner of the repo

    @action(fair=False)
    def mint_read(s: State) -> None:
        """The owner has a token minted that may fetch."""
        _mint(s, writes=False)

    @action(fair=False)
    def mint_write(s: State) -> None:
        """The owner has a token minted that may fetch and push."""
        _mint(s, writes=True)

    @action(fair=False)
    def revoke_token(s: State) -> None:
        """The owner revokes the token: table and alarm in one transaction."""
        s.require(s.token == "active")
        s.token = "revoked"
        _publish_soon(s)

    @action(fair=False)
    def change_another(s: State) -> None:
        """Another token of the repo is minted or revoked: the same alarm, the same put."""
        _publish_soon(s)

    # --- publishing

    @action()
    def fire(s: State) -> None:
        """The alarm fires: the handler leases the alarm, reads the table and starts its one put."""
        s.require((s.alarm != "off") & (s.sending == "idle") & (s.armed >= _due(s)))
        _arm(s, "lease")
        s.sending = "flying"
        s.sending_for = 0
        s.sent = s.token

    @action()
    def put_lands(s: State) -> None:
        """KV's centre applies the publisher's put."""
        s.require(s.sending == "flying")
        s.sending = "landed"
        _apply(s, s.sent)

    @action()
    def put_confirmed(s: State) -> None:
        """The handler learns that its put is applied; if the table has changed meanwhile it arms the alarm again."""
        s.require(s.sending == "landed")
        s.failures = 0
        s.alarm = "off"
        with s.when(s.repair == "heartbeat"):
            _arm(s, "beat")
        with s.when(s.outdated):
            _arm(s, "sync")
        _forget_put(s)

    @hazard()
    def put_fails(s: State) -> None:
        """KV refuses the publisher's put, or it times out, and it was not applied."""
        s.require((s.sending == "flying") & (s.failures < s.F))
        s.failures = s.failures + 1
        _arm(s, "retry")
        _forget_put(s)

    @hazard()
    def crash(s: State) -> None:
        """The Durable Object dies: memory and its put in flight are lost, storage (with the alarm) is kept."""
        _lose_memory(s)

    @hazard(slot=Put)
    def put_late(s: State, slot: Expr) -> None:
        """The instance is superseded while its put is in flight: KV puts are not fenced, it may land until Z later."""
        s.require((s.sending == "flying") & (s.sent != "none") & ~s.stray[slot])
        s.stray[slot] = True
        s.carries[slot] = s.sent
        s.stray_for[slot] = 0
        _lose_memory(s)

    @action(slot=Put)
    def stray_lands(s: State, slot: Expr) -> None:
        """KV applies a put of a superseded instance."""
        s.require(s.stray[slot])
        _apply(s, s.carries[slot])
        _forget_stray(s, slot)

    @hazard(under="put_late", slot=Put)
    def stray_vanishes(s: State, slot: Expr) -> None:
        """A put of a superseded instance never lands."""
        s.require(s.stray[slot])
        _forget_stray(s, slot)

    # --- Git requests with the token

    @action(fair=False, pop=Pop)
    def fetch(s: State, pop: Expr) -> None:
        """A clone, fetch or pull of the token's repo."""
        s.admitted[pop] = _look_up(s, pop)

    @action(fair=False, pop=Pop)
    def push(s: State, pop: Expr) -> None:
        """A push to the token's repo: it goes on to the Durable Object, which can look into its own table."""
        known = (s.token == "active") & ~s.expired
        in_scope = s.writes | (s.check == "presence")
        s.admitted[pop] = _look_up(s, pop) & in_scope & ((s.recheck == "off") | (known & s.writes))

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

    @deadline
    def alarms_fire_in_time(s: State) -> Expr:
        """An armed alarm fires within S of being due; retries and leases have that delay in R."""
        late = ite((s.alarm == "sync") | (s.alarm == "beat"), s.S, 0)
        return implies((s.alarm != "off") & (s.sending == "idle"), s.armed <= _due(s) + late)

    @deadline
    def puts_end_in_time(s: State) -> Expr:
        """The publisher knows within D what became of its put."""
        return implies(s.sending != "idle", s.sending_for <= s.D)

    @deadline
    def strays_end_in_time(s: State) -> Expr:
        """A put of a superseded instance lands within Z or never."""
        return for_all(s.Put, lambda k: implies(s.stray[k], s.stray_for[k] <= s.Z))


def _mint(s: State, writes: bool) -> None:
    s.require(s.token == "none")
    s.token = "active"
    s.writes = writes
    _publish_soon(s)


def _publish_soon(s: State) -> None:
    """Arm the alarm in the transaction of the change, unless one is armed that is due already or that retries."""
    with s.when((s.alarm == "off") | ((s.alarm == "beat") & (s.armed < s.H))):
        _arm(s, "sync")
    s.outdated = s.sending != "idle"


def _arm(s: State, why: str) -> None:
    s.alarm = why
    s.armed = 0


def _due(s: State) -> Expr:
    """How long after it was armed the alarm is due."""
    at_once = lift(0, TIME)
    return ite(s.alarm == "retry", s.R, ite(s.alarm == "lease", s.D + s.R, ite(s.alarm == "beat", s.H, at_once)))


def _apply(s: State, said: Expr) -> None:
    """KV's centre takes what a put says of the token; one from before its minting does not touch its keys."""
    with s.when(said == "active"):
        s.listed = "token"
    with s.when(said == "revoked"):
        s.listed = ite(
            s.revoke == "mark", s.listed, ite(s.revoke == "delete", lift("absent", s.listed.type), "tombstone")
        )
        s.marked = s.revoke == "mark"


def _lose_memory(s: State) -> None:
    """What a crash does to the instance: the lease finds the attempt that nobody finished."""
    with s.when(s.sending != "idle"):
        s.require(s.failures < s.F)
        s.failures = s.failures + 1
    _forget_put(s)


def _forget_put(s: State) -> None:
    s.sending = "idle"
    s.sent = "none"
    s.outdated = False


def _forget_stray(s: State, slot: Expr) -> None:
    s.stray[slot] = False
    s.carries[slot] = "none"


def _look_up(s: State, pop: Expr) -> Expr:
    """What the edge makes of the token: its key and its mark through the location's cache, its expiry by its clock."""
    # Its secret is not known to anybody before it is minted.
    s.require(s.token != "none")
    fresh = s.cached[pop] & (s.age[pop] <= s.T)
    found = ite(fresh, s.cache[pop], s.listed)
    known_clear = s.unmarked[pop] & (s.unmarked_for[pop] <= s.T)
    clear = known_clear | ~s.marked
    with s.when(~fresh):
        s.cached[pop] = (s.listed != "absent") | s.negative_cache
        s.cache[pop] = s.listed
        s.age[pop] = 0
    with s.when((s.revoke == "mark") & ~known_clear):
        s.unmarked[pop] = ~s.marked & s.negative_cache
        s.unmarked_for[pop] = 0
    told = s.minted_for + ite(s.margin == "on", s.E, 0)
    in_time = told <= s.L + ite(s.slow[pop], s.E, 0)
    return (found == "token") & ((s.revoke != "mark") | clear) & in_time
