# SPDX-License-Identifier: Apache-2.0
"""What each property of recorded traffic says, in plain Python over lists of events, event against event.

Written from the definitions in HISTORY.md and from nothing else. It is slow and obvious, shares nothing with the
checks, and is what they are held to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from math import inf
from typing import Any

from attrs import frozen

from tests.properties.histories import digest

__all__ = ["DEFINITIONS", "Definition", "Line", "Numbers", "breaking", "concerning"]

Line = dict[str, Any]


@frozen
class Numbers:
    """The staleness bound, how long a location may serve a copy if that is known, and how far clocks may differ."""

    bound: float
    cache_ttl: float | None = None
    skew: float = 0.0


Definition = Callable[[list[Line], Numbers], Iterator[Line]]
"""Of the events that concern one unit, those that break a property."""

SCOPES = {"none": 0, "read": 1, "write": 2}


def breaking(name: str, events: Iterable[Line], numbers: Numbers) -> list[Line]:
    """The events of a history that break a property, unit by unit."""
    known = list(events)
    units = dict.fromkeys(e["unit"] for e in known)
    return [bad for unit in units for bad in DEFINITIONS[name](concerning(known, unit), numbers)]


def concerning(events: Iterable[Line], unit: str) -> list[Line]:
    """The events of a unit, and the evictions, which are of isolates whatever unit their lines name."""
    return [e for e in events if e["unit"] == unit or (e["kind"] == "fault" and e["note"] == "evict")]


def told(event: Line) -> tuple[int, int]:
    return (event.get("era") or 0, event["version"] or 0)


def over(event: Line) -> float:
    return inf if event["return"] is None else float(event["return"])


def of(events: Iterable[Line], kind: str, *outcomes: str) -> list[Line]:
    return [e for e in events if e["kind"] == kind and e["outcome"] in (outcomes or ("ok",))]


# --- restores, and the identity of a write


def restores(events: list[Line]) -> list[Line]:
    return [e for e in of(events, "fault", "ok", "unknown") if e["note"] == "rollback"]


def between(events: list[Line], since: float, until: float) -> bool:
    """Whether a restore may have happened then."""
    return any(r["invoke"] <= until and over(r) >= since for r in restores(events))


def commits(events: list[Line], *outcomes: str) -> list[Line]:
    """Commits that did not fail, each since its write was sent first, without attempts that an answer tells of."""
    attempts = of(events, "commit", "ok", "unknown")

    def since(c: Line) -> float:
        same = [a for a in attempts if a.get("key") == c["key"] and (a["version"] is None or told(a) == told(c))]
        return float(min(a["invoke"] for a in same))

    def told_of(lost: Line) -> bool:
        answers = [a for a in attempts if a["outcome"] == "ok" and a.get("key") == lost["key"]]
        return any(
            not between(events, min(since(a), lost["invoke"]), max(a["return"], lost["invoke"])) for a in answers
        )

    known = []
    for c in attempts:
        if c.get("key") is None or (c["outcome"] == "unknown" and c["version"] is not None):
            known.append(c)
        elif c["outcome"] == "ok":
            known.append({**c, "invoke": since(c)})
        elif not told_of(c):
            known.append(c)
    return [c for c in known if c["outcome"] in (outcomes or ("ok", "unknown"))]


def made(events: list[Line]) -> list[Line]:
    """Commits, and restores of a version, that happened or may have."""
    return [e for e in commits(events) + restores(events) if e["version"] is not None]


def took_back(restore: Line, one: Line) -> bool:
    """Whether a restore took back what had been made, or may have."""
    above = one["version"] > (-1 if restore["version"] is None else restore["version"])
    return above and (one.get("era") or 0) <= (restore.get("era") or 0) and one["invoke"] <= over(restore)


def standing(events: list[Line], at: float = inf) -> list[Line]:
    """Those that happened for certain and that no restore had taken back by then."""
    return [
        e
        for e in made(events)
        if e["outcome"] == "ok" and not any(took_back(r, e) and r["invoke"] <= at for r in restores(events))
    ]


def life(event: Line, cuts: list[Line]) -> int | None:
    """How many cuts came before, None if nobody knows: where it shares a moment with one, too."""
    before = sum(over(cut) < event["invoke"] for cut in cuts)
    return before if before == sum(cut["invoke"] <= over(event) for cut in cuts) else None


def in_lives(events: list[Line]) -> list[tuple[int, Line]]:
    known = [(life(e, restores(events)), e) for e in commits(events, "ok")]
    return [(number, e) for number, e in known if number is not None]


def unnamed(events: list[Line]) -> list[Line]:
    return [e for e in commits(events) if e["version"] is None]


# --- the properties


def never_ahead(events: list[Line], numbers: Numbers) -> Iterator[Line]:
    for e in of(events, "read") + of(events, "publish", "ok", "fail", "unknown"):
        if told(e) == (0, 0):
            continue
        known_by, known_since = over(e) + numbers.skew, e["invoke"] - numbers.skew
        own = [c for c in made(events) if told(c) == told(e)]
        there = [c for c in own if c["invoke"] <= known_by]
        if not there and told(e) < on_record_since(events):
            continue
        left = [c for c in there if not any(gone_by(c, r, known_since) for r in restores(events))]
        lost = any(c["invoke"] <= known_by for c in unnamed(events))
        if not left and not (lost and (there or not own)):
            yield e


def on_record_since(events: list[Line]) -> tuple[float, float]:
    """The version of the first commit; nobody knows what was there before it, or before a restore that came first."""
    named = [c for c in commits(events) if c["version"] is not None]
    first = min((c["invoke"] for c in named), default=inf)
    if any(r["invoke"] <= first for r in restores(events)):
        return inf, 0
    return min((told(c) for c in named if c["invoke"] == first), default=(inf, 0))


def gone_by(one: Line, restore: Line, at: float) -> bool:
    """Whether what had been made was taken back for certain before a moment."""
    if "ok" != one["outcome"] or restore["outcome"] != "ok" or restore["version"] is None:
        return False
    return told(one) > told(restore) and over(one) < restore["invoke"] and over(restore) < at


def no_partial_read(events: list[Line], numbers: Numbers) -> Iterator[Line]:
    reads = [r for r in of(events, "read") if r.get("digest") is not None]
    for version in {told(r) for r in reads}:
        own = [c for c in made(events) if told(c) == version]
        known = {c.get("digest") for c in own} - {None}
        silent = {c.get("key") or id(c) for c in own if c.get("digest") is None}
        room = len(silent) if own else 1
        if restores(events):
            room += len(unnamed(events))
        if version == (0, 0):
            known, room = {digest(0)}, 0
        first: dict[str, float] = {}
        for r in reads:
            if told(r) == version and r["digest"] not in known:
                first[r["digest"]] = min(r["return"], first.get(r["digest"], inf))
        beyond = sorted(first, key=lambda one: (first[one], one))[room:]
        yield from (r for r in reads if told(r) == version and r["digest"] in beyond)


def label_is_content(events: list[Line], numbers: Numbers) -> Iterator[Line]:
    certain = commits(events, "ok") + of(restores(events), "fault")
    certain += of(events, "publish", "ok", "fail", "unknown") + of(events, "read")
    labelled = [e for e in certain if e["version"] is not None and e.get("digest") is not None]

    def came_first(event: Line) -> tuple[float, bool, str]:
        copy = event["kind"] in ("publish", "read")
        return over(event) if copy else event["invoke"], copy, event["digest"]

    for e in labelled:
        first = min((o for o in labelled if told(o) == told(e)), key=came_first)
        if e["digest"] != (digest(0) if told(e) == (0, 0) else first["digest"]):
            yield e


def single_writer_order(events: list[Line], numbers: Numbers) -> Iterator[Line]:
    known = in_lives(events)
    for number, b in known:
        others = [a for n, a in known if n == number and a is not b]
        overtaken = any(told(a) > told(b) and a["return"] + numbers.skew < b["invoke"] for a in others)
        another = any(came_before(a, b, mark) for a in others if told(a) == told(b) for mark in ("digest", "key"))
        if overtaken or another or (b.get("base") is not None and b["base"] + 1 != b["version"]):
            yield b


def came_before(a: Line, b: Line, mark: str) -> bool:
    """Whether one commit came first of two that differ in their contents, or in their keys."""
    known = None not in (a.get(mark), b.get(mark))
    return known and a[mark] != b[mark] and (a["invoke"], a[mark]) < (b["invoke"], b[mark])


def durable_ack(events: list[Line], numbers: Numbers) -> Iterator[Line]:
    known = in_lives(events)
    for number, b in known:
        for n, a in known:
            if n != number or told(a)[0] != told(b)[0] or not a["return"] + numbers.skew < b["invoke"]:
                continue
            contents = None not in (a.get("digest"), b.get("digest"))
            if a["version"] > b["version"] or (told(a) == told(b) and contents and a["digest"] != b["digest"]):
                yield b
                break
    for r in of(events, "read"):
        if r.get("source") == "store" and is_older(r, events, numbers.skew):
            yield r


def is_older(read: Line, events: list[Line], allowed: float) -> bool:
    known = standing(events, read["return"])
    return any(told(c) > told(read) and over(c) + allowed < read["invoke"] for c in known)


def idempotent_write(events: list[Line], numbers: Numbers) -> Iterator[Line]:
    known = [(n, e) for n, e in in_lives(events) if e.get("key") is not None]
    for n, b in known:
        if any(
            (m, a["key"], told(a)[0]) == (n, b["key"], told(b)[0]) and a["version"] < b["version"] for m, a in known
        ):
            yield b


def changelog_complete(events: list[Line], numbers: Numbers) -> Iterator[Line]:
    known = sorted({told(c) for c in made(events)})
    missing = 0
    for before, after in pairwise(known):
        if before[0] != after[0] or after[1] == before[1] + 1:
            continue
        missing += after[1] - before[1] - 1
        own = [c for c in made(events) if told(c) == after]
        fillers = sum(c["invoke"] <= min(over(o) for o in own) for c in unnamed(events))
        if missing > fillers:
            first = min(c["invoke"] for c in own)
            yield from (c for c in own if c["invoke"] == first and c["kind"] == "commit")


def goes_back(events: list[Line], allowed: float) -> Iterator[Line]:
    for b in events:
        if any(told(a) > told(b) and a["return"] + allowed < b.get("since", b["invoke"]) for a in events):
            yield b


def monotonic_kv(events: list[Line], numbers: Numbers) -> Iterator[Line]:
    ttl = inf if numbers.cache_ttl is None else numbers.cache_ttl
    copies = [{**r, "since": r["invoke"] - ttl} for r in of(events, "read") if r.get("source") == "kv"]
    centre = [r for r in of(events, "read") if r.get("source") == "centre"]
    yield from goes_back(of(events, "publish") + centre + copies, numbers.skew)


def session(read: Line, events: list[Line]) -> tuple[Any, ...] | None:
    """Whose memory answers a read: location, isolate, and its how manyeth life; None if nobody knows."""
    evictions = [f for f in of(events, "fault", "ok", "unknown") if f["note"] == "evict"]
    own = [f for f in evictions if f.get("pop") in (None, read["pop"]) and f.get("reader") in (None, read["reader"])]
    number = life(read, own)
    return None if number is None else (read["pop"], read["reader"], number)


def monotonic_reads(events: list[Line], numbers: Numbers) -> Iterator[Line]:
    sessions: dict[tuple[Any, ...], list[Line]] = {}
    for r in of(events, "read"):
        whose = session(r, events)
        if whose is not None:
            sessions.setdefault(whose, []).append(r)
    for reads in sessions.values():
        yield from goes_back(reads, 0.0)


def cross_pop_monotonic(events: list[Line], numbers: Numbers) -> Iterator[Line]:
    reads = of(events, "read")
    if len({r["pop"] for r in reads}) > 1:
        yield from goes_back(reads, numbers.skew)


def bounded_staleness(events: list[Line], numbers: Numbers) -> Iterator[Line]:
    yield from (r for r in of(events, "read") if is_older(r, events, numbers.bound + numbers.skew))


def read_your_writes(events: list[Line], numbers: Numbers) -> Iterator[Line]:
    yield from (r for r in of(events, "read") if is_older(r, events, numbers.skew))


def convergence(events: list[Line], numbers: Numbers) -> Iterator[Line]:
    known = standing(events)
    answered = commits(events, "ok")
    restored = [r for r in restores(events) if r["version"] is not None]
    if not known or not commits(events):
        return
    lost = commits(events, "unknown")
    last = max(map(told, known))
    quiet = max(*(over(e) for e in answered + restored), *(e["invoke"] for e in lost), -inf)
    for r in of(events, "read"):
        left = [c for c in made(events) if told(c) == told(r) and not any(gone_by(c, b, inf) for b in restores(events))]
        newer_is_fine = bool(lost or left)
        wrong = told(r) < last or (told(r) != last and not newer_is_fine)
        if wrong and r["invoke"] > quiet + numbers.bound + numbers.skew:
            yield r


def had_a_copy(read: Line, events: list[Line]) -> bool:
    """Whether its isolate had been told a config since it started: not that there is none, nor by the store itself."""
    number = session(read, events)
    return number is not None and any(
        session(o, events) == number and o["return"] < read["invoke"]
        for o in of(events, "read")
        if told(o) > (0, 0) and o.get("source") != "store"
    )


def local_reads(events: list[Line], numbers: Numbers) -> Iterator[Line]:
    cuts = [f for f in of(events, "fault", "ok", "unknown") if f["note"] == "partition"]
    for r in of(events, "read", "fail"):
        cut = any(f.get("pop") in (None, r["pop"]) and f["invoke"] < r["invoke"] and over(r) < over(f) for f in cuts)
        if (cut or r.get("source") == "fallback") and had_a_copy(r, events):
            yield r


def serves_last_good(events: list[Line], numbers: Numbers) -> Iterator[Line]:
    yield from (r for r in of(events, "read", "fail") if had_a_copy(r, events))


def granted(events: list[Line], version: tuple[int, int]) -> int | None:
    ranks = [SCOPES[c["scope"]] for c in made(events) if told(c) == version and c.get("scope")]
    return 0 if version == (0, 0) else max(ranks, default=None)


def admissions(events: list[Line]) -> list[Line]:
    return [r for r in of(events, "read") if r.get("admitted")]


def token_scope(events: list[Line], numbers: Numbers) -> Iterator[Line]:
    for r in admissions(events):
        rank = granted(events, told(r))
        repos = {c.get("repo") for c in made(events) if told(c) == told(r)} - {None}
        repo = repos.pop() if len(repos) == 1 else None
        too_much = rank is not None and r.get("scope") is not None and SCOPES[r["scope"]] > rank
        elsewhere = None not in (repo, r.get("repo")) and repo != r["repo"]
        if too_much or elsewhere or rank == 0:
            yield r


def token_expiry(events: list[Line], numbers: Numbers) -> Iterator[Line]:
    for r in admissions(events):
        until = [c["expires"] for c in made(events) if told(c) == told(r) and c.get("expires") is not None]
        if until and r["invoke"] > max(until) + numbers.skew:
            yield r


def on_a_revoked_one(events: list[Line], allowed: float) -> Iterator[Line]:
    for r in admissions(events):
        known = [c for c in standing(events, r["return"]) if granted(events, told(c)) == 0]
        if any(told(c) > told(r) and over(c) + allowed < r["invoke"] for c in known):
            yield r


def token_revocation_bound(events: list[Line], numbers: Numbers) -> Iterator[Line]:
    yield from on_a_revoked_one(events, numbers.bound + numbers.skew)


def immediate_revocation(events: list[Line], numbers: Numbers) -> Iterator[Line]:
    yield from on_a_revoked_one(events, numbers.skew)


DEFINITIONS: dict[str, Definition] = {
    "changelog-complete": changelog_complete,
    "single-writer-order": single_writer_order,
    "durable-ack": durable_ack,
    "idempotent-write": idempotent_write,
    "never-ahead": never_ahead,
    "no-partial-read": no_partial_read,
    "monotonic-kv": monotonic_kv,
    "monotonic-reads": monotonic_reads,
    "bounded-staleness": bounded_staleness,
    "convergence": convergence,
    "local-reads": local_reads,
    "serves-last-good": serves_last_good,
    "label-is-content": label_is_content,
    "read-your-writes": read_your_writes,
    "cross-pop-monotonic": cross_pop_monotonic,
    "token-scope": token_scope,
    "token-expiry": token_expiry,
    "token-revocation-bound": token_revocation_bound,
    "immediate-revocation": immediate_revocation,
}
