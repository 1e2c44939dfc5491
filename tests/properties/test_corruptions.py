# SPDX-License-Identifier: Apache-2.0
"""Single events of a clean history are spoilt, or an incident is written into it: what that breaks is caught, and the
explanation names the events that were spoilt or written.

Whether it breaks a property is decided by the definitions in `naive_traffic`, event against event in plain Python. Many
spoilt histories are checked at once, each under units of its own, from files as a user would have them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

import ibis
from attrs import frozen
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from edgeproof.properties.engines.history.engine import Promise
from edgeproof.properties.intake import load
from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.facts import gather
from tests.properties.corruptions import BOUND, CORRUPTIONS, clean_history
from tests.properties.histories import Line
from tests.properties.incidents import CONTROLS, INCIDENTS
from tests.properties.naive_traffic import DEFINITIONS, Numbers, breaking, told

Place = tuple[str, int]
"""File and line."""

PLACE: Final = ("unit", "version", "era", "outcome")
"""An event that changes in one of these is missing from where it was."""

NUMBERS: Final = Numbers(BOUND)

FILES: Final = ("a.jsonl", "b.jsonl")
MANY: Final = 150

HARMLESS: Final = {"let an event take longer"}
"""A wider interval says less, and nothing wrong."""


@frozen
class Spoilt:
    """What became of a clean history: which events were spoilt, and the versions that thereby lost an event."""

    how: str
    lines: Sequence[Line]
    spoilt: Sequence[int]
    left: frozenset[tuple[int, int]] = frozenset()


WAYS: Final = {**CORRUPTIONS, **{how: incident for how, (incident, _) in INCIDENTS.items()}, **CONTROLS}


def spoil(how: str, seed: int) -> Spoilt:
    random = Random(seed)
    lines = clean_history(random)
    before = [dict(line) for line in lines]
    spoilt = [n for n in WAYS[how](random, lines) if n >= 0]
    if how not in CORRUPTIONS:
        return Spoilt(how, lines, spoilt)
    changed = [(before[n], lines[n]) for n in spoilt]
    gone = [line for line in before if line not in lines] if len(lines) < len(before) else []
    gone += [
        old for old, new in changed if any(old[name] != new[name] for name in ("unit", "version", "era", "outcome"))
    ]
    return Spoilt(how, lines, spoilt, frozenset(told(line) for line in gone))


def broken(lines: Sequence[Line]) -> dict[str, list[int]]:
    """By property, the positions of the events that break it by its definition."""
    numbered = [{**line, "n": n} for n, line in enumerate(lines)]
    return {name: [one["n"] for one in breaking(name, numbered, NUMBERS)] for name in DEFINITIONS}


@frozen
class Named:
    """A violation as the checks give it: where it is, where its cause is, and what it is about."""

    place: Place
    because: Place
    told: tuple[int, int]


def check(histories: Sequence[Spoilt]) -> tuple[dict[tuple[str, int], list[Named]], list[list[Place]]]:
    """The violations of every property and history, and where every event of every history was written."""
    places: list[list[Place]] = [[] for _ in histories]
    with TemporaryDirectory() as folder:
        parts: dict[str, list[str]] = {name: [] for name in FILES}
        for number, one in enumerate(histories):
            for n, line in enumerate(one.lines):
                file = FILES[n % 2]
                pop = {"pop": f"{number}/{line['pop']}"} if line.get("pop") else {}
                parts[file].append(json.dumps({**line, **pop, "unit": f"{number}/{line['unit']}"}) + "\n")
                places[number].append((file, len(parts[file])))
        for file, text in parts.items():
            Path(folder, file).write_text("".join(text))
        backend = ibis.duckdb.connect(threads=1)
        events = load(backend, [Path(folder)], strict=True).events
        found: dict[tuple[str, int], list[Named]] = {}
        facts, promise = gather(events), Promise(BOUND, guarded=True)
        for name, one_check in CHECKS.items():
            for row in one_check.violations(facts, promise):
                place, because = ((Path(row[f"{p}file"] or "").name, row[f"{p}line"]) for p in ("", "because_"))
                version = (row["era"], row["version"] or 0)
                found.setdefault((name, int(row["unit"].split("/")[0])), []).append(Named(place, because, version))
    return found, places


def test_nothing_is_wrong_with_a_clean_history() -> None:
    for seed in range(50):
        lines = clean_history(Random(seed))
        assert {name: found for name, found in broken(lines).items() if found} == {}
    found, _ = check([Spoilt("", clean_history(Random(seed)), []) for seed in range(50)])
    assert found == {}


def hold(histories: Sequence[Spoilt]) -> Counter[tuple[str, str]]:
    """What each corruption breaks is found, and laid at its door; counts what broke what."""
    found, places = check(histories)
    counted: Counter[tuple[str, str]] = Counter()
    for number, one in enumerate(histories):
        for name, positions in broken(one.lines).items():
            about = f"{one.how}: {name}, {[one.lines[n] for n in one.spoilt]}"
            violations = found.get((name, number), [])
            assert {v.place for v in violations} == {places[number][n] for n in positions}, about
            if violations:
                counted[one.how, name] += 1
                assert names_it(violations, one, places[number]), about
    return counted


def names_it(violations: Sequence[Named], one: Spoilt, places: Sequence[Place]) -> bool:
    """Whether an explanation has the place of a spoilt event, or is about the version that it has left: what is not
    there any more cannot be pointed at (a gap is seen from the version after it).
    """
    spoilt = {places[n] for n in one.spoilt}
    around = one.left | {(era, version + 1) for era, version in one.left}
    return any(spoilt & {v.place, v.because} or v.told in around for v in violations)


@settings(max_examples=5, phases=[Phase.explicit, Phase.generate])  # an example is many histories: it says which
@given(st.lists(st.tuples(st.sampled_from(sorted(CORRUPTIONS)), st.integers(0, 2**32)), min_size=MANY, max_size=MANY))
def test_whatever_a_spoilt_event_breaks_is_caught_and_explained_by_that_event(drawn: list[tuple[str, int]]) -> None:
    hold([spoil(how, seed) for how, seed in drawn])


def test_every_corruption_breaks_something_and_every_property_is_broken_by_one() -> None:
    counted = hold([spoil(how, seed) for how in CORRUPTIONS for seed in range(25)])
    assert {how for how, _ in counted} == set(CORRUPTIONS) - HARMLESS
    assert {name for _, name in counted} == set(CHECKS) - {"local-reads"}


def test_every_incident_breaks_its_property_each_time_and_what_only_looks_like_one_breaks_nothing() -> None:
    seeds = range(6)
    counted = hold([spoil(how, seed) for how in (*INCIDENTS, *CONTROLS) for seed in seeds])
    missed = [how for how, (_, name) in INCIDENTS.items() if counted[how, name] < len(seeds)]
    assert (missed, {how for how, _ in counted} & set(CONTROLS)) == ([], set())
    assert {name for _, name in INCIDENTS.values()} == set(CHECKS)
    assert len(CORRUPTIONS) - len(HARMLESS) + len(INCIDENTS) >= 40
