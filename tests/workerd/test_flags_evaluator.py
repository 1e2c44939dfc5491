# SPDX-License-Identifier: Apache-2.0
"""The isolate's evaluator in the real runtime: the published vectors, and each documented surprise by its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.workerd.flags_evaluator import WorkerEvaluator

HASHES = {("", 0): 0, ("", 1): 0x514E28B7, ("Hello, world!", 1234): 0xFAF6CDB3, ("é", 0): 0x10110787}
BUCKETS = {
    ("acct-1", "new-checkout", "user-42"): 25.362093932589428,
    ("acct-1", "new-checkout", "user-1"): 2.543113052339188,
    ("acct-1", "dark-mode", "user-42"): 13.42279914447777,
    ("acct-2", "new-checkout", "user-42"): 58.84197930913234,
    ("acct-1", "new-checkout", True): 18.26020717317219,
}


@pytest.fixture(scope="module")
def worker(workerd: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerEvaluator]:
    one = WorkerEvaluator(tmp_path_factory.mktemp("flags"))
    yield one
    one.close()


def rule(conditions: list[Any], serve: str = "y", **rollout: Any) -> dict[str, Any]:
    return {"conditions": conditions, "serve_variation": serve, **({"rollout": rollout} if rollout else {})}


def flag(*rules: dict[str, Any], **changed: Any) -> dict[str, Any]:
    variations = {"d": False, "y": True, "z": True}
    return {"enabled": True, "default_variation": "d", "variations": variations, "rules": list(rules), **changed}


def told(worker: WorkerEvaluator, one: dict[str, Any], context: dict[str, Any], *draws: float) -> tuple[str, str]:
    """The variant (or the error) and the reason. Every draw has to be made."""
    case = {"act": "evaluate", "flags": {"f": one}, "flag": "f", "context": context, "account": "a", "draws": draws}
    said = worker.do([case])[0]
    assert said["left"] == 0, "fewer draws than were expected"
    return said.get("variant") or said["errorCode"], said["reason"]


def test_the_hash_and_the_buckets_are_the_published_ones(worker: WorkerEvaluator) -> None:
    hashes = [{"act": "hash", "text": text, "seed": seed} for text, seed in HASHES]
    assert worker.do(hashes) == list(HASHES.values())
    buckets = [{"act": "bucket", "account": a, "flag": f, "attribute": value} for a, f, value in BUCKETS]
    assert worker.do(buckets) == list(BUCKETS.values())


def test_the_order_is_the_documented_one(worker: WorkerEvaluator) -> None:
    always, never = rule([]), rule([{"attribute": "a", "operator": "equals", "value": "x"}], "z")
    missing = {"act": "evaluate", "flags": {}, "flag": "f", "context": {}, "account": "a"}
    assert worker.do([missing])[0]["errorCode"] == "FLAG_NOT_FOUND"
    assert told(worker, flag(always, enabled=False), {}) == ("d", "DISABLED")
    assert told(worker, flag(), {}) == ("d", "STATIC")
    assert told(worker, flag(never, always), {}) == ("y", "TARGETING_MATCH")
    assert told(worker, flag(never, always), {"a": "x"}) == ("z", "TARGETING_MATCH")
    assert told(worker, flag(never), {}) == ("d", "DEFAULT")
    assert told(worker, flag(rule([], "gone")), {}) == ("PARSE_ERROR", "ERROR")


def test_a_name_that_every_object_inherits_is_no_flag_no_variation_and_no_attribute(worker: WorkerEvaluator) -> None:
    for name in ("toString", "__proto__", "constructor"):
        case = {"act": "evaluate", "flags": {}, "flag": name, "context": {}, "account": "a"}
        assert worker.do([case])[0]["errorCode"] == "FLAG_NOT_FOUND"
        assert told(worker, flag(rule([], name)), {}) == ("PARSE_ERROR", "ERROR")
        unequal = {"attribute": name, "operator": "not_equals", "value": "x"}
        assert told(worker, flag(rule([unequal])), {}) == ("d", "DEFAULT")


@pytest.mark.parametrize(
    "operator",
    ["equals", "not_equals", "greater_than", "less_than", "greater_than_or_equals", "less_than_or_equals", "contains",
     "starts_with", "ends_with", "in", "not_in", "has", "not_has"],
)  # fmt: skip
def test_missing_is_false_and_null_is_unequal(worker: WorkerEvaluator, operator: str) -> None:
    value = ["1"] if operator in ("in", "not_in") else "1"
    one = flag(rule([{"attribute": "a", "operator": operator, "value": value}]))
    assert told(worker, one, {})[1] == "DEFAULT"
    satisfied = told(worker, one, {"a": None})[1] == "TARGETING_MATCH"
    assert satisfied == (operator in ("not_equals", "not_in"))


def test_random_per_rule_makes_a_split_of_30_40_30_one_of_30_49_21(worker: WorkerEvaluator) -> None:
    thirds = flag(*(rule([], name, percentage=p) for name, p in (("d", 30), ("y", 70), ("z", 100))))
    assert told(worker, thirds, {}, 0.29) == ("d", "SPLIT")
    assert told(worker, thirds, {}, 0.31, 0.69) == ("y", "SPLIT")
    assert told(worker, thirds, {}, 0.69, 0.71) == ("z", "TARGETING_MATCH")
    drawn = [[(first + 0.5) / 100, (second + 0.5) / 100] for first in range(100) for second in range(100)]
    case = {"act": "evaluate", "flag": "f", "context": {}, "account": "a"}
    said = worker.do([{"act": "keep", "flags": {"f": thirds}}, *({**case, "draws": draws} for draws in drawn)])
    shares = Counter(one["variant"] for one in said[1:])
    assert shares == {"d": 3000, "y": 4900, "z": 2100}


def test_whole_is_no_split_and_a_list_is_in_no_rollout(worker: WorkerEvaluator) -> None:
    whole = flag(rule([], percentage=100))
    assert told(worker, whole, {}) == ("y", "TARGETING_MATCH")
    assert told(worker, whole, {"targetingKey": ["u"]}) == ("d", "DEFAULT")


def test_app_is_no_seed_and_pairs_of_flags_collide(worker: WorkerEvaluator) -> None:
    cases = [{"act": "bucket", "account": "a", "flag": f"flag-{n}", "attribute": "user"} for n in range(5000)]
    assert len(set(worker.do(cases))) == 100


@pytest.mark.parametrize(
    ("module", "right", "wrong"),
    [
        ("murmur3.js", "^ bytes.length", ""),
        ("murmur3.js", "code > 127", "code > 255"),
        ("evaluate.js", "Math.ceil(2 ** 32 / 100)", "2 ** 32 / 100 + 1"),
        ("evaluate.js", ", seed);", ", 0);"),
    ],
)
def test_a_hash_or_a_bucket_that_is_a_little_off_is_caught(
    workerd: Path, tmp_path: Path, module: str, right: str, wrong: str
) -> None:
    broken = WorkerEvaluator(tmp_path, {module: (right, wrong)})
    try:
        with pytest.raises(AssertionError):
            test_the_hash_and_the_buckets_are_the_published_ones(broken)
    finally:
        broken.close()
