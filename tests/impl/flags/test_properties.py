# SPDX-License-Identifier: Apache-2.0
"""What must hold of evaluations whatever the flags: purity, monotone rollouts, stable splits, kinds of values.

Each property is a function of the evaluator, so that broken ones can be put in its place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.impl.flags import evaluation as module
from edgeproof.impl.flags.bucketing import bucket, hash_of
from edgeproof.impl.flags.coercion import text_of
from edgeproof.impl.flags.evaluation import Evaluation, Evaluator, evaluate
from tests.impl.flags import generate
from tests.impl.flags.examples import flag, rule

seeds = st.integers(0, 2**32)
percentages = st.integers(0, 100) | st.floats(0, 100) | st.sampled_from([0.01, 33.33, 99.99999995343387, 100])
users = st.text(max_size=6) | st.integers(-(2**54), 2**54) | st.booleans() | st.floats(allow_nan=False)
Evaluate = Callable[[Mapping[str, Any], str, Mapping[str, Any], str, Callable[[], float]], Evaluation]


def no_draw() -> float:
    raise AssertionError("nothing is to be drawn")


def is_pure(evaluate: Evaluate, seed: int) -> None:
    """The same question has the same answer, whatever was asked before and whatever else is there; nothing changes."""
    random = Random(seed)
    cases = [generate.case(random) for _ in range(5)]
    config = {key: one for key, one, _ in cases}
    before = json.dumps([config, [context for _, _, context in cases]])
    alone = [evaluate({key: config[key]}, key, context, "a", Random(7).random) for key, _, context in cases]
    together = [evaluate(config, key, context, "a", Random(7).random) for key, _, context in reversed(cases)]
    assert alone == together[::-1]
    padded = [evaluate(config, key, {**context, "~": 1}, "a", Random(7).random) for key, _, context in cases]
    assert padded == alone, "an attribute that nobody asks for changes nothing"
    assert json.dumps([config, [context for _, _, context in cases]]) == before


def split(*thresholds: float, **rollout: Any) -> dict[str, Any]:
    """A flag whose variants 0, 1, 2, ... begin at the thresholds, and the last one at the end."""
    names = [str(number) for number in range(len(thresholds) + 1)]
    rules = [rule([], name, percentage=one, **rollout) for name, one in zip(names, thresholds, strict=False)]
    return flag(*rules, default_variation=names[-1], variations={name: name for name in names})


def variant(evaluate: Evaluate, document: dict[str, Any], user: Any) -> int:
    """Which variant of a split a user is in."""
    found = evaluate({"f": document}, "f", {"targetingKey": user}, "a", no_draw).variant
    assert found is not None
    return int(found)


def is_monotone(evaluate: Evaluate, user: Any, one: float, other: float) -> None:
    """Whoever is in at a percentage is in at every higher one."""
    less, more = sorted((one, other))
    assert variant(evaluate, split(more), user) <= variant(evaluate, split(less), user)


def split_is_stable(evaluate: Evaluate, user: Any, first: float, old: float, new: float) -> None:
    """Moving a threshold moves those between its old and its new place, and nobody else."""
    before, after = (variant(evaluate, split(first, one), user) for one in (old, new))
    where = bucket("a", "f", text_of(user))
    between = min(old, new) <= where < max(old, new) and where >= first
    assert (before != after) == between


@given(seed=seeds)
def test_evaluation_is_pure(seed: int) -> None:
    is_pure(evaluate, seed)


@given(seed=seeds)
def test_an_evaluator_that_is_kept_says_what_a_new_one_says(seed: int) -> None:
    random = Random(seed)
    cases = [generate.case(random) for _ in range(4)]
    kept = Evaluator({key: one for key, one, _ in cases}, "a")

    def by_the_kept_one(config: Any, key: str, context: Any, account: str, draw: Any) -> Evaluation:
        return kept.evaluate(key, context, draw)

    for key, _, context in cases * 2:
        config = {one: document for one, document, _ in cases}
        expected = evaluate(config, key, context, "a", Random(1).random)
        assert by_the_kept_one(config, key, context, "a", Random(1).random) == expected


@given(user=users, one=percentages, other=percentages)
def test_a_rollout_is_monotone(user: Any, one: float, other: float) -> None:
    is_monotone(evaluate, user, one, other)


@given(user=users, first=percentages, old=percentages, new=percentages)
def test_a_split_is_stable(user: Any, first: float, old: float, new: float) -> None:
    split_is_stable(evaluate, user, first, old, new)


@given(user=users)
def test_at_0_percent_nobody_is_in_and_at_100_everybody(user: Any) -> None:
    assert (variant(evaluate, split(0), user), variant(evaluate, split(100), user)) == (1, 0)


@given(seed=seeds, key=st.text(max_size=5))
def test_an_unknown_flag_is_an_error_and_a_disabled_one_its_default_for_everybody(seed: int, key: str) -> None:
    _, document, context = generate.case(Random(seed), garbage=0)
    assert evaluate({"a-flag": document}, key, context, "a", no_draw) == module.FLAG_NOT_FOUND
    off = evaluate({"f": {**document, "enabled": False}}, "f", context, "a", no_draw)
    assert (off.variant, off.reason, off.value) == ("off", "DISABLED", document["variations"]["off"])


@given(seed=seeds)
def test_every_value_is_the_variants_and_every_reason_is_a_documented_one(seed: int) -> None:
    random = Random(seed)
    key, document, context = generate.case(random, garbage=0)
    found = evaluate({key: document}, key, context, "a", random.random)
    assert found.variant is not None
    assert found.value == document["variations"][found.variant]
    assert found.reason in ("STATIC", "TARGETING_MATCH", "SPLIT", "DEFAULT", "DISABLED")
    assert type(found.value) is type(document["variations"]["off"])


def for_each(numbers: range, check: Callable[[int], None]) -> None:
    for number in numbers:
        check(number)


class TestTeeth:
    """Evaluators that are wrong in one thing, and the property that notices."""

    def test_one_that_remembers_who_asked_last_is_not_pure(self) -> None:
        last: dict[str, Any] = {}

        def remembering(config: Any, key: str, context: Any, account: str, draw: Any) -> Evaluation:
            last.update(context)
            return evaluate(config, key, last, account, draw)

        with pytest.raises(AssertionError):
            for_each(range(50), lambda seed: is_pure(remembering, seed))

    def test_one_that_changes_its_context_is_not_pure(self) -> None:
        def changing(config: Any, key: str, context: Any, account: str, draw: Any) -> Evaluation:
            context.setdefault("targetingKey", "somebody")
            return evaluate(config, key, context, account, draw)

        with pytest.raises(AssertionError):
            for_each(range(50), lambda seed: is_pure(changing, seed))

    def test_one_whose_buckets_depend_on_the_percentage_is_not_monotone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def salted(percentage: float, name: str, seed: int) -> Any:
            return lambda context, draw: hash_of(f"{context[name]}/{percentage}", seed) % 100 < percentage

        monkeypatch.setattr(module, "_admission", salted)
        with pytest.raises(AssertionError):
            for_each(range(100), lambda user: is_monotone(evaluate, user, 40, 60))

    def test_one_that_admits_the_threshold_itself_is_no_stable_split(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "bucket_of_hash", lambda hashed: hashed % 100 - 1)
        with pytest.raises(AssertionError):
            for_each(range(1000), lambda user: split_is_stable(evaluate, user, 10, 30, 70))


def test_of_100_000_users_every_bucket_has_its_share_within_four_standard_deviations() -> None:
    count = 100_000
    expected, deviation = count / 100, (count * 0.01 * 0.99) ** 0.5
    for key in ("new-checkout", "dark-mode", "f"):
        shares = [0] * 100
        for number in range(count):
            shares[int(bucket("acct-1", key, f"user-{number}"))] += 1
        assert max(abs(share - expected) for share in shares) <= 4 * deviation


def test_of_100_000_users_a_split_has_its_shares_within_four_standard_deviations() -> None:
    count = 100_000
    evaluator = Evaluator({"f": split(30, 70)}, "acct-1")
    shares = {"0": 0, "1": 0, "2": 0}
    for number in range(count):
        shares[str(evaluator.evaluate("f", {"targetingKey": f"user-{number}"}, no_draw).variant)] += 1
    for name, share in (("0", 0.3), ("1", 0.4), ("2", 0.3)):
        assert abs(shares[name] - count * share) <= 4 * (count * share * (1 - share)) ** 0.5


@pytest.mark.parametrize(
    ("count", "steps"),
    [(100_000, (1, 2, 5, 10, 20, 25, 33, 50, 66, 75, 90, 99, 100)), (10_000, range(1, 101))],
    ids=["100,000 users", "every per cent"],
)
def test_a_ramp_from_1_to_100_percent_never_drops_a_user(count: int, steps: Iterable[int]) -> None:
    inside: set[int] = set()
    for percentage in steps:
        evaluator = Evaluator({"f": split(percentage)}, "acct-1")
        now = {n for n in range(count) if evaluator.evaluate("f", {"targetingKey": n}, no_draw).variant == "0"}
        assert inside <= now
        inside = now
    assert len(inside) == count


def test_without_its_attribute_a_split_of_30_40_30_becomes_one_of_30_49_21() -> None:
    count, random = 100_000, Random(0)
    evaluator = Evaluator({"f": split(30, 70)}, "acct-1")
    shares = {"0": 0, "1": 0, "2": 0}
    for _ in range(count):
        shares[str(evaluator.evaluate("f", {}, random.random).variant)] += 1
    for name, share in (("0", 0.3), ("1", 0.49), ("2", 0.21)):
        assert abs(shares[name] - count * share) <= 4 * (count * share * (1 - share)) ** 0.5
