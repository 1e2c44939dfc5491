# SPDX-License-Identifier: Apache-2.0
"""A design with the numbers that somebody gave for their environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from edgeproof.properties.pattern import PATTERN
from edgeproof.reports.durations import parse_duration
from edgeproof.reports.errors import Unusable, one_line
from edgeproof.reports.words import hazards_of, machine_of, options_of, pair, unknown, whole_number

if TYPE_CHECKING:
    from edgeproof.model.machine import Machine
    from edgeproof.properties.environment import Setting

__all__ = ["Chosen", "Numbers", "lacking", "option_for", "settle"]

_SYMBOLS: Final[Mapping[str, str]] = {
    "sync_delay": "S",
    "put_timeout": "D",
    "retries": "F",
    "retry_delay": "R",
    "cache_ttl": "T",
    "memo_ttl": "M",
    "heartbeat": "H",
    "zombie_window": "Z",
}
"""The numbers of the pattern, which have an option of their own, with their symbols."""


@frozen
class Numbers:
    """The numbers of the pattern (durations in seconds), as far as they were given."""

    sync_delay: Fraction | None = None
    put_timeout: Fraction | None = None
    retries: int | None = None
    retry_delay: Fraction | None = None
    cache_ttl: Fraction | None = None
    memo_ttl: Fraction | None = None
    heartbeat: Fraction | None = None
    zombie_window: Fraction | None = None

    @property
    def known(self) -> dict[str, int | Fraction]:
        """Those that were given, by symbol."""
        return {s: value for name, s in _SYMBOLS.items() if (value := getattr(self, name)) is not None}


@frozen
class Chosen:
    """The design, and what was chosen of it, as it was typed; `numbers` are those without an option of their own."""

    design: str = PATTERN
    options: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


def settle(
    given: Mapping[str, int | Fraction],
    chosen: Chosen,
    *,
    reader: str | None = None,
    failures: int | None = None,
) -> tuple[Setting, tuple[str, ...]]:
    """The design with what was given (by symbol, durations in seconds) and chosen, and the numbers its bound still
    lacks.

    How many attempts fail is one of those wherever they may, unless `failures` says how many do where nobody says so.
    `reader` is the option of that name, in designs that have it. Raises Unusable for what the design does not have.
    """
    from edgeproof.model.machine import DesignError
    from edgeproof.properties.bounds import parameters
    from edgeproof.properties.environment import numbers_of, setting_of, shares

    machine = machine_of(chosen.design)
    chosen = evolve(chosen, design=machine.name)
    for symbol in given:
        if not shares(machine, symbol):
            raise Unusable(f"{chosen.design} has nothing that {option_for(symbol)} is about")
    numbers = {**given, **_set(machine, chosen.numbers)}
    if failures is not None and shares(machine, "F"):
        numbers.setdefault("F", failures)
    picked: dict[str, int | str | bool] = {} if reader is None or "reader" not in machine.rigids else {"reader": reader}
    picked |= {**options_of(machine, chosen.options), **hazards_of(machine, chosen.hazards)}
    try:
        setting = setting_of(chosen.design, numbers, picked)
        needed = {*parameters(setting.instance), *(["F"] if shares(machine, "F") else [])}
        return setting, tuple(name for name in numbers_of(machine) if name in needed and name not in numbers)
    except DesignError as error:
        raise Unusable(one_line(error)) from error


def lacking(design: str, missing: Sequence[str]) -> str:
    """What is to be said of numbers that are missing."""
    if missing == ("H",):
        return (
            "with a zombie window there is no bound without a heartbeat: nothing repairs a late put; give --heartbeat"
        )
    of = "" if design == PATTERN else f" of {design}"
    return f"a bound{of} takes {' and '.join(map(option_for, missing))} as well"


def option_for(symbol: str) -> str:
    """How a number is given on the command line."""
    own = [name for name, one in _SYMBOLS.items() if one == symbol]
    return f"--{own[0].replace('_', '-')}" if own else f"--set {symbol}=..."


def _set(machine: Machine, texts: tuple[str, ...]) -> dict[str, int | Fraction]:
    """What `--set NAME=VALUE` says: durations with their units, counts without."""
    from edgeproof.properties.environment import numbers_of

    known, found = numbers_of(machine), dict[str, int | Fraction]()
    for text in texts:
        name, value = pair("--set", text)
        if name not in known:
            unknown("number", name, known)
        found[name] = parse_duration(value) if known[name] == "duration" else whole_number(machine, name, value)
    return found
