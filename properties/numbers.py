# SPDX-License-Identifier: Apache-2.0
"""`edgeproof.bound` and `edgeproof.promise`: how late a reader can be told, for the numbers of one's own environment.

Each number that the bound is made of has to be given, and no other: a default would be a number of nobody's
environment, and a number that does not count is one that somebody counts on.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import isfinite
from typing import TypeAlias

from attrs import evolve

from edgeproof.model.designs import DESIGNS, load
from edgeproof.model.machine import Design, DesignError
from edgeproof.properties.bounds import formula, is_promised, parameters
from edgeproof.properties.environment import Setting, numbers_of, setting_of
from edgeproof.properties.promises import promise_in
from edgeproof.properties.staleness import StalenessAnswer, answer
from edgeproof.properties.traffic.promise import Promise

__all__ = ["bound", "promise"]

Given: TypeAlias = int | float | Fraction | str | bool
"""A length of time, a count, an option's choice, or whether a hazard is on."""


def bound(design: str | type[Design], /, **numbers: Given) -> StalenessAnswer:
    """How long after a config was superseded a reader can still be told it, for somebody's numbers, and why.

        edgeproof.bound("do_kv", S=2, D=5, F=3, R=1, T=60).bound  # 90 (seconds), = D + S + F*(D + R) + D + T

    `numbers` are the constants of the design by name: durations in seconds, counts as they are, and, where they are
    not the default, its options and hazards. Each number that the bound is made of has to be given, and no other. A
    number that comes with a choice brings it along: failures `F` of puts that may fail, a memo's time `M`, a heartbeat
    `H`, a zombie window `Z`.

    In the answer `proof` says whether the formula is proved for these options and hazards: for any number of locations
    and of versions, and all values of the numbers. What is not PROVED is no bound. `trace` is a run that shows how late
    it gets.

    Raises DesignError for a design that promises no bound, and for numbers that do not make one.
    """
    return answer(_setting(design, numbers))


def promise(design: str | type[Design], /, *, skew: float | None = None, **numbers: Given) -> Promise:
    """What the proved formula promises of a platform with somebody's numbers, for a history to be held to.

        edgeproof.promise("do_kv", S=2, D=5, T=60)  # readers are told nothing that was superseded over 72 s ago

    `numbers` are those of `edgeproof.bound`: durations in seconds. They are the limits of the environment as well,
    which a history may show to be passed; without `F` no put is taken to fail. `skew` is how far the recorders' clocks
    may lie apart, in seconds; they are taken to be one clock unless given.

    Raises DesignError where no bound is promised, or the numbers do not make it.
    """
    setting = _setting(design, numbers)
    if "F" not in numbers and "F" in setting.instance.values:
        setting = evolve(setting, instance=setting.instance.with_(F=0))
    found = promise_in(setting, platform=True)
    if "R" not in numbers:
        found = evolve(found, retry_delay=None)
    if setting.instance.values.get("reader") == "memo":
        found = evolve(found, memo_ttl=float(setting.instance.number("M") * setting.unit))
    if skew is None:
        return found
    clocks = f"clocks differ by {skew:g} s at most"
    return evolve(found, skew=float(skew), assumptions=(*found.assumptions[:-1], clocks))


def _setting(design: str | type[Design], given: Mapping[str, Given]) -> Setting:
    """A design with the numbers of somebody's environment (durations in seconds), its options and its hazards.

    A float is the decimal number that it is written as: 0.1 is a tenth. Raises DesignError for a design that promises
    no bound, and for numbers that do not make one.
    """
    machine = load(design)
    if machine.name not in DESIGNS:
        raise DesignError(f"{machine.name} promises no bound; there is that of {', '.join(DESIGNS)}")
    known = numbers_of(machine)
    numbers = {name: _exact(name, value, known[name]) for name, value in given.items() if name in known}
    chosen = {name: _choice(name, value) for name, value in given.items() if name not in known}
    setting = setting_of(machine.name, numbers, chosen)
    if is_promised(setting.instance):
        _check(setting, numbers)
    return setting


def _check(setting: Setting, numbers: Mapping[str, int | Fraction]) -> None:
    instance = setting.instance
    used = [name for name in parameters(instance) if name in numbers_of(instance.machine)]
    bound = f"the bound {formula(instance)} of {instance.machine.name}"
    if missing := [name for name in used if name not in numbers]:
        raise DesignError(f"{bound} takes {', '.join(missing)} as well")
    if idle := [name for name, value in numbers.items() if value and name not in used]:
        said = "leave it out, or switch on the option or hazard that it goes with"
        raise DesignError(f"{bound} is not made of {', '.join(idle)}: {said}")


def _exact(name: str, value: Given, role: str) -> int | Fraction:
    number = Fraction(str(value)) if isinstance(value, float) and isfinite(value) else value
    if isinstance(number, bool | str | float) or number < 0:
        raise DesignError(f"{name} is a number from 0, not {value!r}")
    if role == "count" and number.denominator != 1:
        raise DesignError(f"{name} is a whole number from 0, not {value!r}")
    return number if role == "duration" else int(number)


def _choice(name: str, value: Given) -> int | str | bool:
    if isinstance(value, float | Fraction):
        raise DesignError(f"{name} is no number of a bound, and cannot be {value!r}")
    return value
