# SPDX-License-Identifier: Apache-2.0
"""A design with the numbers of somebody's environment: durations in seconds instead of ticks."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import lcm
from typing import Final

from attrs import frozen

from edgeproof.model.designs import load
from edgeproof.model.machine import DesignError, Instance, Machine
from edgeproof.properties.designs.dossier import Constants

__all__ = ["Setting", "numbers_of", "setting_of", "shares"]

_CHOICE: Final[Mapping[str, str]] = {"F": "put_fails", "M": "reader", "H": "repair", "Z": "put_late", "W": "watchdog"}
"""The choice that comes with a number: a design without the choice means something else by the number's name."""


@frozen
class Setting:
    """A configuration of a design, and how many seconds a tick is."""

    instance: Instance
    unit: Fraction


def setting_of(design: str, numbers: Mapping[str, int | Fraction], chosen: Constants | None = None) -> Setting:
    """A design with numbers by their symbols (durations in seconds, counts as they are), its options and its hazards.

    With failures puts may fail, with a memo's time isolates keep one, and so on; what is `chosen` comes before that.
    Raises DesignError for what the design does not have.
    """
    machine = load(design)
    known = numbers_of(machine)
    for name in numbers:
        if name not in known:
            raise DesignError(f"{design} has no number {name!r}; it has {', '.join(known) or 'none'}")
    seconds = {name: Fraction(value) for name, value in numbers.items() if known[name] == "duration"}
    # Ticks are whole: the unit is the longest time of which every duration is a multiple.
    unit = Fraction(1, lcm(*(value.denominator for value in seconds.values())))
    constants: dict[str, int | str | bool] = {n: int(v / unit if n in seconds else v) for n, v in numbers.items()}
    constants |= {name: choice for name, choice in _implied(numbers).items() if name in machine.rigids}
    return Setting(Instance.of(machine, **{**constants, **(chosen or {})}), unit)


def numbers_of(machine: Machine) -> dict[str, str]:
    """The numbers of a design that are an environment's, each a `count` or a `duration`."""
    return {name: rigid.role for name, rigid in machine.rigids.items() if rigid.role in ("count", "duration")}


def shares(machine: Machine, name: str) -> bool:
    """Whether a design means by a number's name what the pattern means: H need not be a heartbeat."""
    return name in numbers_of(machine) and _CHOICE.get(name, name) in machine.rigids


def _implied(numbers: Mapping[str, int | Fraction]) -> Constants:
    said: dict[str, int | str | bool] = {}
    if "F" in numbers:
        said["put_fails"] = numbers["F"] > 0
    if "M" in numbers:
        # The worst run needs an isolate that has not read yet.
        said |= {"reader": "memo", "evict": True}
    if "H" in numbers:
        said["repair"] = "heartbeat"
    if "Z" in numbers:
        said["put_late"] = True
    if "W" in numbers:
        # Nobody needs a watchdog but for alarms that are lost.
        said |= {"watchdog": "on", "alarm_stuck": True}
    return said
