# SPDX-License-Identifier: Apache-2.0
"""What a foreign value says: a time, a whole number or a truth value, however a logger, a database or a CSV wrote it.

Whatever is none is handed on as it is, for `parse` to say so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import blake2b
from math import isfinite
from typing import Any, Final

from edgeproof.properties.intake.row import LARGEST

__all__ = [
    "ISO",
    "PER_SECOND",
    "Seconds",
    "as_flag",
    "as_natural",
    "as_seconds",
    "as_text",
    "code_of",
    "combined_seconds",
    "iso_seconds",
]

PER_SECOND: Final[Mapping[str, int]] = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
"""How many of a unit of time make a second."""

ISO: Final = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z"
"""The plainest form of a time that is text: ISO 8601, in UTC, to the microsecond at most."""

_MOMENT: Final = re.compile(
    r"(?P<date>\d{4}[-/]\d{2}[-/]\d{2})[T ](?P<time>\d{2}:\d{2}(?::\d{2})?)(?:[.,](?P<part>\d{1,9}))?"
    r" ?(?P<zone>[Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?(?: UTC| GMT)?"
)
_NUMBER: Final = re.compile(r"[+-]?(?:\d{1,25}(?:\.\d{0,25})?|\.\d{1,25})(?:[eE][+-]?\d{1,3})?")
_DIGITS: Final = re.compile(r"\d{1,20}(?:\.0{1,20})?")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TRUTHS: Final = {"true": True, "t": True, "yes": True, "1": True, "false": False, "f": False, "no": False, "0": False}


class Seconds(float):
    """Seconds since 1970, of a file that has a type for times: no unit is applied to them."""


def as_seconds(value: Any, unit: str) -> Any:
    """A time, or a length of time, in seconds. Text with a date in it is taken for what it says, whatever the unit."""
    if isinstance(value, Seconds):
        return float(value)
    if isinstance(value, datetime):
        return _since_1970(value if value.tzinfo else value.replace(tzinfo=UTC), 0)
    if isinstance(value, timedelta):
        return value / timedelta(seconds=1)
    if isinstance(value, str):
        moment = iso_seconds(value)
        if moment is not None:
            return moment
        value = _number(value)
    if isinstance(value, Decimal) and value.is_finite():
        value = int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or unit not in PER_SECOND or unit == "s":
        return value
    try:
        return float(value) / PER_SECOND[unit]
    except OverflowError:
        return value


def combined_seconds(parts: Sequence[Any], units: Sequence[str]) -> Any:
    """A time in several parts: a date, a time of day and perhaps a zone, or numbers that add up, each in its own unit.

    What is not there adds nothing. A part that is neither is handed on as it is.
    """
    said = [str(part) for part in parts if isinstance(part, str | date | time)]
    if len(said) == len(parts) and (moment := iso_seconds(" ".join(said))) is not None:
        return Seconds(moment)
    total = Fraction(0)
    for part, unit in zip(parts, units, strict=True):
        number = _number(part) if isinstance(part, str) else 0 if part is None else part
        if isinstance(number, bool) or not isinstance(number, int | float | Decimal) or not isfinite(number):
            return part
        total += Fraction(number) / (1 if isinstance(part, Seconds) else PER_SECOND[unit])
    return Seconds(total)


def iso_seconds(text: str) -> float | None:
    """Seconds since 1970 of a date and a time as ISO 8601 or a database writes it, in UTC unless it says a zone.

    None for text that is none.
    """
    said = _MOMENT.fullmatch(text.strip())
    if said is None:
        return None
    zone = said["zone"]
    offset = "+00:00" if zone is None or zone[0] not in "+-" else zone if len(zone) > 3 else zone + ":00"
    try:
        moment = datetime.fromisoformat(f"{said['date'].replace('/', '-')}T{said['time']}{offset}")
    except ValueError:
        return None
    return _since_1970(moment, int((said["part"] or "0").ljust(9, "0")))


def as_natural(value: Any, form: str) -> Any:
    """A whole number. `form` is how text writes one, `{}` standing for its digits: "v{}", say."""
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return int(value)
    if not isinstance(value, str):
        return value
    before, _, after = form.partition("{}")
    text = value.strip()
    if len(text) <= len(before) + len(after) or not text.startswith(before) or not text.endswith(after):
        return value
    digits = text[len(before) : len(text) - len(after)]
    return int(digits.partition(".")[0]) if digits.isascii() and _DIGITS.fullmatch(digits) else value


def as_flag(value: Any) -> Any:
    """A truth value, which may be written in any case, as a letter, or as 1 or 0."""
    if isinstance(value, str):
        return _TRUTHS.get(value.strip().lower(), value)
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    return value


def as_text(value: Any) -> Any:
    """Text; a number that names something is one as well."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return value


def code_of(text: Any) -> Any:
    """A number that stands for a version; what is no text and no number is left as it is."""
    if isinstance(text, bool) or not isinstance(text, str | int):
        return text
    return int.from_bytes(blake2b(str(text).encode("utf-8", "surrogatepass"), digest_size=8).digest()) & LARGEST


def _since_1970(moment: datetime, nanoseconds: int) -> float:
    """By way of whole nanoseconds, so that the one division is the only rounding."""
    microseconds = (moment - _EPOCH) // timedelta(microseconds=1)
    return (microseconds * 1000 + nanoseconds) / 10**9


def _number(text: str) -> Any:
    """The number that a text is, or the text itself."""
    stripped = text.strip()
    if not stripped.isascii() or not _NUMBER.fullmatch(stripped):
        return text
    if stripped.lstrip("+-").isdigit():
        return int(stripped)
    return number if isfinite(number := float(stripped)) else text
