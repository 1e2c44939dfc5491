# SPDX-License-Identifier: Apache-2.0
"""A feature flag on the pattern: kept in its app's Durable Object, published to KV, evaluated where it is read.

One flag of one app, of which a share of people is let in; a share of 0 is a flag that is turned off. Percentages are
counted in parts of `scale`. One person is followed, anyone: all that the flag knows of them is their bucket. What
becomes of writes that are not acknowledged, of late puts and of other caches is the affair of `do_kv`: here a write is
committed and acknowledged in one step, and a put lands and is confirmed in one.
"""

from __future__ import annotations

from edgeproof.model.expr import NAT, Expr, implies, ite, lift
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
    index_sort,
    natural,
    option,
)

__all__ = ["Flagship", "lets_in"]


class Flagship(Design):
    """One flag: its app's Durable Object, an editor, a kill switch, KV, and evaluations at each POP."""

    Pop = index_sort("Pop", 2, "locations; each has a cache, and an isolate that evaluates the flag")

    update = option("versioned", "blind", doc="whether who replaces a flag has to have seen its current version")
    bucketing = option(
        "hash",
        "salted",
        "random",
        doc="a person's bucket: a hash of who they are; salted with the config's version; drawn for every evaluation",
    )

    writes = count(2, "how many versions of the app's config a search goes through")
    scale = count(2, "into how many parts people are divided")
    F = count(1, "failed attempts to publish in a row, at most")
    S = duration(1, "sync delay: an alarm fires at most this long after it is due; mostly within 1 s, at worst 60 s")
    D = duration(1, "put time-out: a put has landed and is confirmed, or has failed, within this")
    R = duration(1, "retry delay: from a failed attempt to the next one")
    T = duration(1, "cacheTtl: how long a location serves its cached copy")

    # --- the control plane

    config = natural(writes, doc="the app's version, 0 while the flag is not there")
    share = natural(scale, doc="how many parts of all people the flag lets in; 0 if it is turned off")
    editing = boolean(doc="somebody has the flag before them and will replace it")
    seen = natural(writes, doc="the version that the editor has before them")
    draft = natural(scale, doc="the share that the editor will save")

    sending = enum(
        "idle",
        "due",
        "flying",
        "retry",
        "leased",
        doc="publication: an alarm is armed, or a put is under way; leased: what a crash left of a put",
    )
    sent = natural(writes, doc="what the put carries")
    sent_share = natural(scale, doc="and the share in it")
    waited = clock(while_=lambda s: s.sending != "idle", doc="since the alarm was armed, or the put began")
    failures = natural(F, doc="failed attempts to publish since the last success")

    # --- KV's centre, the caches of the locations, what clients know

    kv = natural(writes, doc="what KV's central store holds, 0 if the key is absent")
    kv_share = natural(scale, doc="and the share in it")
    cache = natural(writes, over=Pop, doc="the location's copy, 0 if it has none")
    cache_share = natural(scale, over=Pop, doc="and the share in it")
    age = clock(over=Pop, while_=lambda s, p: s.cache[p] > 0, doc="since the cached copy was fetched")

    bucket = natural(scale, doc="where the person is on the scale; with `random`, what is drawn for them next")
    served = natural(writes, over=Pop, doc="the version that the person's last evaluation at the location is of")
    served_share = natural(scale, over=Pop, doc="and the share in it")
    on = boolean(over=Pop, doc="whether the person was let in there")

    # --- the observer: one write, any one, whose age is followed

    watched = natural(writes, initial=None, doc="the write under observation; 0 observes none")
    watching = boolean(doc="the write under observation is committed")
    since = clock(while_=lambda s: s.watching, doc="since the write under observation was committed")
    stays_off = boolean(doc="the write under observation turned the flag off, and nobody has turned it on since")

    # --- words that properties use

    @definition(pop=Pop)
    def cached(s: State, pop: Expr) -> Expr:
        """The location has a copy; the absence of the key is not cached."""
        return s.cache[pop] > 0

    @definition(pop=Pop)
    def failed(s: State, pop: Expr) -> bool:
        """Every evaluation has an answer: the caller's default where there is no flag."""
        return False

    # --- changing the flag

    @action(fair=False)
    def another(s: State) -> None:
        """Somebody else is followed, before there is a flag; where buckets are drawn, chance draws another one."""
        s.require((s.config == 0) | (s.bucketing == "random"))
        s.bucket = ite(s.bucket + 1 < s.scale, s.bucket + 1, 0)

    @action(fair=False)
    def edit(s: State) -> None:
        """Somebody reads the flag, to change it."""
        s.require(~s.editing)
        s.editing = True
        s.seen = s.config
        s.draft = s.share

    @action(fair=False)
    def raise_draft(s: State) -> None:
        """The editor raises the percentage in front of them; nothing is saved yet."""
        s.require(s.editing & (s.draft < s.scale))
        s.draft = s.draft + 1

    @action(fair=False)
    def save(s: State) -> None:
        """The editor replaces the flag as a whole; where versions are asked for, not one that they have not seen."""
        accepted = (s.seen == s.config) | (s.update == "blind")
        s.require(s.editing & implies(accepted, s.config < s.writes))
        with s.when(accepted):
            _commit(s, s.draft)
        s.editing = False
        s.seen = 0
        s.draft = 0

    @action(fair=False)
    def turn_off(s: State) -> None:
        """The kill switch: somebody who has the current version before them turns the flag off."""
        s.require((s.share > 0) & (s.config < s.writes))
        _commit(s, lift(0, NAT))

    # --- publishing

    @action()
    def fire(s: State) -> None:
        """The alarm fires: the handler reads the config and starts its one put."""
        retries = (s.sending == "retry") & (s.waited >= s.R)
        s.require((s.sending == "due") | retries | ((s.sending == "leased") & (s.waited >= s.D + s.R)))
        _wait(s, "flying")
        s.sent = s.config
        s.sent_share = s.share

    @action()
    def put_lands(s: State) -> None:
        """KV applies the put; the handler is told, and arms the alarm again if the config has moved on."""
        s.require(s.sending == "flying")
        s.kv = s.sent
        s.kv_share = s.sent_share
        s.failures = 0
        moved_on = s.sent != s.config
        s.sending = "idle"
        with s.when(moved_on):
            _wait(s, "due")
        _forget_put(s)

    @hazard()
    def put_fails(s: State) -> None:
        """KV refuses the put, or it times out, and it was not applied."""
        s.require((s.sending == "flying") & (s.failures < s.F))
        s.failures = s.failures + 1
        _wait(s, "retry")
        _forget_put(s)

    @hazard()
    def crash(s: State) -> None:
        """The app's Durable Object dies: what is committed stays, the alarm included; its put is lost, and the alarm
        that is leased for it fires once that would have been over and tried again.
        """
        with s.when(s.sending == "flying"):
            s.require(s.failures < s.F)
            s.failures = s.failures + 1
            s.sending = "leased"
            _forget_put(s)

    # --- evaluating

    @action(pop=Pop)
    def read(s: State, pop: Expr) -> None:
        """The person asks at a POP: the isolate reads the config through the location's cache, and evaluates it."""
        with s.when(~(s.cached[pop] & (s.age[pop] <= s.T))):
            s.cache[pop] = s.kv
            s.cache_share[pop] = s.kv_share
            s.age[pop] = 0
        s.served[pop] = s.cache[pop]
        s.served_share[pop] = s.cache_share[pop]
        s.on[pop] = lets_in(s, s.cache[pop], s.cache_share[pop])

    # --- what time may not overtake

    @deadline
    def alarms_fire_in_time(s: State) -> Expr:
        """An armed alarm fires within S of a write; a retry has that delay in R, as a lease has."""
        return (
            implies(s.sending == "due", s.waited <= s.S)
            & implies(s.sending == "retry", s.waited <= s.R)
            & implies(s.sending == "leased", s.waited <= s.D + s.R)
        )

    @deadline
    def puts_end_in_time(s: State) -> Expr:
        """The replicator knows within D what became of its put."""
        return implies(s.sending == "flying", s.waited <= s.D)


def lets_in(s: State, version: Expr, share: Expr) -> Expr:
    """Whether a config lets the person in. Another salt is another order of people; the opposite one stands for all."""
    opposite = (s.bucketing == "salted") & (version > 1)
    return (share > 0) & ite(opposite, s.scale <= s.bucket + share, s.bucket < share)


def _commit(s: State, share: Expr) -> None:
    """One transaction: the flag, and the alarm where none is armed."""
    s.config = s.config + 1
    s.share = share
    with s.when(s.sending == "idle"):
        _wait(s, "due")
    with s.when(s.config == s.watched):
        s.watching = True
    s.stays_off = s.watching & (share == 0) & (s.stays_off | (s.config == s.watched))


def _wait(s: State, for_what: str) -> None:
    s.sending = for_what
    s.waited = 0


def _forget_put(s: State) -> None:
    s.sent = 0
    s.sent_share = 0
