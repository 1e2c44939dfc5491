# SPDX-License-Identifier: Apache-2.0
"""Lengths of time as people write them: `2s`, `500ms`, `1m30s`, `1h`."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Final

from edgeproof.reports.errors import Unusable

__all__ = ["in_seconds", "parse_duration", "plain_number", "spell_duration"]

UNITS: Final = {
    "d": Fraction(86400),
    "h": Fraction(3600),
    "m": Fraction(60),
    "s": Fraction(1),
    "ms": Fraction(1, 1000),
    "us": Fraction(1, 1_000_000),
}
_PART: Final = r"(?:([0-9]{1,12}(?:\.[0-9]{1,9})?)%s)?"
_SHOWN: Final = 40
"""Letters of what is no duration."""
_DURATION: Final = re.compile("".join(_PART % unit for unit in UNITS))


def parse_duration(text: str) -> Fraction:
    """A duration in seconds, exactly. Raises Unusable for what is none: without a unit, negative, or nonsense."""
    found = _DURATION.fullmatch(text)
    if not text or found is None:
        text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        hint = "write it like 2s, 500ms, 1m30s or 1h"
        if text.startswith("-"):
            raise Unusable(f"{text!r} is negative; a duration is from 0 on: {hint}")
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
            raise Unusable(f"{text!r} has no unit; {hint}")
        raise Unusable(f"{text!r} is not a duration; {hint}")
    return sum((Fraction(n) * size for n, size in zip(found.groups(), UNITS.values(), strict=True) if n), Fraction(0))


def spell_duration(value: Fraction) -> str:
    """A duration of seconds and decimals of them, exactly, as `parse_duration` reads it."""
    return f"{(Decimal(value.numerator) / value.denominator).normalize():f}s"


def plain_number(value: int | Fraction) -> int | float:
    """A number as JSON has it: whole if it is whole."""
    return int(value) if value == int(value) else float(value)


def in_seconds(value: int | Fraction) -> str:
    """A length of time for people: `90 s`, `0.5 s`."""
    return f"{plain_number(value):.9g} s"
