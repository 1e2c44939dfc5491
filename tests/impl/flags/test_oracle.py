# SPDX-License-Identifier: Apache-2.0
"""Our evaluator beside Cloudflare's own (PyPI cloudflare-flagship): 100,000 cases, no difference that is unexplained.

Theirs is used as an oracle only. `differences.py` lists the classes of differences, and says who is right.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import flagship._evaluate as theirs
import pytest

from edgeproof.impl.flags import conditions, evaluation, operators
from edgeproof.impl.flags.document import problems
from edgeproof.impl.flags.evaluation import evaluate
from tests.impl.flags import generate
from tests.impl.flags.differences import DIFFERENCES, Case, Difference
from tests.impl.flags.vectors import Draws, told


def ours(key: str, case: Case, account: str, seed: int) -> Any:
    draws = Draws(Random(seed))
    return {**told(evaluate({key: case[0]}, key, case[1], account, draws)), "drawn": draws.drawn}


def of_the_oracle(monkeypatch: pytest.MonkeyPatch, key: str, case: Case, account: str, seed: int) -> Any:
    flag, context = case
    draws = Draws(Random(seed))
    monkeypatch.setattr(random, "random", draws)  # which they draw from
    named = {**flag, "key": key} if isinstance(flag, dict) else flag
    try:
        said = {**theirs.evaluate_flag(named, context, account), "error": None}
    except theirs.FlagConfigError:
        said = {"variant": None, "reason": "ERROR", "error": "PARSE_ERROR"}
    except Exception as error:
        return f"raises {error!r}"
    finally:
        monkeypatch.undo()
    return {**said, "drawn": draws.drawn}


def explanation(
    monkeypatch: pytest.MonkeyPatch, key: str, case: Case, account: str, seed: int
) -> tuple[str, ...] | None:
    """The classes of differences between the evaluators in this case: none if they agree, None if it is unexplained."""

    mine = ours(key, case, account, seed)

    def explained_by(differences: Sequence[Difference]) -> bool:
        plain = repaired(case, differences)
        same = ours(key, plain, account, seed) == mine
        return same and bool(of_the_oracle(monkeypatch, key, plain, account, seed) == mine)

    if explained_by(()):
        return ()
    needed = list(DIFFERENCES)
    if not explained_by(needed):
        return None
    for difference in DIFFERENCES:
        fewer = [one for one in needed if one is not difference]
        if explained_by(fewer):
            needed = fewer
    return tuple(one.name for one in needed)


def repaired(case: Case, differences: Sequence[Difference]) -> Case:
    for difference in differences:
        case = difference.repair(*case)
    return case


def compared(monkeypatch: pytest.MonkeyPatch, seed: int, cases: int, garbage: float) -> Counter[str]:
    """How often each class of differences was met alone, and how often several came together."""
    chance = Random(f"oracle/{seed}")
    met: Counter[str] = Counter()
    for number in range(cases):
        key, flag, context = generate.case(chance, garbage=garbage)
        account = generate.account(chance)
        found = explanation(monkeypatch, key, (flag, context), account, number)
        assert found is not None, f"unexplained: {flag!r} for {context!r}"
        met[" and ".join(found)] += 1
    return met


def test_what_is_drawn_within_the_schema_is_within_the_schema() -> None:
    chance = Random("schema")
    for _ in range(500):
        _, flag, _ = generate.case(chance, garbage=0)
        assert problems(flag) == ()


@pytest.mark.parametrize("batch", range(3))
def test_within_the_schema_nothing_differs_but_odd_texts(monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    met = compared(monkeypatch, batch, 20_000, garbage=0)
    assert met[""] > 19_500
    assert set(met) <= {"", "number texts"}


@pytest.mark.parametrize("batch", range(2))
def test_beyond_the_schema_every_difference_is_explained(monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    met = compared(monkeypatch, 10 + batch, 20_000, garbage=1)
    assert len(met) > 5


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda one: one.name)
def test_every_class_of_differences_has_an_example(monkeypatch: pytest.MonkeyPatch, difference: Difference) -> None:
    assert explanation(monkeypatch, "f", difference.example, "acct-1", 0) == (difference.name,)


@pytest.mark.parametrize(
    ("module", "name", "wrong"),
    [
        (conditions, "SEGMENTS", 4),
        (evaluation, "bucket_of_hash", lambda hashed: hashed % 100),
        (evaluation, "hash_of", lambda text, seed: 0),
        (operators, "is_timestamp", lambda value: False),
        (conditions, "both", lambda clauses: conditions._either(clauses) if clauses else lambda context: True),
    ],
)
def test_a_mistake_is_found(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, wrong: Any) -> None:
    with pytest.MonkeyPatch.context() as mistaken:
        mistaken.setattr(module, name, wrong)
        with pytest.raises(AssertionError, match="unexplained"):
            compared(monkeypatch, 0, 20_000, garbage=0)
