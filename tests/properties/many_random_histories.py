# SPDX-License-Identifier: Apache-2.0
"""The same of many more random histories than a test may take: `make random`.

EDGEPROOF_HISTORIES says of how many (21,000), EDGEPROOF_SEED from which seed on (0). The table says how many of them
broke each property: a check that nothing breaks is held to nothing.
"""

from __future__ import annotations

import os
from collections import Counter

from edgeproof.properties.traffic.catalogue import CHECKS
from tests.properties.held_histories import PROMISES, hold

AT_ONCE = 1000


def test_checks_agree_with_their_definitions_on_many_random_histories() -> None:
    first, histories = int(os.environ.get("EDGEPROOF_SEED", "0")), int(os.environ.get("EDGEPROOF_HISTORIES", "21000"))
    broken: Counter[str] = Counter()
    disagreements: list[str] = []
    for seed in range(first, first + max(1, histories // AT_ONCE)):
        try:
            broken += hold(seed, min(AT_ONCE, histories), PROMISES[seed % len(PROMISES)])
        except AssertionError as error:
            disagreements.append(str(error))
            print(f"\n{disagreements[-1]}")
    print(f"\n{histories:,} random histories from seed {first} on, {len(disagreements)} disagreements")
    for name in CHECKS:
        print(f"{broken[name]:9,} broke {name}")
    assert not disagreements
    assert [name for name in CHECKS if not broken[name]] == []
