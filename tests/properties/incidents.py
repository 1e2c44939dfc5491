# SPDX-License-Identifier: Apache-2.0
"""Incidents written into a clean history, each with the property that it breaks; and what only looks like one.

Each gives the positions of the events that it is made of. Those of a clean history come in the order of time, and its
unit `app` ends with reads of its last version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from tests.properties.histories import Line, digest

__all__ = ["CONTROLS", "INCIDENTS", "Incident"]

Incident = Callable[[Random, list[Line]], list[int]]

LATER: Final = 20.0
"""Seconds: later than all of the history, by more than its bound."""


def _last(lines: list[Line], kind: str, unit: str = "app", **like: Any) -> int:
    fits = [
        n
        for n, line in enumerate(lines)
        if (line["kind"], line["unit"]) == (kind, unit) and all(line.get(name) == value for name, value in like.items())
    ]
    return fits[-1]


def _add(lines: list[Line], like: int, at: float | None = None, **more: Any) -> list[int]:
    """One more event like another, at the end of the history unless said when."""
    invoke = LATER if at is None else at
    lines.append({**lines[like], "invoke": invoke, "return": invoke + 0.1, **more})
    return [len(lines) - 1]


def _told(version: int, **more: Any) -> dict[str, Any]:
    return {"version": version, "digest": digest(version), **more}


def _read(version: int, **more: Any) -> Incident:
    """A read of a version at the end, by an isolate that nobody else was told anything by."""
    return lambda random, lines: _add(
        lines, _last(lines, "read"), **{"reader": "r9", "source": "memo", **_told(version), **more}
    )


def _token(**more: Any) -> Incident:
    """A read of a token at the end, in the version that is standing then."""
    return lambda random, lines: _add(lines, _last(lines, "read", "token"), **more)


def _put(**more: Any) -> Incident:
    return lambda random, lines: _add(lines, _last(lines, "publish"), **more)


def _commit(**more: Any) -> Incident:
    return lambda random, lines: _add(lines, _last(lines, "commit"), **more)


def _skip(random: Random, lines: list[Line]) -> list[int]:
    """A version that nobody committed, put or read, between two that were."""
    gone = [n for n, line in enumerate(lines) if (line["unit"], line["version"]) == ("app", 2)]
    for n in reversed(gone):
        del lines[n]
    return [_last(lines, "commit", version=3)]


def _go_back(random: Random, lines: list[Line]) -> list[int]:
    """One isolate is told the last version, and then the one before."""
    like = _last(lines, "read")
    first = _add(lines, like, LATER, reader="r9", source="memo")
    return first + _add(lines, like, LATER + 1, reader="r9", source="memo", **_told(3))


def _fail(**more: Any) -> Incident:
    """An isolate fails that had been told something."""

    def write(random: Random, lines: list[Line]) -> list[int]:
        like = _last(lines, "read")
        told = _add(lines, like, LATER, reader="r9", source="memo")
        return told + _add(lines, like, LATER + 1, reader="r9", version=None, digest=None, outcome="fail", **more)

    return write


def _cut_off(random: Random, lines: list[Line]) -> list[int]:
    made = _fail(source=None)(random, lines)
    cut = {"note": "partition", "pop": lines[-1]["pop"], "reader": None, "outcome": "ok"}
    return made + _add(lines, made[-1], LATER + 0.5, kind="fault", **{**cut, "return": LATER + 5})


def _restored(era: int, told: dict[str, Any], name_era: bool = True) -> Incident:
    """A restore to version 2, and a read after it."""

    def write(random: Random, lines: list[Line]) -> list[int]:
        like = _last(lines, "read")
        back = _add(lines, like, LATER, kind="fault", note="rollback", **_told(2, era=era))
        return back + _add(lines, like, LATER + 10, reader="r9", source="memo", **told)

    return write


def _retry_as_another(random: Random, lines: list[Line]) -> list[int]:
    """A write is sent again, and made again as the next version."""
    like = _last(lines, "commit")
    return [like, *_add(lines, like, **_told(5, base=4))]


def _lost_update(random: Random, lines: list[Line]) -> list[int]:
    like = _last(lines, "commit")
    return [like, *_add(lines, like, lines[like]["invoke"] + 0.001, key="another")]


def _late_answer(random: Random, lines: list[Line]) -> list[int]:
    """A write that is told an older version than had been acknowledged when it was sent."""
    return _add(lines, _last(lines, "commit"), key="another", **_told(3, base=2))


INCIDENTS: Final[Mapping[str, tuple[Incident, str]]] = {
    "a version is skipped": (_skip, "changelog-complete"),
    "an older version is committed late": (_late_answer, "single-writer-order"),
    "two writes are told one version": (_lost_update, "single-writer-order"),
    "a commit is not on top of the one before": (_commit(key="next", **_told(5, base=2)), "single-writer-order"),
    "a committed version gets another content": (_commit(digest=digest(9), key=None), "durable-ack"),
    "the store forgets": (_read(3, source="store"), "durable-ack"),
    "a retry is made again": (_retry_as_another, "idempotent-write"),
    "a read is told what was never committed": (_read(7), "never-ahead"),
    "a put carries what was never committed": (_put(**_told(7)), "never-ahead"),
    "a read is told what is committed only later": (_read(4, invoke=0.0, **{"return": 0.1}), "never-ahead"),
    "a restore is not noticed by copies without an era": (_restored(0, _told(4)), "never-ahead"),
    "a read gets half of its content": (_read(4, digest=digest(9)), "no-partial-read"),
    "the empty config is not empty": (_read(0, digest=digest(9)), "no-partial-read"),
    "an old version is put again": (_put(**_told(2)), "monotonic-kv"),
    "the centre has an old version": (_read(2, source="centre"), "monotonic-kv"),
    "an isolate goes back": (_go_back, "monotonic-reads"),
    "a copy is never renewed": (_read(2), "bounded-staleness"),
    "a new era is not told": (_restored(1, _told(4)), "bounded-staleness"),
    "a location stays behind": (_read(3, pop="gru"), "convergence"),
    "a loaded isolate fails while cut off": (_cut_off, "local-reads"),
    "a loaded isolate falls back on nothing": (_fail(source="fallback"), "local-reads"),
    "a loaded isolate fails": (_fail(source=None), "serves-last-good"),
    "a put has another content": (_put(digest=digest(9)), "label-is-content"),
    "a client does not see its write": (_read(3, invoke=6.1, **{"return": 6.2}), "read-your-writes"),
    "a client moves to a location that is behind": (
        _read(3, pop="gru", invoke=8.0, **{"return": 8.1}),
        "cross-pop-monotonic",
    ),
    "a token opens too much": (_token(scope="write"), "token-scope"),
    "a token opens another repository": (_token(repo="a/c"), "token-scope"),
    "a token opens after its time": (_token(invoke=101.0, **{"return": 101.1}), "token-expiry"),
    "a revoked token goes on": (_token(**_told(2)), "token-revocation-bound"),
    "a revoked token is admitted at once": (_token(invoke=4.6, **{"return": 4.7}, **_told(2)), "immediate-revocation"),
}
"""With the property that each breaks, whatever else it does."""


# --- what breaks nothing


def _sent_again(random: Random, lines: list[Line]) -> list[int]:
    """An attempt whose answer was lost, before the one that was answered; and its answer once more, at the end."""
    like = random.choice([n for n, line in enumerate(lines) if line["kind"] == "commit"])
    lost = {"outcome": "unknown", "version": None, "digest": None, "base": None}
    first = _add(lines, like, lines[like]["invoke"] - 0.5, **lost)
    return first + _add(lines, like)


def _from_alarm(random: Random, lines: list[Line]) -> list[int]:
    n = random.choice([n for n, line in enumerate(lines) if line["kind"] == "publish"])
    lines[n]["invoke"] -= 1.0
    return [n]


def _evicted_meanwhile(random: Random, lines: list[Line]) -> list[int]:
    """An isolate is evicted in the moment of a failed read, by a line that names no unit of ours."""
    made = _fail(source=None)(random, lines)
    gone: dict[str, Any] = {"kind": "fault", "note": "evict", "unit": "other", "return": LATER + 1.0, "outcome": "ok"}
    return made + _add(lines, made[-1], LATER + 1.0, **gone)


def _other_units_fault(random: Random, lines: list[Line]) -> list[int]:
    gone: dict[str, Any] = {"kind": "fault", "note": "rollback", "unit": "other"}
    return _add(lines, _last(lines, "commit"), 3.0, **gone, **_told(1))


def _restored_in_full(random: Random, lines: list[Line]) -> list[int]:
    """A restore to the version that is there, in a new era that copies carry."""
    return _restored(1, _told(2, era=1))(random, lines)


def _mixed(random: Random, lines: list[Line]) -> list[int]:
    random.shuffle(lines)
    return []


def _without_digests(random: Random, lines: list[Line]) -> list[int]:
    for line in lines:
        line["digest"] = None if line["kind"] == random.choice(("read", "publish")) else line["digest"]
    return []


def _failed_first(random: Random, lines: list[Line]) -> list[int]:
    """A read that fails in an isolate that was never told anything, and a put that fails."""
    failed: dict[str, Any] = {"outcome": "fail", "reader": "r9"}
    put = _add(lines, _last(lines, "publish"), outcome="fail")
    return put + _add(lines, _last(lines, "read"), version=None, digest=None, **failed)


CONTROLS: Final[Mapping[str, Incident]] = {
    "a write is sent again": _sent_again,
    "a put is recorded from its alarm on": _from_alarm,
    "an isolate is evicted in the moment that it fails": _evicted_meanwhile,
    "another unit is restored": _other_units_fault,
    "a restore goes on in an era that copies carry": _restored_in_full,
    "lines come in any order": _mixed,
    "digests are missing": _without_digests,
    "who had nothing fails": _failed_first,
}
"""They break nothing."""
