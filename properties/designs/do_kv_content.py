# SPDX-License-Identifier: Apache-2.0
"""`do_kv_content`: what becomes of a config that is bad, and of a copy that is not what it says.

A publisher that vets keeps bad versions out of KV, and good ones as fresh as ever. Where none does, KV takes a bad
version everywhere: readers that serve it are told it until the operator's fix has reached them, readers that fail on it
have a good copy and do not serve it, and readers that keep the last good one may do so for as long as bad versions
follow each other. A mislabelled copy is known by its digest alone, and mended by the next put.

The lemmas are those of `do_kv`, and what is known of content wherever there is a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from edgeproof.model.designs.versions import newer_or_same
from edgeproof.model.expr import TRUE, Expr, exists, for_all, implies
from edgeproof.model.machine import State
from edgeproof.properties.designs import do_kv
from edgeproof.properties.designs.do_kv_worst import worst_poison_run, worst_run
from edgeproof.properties.designs.dossier import Beside, Constants, Dossier, Fact, Lemmas, Row, Term
from edgeproof.properties.designs.parts.alarm import LIMITS, Change, at_lease, at_retry, at_sync, attempts
from edgeproof.properties.designs.parts.possible import acknowledged, as_late_as_it_may_be, watched

__all__ = ["DOSSIER"]

_POISON: Final[Constants] = {"Put": 1, "reader": "guarded", "poison_write": True, "writes": 3}
_UNVETTED: Final[Constants] = {**_POISON, "vetting": "off"}
_ALONE: Final[Constants] = {**_UNVETTED, "Pop": 1}
_CORRUPT: Final[Constants] = {"Put": 1, "Pop": 1, "reader": "guarded", "corrupt": True}
_RESTORED: Final[Constants] = {**_ALONE, "validate": "serves", "rollback": True}

# Durations that are all different: one that is taken for another shows.
_APART: Final[Constants] = {"S": 2, "D": 1, "R": 3, "T": 4, "X": 5, "H": 6, "Z": 7}

_CASES: Final[tuple[Row, ...]] = (
    (
        "content-vetted",
        {**_ALONE, "vetting": "on", "validate": "serves"},
        (),
        "a bad version never reaches KV, and keeps no good one from it",
    ),
    (
        "content-keeps",
        {**_UNVETTED, "X": 5, "writes": 4},
        ("bounded-staleness",),
        "who keeps the last good copy answers, however old that is",
    ),
    (
        "content-fails",
        {**_ALONE, "validate": "fails"},
        ("serves-last-good",),
        "who fails on a bad version has a good one, and does not serve it",
    ),
    (
        "content-serves",
        {**_UNVETTED, "validate": "serves"},
        ("serves-last-good", "blast-radius"),
        "a bad version goes everywhere at once, and stays until the fix has reached everybody",
    ),
    (
        "content-mislabelled",
        {**_CORRUPT, "digest": "off"},
        ("serves-last-good", "label-is-content"),
        "a copy of something else under its label is told by nothing",
    ),
    (
        "content-digest",
        {**_CORRUPT, "repair": "heartbeat"},
        ("bounded-staleness",),
        "a digest tells it, the reader keeps the last good copy, and the next heartbeat mends KV",
    ),
    (
        "content-restored",
        {**_RESTORED},
        ("serves-last-good", "poison-bounded", "convergence", "never-ahead", "monotonic-kv"),
        "the guard holds a bad version against the restored good one for ever",
    ),
    (
        "content-restored-epoch",
        {**_RESTORED, "epoch": "on", **_APART},
        ("serves-last-good",),
        "an epoch makes the restored good version the newer one",
    ),
)


def _is_told_poison(state: Mapping[str, object]) -> bool:
    told = state["served_content"]
    return isinstance(told, tuple) and told[0] == "poison"


def _for_poison(s: State) -> tuple[Term, ...]:
    """How long after its commit a bad version can be told: it is fixed within X, and the fix is late."""
    return (Term("X", "the operator fixes it", s.X, TRUE), *do_kv.terms(s))


def _copies(s: State, what: Callable[[Expr], Expr]) -> Expr:
    """It holds of the content of every copy, wherever it is."""
    at_locations = for_all(
        s.Pop, lambda p: what(s.cache_content[p]) & what(s.kept_content[p]) & what(s.served_content[p])
    )
    under_way = what(s.sent_content) & for_all(s.Put, lambda k: what(s.carries_content[k]))
    return what(s.kv_content) & under_way & at_locations


def _readers(s: State, what: Callable[[Expr], Expr]) -> Expr:
    """It holds of the content that isolates keep, and clients were told."""
    return for_all(s.Pop, lambda p: what(s.kept_content[p]) & what(s.served_content[p]))


_CONTENT: Final[Lemmas] = {
    "a-config-is-not-mislabelled": lambda s: (s.content != "mislabelled") & (s.before != "mislabelled"),
    "nobody-writes-poison": lambda s: implies(~s.poison_write, (s.content == "good") & (s.before == "good")),
    "no-copy-is-poison-where-nobody-writes-it": lambda s: implies(~s.poison_write, _copies(s, lambda c: c != "poison")),
    "no-copy-is-poison-where-the-publisher-vets": lambda s: implies(
        s.vetting == "on", _copies(s, lambda c: c != "poison")
    ),
    "no-copy-is-mislabelled": lambda s: implies(~s.corrupt, _copies(s, lambda c: c != "mislabelled")),
    "puts-carry-what-was-committed": lambda s: (
        (s.sent_content != "mislabelled") & for_all(s.Put, lambda k: s.carries_content[k] != "mislabelled")
    ),
    "validated-is-not-poison": lambda s: implies(s.validate != "serves", _readers(s, lambda c: c != "poison")),
    "checked-is-not-mislabelled": lambda s: implies(
        (s.validate != "serves") & (s.digest == "on"), _readers(s, lambda c: c != "mislabelled")
    ),
    "kept-content-was-served": lambda s: for_all(s.Pop, lambda p: s.kept_content[p] == s.served_content[p]),
    "the-good-is-committed": lambda s: s.last_good <= s.config,
    "a-good-config-is-the-last-good": lambda s: implies(s.content == "good", s.last_good == s.config),
    "the-watched-is-good": lambda s: implies(s.watching, s.watched <= s.last_good),
    "sent-is-vetted": lambda s: implies(s.vetting == "on", newer_or_same(s.era, s.last_good, s.sent_era, s.sent)),
    "kv-is-vetted": lambda s: implies(s.vetting == "on", newer_or_same(s.era, s.last_good, s.kv_era, s.kv)),
}

_POISON_AGES: Final[Lemmas] = {
    "nothing-is-restored": lambda s: implies(~s.rollback, s.restored == 0),
    "fixed-before-long": lambda s: implies(s.content == "poison", s.bad_for <= s.X),
    "not-fixed-yet": lambda s: implies(
        s.poisoned & ~s.watching & (s.restored == 0),
        (s.config + 1 == s.watched) & (s.content == "poison") & (s.poisoned_for <= s.bad_for),
    ),
    "fixed-in-time": lambda s: implies(s.poisoned & s.watching, s.poisoned_for <= s.X + s.since),
}


def _keeps_the_restored_out(s: State) -> Expr:
    """The bad version under observation is mended by a restore, which KV's centre does not tell yet."""
    return s.poisoned & (s.restored > 0) & (s.kv_era < s.era)


_RESTORE: Final = Change(_keeps_the_restored_out, since=lambda s: s.poisoned_for, ready=lambda s: s.X)

_RESTORED_AGES: Final[Lemmas] = {
    "a-restored-config-is-good": lambda s: implies(s.restored > 0, s.content == "good"),
    "no-copy-from-after-a-restore-is-poison": lambda s: (
        implies(s.sent_era > 0, s.sent_content != "poison")
        & implies(s.kv_era > 0, s.kv_content != "poison")
        & for_all(s.Put, lambda k: implies(s.carries_era[k] > 0, s.carries_content[k] != "poison"))
        & for_all(
            s.Pop,
            lambda p: (
                implies(s.cache_era[p] > 0, s.cache_content[p] != "poison")
                & implies(s.kept_era[p] > 0, s.kept_content[p] != "poison")
            ),
        )
    ),
    "puts-after-a-restore-carry-it": lambda s: implies((s.restored > 0) & (s.sending != "idle"), s.sent_era == s.era),
    "a-restore-is-published": lambda s: implies(
        (s.restored > 0) & ((s.alarm == "off") | (s.alarm == "beat") | (s.sending == "landed")), s.kv_era == s.era
    ),
    "restored-at-sync": at_sync(_RESTORE),
    "restored-at-retry": at_retry(_RESTORE),
    "restored-at-lease": at_lease(_RESTORE),
    "restored-in-flight": lambda s: implies(
        _keeps_the_restored_out(s) & (s.sending == "flying"),
        s.poisoned_for <= _RESTORE.start(s) + attempts(s) + s.sending_for,
    ),
    "from-before-the-restore-in-a-cache": lambda s: for_all(
        s.Pop,
        lambda p: implies(
            s.poisoned & (s.restored > 0) & s.cached[p] & (s.cache_era[p] < s.era),
            s.poisoned_for <= s.X + do_kv.publish_bound(s) + s.age[p],
        ),
    ),
}

DOSSIER: Final = Dossier(
    cases=_CASES,
    anomalies=("read-your-writes", "cross-pop-monotonic"),
    room={"writes": 12},
    terms=do_kv.terms,
    beside={
        "poison-bounded": Beside(
            _for_poison,
            applies=lambda instance: "poison_write" in instance.hazards,
            clock="poisoned_for",
            watched=3,
            worst_run=worst_poison_run,
            shows=_is_told_poison,
        )
    },
    limits=LIMITS,
    worst_run=worst_run,
    lemmas={**do_kv.DOSSIER.lemmas, **_CONTENT, **_POISON_AGES, **_RESTORED_AGES},
    costing=do_kv.COSTING,
    possible={
        "a-write-is-acknowledged": acknowledged("content-vetted"),
        **as_late_as_it_may_be("content-vetted"),
        **watched("content-vetted", "write"),
        "a-fix-takes-long": Fact(
            "content-vetted", "A fix takes as long as it may.", lambda s: (s.content == "poison") & (s.bad_for == s.X)
        ),
        "a-good-version-is-not-followed": Fact(
            "content-restored",
            "A restore to before the write that is watched makes no good version one that is followed as bad.",
            lambda s: ~s.poisoned & (s.config + 1 == s.watched),
            "rollback",
            lambda s: ~s.poisoned,
        ),
        "the-last-good-copy-is-kept": Fact(
            "content-keeps",
            "An isolate keeps a good copy while KV holds a bad one.",
            lambda s: exists(s.Pop, lambda p: s.loaded[p] & (s.kept_content[p] == "good") & (s.kv_content == "poison")),
        ),
    },
)
