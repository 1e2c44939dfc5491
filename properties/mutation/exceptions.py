# SPDX-License-Identifier: Apache-2.0
"""Mutants that nobody notices, and need not: each kind with its reason."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

from attrs import frozen

__all__ = ["EXCEPTIONS", "Excepted", "reason_for"]


@frozen
class Excepted:
    """Mutants of `designs` (all of them if there are none) whose words are like this (`*` stands for anything), and why
    nobody has to notice them.
    """

    says: str
    reason: str
    designs: tuple[str, ...] = ()


EXCEPTIONS: Final[tuple[Excepted, ...]] = ()


def reason_for(design: str, says: str) -> str:
    """Why a mutant need not be noticed; "" if nobody has said."""
    for one in EXCEPTIONS:
        if (not one.designs or design in one.designs) and fnmatchcase(says, _plain(one.says)):
            return one.reason
    return ""


def _plain(pattern: str) -> str:
    """The pattern with brackets, which stand in what mutants say, standing for themselves."""
    return pattern.replace("[", "[[]")
