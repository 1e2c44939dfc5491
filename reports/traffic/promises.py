# SPDX-License-Identifier: Apache-2.0
"""What a history is to be held to, from the numbers of an environment."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import inf, lcm
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from edgeproof.reports.durations import in_seconds, spell_duration
from edgeproof.reports.errors import Unusable

if TYPE_CHECKING:
    from edgeproof.properties.traffic import Promise

__all__ = ["Given", "completed", "promised", "spelled"]


@frozen
class Given:
    """The numbers of an environment (durations in seconds), as far as they were given, and what readers promise."""

    sync_delay: Fraction | None = None
    put_timeout: Fraction | None = None
    retries: int | None = None
    retry_delay: Fraction | None = None
    cache_ttl: Fraction | None = None
    memo_ttl: Fraction | None = None
    heartbeat: Fraction | None = None
    zombie_window: Fraction | None = None
    skew: Fraction | None = None
    reader: str | None = None


_SYMBOLS: Final = {
    "sync_delay": "S",
    "put_timeout": "D",
    "retries": "F",
    "retry_delay": "R",
    "cache_ttl": "T",
    "memo_ttl": "M",
    "heartbeat": "H",
    "zombie_window": "Z",
}


def completed(given: Given, numbers: Mapping[str, int | Fraction]) -> Given:
    """The same with the numbers that can be learnt, by symbol: S, D, F, R and T."""
    return evolve(
        given,
        sync_delay=Fraction(numbers["S"]),
        put_timeout=Fraction(numbers["D"]),
        retries=int(numbers["F"]),
        retry_delay=Fraction(numbers["R"]),
        cache_ttl=Fraction(numbers["T"]),
    )


def spelled(given: Given) -> list[str]:
    """The numbers as options of the command line."""
    words = []
    for name in _SYMBOLS:
        value = getattr(given, name)
        if value is not None:
            words += [_option(name), str(value) if name == "retries" else spell_duration(value)]
    return words


def promised(given: Given) -> Promise:
    """What the proved formula promises for these numbers; no bound at all without any.

    Raises Unusable for numbers that do not make a bound.
    """
    from edgeproof.properties.promises import promise_of
    from edgeproof.properties.traffic import Promise

    known = {s: v for n, s in _SYMBOLS.items() if (v := getattr(given, n)) is not None}
    skew = None if given.skew is None else float(given.skew)
    clock = "all times are of one clock" if given.skew is None else f"clocks differ by {in_seconds(given.skew)} at most"
    if not known:
        return Promise(inf, guarded=given.reader == "guarded", assumptions=(clock,), skew=skew)
    _check(known, given)
    durations = {n: Fraction(v) for n, v in known.items() if n != "F"}
    ticks = lcm(*(value.denominator for value in durations.values()))
    constants: dict[str, int | str | bool] = {n: int(value * ticks) for n, value in durations.items()}
    reader = given.reader or ("plain" if given.memo_ttl is None else "memo")
    constants |= {"F": int(known.get("F", 0)), "put_fails": bool(known.get("F")), "reader": reader}
    constants |= {"repair": "heartbeat" if "H" in known else "none", "put_late": "Z" in known}
    promise = promise_of(constants, ticks, platform=True)
    memo = None if given.memo_ttl is None else float(given.memo_ttl)
    return evolve(promise, skew=skew, memo_ttl=memo, assumptions=(promise.assumptions[0], clock))


def _check(known: dict[str, int | Fraction], given: Given) -> None:
    options = {symbol: _option(name) for name, symbol in _SYMBOLS.items()}
    missing = [options[s] for s in ("S", "D", "T") if s not in known]
    missing += [options["R"]] if known.get("F") and "R" not in known else []
    if missing:
        raise Unusable(f"a bound takes {' and '.join(missing)} as well; `edgeproof learn` measures them")
    if "Z" in known and "H" not in known:
        raise Unusable("with a zombie window there is no bound without a heartbeat: give --heartbeat")
    if given.reader == "memo" and given.memo_ttl is None:
        raise Unusable("a reader with a memo keeps it for some time: give --memo-ttl")
    if given.memo_ttl is not None and given.reader not in (None, "memo"):
        raise Unusable(f"a {given.reader} reader keeps no memo: leave --memo-ttl out, or say --reader memo")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
