# SPDX-License-Identifier: Apache-2.0
"""A config too large for one value: its parts are stored under their digests, and one KV key holds a manifest of them.

The design follows any one part, as it follows any one write: `needs` says whether the config has it, `present` whether
the part store does. As the choice is free, what holds of it holds of all parts; the others show as time that an attempt
spends before it puts the manifest. A part that a later version needs again is the same part, since it has the same
digest. Copies of parts at the locations are left out where they can only help: what a digest names never changes.
"""

from __future__ import annotations

from edgeproof.model.designs.parts.alarm import Alarm, arm, begin_attempt, fail, lose_attempt, publish_soon
from edgeproof.model.designs.parts.cache import KvCache, take
from edgeproof.model.designs.parts.links import Links
from edgeproof.model.expr import TIME, Expr, for_all, implies, ite, lift
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
    inherited,
    natural,
    option,
)

__all__ = ["DoKvManifest", "grace_needed"]


class DoKvManifest(Alarm, KvCache, Links, Design):
    """One unit of config: a Durable Object, a store of parts, one KV key with the manifest, a reader at each POP."""

    Pop = index_sort("Pop", 2, "locations; each has a KV cache and an isolate that evaluates requests")

    parts = option("kv", "r2", doc="where parts are: KV keys, which locations cache, or R2, which is consistent")
    names = option("digest", "place", doc="what a part is called: by what is in it, or by its place in the config")
    missing = option("ledger", "probe", doc="how a publisher knows which parts are there: its own rows, or by asking")
    collector = option(
        "none", "eager", "graceful", "checked", doc="who deletes parts: nobody; at once; after K; only if K is enough"
    )
    counted = option("committed", "confirmed", doc="the grace runs from the write, or from the put that is confirmed")
    isolate = option("bare", "keeps", doc="whether a reader keeps the parts of what it told last")
    collects = option("in_turn", "beside", doc="whether the collector and the publisher wait for each other")

    writes = count(2, "how many config states a search goes through")
    F = S = inherited()
    U = duration(1, "upload time-out: the missing parts are stored, or the attempt has failed, within this")
    D = inherited("put time-out: the manifest's put has landed and is confirmed, or has failed, within this")
    R = T = inherited()
    L = duration(1, "load time: from reading a manifest to having its parts")
    K = duration(1, "grace: a part that nothing needs any more is kept at least this long")
    Z = duration(1, "zombie window: a delete of a superseded instance lands within this, or never")

    negative_cache = inherited("the absence of a key in KV is cached like a value")

    # --- the Durable Object: storage survives a crash, memory does not

    config = natural(writes, doc="the config's state, and the version it is published under")
    logged = natural(writes, doc="the changelog's last entry")
    acked = natural(writes, doc="the newest acknowledged write")
    needs = boolean(doc="the config has the part")
    alarm = armed = failures = inherited()
    ledger = enum("none", "unsure", "stored", doc="what the object's rows say of the part: maybe there, surely there")
    released = boolean(doc="the part's grace runs: nothing needs it any more")
    released_for = clock(while_=lambda s: s.released, doc="since its grace began")

    sending = enum("idle", "parts", "flying", "landed", doc="the attempt: parts first, then the manifest's put")
    sent = natural(writes, doc="what the attempt publishes")
    sent_needs = boolean(doc="and whether that has the part")
    sending_for = inherited("since the parts' puts began, then the manifest's")

    deleting = boolean(doc="the collector's delete is under way")
    deleting_for = clock(while_=lambda s: s.deleting, doc="since the collector's delete began")
    stray = boolean(doc="a delete of a superseded instance is under way")
    stray_for = clock(while_=lambda s: s.stray, doc="since that delete began")

    # --- the part store and KV's centre, the caches of the locations

    present = boolean(doc="the part store has the part")
    filled = natural(writes, doc="whose content the part's place holds, where a name does not say it")
    kv = natural(writes, doc="whose manifest KV's central store holds, 0 if the key is absent")
    kv_needs = boolean(doc="and whether it names the part")

    cached = inherited()
    cache = natural(writes, over=Pop, doc="whose manifest the location has a copy of")
    cache_needs = boolean(over=Pop, doc="and whether that names the part")
    age = inherited()
    seen = enum("unknown", "there", "absent", over=Pop, doc="what the location has cached about the part's key")
    seen_for = clock(over=Pop, while_=lambda s, p: s.seen[p] != "unknown", doc="since it was cached")
    cut = inherited("the location cannot reach KV's centre or the part store")

    # --- readers, and what clients know

    following = boolean(over=Pop, doc="a request has a manifest and collects its parts")
    found = natural(writes, over=Pop, doc="whose manifest")
    pointed = boolean(over=Pop, doc="and whether it names the part")
    following_for = clock(over=Pop, while_=lambda s, p: s.following[p], doc="since it read the manifest")
    held = boolean(over=Pop, doc="the isolate has the part from what it told last")
    served = natural(writes, over=Pop, doc="what a client at the location was told last")
    failed = boolean(over=Pop, doc="the last read at the location got no answer")
    gone = boolean(over=Pop, doc="because the manifest named a part that was not there")
    partial = boolean(over=Pop, doc="the client was told a manifest of one version with a part of another")

    # --- the observer: one write, any one, whose age is followed

    watched = natural(writes, initial=None, doc="the write under observation; 0 observes none")
    watching = boolean(doc="the write under observation is committed")
    since = clock(while_=lambda s: s.watching, doc="since the write under observation was committed")

    @definition()
    def attempt(s: State) -> Expr:
        """How long an attempt takes at most: the parts, then the manifest."""
        return s.U + s.D

    @definition(pop=Pop)
    def loaded(s: State, pop: Expr) -> Expr:
        """The reader has had a config."""
        had: Expr = s.served[pop] > 0
        return had

    # --- writing

    @action(fair=False)
    def write(s: State) -> None:
        """The control plane writes a config that has the part, and is told so."""
        _commit(s)
        s.needs = True
        with s.when(s.counted == "committed"):
            s.released = False

    @action(fair=False)
    def write_without(s: State) -> None:
        """The control plane writes a config that does not have the part."""
        s.require(s.names == "digest")
        _commit(s)
        with s.when((s.counted == "committed") & s.needs & (s.ledger != "none")):
            s.released = True
        s.needs = False

    # --- publishing: parts, then the manifest

    @action(pop=Pop)
    def fire(s: State, pop: Expr) -> None:
        """The alarm fires, wherever the object is: the handler leases the alarm and finds out which parts to put."""
        begin_attempt(s, "parts")
        s.require((s.collects == "beside") | ~s.deleting)
        s.sent = s.config
        s.sent_needs = s.needs
        with s.when(s.needs):
            s.released = False
            _look_for_the_part(s, pop)

    @action()
    def part_stored(s: State) -> None:
        """The part store has the part, and the publisher knows."""
        s.require(_puts_the_part(s))
        _store(s)
        s.ledger = "stored"

    @action()
    def manifest_put(s: State) -> None:
        """Every part is there: the put of the manifest starts."""
        s.require((s.sending == "parts") & (~s.sent_needs | (s.ledger == "stored")))
        s.sending = "flying"
        s.sending_for = 0

    @action()
    def put_lands(s: State) -> None:
        """KV's central store applies the manifest's put."""
        s.require(s.sending == "flying")
        s.sending = "landed"
        s.kv = s.sent
        s.kv_needs = s.sent_needs

    @action()
    def put_confirmed(s: State) -> None:
        """The handler learns that its manifest is out; if the config has moved on it arms the alarm again."""
        s.require(s.sending == "landed")
        s.failures = 0
        with s.when(s.counted == "confirmed"):
            s.released = ~s.sent_needs & (s.ledger != "none")
        with s.when(s.sent != s.config):
            arm(s, "sync")
        with s.otherwise():
            s.alarm = "off"
        s.sending = "idle"
        _forget_put(s)

    @hazard()
    def put_fails(s: State) -> None:
        """A put of the attempt, of the part or of the manifest, is refused or times out, and was not applied."""
        s.require((s.sending == "flying") | _puts_the_part(s))
        fail(s)
        _forget_put(s)

    @hazard()
    def put_ambiguous(s: State) -> None:
        """The publisher is told that a put failed, although it was applied."""
        s.require((s.sending == "landed") | _puts_the_part(s))
        with s.when(s.sending == "parts"):
            _store(s)
        fail(s)
        _forget_put(s)

    @hazard()
    def crash(s: State) -> None:
        """The Durable Object dies: memory and what it has under way are lost, storage (with the alarm) is kept.

        A publisher that asks hears the answer after the transaction in which it has leased the alarm: a crash may come
        before it has written that down, or after. So the next instance begins by believing nothing.
        """
        attempting = s.sending != "idle"
        lose_attempt(s)
        with s.when(attempting):
            _forget_put(s)
        with s.when((s.missing == "probe") & (s.ledger == "stored")):
            s.ledger = "unsure"
        with s.when((s.collects == "in_turn") & s.deleting):
            _end_deletion(s)

    # --- collecting

    @action(fair=False)
    def collect(s: State) -> None:
        """The collector deletes the part: the object notes that it may be gone, then the delete starts."""
        s.require((s.collector != "none") & ~s.deleting & _may_go(s))
        s.ledger = "unsure"
        s.deleting = True

    @action(fair=False)
    def collect_nothing(s: State) -> None:
        """The collector looks, and leaves the part alone."""
        s.require((s.collector != "none") & (s.ledger != "none") & ~(~s.deleting & _may_go(s)))

    @action()
    def delete_lands(s: State) -> None:
        """The part store deletes the part, and the object forgets it."""
        s.require(s.deleting)
        s.present = False
        s.ledger = "none"
        s.released = False
        _end_deletion(s)

    @hazard(under="put_fails")
    def delete_fails(s: State) -> None:
        """A delete is refused or times out, and was not applied."""
        s.require(s.deleting)
        _end_deletion(s)

    @hazard(under="put_ambiguous")
    def delete_ambiguous(s: State) -> None:
        """The object is told that its delete failed, although it was applied."""
        s.require(s.deleting)
        s.present = False
        _end_deletion(s)

    @hazard()
    def delete_late(s: State) -> None:
        """The instance is superseded while its delete is in flight: it may land until Z later, as nothing fences it."""
        s.require((s.collects == "in_turn") & s.deleting & ~s.stray)
        s.stray = True
        _end_deletion(s)

    @action()
    def stray_lands(s: State) -> None:
        """The part store applies a superseded instance's delete."""
        s.require(s.stray)
        s.stray = False
        s.present = False

    @hazard(under="delete_late")
    def stray_vanishes(s: State) -> None:
        """A superseded instance's delete never lands."""
        s.require(s.stray)
        s.stray = False

    # --- reading: the manifest, then its parts

    @action(pop=Pop)
    def lookup(s: State, pop: Expr) -> None:
        """A request at a POP gets the manifest: from the location's cache, or KV's centre."""
        fresh = s.fresh[pop]
        s.require(~s.following[pop] & (fresh | ~s.cut[pop]))
        with s.when(~fresh):
            take(s, pop, (s.kv > 0) | s.negative_cache, cache=s.kv, cache_needs=s.kv_needs)
        s.following[pop] = True
        s.found[pop] = ite(fresh, s.cache[pop], s.kv)
        s.pointed[pop] = ite(fresh, s.cache_needs[pop], s.kv_needs)

    @action(pop=Pop)
    def read(s: State, pop: Expr) -> None:
        """The request follows its manifest to the part and is answered; or there was no manifest to be had."""
        alone = ~s.following[pop] & s.cut[pop] & ~s.fresh[pop]
        s.require(s.following[pop] | alone)
        known = _knows(s, pop)
        there = s.held[pop] | ite(known, s.seen[pop] == "there", s.present & ~s.cut[pop])
        asks = s.pointed[pop] & ~s.held[pop] & ~known & ~s.cut[pop]
        s.gone[pop] = s.pointed[pop] & ~there & (known | ~s.cut[pop])
        s.failed[pop] = alone | (s.pointed[pop] & ~there)
        with s.when(~s.failed[pop]):
            s.served[pop] = s.found[pop]
            s.partial[pop] = s.pointed[pop] & (s.names == "place") & (s.filled != s.found[pop])
            s.held[pop] = s.pointed[pop] & (s.isolate == "keeps") & (s.names == "digest")
        with s.when(asks):
            _remember(s, pop)
        s.following[pop] = False
        s.found[pop] = 0
        s.pointed[pop] = False

    partition = inherited("A POP is cut off from KV's centre and from the part store.")
    heal = inherited("A POP that was cut off is connected again.")

    # --- what time may not overtake: the platform's promises, as parameters

    @deadline
    def alarms_fire_in_time(s: State) -> Expr:
        """An armed alarm fires within S of being due, if the object is free."""
        free = (s.sending == "idle") & ((s.collects == "beside") | ~s.deleting)
        return implies((s.alarm != "off") & free, s.armed <= s.due + s.slack)

    @deadline
    def attempts_end_in_time(s: State) -> Expr:
        """Parts are stored within U, and the publisher knows within D what became of its manifest."""
        window = ite(s.sending == "parts", s.U, s.D)
        return implies(s.sending != "idle", s.sending_for <= window)

    @deadline
    def deletes_end_in_time(s: State) -> Expr:
        """The collector knows within D what became of its delete; one that nobody waits for lands within Z or never."""
        return implies(s.deleting, s.deleting_for <= s.D) & implies(s.stray, s.stray_for <= s.Z)

    @deadline
    def reads_end_in_time(s: State) -> Expr:
        """A request has its parts, or gives up, within L."""
        return for_all(s.Pop, lambda p: implies(s.following[p], s.following_for[p] <= s.L))


def grace_needed(s: State) -> Expr:
    """How long a part has to outlive the last thing that needed it: as long as a reader may still hold a manifest that
    names it; where the grace runs from the write, as long as such a manifest may still be in KV; and where the
    publisher asks KV, as long as the location that it asks through may still serve a copy of the part.
    """
    may_fail = s.put_fails | s.put_ambiguous | s.crash
    failures = ite(may_fail, s.F * (s.U + s.D + s.R), lift(0, TIME))
    publishing = (s.U + s.D) + s.S + failures + (s.U + s.D)
    nothing = lift(0, TIME)
    in_kv = ite(s.counted == "committed", publishing, nothing)
    asked = ite((s.missing == "probe") & (s.parts == "kv"), s.T, nothing)
    needed: Expr = in_kv + s.T + s.L + asked
    return needed


def _commit(s: State) -> None:
    """One transaction: config, changelog, alarm."""
    s.require(s.config < s.writes)
    s.config = s.config + 1
    s.logged = s.logged + 1
    s.acked = s.config
    publish_soon(s)
    with s.when(s.config == s.watched):
        s.watching = True


def _forget_put(s: State) -> None:
    s.sent = 0
    s.sent_needs = False


def _look_for_the_part(s: State, pop: Expr) -> None:
    """What the rows say at the beginning of an attempt; whoever asks KV asks through the cache of its location."""
    with s.when(s.ledger == "none"):
        s.ledger = "unsure"
    with s.when(s.missing == "probe"):
        known = _knows(s, pop)
        there = ite(known, s.seen[pop] == "there", s.present)
        s.ledger = ite(there, lift("stored", s.ledger.type), lift("unsure", s.ledger.type))
        with s.when(~known):
            _remember(s, pop)
    with s.when(s.names == "place"):
        s.ledger = "unsure"


def _puts_the_part(s: State) -> Expr:
    return (s.sending == "parts") & s.sent_needs & (s.ledger != "stored")


def _store(s: State) -> None:
    s.present = True
    s.filled = ite(s.names == "place", s.sent, 0)


def _may_go(s: State) -> Expr:
    """The part may be deleted: it has a row, its grace is over, and it is the collector's turn."""
    turn = (s.collects == "beside") | ((s.alarm == "off") & (s.sending == "idle"))
    over = (s.collector == "eager") | (s.K < s.released_for)
    enough = (s.collector != "checked") | (grace_needed(s) <= s.K)
    return s.released & (s.ledger != "none") & turn & over & enough


def _end_deletion(s: State) -> None:
    """Whoever waited for the delete to end is next."""
    s.deleting = False
    with s.when((s.alarm == "sync") & (s.collects == "in_turn")):
        arm(s, "sync")


def _knows(s: State, pop: Expr) -> Expr:
    """The location has cached what it was told of the part's key."""
    return (s.seen[pop] != "unknown") & (s.seen_for[pop] <= s.T)


def _remember(s: State, pop: Expr) -> None:
    """KV's answer is cached; followed only where a publisher asks as well, as it can do no harm elsewhere."""
    label = s.seen[pop].type
    unknown = lift("unknown", label)
    absence = ite(s.negative_cache, lift("absent", label), unknown)
    with s.when((s.parts == "kv") & (s.missing == "probe")):
        s.seen[pop] = ite(s.present, lift("there", label), absence)
        s.seen_for[pop] = 0
