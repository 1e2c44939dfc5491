# SPDX-License-Identifier: Apache-2.0
"""Numbers and moments of text as doubles: the nearest one to what is written, as Python's own `float` has it. Compiled.

The way from digits to a double is that of Eisel and Lemire ("Number parsing at a gigabyte per second", 2021): one
product with a power of five in 128 bits, which tells the nearest double but for numbers that are left to others here.
A moment is a number of nanoseconds, so that it is the same way.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from edgeproof.properties.intake.tokens import NOWHERE, Bytes, inlined, part

__all__ = ["NONE", "divided", "moment", "number"]

NONE: Final = -1
"""Stands for no double. As bits it is one that no text says."""

_DIGITS: Final = 19
"""Digits that 64 bits hold whatever they are."""
_POWER: Final = 40
"""Powers of ten that are looked at, up and down."""
_DAYS: Final = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_BEFORE: Final = np.array([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334])


def _five(power: int) -> int:
    """The first 128 bits of a power of five: all that there are, or too large by less than one if it is below 0."""
    if power >= 0:
        bits = (5**power).bit_length()
        return int(5**power << (128 - bits))
    bits = (5**-power).bit_length()
    return int((1 << (bits + 127)) // 5**-power) + 1


_FIVES: Final = [_five(power) for power in range(-_POWER, _POWER + 1)]
_FIRST: Final = np.array([five >> 64 for five in _FIVES], np.uint64)
_SECOND: Final = np.array([five & (2**64 - 1) for five in _FIVES], np.uint64)


def _high_half(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    wide = ir.IntType(128)
    product = builder.mul(*(builder.zext(argument, wide) for argument in arguments))
    return builder.trunc(builder.lshr(product, wide(64)), ir.IntType(64))


def _leading(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.ctlz(arguments[0], ir.IntType(1)(0))


def _as_double(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.bitcast(arguments[0], ir.DoubleType())


def _as_integer(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.bitcast(arguments[0], ir.IntType(64))


# The upper half of a product of 64 bits each; bits before the first that is set; bits as a double, and back.
_high: Any = intrinsic(lambda context, one, other: (types.uint64(types.uint64, types.uint64), _high_half))
_zeros_before: Any = intrinsic(lambda context, bits: (types.uint64(types.uint64), _leading))
_double: Any = intrinsic(lambda context, bits: (types.float64(types.int64), _as_double))
_bits: Any = intrinsic(lambda context, double: (types.int64(types.float64), _as_integer))

_U = np.uint64
_MASK: Final = _U(2**9 - 1)
_EVEN: Final = _U(2**64 - 2)


@inlined
def divided(bits: int, by: float) -> int:
    """The bits of a double divided by another one."""
    return bits if by == 1.0 else int(_bits(_double(bits) / by))


@part
def _double_of(digits: np.uint64, power: int) -> int:
    """The bits of the double that is nearest to so many times a power of ten; NONE where that is not decided here."""
    if digits == 0:
        return 0
    if not -_POWER <= power <= _POWER:
        return NONE
    zeros = _zeros_before(digits)
    digits <<= zeros
    first, second = _FIRST[power + _POWER], _SECOND[power + _POWER]
    upper, lower = _high(digits, first), digits * first
    if upper & _MASK == _MASK:
        carried = _high(digits, second)
        lower += carried
        if lower < carried:
            upper += _U(1)
    if lower == _U(2**64 - 1) and not -27 <= power <= 55:
        return NONE
    above = upper >> _U(63)
    shift = above + _U(9)
    found = upper >> shift
    exponent = ((217706 * power) >> 16) + 63 + np.int64(above) - np.int64(zeros) + 1023
    if lower <= 1 and -4 <= power <= 23 and found & _U(3) == 1 and found << shift == upper:
        # It lies in the middle between two doubles: of these the even one is meant.
        found &= _EVEN
    found += found & _U(1)
    found >>= _U(1)
    if found >= _U(2**53):
        found = _U(2**52)
        exponent += 1
    if not 0 < exponent < 2047:
        return NONE
    return int(np.int64((found & _U(2**52 - 1)) | (_U(exponent) << _U(52))))


@inlined
def number(data: Bytes, at: int) -> tuple[int, int]:
    """Where a number of JSON ends, and the bits of its double; NOWHERE for one that is not decided here."""
    negative = data[at] == 45
    at += int(negative)
    digits, begin, behind = _U(0), at, 0
    while 48 <= data[at] <= 57:
        digits = digits * _U(10) + _U(data[at] - 48)
        at += 1
    count = at - begin
    if count == 0 or (data[begin] == 48 and count > 1):
        return NOWHERE, NONE
    if data[at] == 46:
        point = at + 1
        at = point
        while 48 <= data[at] <= 57:
            digits = digits * _U(10) + _U(data[at] - 48)
            at += 1
        behind = at - point
        if behind == 0:
            return NOWHERE, NONE
    if count + behind > _DIGITS:
        return NOWHERE, NONE
    power = -behind
    if data[at] == 101 or data[at] == 69:
        at, exponent = _exponent(data, at + 1)
        if at < 0:
            return NOWHERE, NONE
        power += exponent
    bits = _double_of(digits, power)
    if bits == NONE:
        return NOWHERE, NONE
    return at, bits | (-(2**63) if negative else 0)


@part
def _exponent(data: Bytes, at: int) -> tuple[int, int]:
    down = data[at] == 45
    if down or data[at] == 43:
        at += 1
    begin, exponent = at, np.int64(0)
    while 48 <= data[at] <= 57 and at - begin < 3:
        exponent = 10 * exponent + np.int64(data[at] - 48)
        at += 1
    if at == begin or 48 <= data[at] <= 57:
        return NOWHERE, 0
    return at, int(-exponent if down else exponent)


@part
def moment(data: Bytes, at: int, end: int) -> int:
    """The bits of the seconds since 1970 that a date and a time of day say, as ISO 8601 or a database writes them, in
    UTC unless there is an offset; NONE for all other text, and for years that no log is of.
    """
    if end - at < 19 or data[at + 4] != 45 or data[at + 7] != 45 or data[at + 13] != 58 or data[at + 16] != 58:
        return NONE
    if data[at + 10] != 84 and data[at + 10] != 32:
        return NONE
    day, clock = _day(data, at), _clock(data, at + 11)
    if day < 0 or clock < 0:
        return NONE
    at += 19
    nanoseconds = np.int64(0)
    if data[at] == 46:
        begin = at + 1
        at = begin
        while 48 <= data[at] <= 57 and at - begin < 10:
            nanoseconds = 10 * nanoseconds + np.int64(data[at] - 48)
            at += 1
        if at == begin or at - begin > 9:
            return NONE
        for _ in range(9 - (at - begin)):
            nanoseconds *= 10
    offset = _offset(data, at, end)
    seconds = 86400 * day + clock - offset
    if offset == _NO_OFFSET or seconds < 0:
        return NONE
    return int(_double_of(_U(1_000_000_000 * seconds + nanoseconds), -9))


_NO_OFFSET: Final = 10**6


@part
def _two(data: Bytes, at: int) -> int:
    """The number that two digits are, or one that is too large for whatever they may say."""
    one, other = np.int64(data[at]) - 48, np.int64(data[at + 1]) - 48
    return int(10 * one + other) if 0 <= one <= 9 and 0 <= other <= 9 else 100


@part
def _day(data: Bytes, at: int) -> int:
    """Days since 1970; NONE for none, or one before that or far behind it."""
    century, rest, month, day = _two(data, at), _two(data, at + 2), _two(data, at + 5), _two(data, at + 8)
    year = 100 * century + rest
    if rest == 100 or not 1970 <= year < 2200 or not 1 <= month <= 12 or day < 1:
        return NONE
    leaps = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if day > _DAYS[month - 1] + int(leaps and month == 2):
        return NONE
    before = year - 1
    days = 365 * (year - 1970) + (before // 4 - before // 100 + before // 400) - 477
    return int(days + _BEFORE[month - 1] + int(leaps and month > 2) + day - 1)


@part
def _clock(data: Bytes, at: int) -> int:
    """Seconds since midnight; NONE for none."""
    hours, minutes, seconds = _two(data, at), _two(data, at + 3), _two(data, at + 6)
    if hours > 23 or minutes > 59 or seconds > 59:
        return NONE
    return int(3600 * hours + 60 * minutes + seconds)


@part
def _offset(data: Bytes, at: int, end: int) -> int:
    """Seconds that a clock is ahead of UTC, as is said behind a time of day, or nothing; _NO_OFFSET for other text."""
    if at == end or (at + 1 == end and (data[at] == 90 or data[at] == 122)):
        return 0
    if data[at] == 32 and at < end:
        at += 1
    if end - at == 3 and data[at] == 85 and data[at + 1] == 84 and data[at + 2] == 67:
        return 0
    if (data[at] != 43 and data[at] != 45) or not 3 <= end - at <= 6:
        return _NO_OFFSET
    hours, minutes = _two(data, at + 1), 0
    if end - at == 5:
        minutes = _two(data, at + 3)
    elif end - at == 6 and data[at + 3] == 58:
        minutes = _two(data, at + 4)
    elif end - at != 3:
        return _NO_OFFSET
    if hours > 23 or minutes > 59:
        return _NO_OFFSET
    return int((3600 * hours + 60 * minutes) * (1 if data[at] == 43 else -1))
