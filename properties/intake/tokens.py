# SPDX-License-Identifier: Apache-2.0
"""The tokens of text, found in its bytes: where a string, a number or any value of JSON ends, and the number of a word.

Compiled by numba, kept on disk, and without Python's lock. All that is read ends in at least `PAD` line ends, so that
nothing is read past its end. A place that is not found is `NOWHERE`: whoever asked is of no opinion then.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from edgeproof.properties.intake.row import LARGEST

__all__ = [
    "LINE",
    "NOWHERE",
    "Bytes",
    "Floats",
    "Ints",
    "Slots",
    "after_space",
    "cell_end",
    "code_of_word",
    "compiled",
    "joined",
    "natural_end",
    "natural_of",
    "number_end",
    "same",
    "special",
    "text_end",
    "value_end",
    "word_end",
]

NOWHERE: Final = -1
LINE: Final = 2**20
"""Bytes of the longest line that is looked at."""

_DEEP: Final = 40
"""Objects and lists within each other that are looked into."""
_LONG: Final = 40
"""Characters of the longest number that is looked at."""
_DIGITS: Final = 16

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Slots = NDArray[np.int32]


_WITH_PARTS: Final = ("tokens.py", "number_scan.py", "cells.py")
"""Files whose parts, or numbers, are in what is compiled."""

_njit: Any = njit
"""With options that numba's types leave out."""


def compiled(function: Callable[..., Any]) -> Any:
    """A loop as machine code that is kept on disk. It makes no arrays, so that nobody has to count who uses them."""
    try:
        made = _njit(error_model="numpy", nogil=True, _nrt=False, cache=True)(function)
    except RuntimeError:
        # There is no folder that numba may write to: it is compiled anew in every process.
        return _njit(error_model="numpy", nogil=True, _nrt=False)(function)
    # What is kept holds parts of other files as well, and numba asks only whether the function's own file is the same.
    file, others = made._cache._cache_file, [Path(__file__).with_name(name).stat() for name in _WITH_PARTS]
    file._source_stamp = (file._source_stamp, *((other.st_mtime_ns, other.st_size) for other in others))
    return made


def part(function: Callable[..., Any]) -> Any:
    """A part of what is compiled."""
    return _njit(error_model="numpy", _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)


def inlined(function: Callable[..., Any]) -> Any:
    """A part of what is compiled, without the cost of a call, which is high where arrays are passed on."""
    own = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return _njit(error_model="numpy", _nrt=False, forceinline=True, **own)(function)


def _load(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    place = builder.bitcast(builder.gep(array.data, [arguments[1]]), ir.IntType(64).as_pointer())
    return builder.load(place, align=1)


def _type_load(context: Any, data: Any, place: Any) -> Any:
    return types.uint64(data, types.int64), _load


def _count(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.cttz(arguments[0], ir.IntType(1)(0))


def _type_count(context: Any, bits: Any) -> Any:
    return types.uint64(types.uint64), _count


# Eight bytes from a place on as one number, the first being the least; and how many bits before the first that is set.
_eight: Any = intrinsic(_type_load)
_zeros: Any = intrinsic(_type_count)

_ONES: Final = np.uint64(0x0101010101010101)
_HIGH: Final = np.uint64(0x8080808080808080)
_SPACES: Final = np.uint64(0x2020202020202020)
_QUOTES: Final = np.uint64(0x2222222222222222)
_ENDS: Final = np.uint64(0x0A0A0A0A0A0A0A0A)
_RETURNS: Final = np.uint64(0x0D0D0D0D0D0D0D0D)
_ESCAPES: Final = np.uint64(0x5C5C5C5C5C5C5C5C)
_MIXER: Final = np.uint64(0x9E3779B97F4A7C15)
_HALF: Final = np.uint64(32)
_THREE: Final = np.uint64(3)


@inlined
def after_space(data: Bytes, at: int) -> int:
    """The first place from `at` on that holds no space, tab or carriage return."""
    while data[at] == 32 or data[at] == 9 or data[at] == 13:
        at += 1
    return at


@inlined
def special(data: Bytes, at: int) -> int:
    """The first place from `at` on with a quote, a backslash, or what may stand in no string."""
    while True:
        eight = _eight(data, at)
        quotes, escapes = eight ^ _QUOTES, eight ^ _ESCAPES
        # A byte that is 0, or less than a space, borrows from its highest bit. What lies above the first may be wrong.
        found = ((quotes - _ONES) & ~quotes) | ((escapes - _ONES) & ~escapes) | ((eight - _SPACES) & ~eight)
        found &= _HIGH
        if found:
            return int(at + np.int64(_zeros(found) >> _THREE))
        at += 8


@inlined
def cell_end(data: Bytes, at: int, mark: int) -> int:
    """The first place from `at` on with a mark, a quote or the end of a line."""
    marks = np.uint64(mark) * _ONES
    while True:
        eight = _eight(data, at)
        parting, quotes, ends, returns = eight ^ marks, eight ^ _QUOTES, eight ^ _ENDS, eight ^ _RETURNS
        found = ((parting - _ONES) & ~parting) | ((quotes - _ONES) & ~quotes)
        found |= ((ends - _ONES) & ~ends) | ((returns - _ONES) & ~returns)
        found &= _HIGH
        if found:
            return int(at + np.int64(_zeros(found) >> _THREE))
        at += 8


@part
def text_end(data: Bytes, at: int) -> int:
    """Where a string ends that begins at `at`: the place of its closing quote. What may be half a pair has no end."""
    while True:
        at = special(data, at)
        if data[at] == 34:
            return at
        if data[at] != 92:
            return NOWHERE
        escaped = data[at + 1]
        at += 2
        if escaped == 117:
            if (data[at] == 100 or data[at] == 68) and not 48 <= data[at + 1] <= 55:
                return NOWHERE
            for _ in range(4):
                digit = data[at]
                if not (48 <= digit <= 57 or 65 <= digit <= 70 or 97 <= digit <= 102):
                    return NOWHERE
                at += 1
        elif not (
            escaped == 34
            or escaped == 92
            or escaped == 47
            or escaped == 98
            or escaped == 102
            or escaped == 110
            or escaped == 114
            or escaped == 116
        ):
            return NOWHERE


@inlined
def _digits_end(data: Bytes, at: int) -> int:
    while 48 <= data[at] <= 57:
        at += 1
    return at


@inlined
def number_end(data: Bytes, at: int) -> int:
    """Where a number of JSON ends, if it is not too long to be looked at."""
    start = at
    if data[at] == 45:
        at += 1
    if data[at] == 48:
        at += 1
    else:
        begun = at
        at = _digits_end(data, at)
        if at == begun:
            return NOWHERE
    if data[at] == 46:
        begun = at + 1
        at = _digits_end(data, begun)
        if at == begun:
            return NOWHERE
    if data[at] == 101 or data[at] == 69:
        at += 1
        if data[at] == 43 or data[at] == 45:
            at += 1
        begun = at
        at = _digits_end(data, at)
        if at == begun:
            return NOWHERE
    return at if at - start <= _LONG else NOWHERE


@part
def word_end(data: Bytes, at: int) -> int:
    """Where `true`, `false` or `null` ends."""
    if data[at] == 116 and data[at + 1] == 114 and data[at + 2] == 117 and data[at + 3] == 101:
        return at + 4
    if data[at] == 110 and data[at + 1] == 117 and data[at + 2] == 108 and data[at + 3] == 108:
        return at + 4
    if data[at] == 102 and data[at + 1] == 97 and data[at + 2] == 108 and data[at + 3] == 115 and data[at + 4] == 101:
        return at + 5
    return NOWHERE


@part
def _name_end(data: Bytes, at: int) -> int:
    """Where the value of a name begins that begins at `at`, spaces before it apart."""
    at = after_space(data, at)
    if data[at] != 34:
        return NOWHERE
    at = text_end(data, at + 1)
    if at < 0:
        return NOWHERE
    at = after_space(data, at + 1)
    return at + 1 if data[at] == 58 else NOWHERE


@part
def _scalar_end(data: Bytes, at: int) -> int:
    if data[at] == 34:
        at = text_end(data, at + 1)
        return at + 1 if at >= 0 else NOWHERE
    if data[at] == 45 or 48 <= data[at] <= 57:
        return int(number_end(data, at))
    return int(word_end(data, at))


@part
def value_end(data: Bytes, at: int) -> int:
    """Where any value of JSON ends, which is held against the grammar."""
    depth, objects = 0, 0
    while True:
        at = after_space(data, at)
        opening = data[at]
        if opening == 123 or opening == 91:
            depth += 1
            if depth > _DEEP:
                return NOWHERE
            objects = (objects << 1) | int(opening == 123)
            inner = after_space(data, at + 1)
            if data[inner] == opening + 2:
                at = inner
            else:
                at = _name_end(data, inner) if opening == 123 else inner
                if at < 0:
                    return NOWHERE
                continue
        else:
            at = _scalar_end(data, at)
            if at < 0:
                return NOWHERE
            if depth == 0:
                return at
            at = after_space(data, at)
        # Behind a value, or at the end of an empty object or list.
        while data[at] == (125 if objects & 1 else 93):
            depth -= 1
            objects >>= 1
            if depth == 0:
                return at + 1
            at = after_space(data, at + 1)
        if data[at] != 44:
            return NOWHERE
        at += 1
        if objects & 1:
            at = _name_end(data, at)
            if at < 0:
                return NOWHERE


@inlined
def natural_end(data: Bytes, at: int) -> tuple[int, int]:
    """Where a whole number of JSON ends that is written in digits alone, and the number, if no double blurs it."""
    begin, natural = at, np.int64(0)
    while 48 <= data[at] <= 57:
        natural = 10 * natural + np.int64(data[at] - 48)
        at += 1
        if at - begin > _DIGITS:
            return NOWHERE, 0
    if at == begin or natural > LARGEST or (data[begin] == 48 and at > begin + 1):
        return NOWHERE, 0
    return at, int(natural)


@inlined
def _hashed(data: Bytes, begin: int, length: int) -> int:
    mixed = np.uint64(length) * _MIXER
    for at in range(begin, begin + length - 7, 8):
        mixed = (mixed ^ _eight(data, at)) * _MIXER
        mixed ^= mixed >> _HALF
    rest = length & 7
    if rest:
        last = _eight(data, begin + length - rest) << np.uint64(64 - 8 * rest)
        mixed = (mixed ^ last) * _MIXER
        mixed ^= mixed >> _HALF
    return int(np.int64(mixed))


@inlined
def same(data: Bytes, one: int, others: Bytes, other: int, length: int) -> bool:
    """Whether so many bytes stand at two places, behind which there are eight more of any kind."""
    for at in range(0, length - 7, 8):
        if _eight(data, one + at) != _eight(others, other + at):
            return False
    rest = length & 7
    if not rest:
        return True
    differing = _eight(data, one + length - rest) ^ _eight(others, other + length - rest)
    return bool(differing << np.uint64(64 - 8 * rest) == 0)


@inlined
def code_of_word(data: Bytes, begin: int, end: int, column: int, slots: Slots, words: Ints, count: Ints) -> int:
    """The number of a word among those of its column, which it is added to if it is new.

    A column's words are in `words` (where each stands, how long it is, its hash), so many as `count` says, and are
    looked for in `slots`.
    """
    length = end - begin
    hashed = _hashed(data, begin, length)
    mask = slots.shape[1] - 1
    slot = (hashed >> 20) & mask
    while slots[column, slot] >= 0:
        code = slots[column, slot]
        if words[column, code, 2] == hashed and words[column, code, 1] == length:
            if same(data, begin, data, words[column, code, 0], length):
                return int(code)
        slot = (slot + 1) & mask
    added = count[column]
    slots[column, slot] = added
    words[column, added, 0], words[column, added, 1], words[column, added, 2] = begin, length, hashed
    count[column] = added + 1
    return int(added)


@part
def natural_of(data: Bytes, begin: int, end: int, form: Bytes, cut: int) -> int:
    """The whole number that a text says in digits, behind the first `cut` bytes of its form and before the others;
    NOWHERE for any other text.
    """
    begin, behind = begin + cut, end - (len(form) - cut)
    if not 0 < behind - begin <= _DIGITS:
        return NOWHERE
    for at in range(cut):
        if data[begin - cut + at] != form[at]:
            return NOWHERE
    for at in range(cut, len(form)):
        if data[behind - cut + at] != form[at]:
            return NOWHERE
    number = np.int64(0)
    for at in range(begin, behind):
        if not 48 <= data[at] <= 57:
            return NOWHERE
        number = 10 * number + np.int64(data[at] - 48)
    return int(number) if number <= LARGEST else NOWHERE


@compiled
def joined(data: Bytes, places: Ints, ends: NDArray[np.int32], into: Bytes) -> None:
    """Put what stands at some places, each with its length, one after the other, and where each ends behind a 0."""
    at = 0
    for number in range(len(places)):
        begin = places[number, 0]
        for place in range(begin, begin + places[number, 1]):
            into[at] = data[place]
            at += 1
        ends[number + 1] = at
