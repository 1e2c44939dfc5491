# SPDX-License-Identifier: Apache-2.0
"""Push: a control plane sends every new version of a config to the whole fleet, without KV in between.

A push goes out once; what is under way to a location that is cut off is lost. With `pull` every location asks for what
it should have, every H. With stages a version goes to the locations of one stage after the other, and on to the next
only when the gate lets it; a bad version shows within W where it runs, and everybody returns to the last good one: at
once, or when an operator has been alerted, or, where nobody takes it back, not at all. Releases that follow each other
may postpone a return again and again, as a push takes the place of one under way; a freeze lets it arrive first.

What is assumed of partitions: each heals within G, and a location stays connected for longer than H between two.
"""

from __future__ import annotations

from collections.abc import Callable

from edgeproof.model.expr import Expr, exists, for_all, implies, ite
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
    each,
    hazard,
    index_sort,
    natural,
    option,
)

__all__ = ["GlobalPush"]


class GlobalPush(Design):
    """A control plane, a fleet of locations in stages, and the pushes between them."""

    Pop = index_sort("Pop", 2, "locations; each holds a whole copy")

    rollout = option("staged", "unstaged", doc="stage after stage, or everywhere at once")
    gate = option("reports", "silence", doc="go on when all say that they are well, or when nobody complains")
    pull = option("on", "off", doc="whether locations ask for what they should have, every H")

    rollback = option(
        "automatic",
        "manual",
        "off",
        doc="who takes a bad version back: the control plane as soon as it shows, an operator within X, or nobody",
    )
    freeze = option("off", "on", doc="whether nothing is released until a return has had time to arrive")

    writes = count(2, "how many versions a search goes through")
    bads = count(1, "how many of them are bad")
    stages = count(1, "the last stage; the first is stage 0")
    P = duration(1, "push delay: a push has arrived or is lost within this")
    W = duration(1, "watch: a bad version shows within this where it runs")
    A = duration(1, "answer: a location says that it is well within this after the watch")
    H = duration(1, "pull interval")
    G = duration(1, "gap: a partition heals within this")
    X = duration(1, "fix time: an operator who is alerted takes a bad version back within this")

    # --- the control plane

    config = natural(writes, initial=1, doc="the newest version; version 1 runs everywhere at first")
    good = natural(writes, initial=1, doc="the newest version that has been everywhere and is well")
    good_is_bad = boolean(doc="that one is bad all the same: it has come past the gate")
    bad = natural(writes, doc="the newest version that is bad, 0 if none is")
    flaws = natural(bads, doc="how many bad versions were released")
    withdrawn = boolean(doc="the newest version was found bad")
    alerted = boolean(doc="it was found bad, and an operator is asked to take it back")
    alerted_for = clock(while_=lambda s: s.alerted, doc="since the operator was asked")
    stage = natural(stages, doc="how far the newest version may go")
    pushed_for = clock(while_=lambda s: s.config > 1, doc="since the last pushes went out")

    # --- the locations

    cohort = natural(stages, over=Pop, doc="the stage that the location belongs to")
    pushing = boolean(over=Pop, doc="a push to the location is under way; a newer one takes its place")
    held = natural(writes, initial=1, over=Pop, doc="the version that the location runs, 0 for none")
    held_bad = boolean(over=Pop, doc="that version is bad")
    held_for = clock(over=Pop, while_=lambda s, p: s.watched_at[p], doc="since it runs the version under way")
    well = boolean(over=Pop, doc="it has said that the version under way is well")
    cut = boolean(over=Pop, doc="the location cannot be reached, nor reach anybody")
    link_for = clock(over=Pop, while_=lambda s, p: s.partition, doc="since it was cut off or connected")
    pulled_for = clock(over=Pop, while_=lambda s, p: s.pull == "on", doc="since it last asked")

    served = natural(writes, over=Pop, doc="what a client at the location was told last")
    failed = boolean(over=Pop, doc="the last read at the location got no answer")

    # --- the observer: one version, any one, whose age is followed

    watched = natural(writes, initial=None, doc="the version under observation; 0 observes none")
    watching = boolean(doc="it is released, and not withdrawn")
    since = clock(while_=lambda s: s.watching, doc="since it was released")
    poisoned = boolean(doc="the version before it is released, and bad, where such are followed")
    poisoned_for = clock(while_=lambda s: s.poisoned, doc="since that was released")

    # --- words

    @definition()
    def under_way(s: State) -> Expr:
        """The newest version is on its way through the stages."""
        return (s.good < s.config) & ~s.withdrawn

    @definition()
    def current(s: State) -> Expr:
        """The version that everybody should run in the end."""
        return ite(s.withdrawn | s.alerted, s.good, s.config)

    @definition()
    def follows_bad(s: State) -> Expr:
        """A bad version is followed to its end; where returns are automatic and may be postponed, none is promised."""
        return (s.freeze == "on") | (s.rollback != "automatic")

    @definition(pop=Pop)
    def stage_of(s: State, pop: Expr) -> Expr:
        """The stage of a location; whoever is in none is in the last."""
        return ite(s.cohort[pop] < s.stages, s.cohort[pop], s.stages)

    @definition(pop=Pop)
    def watched_at(s: State, pop: Expr) -> Expr:
        """The location runs the version under way, and it is open whether that is well."""
        return s.under_way & (s.held[pop] == s.config) & ~s.well[pop]

    @definition(pop=Pop)
    def loaded(s: State, pop: Expr) -> Expr:
        """The location has had a config."""
        return s.held[pop] > 0

    @definition(pop=Pop)
    def partial(s: State, pop: Expr) -> Expr:
        """What a client at the location was told last is the content of no version that was released."""
        return s.config < s.served[pop]

    @definition(pop=Pop)
    def told_bad(s: State, pop: Expr) -> Expr:
        """What a client at the location was told last runs there, and is bad."""
        return s.held_bad[pop] & (s.held[pop] == s.served[pop])

    # --- the control plane at work

    @action(fair=False, pop=Pop)
    def assign(s: State, pop: Expr) -> None:
        """Before anything is released, the operator puts a location into a later stage."""
        s.require((s.config == 1) & (s.cohort[pop] < s.stages))
        s.cohort[pop] = s.cohort[pop] + 1

    @action(fair=False)
    def release_good(s: State) -> None:
        """A version that is well is released, once nothing else is under way."""
        _release(s)

    @action(fair=False)
    def release_bad(s: State) -> None:
        """A version that is bad is released."""
        s.require(s.flaws < s.bads)
        _release(s)
        s.bad = s.config
        s.flaws = s.flaws + 1
        with s.when(s.follows_bad & (s.config + 1 == s.watched)):
            s.poisoned = True

    @action()
    def proceed(s: State) -> None:
        """The gate lets the version go on to the next stage; after the last one it is the last good one."""
        s.require(s.under_way & _passed(s))
        last = (s.stage == s.stages) | (s.rollout == "unstaged")
        with s.when(last):
            s.good = s.config
            s.good_is_bad = s.config == s.bad
        with s.when(~last):
            s.stage = s.stage + 1
            _push_to(s, lambda p: s.stage_of[p] == s.stage)

    @action()
    def withdraw(s: State) -> None:
        """The operator who was alerted takes everybody back to the last good version."""
        s.require((s.rollback == "manual") & s.alerted)
        s.alerted = False
        _return(s)

    # --- the locations at work

    @action(pop=Pop)
    def push_arrives(s: State, pop: Expr) -> None:
        """A push reaches its location."""
        s.require(s.pushing[pop] & ~s.cut[pop])
        s.pushing[pop] = False
        _take(s, pop)

    @action(pop=Pop)
    def pull_due(s: State, pop: Expr) -> None:
        """A location asks for what it should have; nobody answers while it is cut off."""
        s.require((s.pull == "on") & (s.pulled_for[pop] >= s.H))
        s.pulled_for[pop] = 0
        with s.when(~s.cut[pop]):
            _take(s, pop)

    @action(pop=Pop)
    def say_well(s: State, pop: Expr) -> None:
        """A location has run the version for longer than the watch, and says that it is well."""
        s.require((s.gate == "reports") & ~s.cut[pop] & s.watched_at[pop] & (s.config != s.bad))
        s.require(s.held_for[pop] > s.W)
        s.well[pop] = True

    @action(fair=False, pop=Pop)
    def say_well_late(s: State, pop: Expr) -> None:
        """A location's word that it is well arrives late: it is about another version, and changes nothing."""
        s.require((s.gate == "reports") & ~s.cut[pop] & s.under_way & (s.held[pop] != s.config))

    @action(pop=Pop)
    def complain(s: State, pop: Expr) -> None:
        """A location that runs the bad version is not well: everybody returns at once, or an operator is alerted."""
        s.require(~s.cut[pop] & s.watched_at[pop] & (s.config == s.bad) & ~s.alerted)
        with s.when(s.rollback == "automatic"):
            _return(s)
        with s.when(s.rollback != "automatic"):
            s.alerted = True
        with s.when(s.watched == s.config):
            s.watching = False

    @action(pop=Pop)
    def read(s: State, pop: Expr) -> None:
        """A request at a location reads the config that it runs."""
        s.failed[pop] = s.held[pop] == 0
        with s.when(s.held[pop] > 0):
            s.served[pop] = s.held[pop]

    # --- partitions

    @hazard(pop=Pop)
    def partition(s: State, pop: Expr) -> None:
        """A location is cut off."""
        s.require(~s.cut[pop] & (s.link_for[pop] > s.H))
        s.cut[pop] = True
        s.link_for[pop] = 0

    @hazard(under="partition", pop=Pop)
    def push_lost(s: State, pop: Expr) -> None:
        """A push to a location that is cut off is lost."""
        s.require(s.pushing[pop] & s.cut[pop])
        s.pushing[pop] = False

    @action(pop=Pop)
    def heal(s: State, pop: Expr) -> None:
        """A location that was cut off is connected again."""
        s.require(s.cut[pop])
        s.cut[pop] = False
        s.link_for[pop] = 0

    # --- what time may not overtake

    @deadline
    def pushes_end_in_time(s: State) -> Expr:
        """A push has arrived, or is lost, within P."""
        return for_all(s.Pop, lambda p: implies(s.pushing[p], s.pushed_for <= s.P))

    @deadline
    def badness_shows_in_time(s: State) -> Expr:
        """A bad version shows within W, at once where its location was cut off until now."""
        unseen = (s.config == s.bad) & ~s.alerted
        return for_all(s.Pop, lambda p: implies(s.watched_at[p] & ~s.cut[p] & unseen, s.held_for[p] <= s.W))

    @deadline
    def the_operator_acts_in_time(s: State) -> Expr:
        """An operator who is alerted takes the bad version back within X."""
        return implies((s.rollback == "manual") & s.alerted, s.alerted_for <= s.X)

    @deadline
    def answers_come_in_time(s: State) -> Expr:
        """A location says that it is well within A after the watch, at once where it was cut off until now."""
        asked = s.gate == "reports"
        return for_all(
            s.Pop,
            lambda p: implies(asked & s.watched_at[p] & ~s.cut[p] & (s.config != s.bad), s.held_for[p] <= s.W + s.A),
        )

    @deadline
    def the_control_plane_goes_on(s: State) -> Expr:
        """It proceeds when all have answered; where it waits for silence, within A after the watch."""
        waiting = exists(s.Pop, lambda p: _reached(s, p) & ~s.well[p])
        in_time = ite(s.gate == "reports", waiting, s.pushed_for <= s.P + s.W + s.A)
        return implies(s.under_way & ~s.alerted, in_time)

    @deadline
    def pulls_come_in_time(s: State) -> Expr:
        """A location asks every H."""
        return for_all(s.Pop, lambda p: s.pulled_for[p] <= s.H)

    @deadline
    def partitions_heal_in_time(s: State) -> Expr:
        """A partition heals within G."""
        return for_all(s.Pop, lambda p: implies(s.cut[p], s.link_for[p] <= s.G))


def _release(s: State) -> None:
    s.require(~s.under_way & (s.config < s.writes))
    s.require(implies((s.freeze == "on") & s.withdrawn, s.pushed_for > s.P))
    s.config = s.config + 1
    s.stage = 0
    s.withdrawn = False
    each(s.well, lambda p: False)
    _push_to(s, lambda p: _reached(s, p))
    with s.when(s.config == s.watched):
        s.watching = True


def _reached(s: State, p: Expr) -> Expr:
    """The newest version may go to this location."""
    return (s.rollout == "unstaged") | (s.stage_of[p] <= s.stage)


def _passed(s: State) -> Expr:
    """The gate is open: nobody has complained, and all are well or have had time to complain."""
    everybody_is_well = for_all(s.Pop, lambda p: implies(_reached(s, p), s.well[p]))
    return ~s.alerted & ite(s.gate == "reports", everybody_is_well, s.pushed_for > s.P + s.W)


def _return(s: State) -> None:
    """The version under way is withdrawn, and who may have it is sent the last good one."""
    s.withdrawn = True
    _push_to(s, lambda p: _reached(s, p))


def _push_to(s: State, whom: Callable[[Expr], Expr]) -> None:
    each(s.pushing, lambda p: s.pushing[p] | whom(p))
    s.pushed_for = 0


def _take(s: State, p: Expr) -> None:
    """A location runs what it should have: the newest version where that may go, else the last good one."""
    newest = _reached(s, p) & ~s.withdrawn
    s.held[p] = ite(newest, s.config, s.good)
    s.held_bad[p] = ite(newest, s.config == s.bad, s.good_is_bad)
