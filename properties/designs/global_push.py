# SPDX-License-Identifier: Apache-2.0
"""`global_push`: push to a fleet in stages and at once, with locations cut off, and with and without asking again.

The lemmas say why stages contain a bad version, and why who was cut off catches up. `_missed` says what has become of a
location that should run something newer and has no push under way: a partition took the push, at most P after it went
out. Either the location is still cut off, or it has not asked since.

How long a bad version can be told is told where nobody is cut off, and where a freeze lets a return arrive: it is the
newest wherever it runs then, and once it is withdrawn a push that takes it back is under way to whoever runs it. Where
nobody takes it back it is told for ever, and without a freeze the next release takes the place of the return.

What it costs: no read leaves its location, and every change goes to every location whole. Locations that ask, besides,
do so every H, whether anybody reads or not; the run is one without.
"""

from __future__ import annotations

from typing import Final

from edgeproof.model.expr import NAT, TIME, TRUE, Expr, exists, for_all, implies, ite, lift
from edgeproof.model.interpret import Event, evaluate
from edgeproof.model.machine import Instance, State
from edgeproof.properties.designs.do_kv_worst import wait
from edgeproof.properties.designs.dossier import (
    Beside,
    Constants,
    Costing,
    Dossier,
    Fact,
    Lemmas,
    Row,
    Term,
    Writer,
    total,
)
from edgeproof.properties.designs.parts.possible import watched

__all__ = ["DOSSIER"]

_AT_ONCE: Final[Constants] = {"rollout": "unstaged", "gate": "silence"}

_AGAIN: Final[Constants] = {"freeze": "on", "pull": "off", "writes": 4, "bads": 2}
_ONCE: Final[Constants] = {"writes": 3, "bads": 1}

_RETURN: Final = "monotonic-reads"
"""Every return to the last good version takes readers back: that is what it is for."""

# Durations that are all different: one that is taken for another shows.
_APART: Final[Constants] = {"P": 1, "W": 2, "A": 3, "H": 4, "G": 5, "X": 6}

_CASES: Final[tuple[Row, ...]] = (
    (
        "push-staged",
        {"pull": "off", "writes": 3},
        (_RETURN,),
        "a version goes on only where every location so far says it is well",
    ),
    (
        "push-staged-again",
        {"pull": "off", "writes": 4, "bads": 3, **_APART},
        (_RETURN,),
        "bad versions follow each other, and each gets as far as the one before",
    ),
    (
        "push-staged-cut",
        {"partition": True},
        (_RETURN,),
        "a location that is cut off says nothing, and the version waits for it",
    ),
    (
        "push-staged-silence",
        {"gate": "silence", "partition": True},
        (_RETURN, "staged-blast-radius"),
        "who is cut off does not complain, and silence is taken for health",
    ),
    (
        "push-unstaged",
        {**_AT_ONCE, "pull": "off"},
        (_RETURN, "staged-blast-radius"),
        "a bad version is everywhere before it shows anywhere",
    ),
    (
        "push-unstaged-cut",
        {**_AT_ONCE, "pull": "off", "partition": True},
        (_RETURN, "staged-blast-radius", "bounded-staleness", "convergence"),
        "a push that was lost does not come again",
    ),
    (
        "push-unstaged-pull",
        {**_AT_ONCE, "partition": True},
        (_RETURN, "staged-blast-radius"),
        "a location that missed the push asks for what it missed",
    ),
    (
        "push-rollback",
        _AGAIN,
        (_RETURN,),
        "everybody has returned from a bad version soon after it shows, and before the next one comes",
    ),
    (
        "push-rollback-manual",
        {**_AGAIN, "rollback": "manual"},
        (_RETURN,),
        "an operator takes the bad version back, and it is told for so much longer",
    ),
    (
        "push-rollback-off",
        {**_AGAIN, **_ONCE, "rollback": "off"},
        ("poison-bounded", "convergence"),
        "the stages contain the bad version, and where it runs it stays",
    ),
    (
        "push-rollback-overtaken",
        {**_AGAIN, **_ONCE, "rollback": "manual", "freeze": "off"},
        (_RETURN, "poison-bounded"),
        "the next version takes the place of the return that is under way",
    ),
)


def terms(s: State) -> tuple[Term, ...]:
    """How late a location can run a version, in the order in which the version on its way can meet the summands.

    Each stage but the last takes as long as the slowest answer: the version arrives (P), is watched (W), and the
    location says that it is well (A). In the last stage it has to arrive. Where locations may be cut off, a push can be
    lost: the partition heals within G, and H later the location asks; and it may be cut off once more before it
    answers.
    """
    staged: Expr = s.rollout == "staged"
    answered: Expr = staged & (s.gate == "reports") & s.partition
    return (
        Term("K*(P + W + A)", "the stages before the last", s.stages * (s.P + s.W + s.A), staged),
        Term("K*(G + H + G)", "their locations are cut off", s.stages * (s.G + s.H + s.G), answered),
        *_arrival(s),
    )


def _for_poison(s: State) -> tuple[Term, ...]:
    """How long after its release a bad version can be told, where nobody is cut off.

    A gate that waits for silence takes its time over a stage without locations; with reports there is nothing to wait
    for. Where nobody takes the version back, this is as long as it may be told at all.
    """
    silent: Expr = (s.rollout == "staged") & (s.gate == "silence")
    return (
        Term("K*(P + W + A)", "the stages before the first location", s.stages * (s.P + s.W + s.A), silent),
        Term("P", "the push arrives", s.P, TRUE),
        Term("W", "it shows", s.W, TRUE),
        Term("X", "the operator takes it back", s.X, s.rollback == "manual"),
        Term("P", "the return arrives", s.P, TRUE),
    )


def stage_bound(s: State) -> Expr:
    """How long a stage can take, from its pushes to the next one."""
    cut_off = Term("", "", s.G + s.H + s.G, s.partition & (s.gate == "reports"))
    return s.P + s.W + s.A + total((cut_off,))


def arrival_bound(s: State) -> Expr:
    """How long after a location's turn has come it can still run something older."""
    return total(_arrival(s))


def _arrival(s: State) -> tuple[Term, ...]:
    return (
        Term("P", "the push arrives", s.P, TRUE),
        Term("G", "the location is cut off, and the push is lost", s.G, s.partition),
        Term("H", "the location asks", s.H, s.partition & (s.pull == "on")),
    )


def _reached(s: State, p: Expr) -> Expr:
    return (s.rollout == "unstaged") | (s.stage_of[p] <= s.stage)


def _missed(s: State, p: Expr, since: Expr, before: Expr) -> Expr:
    """The push went out at most `before` after the moment from which `since` counts, and was lost."""
    cut_off = since <= before + s.P + s.link_for[p]
    back = (s.pull == "on") & (since <= before + s.P + s.G + s.link_for[p]) & (s.link_for[p] <= s.pulled_for[p])
    return s.partition & ite(s.cut[p], cut_off, back)


def _stages_before(s: State, how_many: Expr) -> Expr:
    return ite(s.rollout == "staged", how_many * stage_bound(s), lift(0, TIME))


def _grace(s: State, p: Expr) -> Expr:
    """How much longer than the watch and the answer a location may be without having said anything."""
    return ite(s.partition, ite(s.cut[p], s.link_for[p], ite(s.link_for[p] > 0, lift(0, TIME), s.G)), lift(0, TIME))


_VERSIONS: Final[Lemmas] = {
    "the-good-is-released": lambda s: (s.good > 0) & (s.good <= s.config),
    "the-bad-is-released": lambda s: s.bad <= s.config,
    "stages-end": lambda s: s.stage <= s.stages,
    "what-runs-is-released": lambda s: for_all(s.Pop, lambda p: (s.held[p] > 0) & (s.held[p] <= s.config)),
    "the-newest-stays": lambda s: for_all(
        s.Pop, lambda p: implies((s.good < s.config) & (s.held[p] == s.config), _reached(s, p))
    ),
    "the-withdrawn-is-bad": lambda s: implies(s.withdrawn, (s.config == s.bad) & (s.good < s.config)),
    "nobody-is-cut-off": lambda s: for_all(s.Pop, lambda p: ~s.cut[p]),
}

_STAGES: Final[Lemmas] = {
    "who-is-well-runs-what-is-well": lambda s: for_all(
        s.Pop,
        lambda p: implies(s.well[p] & s.under_way, (s.config != s.bad) & (s.held[p] == s.config) & _reached(s, p)),
    ),
    "earlier-stages-are-well": lambda s: for_all(
        s.Pop, lambda p: implies(s.under_way & (s.rollout == "staged") & (s.stage_of[p] < s.stage), s.well[p])
    ),
    "the-good-is-not-bad": lambda s: (s.bad == 0) | (s.good != s.bad),
    "the-good-passed-the-gate": lambda s: ~s.good_is_bad,
    "the-newest-is-bad-where-it-runs": lambda s: for_all(
        s.Pop, lambda p: implies(s.held[p] == s.config, s.held_bad[p] == ((s.config == s.bad) & (s.good < s.config)))
    ),
    "the-bad-is-in-the-first-stage": lambda s: for_all(
        s.Pop, lambda p: for_all(s.Pop, lambda q: implies(s.held_bad[p], s.stage_of[p] <= s.stage_of[q]))
    ),
    "everybody-has-the-good": lambda s: for_all(s.Pop, lambda p: s.good <= s.held[p]),
}

_TIMES: Final[Lemmas] = {
    "behind-in-its-turn": lambda s: for_all(
        s.Pop,
        lambda p: implies(
            s.under_way & _reached(s, p) & (s.held[p] < s.config),
            s.pushing[p] | _missed(s, p, s.pushed_for, lift(0, TIME)),
        ),
    ),
    "arrived-in-time": lambda s: for_all(
        s.Pop, lambda p: implies(s.watched_at[p], s.pushed_for <= arrival_bound(s) + s.held_for[p])
    ),
    "answered-in-time": lambda s: for_all(
        s.Pop, lambda p: implies(s.watched_at[p] & ~s.alerted, s.held_for[p] <= s.W + s.A + _grace(s, p))
    ),
    "a-stage-ends-in-time": lambda s: implies(s.under_way & ~s.alerted, s.pushed_for <= stage_bound(s)),
}

_STALENESS: Final[Lemmas] = {
    "watched-is-released": lambda s: implies(s.watching, (s.watched > 0) & (s.watched <= s.config)),
    "watched-is-not-withdrawn": lambda s: implies(s.watching & (s.withdrawn | s.alerted), s.watched < s.config),
    "watched-before-is-good": lambda s: implies(s.watching & (s.watched < s.config), s.watched <= s.good),
    "its-stage-began": lambda s: implies(
        s.watching & (s.watched == s.config) & s.under_way,
        s.since <= _stages_before(s, s.stage) + s.pushed_for,
    ),
    "behind": lambda s: for_all(
        s.Pop,
        lambda p: implies(
            s.watching & (s.held[p] < s.watched) & ((s.watched <= s.good) | _reached(s, p)),
            (s.pushing[p] & (s.watched == s.config) & s.under_way)
            | _missed(s, p, s.since, _stages_before(s, s.stages)),
        ),
    ),
}


def _follows_the_newest(s: State) -> Expr:
    """The bad version under observation is the newest."""
    return s.follows_bad & s.poisoned & (s.config + 1 == s.watched)


def _empty_stages(s: State, how_many: Expr) -> Expr:
    """How long a bad version takes over stages without locations."""
    return ite(s.gate == "silence", _stages_before(s, how_many), lift(0, TIME))


def _shown_by(s: State) -> Expr:
    """How long after its release a bad version has been found bad."""
    return _empty_stages(s, s.stages) + s.P + s.W


def _withdrawn_by(s: State) -> Expr:
    """How long after its release a bad version has been withdrawn."""
    return _shown_by(s) + ite(s.rollback == "manual", s.X, lift(0, TIME))


_POISON: Final[Lemmas] = {
    "followed-is-released": lambda s: implies(
        s.follows_bad & s.poisoned, (s.watched > 1) & (s.watched <= s.config + 1)
    ),
    "an-alert-is-about-what-is-under-way": lambda s: implies(s.alerted, s.under_way & (s.config == s.bad)),
    "nobody-is-alerted-of-what-returns-at-once": lambda s: implies(s.rollback == "automatic", ~s.alerted),
    "what-runs-bad-is-the-newest": lambda s: for_all(
        s.Pop, lambda p: implies((s.freeze == "on") & s.held_bad[p], (s.held[p] == s.config) & (s.good < s.config))
    ),
    "who-runs-what-is-withdrawn-is-sent-back": lambda s: for_all(
        s.Pop, lambda p: implies((s.freeze == "on") & s.withdrawn & s.held_bad[p], s.pushing[p])
    ),
    "somebody-is-to-say-something": lambda s: implies(
        _follows_the_newest(s) & ~s.withdrawn & (s.alerted | (s.poisoned_for > 0)),
        exists(s.Pop, lambda p: _reached(s, p)),
    ),
    "followed-since-its-push": lambda s: implies(
        _follows_the_newest(s) & ~s.withdrawn,
        s.under_way & (s.config == s.bad) & (s.poisoned_for <= _empty_stages(s, s.stage) + s.pushed_for),
    ),
    "alerted-in-time": lambda s: implies(
        _follows_the_newest(s) & s.alerted, s.poisoned_for <= _shown_by(s) + s.alerted_for
    ),
    "withdrawn-in-time": lambda s: implies(
        _follows_the_newest(s) & s.withdrawn, s.poisoned_for <= _withdrawn_by(s) + s.pushed_for
    ),
}


_FORWARD: Final[Lemmas] = {
    "nothing-is-taken-back": lambda s: implies(s.rollback == "off", ~s.withdrawn),
    "what-runs-is-good-or-the-newest": lambda s: for_all(
        s.Pop, lambda p: implies(s.rollback == "off", (s.held[p] <= s.good) | (s.held[p] == s.config))
    ),
    "nobody-goes-back": lambda s: for_all(s.Pop, lambda p: implies(s.rollback == "off", s.served[p] <= s.held[p])),
}


def _worst_poison_run(instance: Instance) -> list[Event]:
    """Everything takes as long as it can: a bad version arrives, shows and is taken back, and the return arrives.

    Where nobody takes it back it is told later than that as well.
    """
    n, pop = instance.number, (("pop", 0),)
    by_hand = [*wait(n("X")), Event("withdraw")] if instance.values["rollback"] == "manual" else []
    later = 1 if instance.values["rollback"] == "off" else 0
    return [
        *(Event("release_bad"), *wait(n("P")), Event("push_arrives", pop), *wait(n("W")), Event("complain", pop)),
        *(*by_hand, *wait(n("P") + later), Event("read", pop)),
    ]


def _in_stages(instance: Instance) -> tuple[Event, ...]:
    """The locations are spread evenly over the stages."""
    stages, locations = instance.number("stages") + 1, instance.number("Pop")
    return tuple(Event("assign", (("pop", one),)) for one in range(locations) for _ in range(one * stages // locations))


def _follows_bad(instance: Instance) -> bool:
    """Whether bad versions are followed, and nobody is cut off from a return."""
    s, nothing = instance.machine.state(), dict[str, int]()
    return bool(evaluate(instance, s.follows_bad & ~s.partition, nothing))


DOSSIER: Final = Dossier(
    cases=_CASES,
    anomalies=("cross-pop-monotonic",),
    room={"writes": 12, "Pop": 3, "stages": 2},
    terms=terms,
    beside={
        "poison-bounded": Beside(
            _for_poison,
            applies=_follows_bad,
            clock="poisoned_for",
            watched=3,
            worst_run=_worst_poison_run,
            shows=lambda state: state["held_bad"] == (True,) and state["served"] == (2,),
        )
    },
    lemmas={**_VERSIONS, **_STAGES, **_TIMES, **_STALENESS, **_POISON, **_FORWARD},
    costing=Costing(
        constants={"Pop": 3, "writes": 12, "pull": "off"},
        hops=lambda s, pop: lift(0, NAT),
        published=lambda sizes: sizes.config * sizes.locations,
        writer=Writer.ROLLOUT,
        prepared=_in_stages,
        write=("release_good",),
        without="the last config, for ever",
    ),
    possible={
        **watched("push-staged"),
        **{
            f"{release}-leaves-its-age": Fact(
                "push-staged",
                f"What is watched goes on aging when something newer is released by {release}.",
                lambda s: s.watching & (s.since > 0),
                release,
                lambda s: s.watching & (s.since > 0) & (s.watched < s.config),
            )
            for release in ("release_good", "release_bad")
        },
        "a-bad-version-is-watched": Fact(
            "push-staged",
            "A bad version is watched from its release on.",
            lambda s: s.watching & (s.since == 0) & (s.config == s.watched) & (s.config == s.bad),
        ),
        **{
            f"{release}-follows-a-return": Fact(
                "push-rollback",
                f"Once everybody is back from what was withdrawn something else is released by {release}.",
                lambda s: s.withdrawn,
                release,
            )
            for release in ("release_good", "release_bad")
        },
        **{
            f"{release}-leaves-pushes": Fact(
                case,
                f"A push to a location of a later stage is still under way when something is released by {release}.",
                happens=release,
                then=lambda s: exists(s.Pop, lambda p: s.pushing[p] & ~_reached(s, p)),
            )
            for case, release in (("push-staged", "release_good"), ("push-staged-again", "release_bad"))
        },
        "a-release-overtakes-a-return": Fact(
            "push-staged-again",
            "Without a freeze a bad version takes the place of a return that is under way.",
            lambda s: s.withdrawn & exists(s.Pop, lambda p: s.pushing[p]),
            "release_bad",
        ),
        "a-late-push-leaves-the-watch": Fact(
            "push-staged-cut",
            "A push that arrives where its version runs already does not begin the watch anew.",
            lambda s: for_all(s.Pop, lambda p: s.watched_at[p] & (s.held_for[p] > 0)),
            "push_arrives",
            lambda s: for_all(s.Pop, lambda p: s.held_for[p] > 0),
        ),
        "an-answer-right-after-the-watch": Fact(
            "push-staged-again",
            "A location says that it is well as soon as it has run the version for longer than the watch.",
            lambda s: for_all(s.Pop, lambda p: s.held_for[p] <= s.W + 1),
            "say_well",
        ),
        "who-is-cut-off-answers-late": Fact(
            "push-staged-cut",
            "A location that is cut off says nothing for longer than an answer takes.",
            lambda s: exists(s.Pop, lambda p: s.cut[p] & s.watched_at[p] & (s.held_for[p] > s.W + s.A)),
        ),
        "a-watch-goes-on": Fact(
            "push-staged-silence",
            "Who was cut off has run the version for longer than the watch when it goes on to the next stage.",
            happens="proceed",
            then=lambda s: exists(s.Pop, lambda p: s.W < s.held_for[p]),
        ),
        "a-bad-version-is-followed-on": Fact(
            "push-rollback",
            "A bad version is followed still when the next one is released.",
            lambda s: s.poisoned & (s.poisoned_for > 0),
            "release_bad",
            lambda s: s.poisoned & (s.poisoned_for > 0),
        ),
        "a-bad-version-is-taken-for-good": Fact(
            "push-unstaged-cut",
            "A bad version has got past the gate, and runs where everybody should be.",
            lambda s: s.good_is_bad & exists(s.Pop, lambda p: s.held_bad[p] & (s.held[p] == s.good)),
        ),
        "a-bad-version-is-withdrawn": Fact("push-staged", "A bad version is taken back.", lambda s: s.withdrawn),
        "a-good-version-gets-through": Fact(
            "push-staged",
            "Every location has a version that was released after the first one.",
            lambda s: (s.config > 1) & (s.good == s.config) & for_all(s.Pop, lambda p: s.held[p] == s.config),
        ),
    },
    regardless={
        "push-staged-cut": ("monotonic-reads",),
        "push-staged-silence": ("monotonic-reads",),
        "push-unstaged-cut": ("monotonic-reads", "staged-blast-radius"),
        "push-unstaged-pull": ("monotonic-reads", "staged-blast-radius"),
    },
)
