# SPDX-License-Identifier: Apache-2.0
"""The consistency levels: what each implies is found by search and proof, not by opinion."""

from __future__ import annotations

from functools import cache

import pytest
from attrs import evolve

from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.engines.prove.engine import prove
from edgeproof.properties.evidence import HOLDS, Case, Conclusion, Status, Verdict, conclude
from edgeproof.properties.levels import LEVELS, Level, standing

CASES = {case.constants["level"]: case for case in scoreboard("levels")}


@cache
def concluded() -> dict[str, tuple[Conclusion, ...]]:
    """Per level, what search and proof conclude of a store of which only that level is known."""
    properties = [p for p in CATALOGUE.values() if any(p.id in case.properties for case in CASES.values())]
    source = kernel_source([instance_of(case) for case in CASES.values()], properties)
    found = {}
    for level, case in CASES.items():
        instance, asked = instance_of(case), [CATALOGUE[name] for name in case.properties]
        evidence = [*explore(instance, asked, source), *prove(instance, asked, dossier_of("levels").lemmas)]
        found[str(level)] = tuple(conclude(case, p.id, tuple(e for e in evidence if e.property == p.id)) for p in asked)
    return found


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
def test_a_level_keeps_what_it_and_the_levels_that_it_implies_promise(level: Level) -> None:
    verdicts = {c.property: c.verdict for c in concluded()[level.name]}
    implied = [other for other in LEVELS if other.name in (level.name, *level.implies)]
    assert all(verdicts[name] in HOLDS for other in implied for name in other.promises)


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
def test_a_level_breaks_a_promise_of_every_level_that_it_does_not_imply(level: Level) -> None:
    verdicts = {c.property: c.verdict for c in concluded()[level.name]}
    higher = [other for other in LEVELS if other.name not in (level.name, *level.implies)]
    assert all(any(verdicts[name] is Verdict.VIOLATED for name in other.promises) for other in higher)


def test_everything_is_as_the_scoreboard_expects() -> None:
    assert {c.status for found in concluded().values() for c in found} == {Status.AS_EXPECTED}


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
def test_a_store_stands_on_its_own_level_and_on_those_below(level: Level) -> None:
    instance = instance_of(CASES[level.name])
    reached = {one.level.name for one in standing(instance, concluded()[level.name]) if one.verdict in HOLDS}
    assert reached == {level.name, *level.implies}


def with_verdict(level: str, name: str, verdict: Verdict) -> dict[str, Verdict]:
    case: Case = CASES[level]
    changed = [evolve(c, verdict=verdict) if c.property == name else c for c in concluded()[level]]
    return {one.level.name: one.verdict for one in standing(instance_of(case), changed)}


def test_a_level_is_undecided_while_one_of_its_promises_is() -> None:
    assert with_verdict("strong", "convergence", Verdict.UNKNOWN)["eventual"] is Verdict.UNKNOWN


def test_a_broken_promise_says_why_a_level_is_not_reached() -> None:
    found = {one.level.name: one.because for one in standing(instance_of(CASES["session"]), concluded()["session"])}
    assert found["bounded"] == ("bounded-staleness",)
    assert found["strong"] == ("bounded-staleness", "cross-pop-monotonic")


def test_a_bound_above_nothing_is_not_strong() -> None:
    """Bounded staleness with every other promise kept as well would still not be `strong`: its bound is not 0."""
    instance = instance_of(CASES["bounded"])
    (strong, *_) = standing(instance, concluded()["strong"])
    assert strong.verdict is Verdict.VIOLATED
    assert strong.because == ("bounded-staleness",)
