# SPDX-License-Identifier: Apache-2.0
"""What a verdict covers, read from the words of its bound: sizes, states, and the sorts whose size does not matter."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["any_number", "shape", "sizes", "states"]

_SIZE: Final = re.compile(r"\b([A-Za-z_]\w*)=([0-9]+)\b")
_ANY_NUMBER: Final = re.compile(r"(?<![0-9])[0-9]+ of (\w+) decide for any number")
_UP_TO: Final = re.compile(r"up to ([0-9]+) steps")
_STATES: Final = re.compile(r"\ball ([0-9,]+) states")


def sizes(bound: str) -> dict[str, float]:
    """The numbers that a bound names: sizes of sorts and parameters, and how deep runs were that go no further."""
    depth = {"steps of every run": float(found[1])} if (found := _UP_TO.search(bound)) else {}
    return depth | {name: float(value) for name, value in _SIZE.findall(bound)}


def any_number(bound: str) -> tuple[str, ...]:
    """The sorts of which a few elements decide for any number."""
    return tuple(_ANY_NUMBER.findall(bound))


def states(bound: str) -> int:
    """How many states a search saw, where it saw all; else 0."""
    found = _STATES.search(bound)
    return int(found[1].replace(",", "")) if found else 0


def shape(bound: str) -> str:
    """A bound without its numbers, which are compared one by one."""
    return re.sub(r"[0-9][0-9,]*", "N", bound.partition(";")[0])
