# SPDX-License-Identifier: Apache-2.0
"""What a flag may say; the places of what is wrong are in the shared vectors."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.impl.flags.document import MAX_VALUE_BYTES, Problem, problems
from edgeproof.impl.flags.evaluation import evaluate
from tests.impl.flags import generate
from tests.impl.flags.examples import flag, rule
from tests.impl.strategies import values


def test_a_problem_says_where_it_is_and_what_would_be_right() -> None:
    wrong = flag(rule([{"attribute": "plan", "operator": "is", "value": "pro"}], "gone", percentage=101))
    assert problems(wrong) == (
        Problem(
            "/rules/0/conditions/0/operator",
            "one of equals, not_equals, contains, starts_with, ends_with, greater_than, less_than, "
            "greater_than_or_equals, less_than_or_equals, in, not_in, has, not_has",
        ),
        Problem("/rules/0/serve_variation", "the name of a variation: one of d, y, z"),
        Problem("/rules/0/rollout/percentage", "a number from 0 to 100"),
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, [1, {"a": -(10**400)}]])
def test_numbers_that_no_double_can_be_are_refused(value: Any) -> None:
    assert [one.path for one in problems(flag(variations={"d": value}))] == ["/variations/d"]
    if not isinstance(value, list):
        condition = {"attribute": "a", "operator": "equals", "value": value}
        assert [one.path for one in problems(flag(rule([condition])))] == ["/rules/0/conditions/0/value"]


def test_a_value_is_measured_in_bytes_of_utf_8() -> None:
    assert problems(flag(variations={"d": "\ud800" * ((MAX_VALUE_BYTES - 2) // 6)})) == ()
    assert problems(flag(variations={"d": "\ud800" * (MAX_VALUE_BYTES // 6 + 1)})) != ()


@given(document=values)
def test_whatever_is_no_flag_has_problems_and_is_evaluated_all_the_same(document: Any) -> None:
    found = problems(document)
    assert found
    assert len({one.path for one in found}) == len(found), "one for every place"
    assert evaluate({"f": document}, "f", {}, "a", lambda: 0.5).reason in ("ERROR", "DISABLED", "STATIC")


@given(seed=st.integers(0, 2**32))
def test_a_flag_without_problems_serves_one_of_its_variations(seed: int) -> None:
    random = Random(seed)
    key, document, context = generate.case(random, garbage=0.5)
    if problems(document):
        return
    found = evaluate({key: document}, key, context, "a", random.random)
    assert found.error is None
    assert found.variant in document["variations"]
    assert found.value == document["variations"][found.variant]


@given(seed=st.integers(0, 2**32))
def test_checking_is_pure_and_survives_a_journey_as_json(seed: int) -> None:
    _, document, _ = generate.case(Random(seed), garbage=1)
    text = json.dumps(document)
    assert problems(document) == problems(json.loads(text))
    assert json.dumps(document) == text
