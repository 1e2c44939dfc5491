# SPDX-License-Identifier: Apache-2.0
"""The scoreboard: configurations of a design, with what the pattern or the platform promises or denies of each.

An expectation comes from the pattern's description or the platform's documentation, not from a run. What the machine
finds is compared with it, and a difference is a failure, whichever of the two is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from model.designs import load
from model.machine import DesignError, Instance
from properties.catalogue import CATALOGUE, applicable
from properties.evidence import Case, Verdict

__all__ = ["ad_hoc", "for_runs", "instance_of", "scoreboard"]

Constants = Mapping[str, int | str | bool]

_ROOM: Final[Mapping[str, Mapping[str, int]]] = {"do_kv": {"writes": 12}}
_V: Final = Verdict.VIOLATED
_OUTBOX: Final[Constants] = {"publisher": "outbox", "Put": 1}
_INLINE: Final[Constants] = {"publisher": "inline", "Put": 2}
_FAULTS: Final[Constants] = {"crash": True, "put_fails": True, "put_ambiguous": True}
_EXHAUSTED: Final[Constants] = {**_OUTBOX, "put_fails": True, "alarm_exhausted": True, "F": 7}
_LATE: Final[Constants] = {**_OUTBOX, "put_late": True, "writes": 3}

_REPAIRED: Final[Constants] = {"repair": "heartbeat", "reader": "guarded", "epoch": "on"}

_DO_KV: Final[tuple[tuple[str, Constants, tuple[str, ...], str], ...]] = (
    ("outbox", {**_OUTBOX}, (), "the pattern without any fault"),
    ("outbox-faults", {**_OUTBOX, **_FAULTS}, (), "a put that fails is retried, a crash finds the alarm armed"),
    ("outbox-memo", {**_OUTBOX, "reader": "memo", "put_fails": True}, (), "the isolate's own copy adds M to the bound"),
    ("negative-cache", {**_OUTBOX, "negative_cache": True}, (), "absence is as stale as any other copy"),
    (
        "recommended",
        {**_LATE, **_FAULTS, **_REPAIRED, "disjoint_caches": True, "writes": 2},
        ("monotonic-kv",),
        "a late put takes KV back; the heartbeat repairs it and the guard hides it from readers",
    ),
    (
        "inline",
        {**_INLINE},
        ("monotonic-kv", "monotonic-reads", "convergence", "bounded-staleness"),
        "two writes, first put slow: both acknowledged, KV stays on the older",
    ),
    (
        "inline-crash",
        {**_INLINE, "crash": True},
        ("monotonic-kv", "monotonic-reads", "convergence", "bounded-staleness"),
        "a crash between commit and put, and nothing publishes again",
    ),
    (
        "throwing-handler",
        {**_EXHAUSTED, "handler": "throws"},
        ("convergence", "bounded-staleness"),
        "after 7 failures the alarm is gone",
    ),
    (
        "rearming-handler",
        {**_EXHAUSTED, "handler": "rearms"},
        (),
        "a handler that catches and re-arms never uses it up",
    ),
    (
        "late-put",
        {**_LATE},
        ("monotonic-kv", "monotonic-reads", "convergence", "bounded-staleness"),
        "a superseded instance's put lands after a newer one, and nothing publishes again",
    ),
    (
        "late-put-heartbeat",
        {**_LATE, "repair": "heartbeat"},
        ("monotonic-kv", "monotonic-reads"),
        "KV still goes back, but only until the next heartbeat: the bound grows by Z and H",
    ),
    (
        "disjoint-caches",
        {**_OUTBOX, "disjoint_caches": True},
        ("monotonic-reads",),
        "two reads at one location may be served by two caches",
    ),
    (
        "disjoint-caches-guarded",
        {**_OUTBOX, "disjoint_caches": True, "reader": "guarded"},
        (),
        "the guard keeps the newer",
    ),
    (
        "guard-evicted",
        {**_OUTBOX, "disjoint_caches": True, "reader": "guarded", "evict": True},
        ("monotonic-reads",),
        "the guard is memory, and an evicted isolate has none",
    ),
    (
        "rollback",
        {**_OUTBOX, "reader": "guarded", "rollback": True},
        ("convergence", "never-ahead", "monotonic-kv"),
        "the guard refuses the restored config for ever",
    ),
    (
        "rollback-epoch",
        {**_OUTBOX, "reader": "guarded", "rollback": True, "epoch": "on"},
        (),
        "an epoch makes the restored config the newer one",
    ),
    (
        "bare-statements",
        {**_OUTBOX, "statements": "bare", "uncaught": True},
        ("atomic-write", "changelog-complete", "no-partial-read", "bounded-staleness", "convergence"),
        "an exception keeps the statements before it",
    ),
    (
        "transaction",
        {**_OUTBOX, "statements": "transaction", "uncaught": True},
        (),
        "a transaction keeps all or nothing",
    ),
    (
        "partition",
        {**_OUTBOX, "partition": True},
        ("local-reads",),
        "a plain reader has nothing once its cached copy has expired",
    ),
    (
        "partition-guarded",
        {**_OUTBOX, "partition": True, "reader": "guarded"},
        ("bounded-staleness",),
        "a reader that keeps its last config answers, however old that is",
    ),
    (
        "early-ack",
        {**_OUTBOX, "ack": "early", "crash": True},
        ("durable-ack",),
        "an acknowledgement that does not wait for the disk",
    ),
    ("blind-retry", {**_OUTBOX, "retries": "blind", "crash": True}, ("idempotent-write",), "a retry without its key"),
    ("shared-key", {**_OUTBOX, "kv_key": "shared"}, ("unit-isolation",), "two units under one KV key"),
)


def scoreboard(design: str) -> tuple[Case, ...]:
    """The named cases of a design. Raises DesignError for a design without any."""
    machine = load(design)
    if design != "do_kv":
        raise DesignError(f"{design} has no scoreboard")
    cases = []
    for name, constants, violated, because in _DO_KV:
        ids = applicable(Instance.of(machine, **constants))
        expected = {i: _V for i in ids if i in violated or CATALOGUE[i].anomaly}
        cases.append(Case(name, design, constants, ids, expected, because))
    return tuple(cases)


def ad_hoc(design: str, constants: Constants, expected: Mapping[str, Verdict]) -> Case:
    """A case for any configuration: everything must hold but what is `expected` otherwise and the known anomalies.

    Raises DesignError for an unknown design, constant or property.
    """
    instance = Instance.of(load(design), **constants)
    ids = applicable(instance)
    unknown = [name for name in expected if name not in CATALOGUE]
    if unknown:
        raise DesignError(f"there is no property {unknown[0]!r}; there is {', '.join(CATALOGUE)}")
    anomalies = {i: _V for i in ids if CATALOGUE[i].anomaly}
    return Case("ad-hoc", design, constants, ids, {**anomalies, **expected})


def instance_of(case: Case) -> Instance:
    """The instance that a case speaks of."""
    return Instance.of(load(case.design), **case.constants)


def for_runs(case: Case) -> Instance:
    """The same with room for long runs: a random run uses up in a few steps what a search exhausts with two writes."""
    instance = instance_of(case)
    room = {name: max(least, instance.number(name)) for name, least in _ROOM.get(case.design, {}).items()}
    return instance.with_(**room)
