# SPDX-License-Identifier: Apache-2.0
"""The scoreboard of do_kv_content: bad versions, copies that are not what they say, and who is told what of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from edgeproof.impl.content.publisher import VettingReplicator
from edgeproof.impl.content.reader import ValidatingReader
from edgeproof.impl.content.system import PARTS, ContentSystem
from edgeproof.impl.snapshot import Snapshot, from_kv
from edgeproof.model.designs.do_kv_content import DoKvContent
from edgeproof.model.machine import Design, action, deadline
from edgeproof.properties.bounds import bounds_beside, formula_of
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE
from tests.properties import boards

DESIGN = "do_kv_content"
CASES = {case.name: case for case in scoreboard(DESIGN)}

DEPTHS = {
    # A good version told, a bad one published over a newer good one, and a wait of longer than the bound.
    "content-keeps": {"bounded-staleness": 18},
    # A good version published and told, the cached copy outlived, a bad one published and met.
    "content-fails": {"serves-last-good": 11},
    # To two locations, neither of which has cached the good one.
    "content-serves": {"serves-last-good": 11, "blast-radius": 7},
    # Published, cached, corrupted, told.
    "content-mislabelled": {"label-is-content": 5, "serves-last-good": 6},
    "content-digest": {"bounded-staleness": 17},
    "content-restored": {"poison-bounded": 19, "convergence": 16},
}
"""How many steps the shortest run takes that shows a violation. A change here is a change of the model: explain it."""


@pytest.fixture(scope="module")
def found() -> boards.Found:
    return boards.searched(DESIGN)


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_every_verdict_is_the_expected_one(case: Any, found: boards.Found) -> None:
    boards.expected_verdict(case, found)


@pytest.mark.parametrize(("case", "name"), boards.violations(DESIGN))
def test_every_violation_shows_in_the_model_and_on_code(case: str, name: str, found: boards.Found) -> None:
    boards.shows_on_code(found[case, name].witness)


def test_the_implementation_does_what_the_model_does_and_leaves_nothing_out(found: boards.Found) -> None:
    boards.runs_in_lockstep(DESIGN, found)


def test_the_shortest_runs_are_this_long(found: boards.Found) -> None:
    assert boards.depths(found, DEPTHS) == DEPTHS


# --- proofs


@pytest.mark.parametrize("case", ["content-vetted", "content-serves"])
def test_all_that_is_expected_to_hold_is_proved(case: str) -> None:
    undated = {"answered-write"}  # Nothing says how soon a client has its answer, so that the search alone decides.
    assert set(CASES[case].properties) - set(CASES[case].expected) - undated <= boards.proved(CASES[case])


def test_with_an_epoch_a_restore_mends_a_bad_version_as_soon_as_a_fix_does() -> None:
    assert "poison-bounded" in boards.proved(CASES["content-restored-epoch"])


# --- the bound of poison is reached


REACHED = [
    ({"X": 2}, "X + D + S + D + T", 6),
    ({"put_fails": True, "X": 3}, "X + D + S + F*(D + R) + D + T", 9),
    # With a heartbeat a put of the bad version may be under way whenever it is fixed, be that late.
    ({"repair": "heartbeat", "X": 5}, "X + D + S + D + T", 9),
]


@pytest.mark.parametrize(("numbers", "text", "bound"), REACHED)
def test_a_run_reaches_the_bound_of_poison_in_the_model_and_on_code(
    numbers: dict[str, Any], text: str, bound: int
) -> None:
    at = instance_of(CASES["content-serves"]).with_(Pop=1, **numbers)
    assert formula_of(at, bounds_beside(at)["poison-bounded"].terms) == text
    assert boards.reaches_the_bound_of_poison(at).states[-1]["poisoned_for"] == bound


# --- teeth: designs broken on purpose


class InstallsBeforeItLooks(DoKvContent):
    @action(pop=DoKvContent.Pop, cache=DoKvContent.Pop)
    def read(s: Any, pop: Any, cache: Any) -> None:
        """What was found is told whatever the validator says of it."""
        DoKvContent.read(s, pop, cache)
        s.served_content[pop] = s.kv_content


class PublishesTheNewest(DoKvContent):
    @action()
    def fire(s: Any) -> None:
        """The publisher vets, and puts the newest version all the same."""
        DoKvContent.fire(s)
        s.sent = s.config
        s.sent_content = s.content


class NobodyFixes(DoKvContent):
    @deadline
    def the_operator_fixes_in_time(s: Any) -> Any:
        """The operator fixes it some day."""
        return s.config >= 0


BROKEN: list[tuple[type[Design], str, dict[str, Any]]] = [
    (InstallsBeforeItLooks, "serves-last-good", {"poison_write": True, "vetting": "off"}),
    (InstallsBeforeItLooks, "label-is-content", {"corrupt": True}),
    (InstallsBeforeItLooks, "blast-radius", {"poison_write": True, "vetting": "off", "Pop": 2}),
    (PublishesTheNewest, "serves-last-good", {"poison_write": True, "validate": "serves"}),
    (NobodyFixes, "poison-bounded", {"poison_write": True, "vetting": "off", "validate": "serves"}),
]


@pytest.mark.parametrize(("design", "name", "constants"), BROKEN)
def test_a_broken_design_is_caught(design: type[Design], name: str, constants: dict[str, Any]) -> None:
    assert boards.violated_by(
        design, name, DESIGN, **{"Put": 1, "Pop": 1, "reader": "guarded", "writes": 3, **constants}
    )


# --- teeth: implementations broken on purpose


class InstallsWhatItRefuses(ValidatingReader):
    def _open(self, value: bytes) -> Snapshot:
        self.kept = from_kv(value)
        return super()._open(value)


class NeverLooksAtTheDigest(ValidatingReader):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "digest": False})


class PutsWhatItRead(VettingReplicator):
    async def _put(self, snapshot: Snapshot) -> None:
        self._chosen = snapshot
        await self._publication.put(snapshot, self._kv, self._runtime, self._timing.put_timeout)


class SkipsWhatIsBad(VettingReplicator):
    def _settled(self, read: Snapshot) -> Snapshot:
        return self._store.snapshot()


class NeverSettles(VettingReplicator):
    def _settled(self, read: Snapshot) -> Snapshot:
        return self._chosen


MUTANTS: list[tuple[str, dict[str, Callable[..., Any]]]] = [
    ("content-keeps", {"reader": InstallsWhatItRefuses}),
    ("content-digest", {"reader": NeverLooksAtTheDigest}),
    ("content-vetted", {"replicator": PutsWhatItRead}),
    ("content-vetted", {"replicator": SkipsWhatIsBad}),
    ("content-vetted", {"replicator": NeverSettles}),
]


@pytest.mark.parametrize(("case", "part"), MUTANTS, ids=[next(iter(part.values())).__name__ for _, part in MUTANTS])
def test_a_broken_part_is_caught_in_lockstep(case: str, part: dict[str, Callable[..., Any]]) -> None:
    assert boards.caught_in_lockstep(CASES[case], lambda: ContentSystem(evolve(PARTS, **part)), ContentSystem)


def test_every_property_of_content_has_teeth() -> None:
    about = {"serves-last-good", "label-is-content", "poison-bounded", "blast-radius"}
    assert about <= set(CATALOGUE)
    assert about <= {name for _, name, _ in BROKEN}
