# SPDX-License-Identifier: Apache-2.0
"""The same of many more random lines of JSON and rows of CSV than a test may take: `make random`.

EDGEPROOF_LINES says how many of either (20,000), EDGEPROOF_SEED from which seed on (0). The table says how many were
left to the readable way: a scan that leaves everything is held to nothing.
"""

from __future__ import annotations

import os
from collections import Counter
from itertools import zip_longest
from random import Random

from tests.properties.text_forms import (
    SHAPES,
    csv_file,
    json_lines,
    meant_in_csv,
    meant_in_lines,
    scanned_from_csv,
    scanned_from_lines,
)

AT_ONCE = 500
WAYS = {
    "JSON": (json_lines, meant_in_lines, scanned_from_lines),
    "CSV": (csv_file, meant_in_csv, scanned_from_csv),
}


def test_the_compiled_pass_over_text_is_of_one_mind_with_the_readable_way() -> None:
    first, lines = int(os.environ.get("EDGEPROOF_SEED", "0")), int(os.environ.get("EDGEPROOF_LINES", "20000"))
    shapes = list(SHAPES.items())
    counts: Counter[tuple[str, str, str]] = Counter()
    disagreements: list[str] = []
    for seed in range(first, first + max(1, lines // AT_ONCE)):
        shape, mapping = shapes[seed % len(shapes)]
        for form, (written, meant, scanned) in WAYS.items():
            file = written(Random(seed), mapping, AT_ONCE)
            (found, left), rows = scanned(file, mapping), meant(file, mapping)
            counts[form, shape, "lines"] += AT_ONCE
            counts[form, shape, "left"] += left
            counts[form, shape, "events"] += sum(isinstance(said, dict) for _, said in rows)
            pairs = zip_longest(found, rows)
            disagreements += [f"{form}, {shape}, seed {seed}: {pair}" for pair in pairs if pair[0] != pair[1]]
    for form, shape, what in [key for key in counts if key[2] == "lines"]:
        of = {what: counts[form, shape, what] for what in ("lines", "events", "left")}
        print(
            f"\n{form}, {shape}: {of['lines']:,} lines, {of['events']:,} events, {of['left']:,} left to others", end=""
        )
        assert of["left"] < of["lines"] / 2 < of["events"]
    assert not disagreements, disagreements[:3]
