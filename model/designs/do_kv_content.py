# SPDX-License-Identifier: Apache-2.0
"""The pattern where a version may be bad: what a config is stands beside its version, wherever there is a copy.

A config is good; or it is poison, well formed and bad; or a copy is mislabelled, its content not what the version was
committed with. Whoever validates can tell poison; a mislabelled copy can be told where its label carries a digest.

A bad version is written like any other, between good ones: on 18 November 2025 good and bad files alternated, and
consumers failed instead of keeping what they had (Cloudflare's report). The operator sees it, and commits a good one.
"""

from __future__ import annotations

from typing import Final

from edgeproof.model.designs.do_kv import DoKv, asks, read_through
from edgeproof.model.expr import Expr, implies, ite
from edgeproof.model.machine import (
    State,
    action,
    boolean,
    clock,
    deadline,
    definition,
    duration,
    enum,
    hazard,
    natural,
    option,
)

__all__ = ["CONTENT", "DoKvContent"]

CONTENT: Final = ("good", "poison", "mislabelled")
"""What a config, or a copy of one, can be."""


class DoKvContent(DoKv):
    """One unit of config as in `do_kv`, of which a version may be bad, and a copy not what it says."""

    validate = option(
        "keeps",
        "fails",
        "serves",
        doc="a copy that is seen to be invalid: the isolate goes on with its last good one (a plain reader, which "
        "vouches for nothing but KV, has none), or fails, or serves it as it is",
    )
    vetting = option("on", "off", doc="whether the publisher validates: it puts the newest good version, or the newest")
    digest = option("on", "off", doc="whether labels carry a digest of version and content, by which readers check")

    X = duration(1, "fix time: a bad version has been seen, and a good one committed, within this")

    content = enum(*CONTENT, doc="what the config is; only copies can be mislabelled")
    bad_for = clock(while_=lambda s: s.content == "poison", doc="since it became bad")
    before = enum(*CONTENT, doc="what it was a version ago")
    last_good = natural(DoKv.writes, doc="the newest version that is good")
    sent_content = enum(*CONTENT, doc="what the replicator's put carries")
    carries_content = enum(*CONTENT, over=DoKv.Put, doc="what the put that nothing serialises carries is")
    kv_content = enum(*CONTENT, doc="what the copy in KV's centre is")
    cache_content = enum(*CONTENT, over=DoKv.Pop, doc="what the location's copy is")
    kept_content = enum(*CONTENT, over=DoKv.Pop, doc="what the isolate's copy is")
    served_content = enum(*CONTENT, over=DoKv.Pop, doc="what a client at the location was told last is")

    poisoned = boolean(doc="the version before the write under observation is committed, and poison")
    poisoned_for = clock(while_=lambda s: s.poisoned, doc="since it was committed")

    # --- words

    @definition()
    def outdated(s: State) -> Expr:
        """What is to be published has moved on since the replicator's put began."""
        return ite(s.vetting == "on", (s.sent != s.last_good) | (s.sent_era != s.era), DoKv.outdated(s))

    @definition(pop=DoKv.Pop)
    def told_bad(s: State, pop: Expr) -> Expr:
        """What a client at the location was told last is bad."""
        return s.served_content[pop] == "poison"

    # --- writing

    @action(fair=False)
    def write(s: State) -> None:
        """The control plane writes a whole config, which is good."""
        DoKv.write(s)
        _becomes(s, "good")

    @hazard()
    def poison_write(s: State) -> None:
        """The control plane writes what is well formed and bad: stored, acknowledged and published like any other."""
        # A restore repeats version numbers: what is followed is a bad version from before it.
        s.require((s.content == "good") & (s.last_good > 0) & (s.restored == 0))
        s.require(s.config + 1 < s.writes)
        DoKv.write(s)
        _becomes(s, "poison")

    @action()
    def fix(s: State) -> None:
        """The operator has seen that the config is bad, and writes the last good one again."""
        s.require(s.content == "poison")
        DoKv.write(s)
        _becomes(s, "good")

    @hazard()
    def rollback(s: State) -> None:
        """Point-in-time recovery takes the store one write back, to a good version, once."""
        s.require((s.restored == 0) & (s.before == "good"))
        # Where it is not the remedy it begins the wait for one anew, and ends the watch.
        with s.when(s.config + 1 != s.watched):
            s.poisoned = False
        DoKv.rollback(s)
        s.content = "good"
        s.last_good = s.config

    @action()
    def commit_late(s: State) -> None:
        """The write that was acknowledged early becomes durable."""
        DoKv.commit_late(s)
        _becomes(s, "good")

    @action()
    def retry(s: State) -> None:
        """The client, having seen no reply, sends its write again."""
        DoKv.retry(s)
        with s.when(s.retries == "blind"):
            _becomes(s, s.content)

    @hazard()
    def uncaught(s: State) -> None:
        """An exception after the first statements of a write: what made the config good or bad is still there."""
        DoKv.uncaught(s)
        with s.when(s.statements == "bare"):
            _becomes(s, s.content)

    @action(fair=False, slot=DoKv.Put)
    def write_inline(s: State, slot: Expr) -> None:
        """The control plane writes a good config; the request commits, then awaits its own put."""
        DoKv.write_inline(s, slot)
        _becomes(s, "good")

    # --- publishing

    @action()
    def fire(s: State) -> None:
        """The alarm fires: the handler leases it, reads the config (the last good one, if it vets), starts its put."""
        DoKv.fire(s)
        s.sent_content = s.content
        with s.when(s.vetting == "on"):
            s.sent = s.last_good
            s.sent_content = "good"

    @action()
    def put_lands(s: State) -> None:
        """KV's central store applies the replicator's put."""
        DoKv.put_lands(s)
        s.kv_content = s.sent_content

    @action()
    def put_confirmed(s: State) -> None:
        """The handler learns that its put is applied; if there is something newer it arms the alarm again."""
        DoKv.put_confirmed(s)
        s.sent_content = "good"

    @hazard()
    def put_fails(s: State) -> None:
        """KV refuses the replicator's put, or it times out, and it was not applied."""
        DoKv.put_fails(s)
        s.sent_content = "good"

    @hazard()
    def put_ambiguous(s: State) -> None:
        """The replicator is told that its put failed, although it was applied."""
        DoKv.put_ambiguous(s)
        s.sent_content = "good"

    @hazard()
    def crash(s: State) -> None:
        """The Durable Object dies: memory and its puts in flight are lost, storage (with the alarm) is kept."""
        DoKv.crash(s)
        s.sent_content = "good"

    @hazard(slot=DoKv.Put)
    def put_late(s: State, slot: Expr) -> None:
        """KV puts are not fenced: a put whose instance is superseded (or gives it up) may still land, until Z later."""
        s.carries_content[slot] = s.sent_content
        DoKv.put_late(s, slot)
        s.sent_content = "good"

    @hazard(under="put_late", slot=DoKv.Put)
    def put_given_up(s: State, slot: Expr) -> None:
        """The handler gives its put up, as its time is up or its connection breaks: it may land until Z later."""
        s.carries_content[slot] = s.sent_content
        DoKv.put_given_up(s, slot)
        s.sent_content = "good"

    @action(slot=DoKv.Put)
    def stray_lands(s: State, slot: Expr) -> None:
        """KV applies a put that nothing serialises: of an inline request (now acknowledged), or a zombie."""
        s.kv_content = s.carries_content[slot]
        DoKv.stray_lands(s, slot)
        s.carries_content[slot] = "good"

    @hazard(under="put_late", slot=DoKv.Put)
    def stray_vanishes(s: State, slot: Expr) -> None:
        """A zombie never lands."""
        DoKv.stray_vanishes(s, slot)
        s.carries_content[slot] = "good"

    # --- copies that are not what they say

    @hazard()
    def corrupt(s: State) -> None:
        """The copy in KV's centre comes to have another content under the same label, until the next put."""
        s.require((s.kv > 0) & (s.kv_content != "mislabelled"))
        s.kv_content = "mislabelled"

    @hazard(under="corrupt", cache=DoKv.Pop)
    def corrupt_cached(s: State, cache: Expr) -> None:
        """The copy in a location's cache comes to have another content under the same label, until the next fetch."""
        s.require(s.cached[cache] & (s.cache[cache] > 0) & (s.cache_content[cache] != "mislabelled"))
        s.cache_content[cache] = "mislabelled"

    # --- reading

    @action(pop=DoKv.Pop, cache=DoKv.Pop)
    def read(s: State, pop: Expr, cache: Expr) -> None:
        """A request at a POP reads the config, and validates what it finds before the isolate installs it."""
        s.require((pop == cache) | s.disjoint_caches)
        found = ite(s.fresh[cache], s.cache_content[cache], s.kv_content)
        with s.when(asks(s, pop, cache)):
            s.cache_content[cache] = s.kv_content
        seen_to_be_bad = (found == "poison") | ((found == "mislabelled") & (s.digest == "on"))
        valid = (s.validate == "serves") | ~seen_to_be_bad
        installed = read_through(s, pop, cache, s.kv, s.kv_era, valid, keeps=s.validate == "keeps")
        with s.when(installed):
            s.kept_content[pop] = found
        with s.when(~s.failed[pop]):
            s.served_content[pop] = s.kept_content[pop]

    @action(fair=False, cache=DoKv.Pop)
    def refresh(s: State, cache: Expr) -> None:
        """A location refreshes a hot key in the background, before it expires."""
        DoKv.refresh(s, cache)
        s.cache_content[cache] = s.kv_content

    @hazard(pop=DoKv.Pop)
    def evict(s: State, pop: Expr) -> None:
        """The isolate at a POP is evicted; what it kept in memory is gone."""
        DoKv.evict(s, pop)
        s.kept_content[pop] = "good"

    # --- what time may not overtake

    @deadline
    def the_operator_fixes_in_time(s: State) -> Expr:
        """The config is bad for at most X."""
        return implies(s.content == "poison", s.bad_for <= s.X)


def _becomes(s: State, content: Expr | str) -> None:
    """A version was committed, and this is its content: nobody waits for a bad one, which is followed to its end."""
    s.before = s.content
    s.content = content
    with s.when(s.content == "good"):
        s.last_good = s.config
    with s.when((s.content == "poison") & (s.restored == 0)):
        with s.when(s.config == s.watched):
            s.watching = False
        with s.when(s.config + 1 == s.watched):
            s.poisoned = True
