# SPDX-License-Identifier: Apache-2.0
"""Instants as ISO 8601 writes them, in milliseconds since 1970; what is smaller than a millisecond is cut off."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

__all__ = ["instant_of", "is_timestamp"]

_TIMESTAMP: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_INSTANT: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(?:Z|([+-])([0-9]{2}):([0-9]{2}))?)?"
)
_DAY: Final = 24 * 60
_EPOCH: Final = date(1970, 1, 1).toordinal()


def is_timestamp(value: object) -> bool:
    """Whether a condition's value is a date and time, with seconds and an offset: only then it is compared as one."""
    return isinstance(value, str) and _TIMESTAMP.fullmatch(value) is not None


def instant_of(text: str) -> int | None:
    """The instant, None for what is none. A date alone is its midnight, a time without an offset is UTC's.

    There is no 30 February and no 24:00, unlike in JavaScript's `Date.parse`, which takes them for the day after.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.group(1, 2, 3, 4, 5, 6))
    offset_hour, offset_minute = int(match[9] or 0), int(match[10] or 0)
    if max(hour, offset_hour) > 23 or max(minute, second, offset_minute) > 59:
        return None
    try:
        days = date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None
    offset = (offset_hour * 60 + offset_minute) * (-1 if match[8] == "-" else 1)
    milliseconds = int((match[7] or "")[:3].ljust(3, "0"))
    return ((days * _DAY + hour * 60 + minute - offset) * 60 + second) * 1000 + milliseconds
