# SPDX-License-Identifier: Apache-2.0
"""A history in which nothing is wrong at all, and ways to spoil one event of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from tests.properties.histories import Line, digest

__all__ = ["CORRUPTIONS", "Corruption", "clean_history"]

Corruption = Callable[[Random, list[Line]], list[int]]
"""Spoils events of a history, in place, and gives their positions; that of an event that is gone is -1."""

VERSIONS: Final = 4
BOUND: Final = 2.5
"""Seconds, which is less than from one write to the next but one."""


def clean_history(random: Random) -> list[Line]:
    """A flag and a token: writes one after the other, each published at once and read before the next one."""
    lines = []
    at = 1.0
    for version in range(1, VERSIONS + 1):
        for unit, more in (("app", {}), ("token", _grant(version))):
            told: Line = {"unit": unit, "era": 0, "version": version, "digest": digest(version)}
            key = {"key": f"{unit}-{version}", "base": version - 1}
            lines.append({"kind": "commit", **_took(random, at), **told, **key, **more})
            lines.append({"kind": "publish", **_took(random, at + 0.2), **told})
            for n in range(random.randint(3, 5)):
                lines.append(
                    {
                        "kind": "read",
                        **_took(random, at + 0.4 + 0.2 * n),
                        **told,
                        **_reader(random),
                        **_asked(unit, version),
                    }
                )
        at += 1.6
    for _ in range(3):
        at += 0.5
        for unit in ("app", "token"):
            last: Line = {"unit": unit, "era": 0, "version": VERSIONS, "digest": digest(VERSIONS)}
            lines.append({"kind": "read", **_took(random, at + 2), **last, **_reader(random), **_asked(unit, VERSIONS)})
    return lines


def _took(random: Random, at: float) -> Line:
    """Times that no other event of the history shares, nor overlaps by much."""
    invoke = at + random.randrange(50) / 1000
    return {"invoke": invoke, "return": invoke + 0.01 + random.randrange(50) / 1000, "outcome": "ok"}


def _reader(random: Random) -> Line:
    source = random.choice(("cache", "kv", "memo", "store"))
    return {"pop": random.choice(("lis", "ams")), "reader": random.choice(("r1", "r2")), "source": source}


def _grant(version: int) -> Line:
    return {"repo": "a/b", "scope": "none" if version == 3 else "read", "expires": 100.0}


def _asked(unit: str, version: int) -> Line:
    return {} if unit == "app" else {"repo": "a/b", "scope": "read", "admitted": version != 3}


def _pick(random: Random, lines: list[Line], *kinds: str) -> int:
    return random.choice([n for n, line in enumerate(lines) if not kinds or line["kind"] in kinds])


def _swap_reads(random: Random, lines: list[Line]) -> list[int]:
    """Two readers are told each other's version and content."""
    one, other = _pick(random, lines, "read"), _pick(random, lines, "read")
    told = ("version", "digest")
    first, second = ({name: lines[n][name] for name in told} for n in (one, other))
    lines[one] |= second
    lines[other] |= first
    return [one, other]


def _swap_versions_of_commits(random: Random, lines: list[Line]) -> list[int]:
    """Two writes are given each other's version."""
    one, other = _pick(random, lines, "commit"), _pick(random, lines, "commit")
    lines[one]["version"], lines[other]["version"] = lines[other]["version"], lines[one]["version"]
    return [one, other]


def _change_digest(random: Random, lines: list[Line]) -> list[int]:
    n = _pick(random, lines)
    lines[n]["digest"] = digest(random.choice((1, 2, 99)))
    return [n]


def _drop(random: Random, lines: list[Line]) -> list[int]:
    del lines[_pick(random, lines)]
    return [-1]


def _shift(random: Random, lines: list[Line]) -> list[int]:
    """The recorder of one event has another idea of the time."""
    n = _pick(random, lines)
    by = random.choice((-8, -3, -1, 1, 3, 8))
    lines[n]["invoke"] += by
    lines[n]["return"] += by
    return [n]


def _widen(random: Random, lines: list[Line]) -> list[int]:
    n = _pick(random, lines)
    lines[n]["return"] += random.choice((1, 3, 8))
    return [n]


def _change_version(random: Random, lines: list[Line]) -> list[int]:
    """Of a commit this duplicates another version; of a read or a put it is another one, or none that there is."""
    n = _pick(random, lines)
    lines[n]["version"] = random.randrange(VERSIONS + 3)
    return [n]


def _change_era(random: Random, lines: list[Line]) -> list[int]:
    n = _pick(random, lines)
    lines[n]["era"] = 1
    return [n]


def _change_key(random: Random, lines: list[Line]) -> list[int]:
    one, other = _pick(random, lines, "commit"), _pick(random, lines, "commit")
    lines[one]["key"] = lines[other]["key"]
    return [one]


def _change_base(random: Random, lines: list[Line]) -> list[int]:
    n = _pick(random, lines, "commit")
    lines[n]["base"] = random.randrange(VERSIONS)
    return [n]


def _change_unit(random: Random, lines: list[Line]) -> list[int]:
    n = _pick(random, lines)
    lines[n]["unit"] = "token" if lines[n]["unit"] == "app" else "app"
    return [n]


def _fail(random: Random, lines: list[Line]) -> list[int]:
    n = _pick(random, lines)
    lines[n]["outcome"] = "fail"
    return [n]


def _change_token(random: Random, lines: list[Line]) -> list[int]:
    """Another grant, or another question, or another answer."""
    n = random.choice([n for n, line in enumerate(lines) if line["unit"] == "token" and line["kind"] != "publish"])
    changes: list[Mapping[str, Any]] = [{"repo": "a/c"}, {"scope": "write"}, {"scope": "none"}, {"expires": 1.2}]
    lines[n] |= random.choice([*changes, {"admitted": True}] if lines[n]["kind"] == "read" else changes)
    return [n]


CORRUPTIONS: Final[Mapping[str, Corruption]] = {
    "swap two reads": _swap_reads,
    "swap the versions of two commits": _swap_versions_of_commits,
    "change a digest": _change_digest,
    "drop an event": _drop,
    "shift a clock": _shift,
    "let an event take longer": _widen,
    "change a version": _change_version,
    "change an era": _change_era,
    "reuse a key": _change_key,
    "change a base": _change_base,
    "change a unit": _change_unit,
    "let an event have failed": _fail,
    "change a token": _change_token,
}
