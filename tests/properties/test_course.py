# SPDX-License-Identifier: Apache-2.0
"""The course of a history says when reads were stale, and agrees with what is measured of all of them together."""

from __future__ import annotations

from random import Random

import numpy
import pytest

from edgeproof.properties.traffic.course import SLICES, course
from edgeproof.properties.traffic.facts import at_once, gather
from edgeproof.properties.traffic.measure import measure
from edgeproof.properties.traffic.staleness import rounded_up
from tests.properties.histories import clean, read
from tests.properties.random_traffic import as_table, random_unit


def test_a_read_is_where_it_began_as_stale_as_it_certainly_and_possibly_was() -> None:
    lines = [*clean(), read(1, 7.2, 7.3, pop="gru", reader="r2")]
    found = course(at_once(gather(as_table(lines))))
    assert found.width == pytest.approx(9 / SLICES)
    stale = [(one.pop, one.since, one.certain, one.possible) for one in found.moments if one.certain]
    (gru, at, certain, possible), (lis, before, less, maybe) = sorted(stale)
    assert (gru, lis) == ("gru", "lis")
    assert at <= 7.2 < at + found.width
    assert before <= 5.2 < before + found.width
    assert (certain, possible) == pytest.approx((7.2 - 3.2, 7.3 - 3))
    assert (less, maybe) == pytest.approx((5.2 - 3.2, 5.3 - 3))


@pytest.mark.parametrize("skew", [0.0, 0.25])
def test_together_the_moments_are_all_reads_and_the_worst_of_them_is_the_worst(skew: float) -> None:
    random = Random(3)
    ask = at_once(gather(as_table([line for n in range(50) for line in random_unit(random, f"u{n}")])))
    found, measured = course(ask, skew), measure(ask, skew).overall
    assert sum(one.reads for one in found.moments) == measured["reads"] > 100
    for which in ("certain", "possible"):
        worst = max(getattr(one, which) for one in found.moments)
        assert rounded_up(numpy.array([worst]))[0] == pytest.approx(measured[which]["max"]) != 0


def test_where_nobody_read_there_is_no_course() -> None:
    assert course(at_once(gather(as_table([])))).moments == ()
