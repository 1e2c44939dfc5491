# SPDX-License-Identifier: Apache-2.0
"""The isolate's evaluator against the Python one: the shared vectors, and 100,000 generated cases without a difference.

The Python evaluator is compared with Cloudflare's own in `tests/impl/flags/test_oracle.py`, on the very same cases.
Numbers are compared as doubles: a whole number beyond 2^53 that is a flag's value loses digits in JavaScript.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from edgeproof.impl.flags.document import problems
from edgeproof.impl.flags.evaluation import evaluate
from tests.impl.flags import generate
from tests.impl.flags.vectors import PATH, Draws, told
from tests.workerd.flags_evaluator import WorkerEvaluator

CASES: Final = 100_000
ORACLE: Final = ((0, 0.0), (1, 0.0), (2, 0.0), (10, 1.0), (11, 1.0))
"""Seeds of `tests/impl/flags/test_oracle.py`, each with its share of garbage."""
SPOILT: Final = 20_000


@pytest.fixture(scope="module")
def worker(workerd: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerEvaluator]:
    one = WorkerEvaluator(tmp_path_factory.mktemp("flags"))
    yield one
    one.close()


def vectors(section: str) -> Any:
    return json.loads(PATH.read_text(encoding="ascii"))[section]


def doubles(value: Any) -> Any:
    """A JSON value as JavaScript has it: every number a double."""
    if isinstance(value, dict):
        return {name: doubles(one) for name, one in value.items()}
    if isinstance(value, list):
        return [doubles(one) for one in value]
    return float(value) if type(value) is int else value


def differences(worker: WorkerEvaluator, cases: Iterable[dict[str, Any]]) -> Iterator[str]:
    """What the Worker says otherwise than it should; every draw has to be made."""
    left = iter(cases)
    while part := list(islice(left, 2000)):
        said = worker.do({**case, "act": "evaluate", "expected": None} for case in part)
        for case, one in zip(part, said, strict=True):
            if one.get("left") != 0 or not same(one, case["expected"]):
                yield f"{json.dumps(case)}: {one}"


def same(said: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Whether that is the same answer; true is not 1."""
    normal = {"variant": said.get("variant"), "reason": said["reason"], "error": said.get("errorCode")}
    if "value" in said:
        normal["value"] = said["value"]
    return json.dumps(doubles(normal), sort_keys=True) == json.dumps(doubles(expected), sort_keys=True)


def generated(seed: int, count: int, garbage: float) -> Iterator[dict[str, Any]]:
    """Cases and what Python says of them: for these arguments the ones that the oracle is asked."""
    chance = Random(f"oracle/{seed}")
    for number in range(count):
        key, flag, context = generate.case(chance, garbage=garbage)
        account = generate.account(chance)
        draws = Draws(Random(number))
        expected = told(evaluate({key: flag}, key, context, account, draws))
        given = {"flags": {key: flag}, "flag": key, "context": context, "account": account}
        yield {**given, "draws": draws.drawn, "expected": expected}


def shared() -> Iterator[dict[str, Any]]:
    """The evaluations of the shared vectors."""
    configs = vectors("configs")
    for one in vectors("evaluations"):
        named = isinstance(one["config"], str)
        yield {**one, "flags": configs[one["config"]] if named else one["config"]}


def test_the_shared_vectors_hold_in_the_isolate(worker: WorkerEvaluator) -> None:
    hashes = vectors("hashes")
    hashed = worker.do({"act": "hash", "text": text, "seed": seed} for text, seed, _ in hashes)
    assert hashed == [expected for *_, expected in hashes]
    buckets = vectors("buckets")
    cases = (
        {"act": "bucket", "account": account, "flag": flag, "attribute": text} for account, flag, text, *_ in buckets
    )
    assert worker.do(cases) == [bucket[5] for bucket in buckets]
    assert list(differences(worker, shared())) == []
    assert len(list(shared())) > 500


def test_what_is_wrong_with_a_flag_is_found_where_it_is(worker: WorkerEvaluator) -> None:
    documents = vectors("documents")
    said = worker.do({"act": "problems", "flag": one["flag"]} for one in documents)
    paths = [sorted(problem["path"] for problem in problems) for problems in said]
    assert list(zip((one["flag"] for one in documents), paths, strict=True)) == [
        (one["flag"], one["paths"]) for one in documents
    ]
    assert len(documents) > 20


def spoilt(random: Random) -> Any:
    """A flag as people write them, with some of its parts replaced or removed."""
    flag: Any = json.loads(json.dumps(random.choice(list(generate.CONFIG.values()))))
    for _ in range(random.randint(0, 3)):
        parent, step = random.choice(list(parts(flag)))
        if random.random() < 0.2:
            del parent[step]
        elif isinstance(parent, dict) and random.random() < 0.1:
            parent[random.choice(("other", "a/b", "m~n", ""))] = generate.beyond(random)
        else:
            parent[step] = generate.beyond(random)
        if not flag:
            break
    return flag


def parts(document: Any) -> Iterator[tuple[Any, Any]]:
    """Every part of a document, as what holds it and where."""
    steps = document.items() if isinstance(document, dict) else enumerate(document)
    for step, part in list(steps):
        yield document, step
        if isinstance(part, dict | list):
            yield from parts(part)


def test_both_find_the_same_wrong_with_flags_that_were_spoilt(worker: WorkerEvaluator) -> None:
    random = Random(0)
    flags = [spoilt(random) for _ in range(SPOILT)]
    counted: Counter[int] = Counter()
    for start in range(0, SPOILT, 2000):
        some = flags[start : start + 2000]
        for flag, said in zip(some, worker.do({"act": "problems", "flag": one} for one in some), strict=True):
            wrong = [problem.path for problem in problems(flag)]
            assert [problem["path"] for problem in said] == wrong, flag
            counted[len(wrong)] += 1
    print(f"{SPOILT} flags by how much is wrong: {dict(sorted(counted.items()))}")
    assert counted[0] > 100
    assert counted[3] > 100


def test_the_hundred_thousand_cases_of_the_oracle_have_the_same_answers(worker: WorkerEvaluator) -> None:
    started = time.perf_counter()
    reasons: Counter[str] = Counter()
    for seed, garbage in ORACLE:
        cases = list(generated(seed, CASES // len(ORACLE), garbage))
        reasons.update(case["expected"]["error"] or case["expected"]["reason"] for case in cases)
        assert list(differences(worker, cases)) == []
    print(f"{sum(reasons.values())} cases in {time.perf_counter() - started:.1f} s: {dict(reasons.most_common())}")
    assert set(reasons) == {"STATIC", "TARGETING_MATCH", "SPLIT", "DEFAULT", "DISABLED", "PARSE_ERROR"}
    assert min(reasons.values()) >= 1000


MISTAKES: Final = {
    "a missing attribute is as good as null": (
        "evaluate.js", "(context, condition.attribute);", "(context, condition.attribute) ?? null;"),
    "an attribute that is null is unequal to nothing": (
        "operators.js", 'operator === "not_equals" || (operator === "not_in" && Array.isArray(wanted))', "false"),
    "the engine's dates": ("time.js", "day > daysOf(year, month)", "day > 31"),
    "the engine's zero": ("operators.js", '(typeof value === "string" && value.trim() === "")', "false"),
    "a draw for the whole flag": (
        "evaluate.js", "const who = { context, account, flagKey, random };",
        "const once = random(); const who = { context, account, flagKey, random: () => once };"),
    "a bucket at its threshold is in": ("evaluate.js", "bucket < rollout.percentage", "bucket <= rollout.percentage"),
    "the whole is a split": ("evaluate.js", "rollout.percentage >= 100", "rollout.percentage > 100"),
    "the path comes before the name": (
        "evaluate.js", "if (Object.hasOwn(context, name)) return context[name];",
        'if (Object.hasOwn(context, name) && !name.includes(".")) return context[name];'),
    "a path of six": ("evaluate.js", "const MOST_SEGMENTS = 5", "const MOST_SEGMENTS = 6"),
    "null in a list is a text": (
        "operators.js", "list.some((one) => isScalar(one) &&", "list.some((one) => isText(one) &&"),
    "any enabled flag": ("evaluate.js", "flag.enabled !== true", "!flag.enabled"),
}  # fmt: skip


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_in_the_evaluator_is_a_difference(what: str, workerd: Path, tmp_path: Path) -> None:
    module, right, wrong = MISTAKES[what]
    broken = WorkerEvaluator(tmp_path, {module: (right, wrong)})
    try:
        assert any(differences(broken, chain(shared(), generated(10, 10_000, 1.0))))
    finally:
        broken.close()
