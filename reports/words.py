# SPDX-License-Identifier: Apache-2.0
"""Words of the command line that name something of a design, looked up before any engine starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, NoReturn

from edgeproof.reports.errors import Unusable

if TYPE_CHECKING:
    from edgeproof.model.machine import Machine

__all__ = ["chosen_of", "hazards_of", "machine_of", "of_roles", "options_of", "pair", "unknown", "whole_number"]

_SWITCH: Final[Mapping[str, bool]] = {"on": True, "off": False}


def machine_of(design: str) -> Machine:
    """The machine of the design. Raises Unusable with the names that there are."""
    from edgeproof.model.designs import load
    from edgeproof.reports.designs import design_named

    return load(design_named(design))


def options_of(machine: Machine, texts: Iterable[str]) -> dict[str, str]:
    """What `--option NAME=CHOICE` chooses. Raises Unusable."""
    chosen: dict[str, str] = {}
    for text in texts:
        name, choice = pair("--option", text)
        options = of_roles(machine, "option")
        if name not in options:
            unknown("option", name, options)
        if choice not in machine.rigids[name].type.labels:
            raise Unusable(f"{name} is one of {', '.join(machine.rigids[name].type.labels)}, not {choice!r}")
        chosen[name] = choice
    return chosen


def hazards_of(machine: Machine, names: Iterable[str]) -> dict[str, bool]:
    """What `--hazard NAME` switches on. Raises Unusable."""
    hazards = of_roles(machine, "hazard")
    for name in names:
        if name not in hazards:
            unknown("hazard", name, hazards)
    return dict.fromkeys(names, True)


def whole_number(machine: Machine, name: str, text: str) -> int:
    """The size of a sort, or the count or duration, that `text` says for the constant. Raises Unusable."""
    from edgeproof.model.declare import MOST

    least = 1 if machine.rigids[name].role == "sort" else 0
    if text.isascii() and text.isdigit() and len(text) <= len(str(MOST)) and least <= int(text) <= MOST:
        return int(text)
    raise Unusable(f"{name} is a whole number from {least} to {MOST:,}, not {text!r}")


def chosen_of(machine: Machine, name: str, text: str) -> int | str | bool:
    """What `text` chooses for the constant of that name, of whichever kind. Raises Unusable with what there is."""
    if name not in machine.rigids:
        unknown("option, hazard or number", name, machine.rigids)
    role = machine.rigids[name].role
    if role == "option":
        return options_of(machine, [f"{name}={text}"])[name]
    if role == "hazard":
        if text not in _SWITCH:
            raise Unusable(f"{name} is a hazard: {' or '.join(_SWITCH)}, not {text!r}")
        return _SWITCH[text]
    return whole_number(machine, name, text)


def pair(option: str, text: str) -> tuple[str, str]:
    """Both sides of `NAME=VALUE`. Raises Unusable for anything else."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise Unusable(f"{option} takes NAME=VALUE, not {text!r}")
    return name, value


def of_roles(machine: Machine, *roles: str) -> list[str]:
    """The constants of a design that have one of the roles."""
    return [name for name, rigid in machine.rigids.items() if rigid.role in roles]


def unknown(what: str, name: str, known: Sequence[str] | Mapping[str, object]) -> NoReturn:
    """Raise Unusable for a name that there is not."""
    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise Unusable(f"there is no {what} {name!r}; {hint}there is {', '.join(known)}")
