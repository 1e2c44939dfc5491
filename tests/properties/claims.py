# SPDX-License-Identifier: Apache-2.0
"""Claims of which it is known whether they hold; in a module that pytest leaves as it is."""

from __future__ import annotations

from typing import Any

from edgeproof.properties.engines.contracts import Claim

__all__ = ["CLAIMS", "UNTYPED"]


def _any(*arguments: Any) -> bool:
    return True


def _positive(number: int) -> bool:
    return number > 0


def _is_not_negative(number: int) -> bool:
    return not number < 0


def _is_not_123456(number: int) -> bool:
    return number != 123_456


def _the_least_of_them_is_not_above_0(numbers: list[int]) -> bool:
    return sorted([*numbers, 0])[0] <= 0


def _contradiction(number: int) -> bool:
    return number > 0 and number < 0


def _divides(number: int) -> bool:
    return 1 // number < 2


def _asserts(number: int) -> bool:
    assert number != 7
    return True


def _answers_nothing(number: int) -> bool:
    return float.__lt__(1.5, "2")  # type: ignore[operator]


def _untyped(number):  # type: ignore[no-untyped-def]
    return True


CLAIMS = {
    "proved": Claim(_positive, _is_not_negative),
    "violated": Claim(_positive, _is_not_123456),
    "bounded": Claim(_any, _the_least_of_them_is_not_above_0),
    "vacuous": Claim(_contradiction, _is_not_negative),
    "raises": Claim(_any, _divides),
    "asserts": Claim(_any, _asserts),
    "answers nothing": Claim(_any, _answers_nothing),
}

UNTYPED = Claim(_any, _untyped)
