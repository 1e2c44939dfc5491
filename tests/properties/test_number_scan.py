# SPDX-License-Identifier: Apache-2.0
"""Numbers and moments as the compiled pass reads them, beside Python's own `float` and the readable way."""

from __future__ import annotations

from random import Random
from struct import pack, unpack
from typing import Any, Final

import numpy as np
import pytest

from edgeproof.properties.intake import number_scan
from edgeproof.properties.intake.lines import PAD
from edgeproof.properties.intake.tokens import NOWHERE, Bytes, compiled, natural_of
from edgeproof.properties.intake.values import as_natural, iso_seconds

MANY: Final = 20_000


@compiled
def scanned_number(data: Bytes) -> Any:
    return number_scan.number(data, 0)


@compiled
def scanned_moment(data: Bytes, end: int) -> Any:
    return number_scan.moment(data, 0, end)


@compiled
def scanned_natural(data: Bytes, end: int, form: Bytes, cut: int) -> Any:
    return natural_of(data, 0, end, form, cut)


def number(text: str) -> tuple[int, float]:
    """Where a number ends, and what it is."""
    end, bits = scanned_number(padded(text))
    return end, unpack("d", pack("q", bits))[0]


def moment(text: str) -> float | None:
    """The seconds that a moment is at."""
    bits = scanned_moment(padded(text), len(text.encode()))
    return None if bits == number_scan.NONE else unpack("d", pack("q", bits))[0]


def padded(text: str) -> Bytes:
    return np.frombuffer(text.encode() + b"\n" * PAD, np.uint8)


def any_double(random: Random) -> str:
    return repr(unpack("d", pack("Q", random.getrandbits(62)))[0])


def between_two_doubles(random: Random) -> str:
    """A whole number of 54 bits that is as near to one double as to another."""
    return str((random.getrandbits(52) | 1 << 52) * 2 + 1)


KINDS: Final = {
    "seconds": lambda random: repr(random.uniform(0, 2e9)),
    "milliseconds": lambda random: f"{random.randrange(10**13)}.{random.randrange(1000):03}",
    "whole numbers": lambda random: str(random.getrandbits(random.randrange(1, 63))),
    "less than nothing": lambda random: f"-{random.randrange(1000)}.{random.randrange(10**12)}",
    "with an exponent": lambda random: f"{random.getrandbits(60)}e{random.randrange(-42, 42)}",
    "any double": any_double,
    "between two doubles": between_two_doubles,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_number_is_the_double_that_is_nearest_or_left_to_others(kind: str) -> None:
    random = Random(kind)
    texts = [KINDS[kind](random) for _ in range(MANY // len(KINDS))]
    decided = [text for text in texts if number(text)[0] >= 0]
    assert [number(text) for text in decided] == [(len(text), float(text)) for text in decided]
    assert len(decided) > (0 if kind == "any double" else 0.9 * len(texts))


def test_a_moment_is_at_the_seconds_that_the_readable_way_says_or_left_to_others() -> None:
    random = Random(0)
    decided = 0
    for _ in range(MANY):
        text = any_moment(random)
        found = moment(text)
        decided += found is not None
        assert found in (None, iso_seconds(text)), text
    assert decided > MANY / 3


def any_moment(random: Random) -> str:
    """A date and a time of day, which there are not always."""
    year, month, day = random.randrange(1965, 2205), random.randrange(13), random.randrange(32)
    mark, hour, minute = random.choice("TTT  x"), random.randrange(25), random.randrange(60)
    part = random.choice(("", f".{random.getrandbits(20)}", ".000000001", ".1234567890"))
    zone = random.choice(("", "Z", "z", " UTC", "UTC", "+02:00", "-0330", "+05", " -00:01", "+24:00", " ", "GMT"))
    return f"{year:04}-{month:02}-{day:02}{mark}{hour:02}:{minute:02}:{random.randrange(61):02}{part}{zone}"


@pytest.mark.parametrize("text", ["-", ".5", "5.", "01", "1e", "+1", "1e+", "NaN", "1" * 20, "1e400", "-1e-400", ""])
def test_what_is_no_number_of_json_or_has_no_double_near_to_it_is_left_to_others(text: str) -> None:
    assert number(text)[0] < 0


@pytest.mark.parametrize("form", ["{}", "v{}", "{} b", "v{}-b"])
@pytest.mark.parametrize(
    "text", ["7", "v7", "v7-b", "v70-c", "w70-b", "007", "7 b", "", "v-b", "v", "-7", "7.0", "٧", "9" * 17]
)
def test_a_whole_number_in_text_is_what_the_readable_way_says_or_left_to_others(form: str, text: str) -> None:
    before, _, behind = form.partition("{}")
    end = len(text.encode())
    found = scanned_natural(padded(text), end, np.frombuffer((before + behind).encode(), np.uint8), len(before))
    assert found in (NOWHERE, as_natural(text, form))
    assert found != NOWHERE or text != form.replace("{}", "7")
