# SPDX-License-Identifier: Apache-2.0
"""`flagship`: a flag as it is built here, and what the documented API and two mistakes with buckets take from it.

The lemmas say why a flag is evaluated alike everywhere, and in time: copies of one version say the same, and arrive by
the bound. A person is let in by the config that their location holds and by their bucket, and these are the only two
things that an evaluation looks at. The staleness lemmas are those of `do_kv`, with a put that lands and is confirmed in
one step.

What it costs: a location fetches its app once per cacheTtl, a change publishes all the app's flags.
"""

from __future__ import annotations

from typing import Final

from attrs import evolve

from edgeproof.model.designs.flagship import lets_in
from edgeproof.model.expr import NAT, TRUE, Expr, for_all, implies, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.designs.dossier import Constants, Costing, Dossier, Fact, Lemmas, Row, Term, Writer, total
from edgeproof.properties.designs.parts.alarm import LIMITS, publication
from edgeproof.properties.designs.parts.cache import cached_copy, old_copies
from edgeproof.properties.designs.parts.possible import happens, watched

__all__ = ["DOSSIER"]

# Durations that are all different: one that is taken for another shows.
_APART: Final[Constants] = {"S": 2, "D": 1, "R": 4, "T": 3}

_CASES: Final[tuple[Row, ...]] = (
    (
        "flag",
        {"put_fails": True, "crash": True},
        (),
        "a bucket depends on who asks alone, an editor says which version they have seen, a put that fails is retried",
    ),
    (
        "flag-blind",
        {"update": "blind", "Pop": 1, "writes": 3, **_APART},
        ("no-lost-update",),
        "a full replace without a version: an editor turns on again what the kill switch has just turned off",
    ),
    (
        "flag-salted",
        {"bucketing": "salted"},
        ("rollout-monotone",),
        "with every version people are sorted anew, so that a higher percentage drops some of them",
    ),
    (
        "flag-random",
        {"bucketing": "random"},
        ("evaluation-pure", "rollout-monotone"),
        "without the attribute that a rollout hashes, every evaluation draws a bucket",
    ),
)


def terms(s: State) -> tuple[Term, ...]:
    """How late a change of a flag can reach who asks at a location: as of `do_kv`."""
    return (
        Term("D", "an older put is in flight", s.D, TRUE),
        *publication(s, ("D", s.D), s.put_fails | s.crash, "the put that succeeds"),
        cached_copy(s),
    )


def publish_bound(s: State) -> Expr:
    """How long after its commit a write can be missing from KV's central store."""
    return total(terms(s)[:-1])


def _behind(s: State) -> Expr:
    return s.watching & (s.kv < s.watched)


def _attempts(s: State) -> Expr:
    """When an attempt that carries the write begins at the latest, after the failed ones so far."""
    return s.D + s.S + s.failures * (s.D + s.R)


def _agree(version: Expr, share: Expr, other_version: Expr, other_share: Expr) -> Expr:
    return implies(version == other_version, share == other_share)


def _off(s: State, version: Expr, share: Expr) -> Expr:
    """A copy that knows of the flag's being turned off says so."""
    return implies(s.stays_off & (s.watched <= version), share == 0)


_STORE: Final[Lemmas] = {
    "a-bucket-is-on-the-scale": lambda s: implies(s.scale > 0, s.bucket < s.scale),
    "only-an-editor-has-seen-anything": lambda s: s.seen <= s.config,
    "sent-is-something": lambda s: (s.sending == "flying") == (s.sent > 0),
    "publishing-needs-a-config": lambda s: implies(s.sending != "idle", s.config > 0),
    "failures-are-bounded": lambda s: s.failures <= s.F,
    "nothing-fails": lambda s: s.failures == 0,
    "retries-follow-failures": lambda s: implies((s.sending == "retry") | (s.sending == "leased"), s.failures > 0),
    "success-forgives": lambda s: implies((s.sending == "idle") | (s.sending == "due"), s.failures == 0),
}

_COPIES: Final[Lemmas] = {
    "sent-is-committed": lambda s: s.sent <= s.config,
    "kv-is-committed": lambda s: s.kv <= s.config,
    "puts-go-forward": lambda s: implies(s.sending == "flying", s.kv <= s.sent),
    "caches-are-in-kv": lambda s: for_all(s.Pop, lambda p: s.cache[p] <= s.kv),
    "readers-are-in-caches": lambda s: for_all(s.Pop, lambda p: s.served[p] <= s.cache[p]),
}

_CONTENTS: Final[Lemmas] = {
    "no-flag-lets-nobody-in": lambda s: (
        implies(s.config == 0, s.share == 0)
        & implies(s.sent == 0, s.sent_share == 0)
        & implies(s.kv == 0, s.kv_share == 0)
        & for_all(s.Pop, lambda p: implies(s.cache[p] == 0, s.cache_share[p] == 0))
        & for_all(s.Pop, lambda p: implies(s.served[p] == 0, s.served_share[p] == 0))
    ),
    "sent-is-what-was-written": lambda s: _agree(s.sent, s.sent_share, s.config, s.share),
    "kv-is-what-was-written": lambda s: _agree(s.kv, s.kv_share, s.config, s.share),
    "kv-is-what-was-sent": lambda s: _agree(s.kv, s.kv_share, s.sent, s.sent_share),
    "caches-hold-what-was-written": lambda s: for_all(
        s.Pop,
        lambda p: (
            _agree(s.cache[p], s.cache_share[p], s.config, s.share)
            & _agree(s.cache[p], s.cache_share[p], s.sent, s.sent_share)
            & _agree(s.cache[p], s.cache_share[p], s.kv, s.kv_share)
        ),
    ),
    "readers-hold-what-was-written": lambda s: for_all(
        s.Pop,
        lambda p: (
            _agree(s.served[p], s.served_share[p], s.config, s.share)
            & _agree(s.served[p], s.served_share[p], s.sent, s.sent_share)
            & _agree(s.served[p], s.served_share[p], s.kv, s.kv_share)
        ),
    ),
    "locations-agree": lambda s: for_all(
        s.Pop,
        lambda p: for_all(
            s.Pop,
            lambda q: (
                _agree(s.cache[p], s.cache_share[p], s.cache[q], s.cache_share[q])
                & _agree(s.served[p], s.served_share[p], s.cache[q], s.cache_share[q])
                & _agree(s.served[p], s.served_share[p], s.served[q], s.served_share[q])
            ),
        ),
    ),
    "answers-are-evaluations": lambda s: for_all(
        s.Pop, lambda p: s.on[p] == lets_in(s, s.served[p], s.served_share[p])
    ),
}

_OFF: Final[Lemmas] = {
    "off-is-watched": lambda s: implies(s.stays_off, s.watching & (s.share == 0)),
    "off-where-it-is-sent": lambda s: _off(s, s.sent, s.sent_share),
    "off-in-kv": lambda s: _off(s, s.kv, s.kv_share),
    "off-in-caches": lambda s: for_all(s.Pop, lambda p: _off(s, s.cache[p], s.cache_share[p])),
}

_STALENESS: Final[Lemmas] = {
    "watched-is-committed": lambda s: implies(s.watching, (s.watched <= s.config) & (s.watched > 0)),
    "idle-is-published": lambda s: implies(s.sending == "idle", ~_behind(s)),
    "older-put": lambda s: implies(s.watching & (s.sending == "flying") & (s.sent < s.watched), s.since <= s.waited),
    "behind-when-due": lambda s: implies(_behind(s) & (s.sending == "due"), s.since <= s.D + s.waited),
    "behind-in-flight": lambda s: implies(_behind(s) & (s.sending == "flying"), s.since <= _attempts(s) + s.waited),
    "behind-at-retry": lambda s: implies(_behind(s) & (s.sending == "retry"), s.since + s.R <= _attempts(s) + s.waited),
    "behind-when-leased": lambda s: implies(
        _behind(s) & (s.sending == "leased"), s.since + s.D + s.R <= _attempts(s) + s.waited
    ),
    "behind-in-a-cache": old_copies(
        lambda s, p: s.watching & s.cached[p] & (s.cache[p] < s.watched), since=lambda s: s.since, bound=publish_bound
    ),
}


def _leaves_the_location(s: State, pop: Expr) -> Expr:
    """One request to KV's centre where the location's cache may not answer."""
    return ite(s.cached[pop] & (s.age[pop] <= s.T), lift(0, NAT), lift(1, NAT))


DOSSIER: Final = Dossier(
    cases=_CASES,
    anomalies=("cross-pop-monotonic",),
    room={"writes": 6, "scale": 3},
    terms=terms,
    limits=evolve(LIMITS, put_timeout=lambda s: s.D),
    lemmas={**_STORE, **_COPIES, **_CONTENTS, **_OFF, **_STALENESS},
    costing=Costing(
        constants={"Pop": 3, "writes": 12, "T": 60},
        hops=_leaves_the_location,
        published=lambda sizes: sizes.config,
        writer=Writer.OBJECT,
        write=("edit", "raise_draft", "save"),
        without="the last flags, for ever",
    ),
    possible={
        "a-retry-waits": Fact(
            "flag", "A retry waits for all of R.", lambda s: (s.sending == "retry") & (s.waited == s.R)
        ),
        "a-wait-begins": Fact(
            "flag", "It waits from the failure on.", lambda s: (s.sending == "retry") & (s.waited == 0)
        ),
        "an-alarm-is-late": Fact(
            "flag-blind", "An alarm fires as late as it may.", lambda s: (s.sending == "due") & (s.waited == s.S)
        ),
        "a-crash-ends-a-put": Fact(
            "flag", "A crash ends a put.", lambda s: s.sending == "flying", "crash", lambda s: s.sending == "leased"
        ),
        "a-crash-between-puts": Fact(
            "flag",
            "A crash comes between two puts, however many of them have failed.",
            lambda s: (s.sending != "flying") & (s.failures == s.F),
            "crash",
        ),
        "a-put-takes-long": Fact(
            "flag", "A put takes as long as it may.", lambda s: (s.sending == "flying") & (s.waited == s.D)
        ),
        **watched("flag", "save", "turn_off"),
        "somebody-else-comes-first": happens("flag", "another", "Somebody is followed who is not the first."),
        "the-kill-switch-is-watched": Fact(
            "flag",
            "The kill switch turns off a flag that hardly anybody is let in by, and is watched.",
            lambda s: (s.share == 1) & ~s.watching,
            "turn_off",
            lambda s: s.stays_off & (s.config == s.watched),
        ),
        "an-edit-turns-it-off": Fact(
            "flag",
            "An edit that turns the flag off is watched as the kill switch is.",
            lambda s: ~s.watching,
            "save",
            lambda s: s.stays_off & (s.config == s.watched),
        ),
        "it-stays-off": Fact(
            "flag",
            "A flag that is off stays off with an edit that does not turn it on.",
            lambda s: s.stays_off,
            "save",
            lambda s: s.stays_off & (s.watched < s.config),
        ),
        "an-editor-is-behind": Fact(
            "flag-blind",
            "While somebody edits a flag somebody else changes it.",
            lambda s: s.editing & (s.seen < s.config),
        ),
    },
)
