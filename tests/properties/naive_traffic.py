# SPDX-License-Identifier: Apache-2.0
"""What each property of recorded traffic says, in plain Python over lists of events, event against event.

It is slow and obvious, shares nothing with the checks, and is what they are held to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from math import inf
from typing import Any

from tests.properties.histories import digest

__all__ = ["DEFINITIONS", "Definition", "Line"]

Line = dict[str, Any]
Definition = Callable[[list[Line], float], Iterator[Line]]
"""Of the events of one unit and the staleness bound, those that break a property."""

SCOPES = {"none": 0, "read": 1, "write": 2}


def told(event: Line) -> tuple[int, int]:
    return (event.get("era") or 0, event["version"] or 0)


def over(event: Line) -> float:
    return inf if event["return"] is None else float(event["return"])


def of(events: Iterable[Line], kind: str, *outcomes: str) -> list[Line]:
    return [e for e in events if e["kind"] == kind and e["outcome"] in (outcomes or ("ok",))]


def restores(events: list[Line]) -> list[Line]:
    return [e for e in of(events, "fault", "ok", "unknown") if e["note"] == "rollback"]


def made(events: list[Line]) -> list[Line]:
    """Commits, and restores of a version, that happened or may have."""
    both = of(events, "commit", "ok", "unknown") + restores(events)
    return [e for e in both if e["version"] is not None]


def standing(events: list[Line]) -> list[Line]:
    """Those that happened for certain and that no restore took back."""

    def undone(one: Line) -> bool:
        return any(
            (one.get("era") or 0) <= (r.get("era") or 0)
            and one["invoke"] <= over(r)
            and (-1 if r["version"] is None else r["version"]) < one["version"]
            for r in restores(events)
        )

    return [e for e in made(events) if e["outcome"] == "ok" and not undone(e)]


def life(event: Line, cuts: list[Line]) -> int | None:
    """How many cuts came before, None if nobody knows."""
    before = sum(over(cut) <= event["invoke"] for cut in cuts)
    return before if before == sum(cut["invoke"] <= over(event) for cut in cuts) else None


def in_lives(events: list[Line]) -> list[tuple[int, Line]]:
    commits = [(life(e, restores(events)), e) for e in of(events, "commit")]
    return [(number, e) for number, e in commits if number is not None]


def unnamed(events: list[Line]) -> list[Line]:
    return [e for e in of(events, "commit", "ok", "unknown") if e["version"] is None]


def never_ahead(events: list[Line], bound: float) -> Iterator[Line]:
    for e in of(events, "read") + of(events, "publish", "ok", "fail", "unknown"):
        if told(e) == (0, 0):
            continue
        own = [c for c in made(events) if told(c) == told(e)] or unnamed(events)
        known_by = e["invoke"] if e["kind"] == "publish" else e["return"]
        if all(c["invoke"] > known_by for c in own):
            yield e


def no_partial_read(events: list[Line], bound: float) -> Iterator[Line]:
    for r in of(events, "read"):
        known = {c.get("digest") for c in made(events) if told(c) == told(r)} - {None}
        known = {digest(0)} if told(r) == (0, 0) else known
        if r.get("digest") is not None and known and r["digest"] not in known:
            yield r


def label_is_content(events: list[Line], bound: float) -> Iterator[Line]:
    certain = of(events, "commit") + of(restores(events), "fault")
    certain += of(events, "publish", "ok", "fail", "unknown") + of(events, "read")
    labelled = [e for e in certain if e["version"] is not None and e.get("digest") is not None]

    def came_first(event: Line) -> tuple[float, bool, str]:
        known_by = event["return"] if event["kind"] == "read" else event["invoke"]
        return known_by, event["kind"] in ("publish", "read"), event["digest"]

    for e in labelled:
        first = min((o for o in labelled if told(o) == told(e)), key=came_first)
        if e["digest"] != (digest(0) if told(e) == (0, 0) else first["digest"]):
            yield e


def single_writer_order(events: list[Line], bound: float) -> Iterator[Line]:
    commits = in_lives(events)
    for number, b in commits:
        others = [a for n, a in commits if n == number and a is not b]
        overtaken = any(told(a) > told(b) and a["return"] < b["invoke"] for a in others)
        another = any(
            told(a) == told(b)
            and None not in (a.get("digest"), b.get("digest"))
            and a["digest"] != b["digest"]
            and (a["invoke"], a["digest"]) < (b["invoke"], b["digest"])
            for a in others
        )
        if overtaken or another or (b.get("base") is not None and b["base"] + 1 != b["version"]):
            yield b


def durable_ack(events: list[Line], bound: float) -> Iterator[Line]:
    commits = in_lives(events)
    for number, b in commits:
        for n, a in commits:
            if n != number or told(a)[0] != told(b)[0] or not a["return"] < b["invoke"]:
                continue
            known = None not in (a.get("digest"), b.get("digest"))
            if a["version"] > b["version"] or (told(a) == told(b) and known and a["digest"] != b["digest"]):
                yield b
                break
    for r in of(events, "read"):
        if r.get("source") == "store" and is_older(r, events, 0.0):
            yield r


def is_older(read: Line, events: list[Line], allowed: float) -> bool:
    return any(told(c) > told(read) and over(c) + allowed < read["invoke"] for c in standing(events))


def idempotent_write(events: list[Line], bound: float) -> Iterator[Line]:
    commits = [(n, e) for n, e in in_lives(events) if e.get("key") is not None]
    for n, b in commits:
        if any(
            (m, a["key"], told(a)[0]) == (n, b["key"], told(b)[0]) and a["version"] < b["version"] for m, a in commits
        ):
            yield b


def changelog_complete(events: list[Line], bound: float) -> Iterator[Line]:
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


def goes_back(events: list[Line]) -> Iterator[Line]:
    for b in events:
        if any(told(a) > told(b) and a["return"] < b["invoke"] for a in events):
            yield b


def monotonic_kv(events: list[Line], bound: float) -> Iterator[Line]:
    yield from goes_back(of(events, "publish") + [r for r in of(events, "read") if r.get("source") == "kv"])


def session(read: Line, events: list[Line]) -> tuple[Any, ...] | None:
    """Whose memory answers a read: location, isolate, and its how manyeth life; None if nobody knows."""
    who = (read["pop"], read["reader"])
    evictions = [f for f in of(events, "fault", "ok", "unknown", "fail") if f["note"] == "evict"]
    number = life(read, [f for f in evictions if (f.get("pop"), f.get("reader")) == who])
    return None if number is None else (*who, number)


def monotonic_reads(events: list[Line], bound: float) -> Iterator[Line]:
    sessions: dict[tuple[Any, ...], list[Line]] = {}
    for r in of(events, "read"):
        whose = session(r, events)
        if whose is not None:
            sessions.setdefault(whose, []).append(r)
    for reads in sessions.values():
        yield from goes_back(reads)


def cross_pop_monotonic(events: list[Line], bound: float) -> Iterator[Line]:
    yield from goes_back(of(events, "read"))


def bounded_staleness(events: list[Line], bound: float) -> Iterator[Line]:
    yield from (r for r in of(events, "read") if is_older(r, events, bound))


def read_your_writes(events: list[Line], bound: float) -> Iterator[Line]:
    yield from bounded_staleness(events, 0.0)


def convergence(events: list[Line], bound: float) -> Iterator[Line]:
    known = standing(events)
    commits = of(events, "commit")
    restored = [r for r in restores(events) if r["version"] is not None]
    if not known or not of(events, "commit", "ok", "unknown"):
        return
    lost = of(events, "commit", "unknown")
    last = max(map(told, known))
    quiet = max(*(over(e) for e in commits + restored), *(e["invoke"] for e in lost), -inf)
    for r in of(events, "read"):
        newer_is_fine = bool(lost)
        wrong = told(r) < last or (told(r) != last and not newer_is_fine)
        if wrong and r["invoke"] > quiet + bound:
            yield r


def local_reads(events: list[Line], bound: float) -> Iterator[Line]:
    cuts = [f for f in of(events, "fault", "ok", "unknown") if f["note"] == "partition"]
    for r in of(events, "read", "fail"):
        cut = any(f.get("pop") in (None, r["pop"]) and f["invoke"] <= r["invoke"] and over(r) <= over(f) for f in cuts)
        who = (r["pop"], r["reader"])
        had = any((o["pop"], o["reader"]) == who and o["return"] < r["invoke"] for o in of(events, "read"))
        if had and (cut or r.get("source") == "fallback"):
            yield r


def serves_last_good(events: list[Line], bound: float) -> Iterator[Line]:
    reads = [(session(r, events), r) for r in of(events, "read", "ok", "fail")]
    for number, r in reads:
        copies = [o for n, o in reads if n == number and o["outcome"] == "ok" and told(o) > (0, 0)]
        had = any(o.get("source") != "store" and o["return"] < r["invoke"] for o in copies)
        if r["outcome"] == "fail" and number is not None and had:
            yield r


def granted(events: list[Line], version: tuple[int, int]) -> int | None:
    ranks = [SCOPES[c["scope"]] for c in made(events) if told(c) == version and c.get("scope")]
    return 0 if version == (0, 0) else max(ranks, default=None)


def admissions(events: list[Line]) -> list[Line]:
    return [r for r in of(events, "read") if r.get("admitted")]


def token_scope(events: list[Line], bound: float) -> Iterator[Line]:
    for r in admissions(events):
        rank = granted(events, told(r))
        repos = {c.get("repo") for c in made(events) if told(c) == told(r)} - {None}
        repo = repos.pop() if len(repos) == 1 else None
        too_much = rank is not None and r.get("scope") is not None and SCOPES[r["scope"]] > rank
        elsewhere = None not in (repo, r.get("repo")) and repo != r["repo"]
        if too_much or elsewhere or rank == 0:
            yield r


def token_expiry(events: list[Line], bound: float) -> Iterator[Line]:
    for r in admissions(events):
        until = [c["expires"] for c in made(events) if told(c) == told(r) and c.get("expires") is not None]
        if until and r["invoke"] > max(until):
            yield r


def token_revocation_bound(events: list[Line], bound: float) -> Iterator[Line]:
    for r in admissions(events):
        if any(
            told(c) > told(r) and granted(events, told(c)) == 0 and over(c) + bound < r["invoke"]
            for c in standing(events)
        ):
            yield r


def immediate_revocation(events: list[Line], bound: float) -> Iterator[Line]:
    yield from token_revocation_bound(events, 0.0)


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
