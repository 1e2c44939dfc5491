# SPDX-License-Identifier: Apache-2.0
"""The shared vectors: the file is what the generator writes, and the Python evaluator and validation meet them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edgeproof.impl.flags.bucketing import bucket_of_hash, hash_of, seed_of
from edgeproof.impl.flags.document import problems
from edgeproof.impl.flags.evaluation import evaluate
from tests.impl.flags.vectors import PATH, Draws, text, told

VECTORS: dict[str, Any] = json.loads(PATH.read_text(encoding="ascii"))


def test_the_file_is_what_the_generator_writes() -> None:
    assert PATH.read_text(encoding="ascii") == text(), "run python -m tests.impl.flags.vectors, and read the difference"


def test_hashes_and_buckets_are_the_published_ones() -> None:
    for of, seed, hashed in VECTORS["hashes"]:
        assert hash_of(of, seed) == hashed
    for account, key, of, seed, hashed, bucket in VECTORS["buckets"]:
        assert (seed_of(account, key), hash_of(of, seed), bucket_of_hash(hashed)) == (seed, hashed, bucket)


@pytest.mark.parametrize("wrong", VECTORS["documents"], ids=lambda one: ",".join(one["paths"]) or "as it should be")
def test_everything_that_is_wrong_with_a_flag_is_found_with_its_place(wrong: dict[str, Any]) -> None:
    assert sorted(one.path for one in problems(wrong["flag"])) == wrong["paths"]


def test_every_evaluation_is_the_expected_one() -> None:
    for vector in VECTORS["evaluations"]:
        config = vector["config"]
        draws = Draws(vector["draws"])
        flags = VECTORS["configs"][config] if isinstance(config, str) else config
        found = evaluate(flags, vector["flag"], vector["context"], vector["account"], draws)
        assert told(found) == vector["expected"], vector["name"]
        assert draws.drawn == vector["draws"], vector["name"]
