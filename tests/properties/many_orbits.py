# SPDX-License-Identifier: Apache-2.0
"""A search of orbits held to one of all states, of more than a test may take: `make random`.

Every case of the scoreboard, and 300 random designs with several numbers of elements; where these belong to each other
evenly, too. EDGEPROOF_SEED says from which seed on (0).
"""

from __future__ import annotations

import os
import time
from collections import Counter

import pytest

from edgeproof.model.designs import DESIGNS
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.engines.explore.engine import explore_with_time
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.possible import facts_of
from tests.model.random_designs import spec_of
from tests.properties.random_subjects import Subject
from tests.properties.reductions import differences, reduction

RANDOM = 300
SIZES = ((3, 3), (2, 4), (2, 3))
STATES = 20_000


@pytest.mark.parametrize("design", DESIGNS)
def test_every_case_of_the_scoreboard_has_the_same_verdicts_counts_and_runs_by_orbits(design: str) -> None:
    cases = scoreboard(design)
    facts = {fact.id: fact for case in cases for fact in facts_of(case)}
    asked = [CATALOGUE[name] for name in CATALOGUE if any(name in case.properties for case in cases)]
    source = kernel_source([instance_of(case) for case in cases], [*asked, *facts.values()])
    spent = {False: 0.0, True: 0.0}
    for case in cases:
        found = {}
        for symmetry in spent:
            started = time.process_time()
            found[symmetry] = explore_with_time(
                instance_of(case),
                [CATALOGUE[name] for name in case.properties],
                source,
                Limits(),
                facts_of(case),
                symmetry=symmetry,
            )
            spent[symmetry] += time.process_time() - started
        assert differences(found[False], found[True]) == [], case.name
    print(f"\n{design}: {spent[False]:.1f} s of processor time for all states, {spent[True]:.1f} s by orbits")


def test_many_random_designs_have_the_same_verdicts_counts_and_runs_by_orbits() -> None:
    first = int(os.environ.get("EDGEPROOF_SEED", "0"))
    compared: Counter[str] = Counter()
    for seed in range(first, first + RANDOM):
        subject = Subject.of(spec_of(seed))
        for p, q in SIZES:
            at = subject.instance.with_(P=p, Q=q)
            source = kernel_source([at], subject.properties)
            unreduced, reduced = (
                explore_with_time(at, subject.properties, source, Limits(states=STATES), symmetry=symmetry)
                for symmetry in (False, True)
            )
            if unreduced[0].exhaustive or unreduced[0].left_range:
                assert differences(unreduced, reduced) == [], f"seed {seed}, P={p}, Q={q}"
                compared[reduction(reduced)] += 1
                compared += Counter(f"{one.property} {one.verdict}" for one in reduced)
    print(f"\n{RANDOM} random designs from seed {first} on")
    for kind, often in sorted(compared.items()):
        print(f"{often:9,} {kind}")
