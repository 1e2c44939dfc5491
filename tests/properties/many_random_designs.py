# SPDX-License-Identifier: Apache-2.0
"""The same of many more random designs than a test may take: `make random`.

EDGEPROOF_DESIGNS says of how many (1,000), EDGEPROOF_SEED from which seed on (0). One that disagrees comes again by
`make random` with its seed and 1 design.
"""

from __future__ import annotations

import os
from collections import Counter

from tests.model.random_designs import spec_of
from tests.properties.agreeing import CHECKS
from tests.properties.random_subjects import Subject


def test_engines_agree_on_many_random_designs() -> None:
    first, designs = int(os.environ.get("EDGEPROOF_SEED", "0")), int(os.environ.get("EDGEPROOF_DESIGNS", "1000"))
    compared: Counter[str] = Counter()
    disagreements: list[str] = []
    for seed in range(first, first + designs):
        subject = Subject.of(spec_of(seed))
        for name, check in CHECKS.items():
            try:
                compared += check(subject)
            except AssertionError as error:
                disagreements.append(f"seed {seed}, {name}: {error}")
                print(f"\n{disagreements[-1]}")
    print(f"\n{designs:,} random designs from seed {first} on, {len(disagreements)} disagreements")
    for kind, often in sorted(compared.items()):
        print(f"{often:9,} {kind}")
    assert not disagreements
