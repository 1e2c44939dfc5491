# SPDX-License-Identifier: Apache-2.0
"""Mutants of the code that lockstep does not find, each kind with its reason."""

from __future__ import annotations

from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

from attrs import frozen

__all__ = ["EXCEPTIONS", "Excepted", "Why", "reason_for"]


class Why(StrEnum):
    """What kind of reason it is."""

    EQUIVALENT = "equivalent"
    """Nothing that is promised of the code is otherwise."""
    ELSEWHERE = "found elsewhere"
    """It is of what lockstep does not drive, and other tests hold it; the reason says which."""
    MISSED = "not found"
    """Somebody could be told something else, and lockstep does not see it."""


@frozen
class Excepted:
    """Mutants whose names are like this (`*` stands for anything, `[` for itself), and why nobody finds them."""

    names: str
    why: Why
    reason: str


EXCEPTIONS: Final[tuple[Excepted, ...]] = ()


def reason_for(name: str) -> Excepted | None:
    """The first that speaks of a mutant; None if none does."""
    return next((one for one in EXCEPTIONS if fnmatchcase(name, one.names.replace("[", "[[]"))), None)
