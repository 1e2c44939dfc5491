# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from fractions import Fraction

import pytest

from edgeproof.reports.durations import in_seconds, parse_duration, spell_duration
from edgeproof.reports.errors import Unusable


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2s", 2), ("500ms", Fraction(1, 2)), ("1m30s", 90), ("1h", 3600), ("0s", 0), ("1.5s", Fraction(3, 2)),
        ("1d", 86400), ("250us", Fraction(1, 4000)), ("1h1m1s1ms", Fraction(3661001, 1000)), ("0.1s", Fraction(1, 10)),
    ],
)  # fmt: skip
def test_durations_are_exact(text: str, seconds: Fraction) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "5", "-2s", "s", "2 s", "1s1m", "1s1s", "2sec", "1e3s", "٣s", ".5s", "1.s", "inf", "9" * 5000 + "s", "2s\n"],
)
def test_nonsense_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(Unusable, match=r"write it like 2s, 500ms, 1m30s or 1h"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["0s", "90s", "0.00025s", "1000000.001s", "0.000000000000001s", "86400s"])
def test_durations_are_spelled_as_they_are_read(text: str) -> None:
    assert spell_duration(parse_duration(text.replace("0.000000000000001s", "0.000000001us"))) == text


def test_a_missing_unit_and_a_sign_are_named() -> None:
    with pytest.raises(Unusable, match="has no unit"):
        parse_duration("5")
    with pytest.raises(Unusable, match="negative"):
        parse_duration("-5s")


def test_seconds_are_written_without_needless_digits() -> None:
    assert [in_seconds(value) for value in (90, Fraction(1, 2), Fraction(1, 3))] == ["90 s", "0.5 s", "0.333333333 s"]
