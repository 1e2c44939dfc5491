# SPDX-License-Identifier: Apache-2.0
"""The vectors that both evaluators are held to: `python -m tests.impl.flags.vectors` writes vectors.json anew.

The examples have their expected results stated here by hand, from the documentation. The generated ones take theirs
from the Python evaluator: they pin it down and carry it over to JavaScript; what they are worth is what the comparison
with Cloudflare's evaluator (test_oracle.py) makes them worth.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

from edgeproof.impl.flags.bucketing import bucket_of_hash, hash_of, seed_of
from edgeproof.impl.flags.evaluation import Evaluation, evaluate
from tests.impl.flags import generate
from tests.impl.flags.examples import EXAMPLES, HASHES, SEEDED, WRONG_DOCUMENTS

__all__ = ["PATH", "Draws", "document", "told"]

PATH: Final = Path(__file__).with_name("vectors.json")

GENERATED: Final = 500

FORMAT: Final = (
    "Texts may hold lone surrogates, as JSON escapes. hashes: [text, seed, MurmurHash3 x86_32]. buckets: [account, "
    "flag key, text of the attribute, seed, hash, bucket]. documents: {flag, paths}: the JSON Pointers, sorted, of all "
    "that is wrong with a flag. evaluations: config is the whole config (flags by key), or the name of one in configs; "
    "draws are the random numbers (from 0 to below 1), in order, and every one is used; expected has a value unless "
    "there is an error, which is FLAG_NOT_FOUND or PARSE_ERROR, or null."
)


class Draws:
    """Chance that is known beforehand."""

    def __init__(self, random: Random | list[float]) -> None:
        self._source = iter(random) if isinstance(random, list) else iter(random.random, None)
        self.drawn: list[float] = []

    def __call__(self) -> float:
        self.drawn.append(next(self._source))
        return self.drawn[-1]


def told(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation as the vectors have it."""
    said = {"variant": evaluation.variant, "reason": evaluation.reason, "error": evaluation.error}
    return said if evaluation.error else {"value": evaluation.value, **said}


def document(generated: int = GENERATED) -> dict[str, Any]:
    """Everything, as JSON."""
    buckets = []
    for account, flag, text in SEEDED:
        seed = seed_of(account, flag)
        hashed = hash_of(text, seed)
        buckets.append([account, flag, text, seed, hashed, bucket_of_hash(hashed)])
    return {
        "format": FORMAT,
        "hashes": [[text, seed, hashed] for (text, seed), hashed in HASHES.items()],
        "buckets": buckets,
        "documents": [{"flag": flag, "paths": paths} for flag, paths in WRONG_DOCUMENTS],
        "configs": {"generated": generate.CONFIG},
        "evaluations": [*EXAMPLES, *_generated(generated)],
    }


def _generated(count: int) -> Iterator[dict[str, Any]]:
    random = Random("vectors")
    for number in range(count):
        key, flag, context = generate.case(random)
        config: Any = {key: flag}
        if number % 4 == 0:
            key = random.choice(sorted(generate.CONFIG))
            config = "generated"
        draws = Draws(random)
        found = evaluate(generate.CONFIG if config == "generated" else config, key, context, "acct-1", draws)
        yield {
            "name": f"generated {number}",
            "config": config,
            "flag": key,
            "context": context,
            "account": "acct-1",
            "draws": draws.drawn,
            "expected": told(found),
        }


def text() -> str:
    """The file: one line for every entry of a list, so that differences can be read."""
    sections = []
    for name, section in document().items():
        if isinstance(section, list):
            lines = ",\n".join(f"  {json.dumps(entry, sort_keys=True)}" for entry in section)
            sections.append(f'"{name}": [\n{lines}\n]')
        else:
            sections.append(f'"{name}": {json.dumps(section, sort_keys=True)}')
    return "{\n" + ",\n".join(sections) + "\n}\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="ascii")
