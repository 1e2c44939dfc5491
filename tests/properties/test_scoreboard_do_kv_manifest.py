# SPDX-License-Identifier: Apache-2.0
"""The scoreboard of do_kv_manifest: no part goes missing, if the collector waits, takes turns, and is not outlived."""

from __future__ import annotations

from typing import Any

import pytest

from edgeproof.model.designs.do_kv_manifest import DoKvManifest
from edgeproof.model.machine import action, hazard
from edgeproof.properties.bounds import present_terms
from edgeproof.properties.cases import instance_of, scoreboard
from tests.properties import boards

DESIGN = "do_kv_manifest"
CASES = {case.name: case for case in scoreboard(DESIGN)}

READ_YOUR_WRITES = {"read-your-writes": 3}

DEPTHS = {
    "manifest": {**READ_YOUR_WRITES, "cross-pop-monotonic": 8},
    "manifest-faults": READ_YOUR_WRITES,
    "manifest-confirmed": READ_YOUR_WRITES,
    # Two rounds of publishing (6 and 5 steps), a reader's copy in between, a delete, and the reader again.
    "manifest-no-grace": {**READ_YOUR_WRITES, "spill-integrity": 15},
    # The same, and nine ticks: until the second write is out at the latest, and until the grace is over.
    "manifest-short-grace": {**READ_YOUR_WRITES, "spill-integrity": 24},
    # A third round, whose part lands before the delete does; nobody has to be early.
    "manifest-collected-beside": {**READ_YOUR_WRITES, "spill-integrity": 28, "convergence": 35},
    # The same, with five ticks less of grace.
    "manifest-late-delete": {**READ_YOUR_WRITES, "spill-integrity": 24, "convergence": 31},
    "manifest-late-delete-no-grace": {**READ_YOUR_WRITES, "spill-integrity": 15, "convergence": 28},
    # The publisher asks, and the first reader is told what the publisher was told. No collector is needed.
    "manifest-probe-kv": {**READ_YOUR_WRITES, "spill-integrity": 7},
    "manifest-places": {**READ_YOUR_WRITES, "no-partial-read": 11},
    "manifest-partition": {**READ_YOUR_WRITES, "local-reads": 11},
}


@pytest.fixture(scope="module")
def found() -> boards.Found:
    return boards.searched(DESIGN)


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_every_verdict_is_the_expected_one(case: Any, found: boards.Found) -> None:
    boards.expected_verdict(case, found)


@pytest.mark.parametrize(("case", "name"), boards.violations(DESIGN))
def test_every_violation_shows_in_the_model_and_on_code(case: str, name: str, found: boards.Found) -> None:
    boards.shows_on_code(found[case, name].witness)


def test_the_shortest_runs_are_this_long(found: boards.Found) -> None:
    assert boards.steps(found) == DEPTHS


@pytest.mark.parametrize("case", ["manifest", "manifest-faults", "manifest-confirmed"])
def test_whatever_is_promised_is_proved_for_any_number_of_locations_versions_and_any_durations(case: str) -> None:
    promised = {name for name in CASES[case].properties if name not in CASES[case].expected}
    assert promised <= boards.proved(CASES[case])


@pytest.mark.parametrize("case", ["manifest", "manifest-faults"])
def test_the_staleness_bound_is_reached(case: str) -> None:
    at = instance_of(CASES[case]).with_(Pop=1, collector="none")
    last: Any = boards.reaches_the_bound(at).states[-1]
    assert last["since"] == sum(value for _, value in present_terms(at))


def test_without_a_grace_the_part_goes_between_a_readers_manifest_and_its_parts(found: boards.Found) -> None:
    trace = found["manifest-no-grace", "spill-integrity"].witness
    assert trace is not None
    order = [event.action for event in trace.events]
    assert order.index("lookup") < order.index("collect") < order.index("delete_lands") < order.index("read")
    last: Any = trace.states[-1]
    assert (last["present"], last["kv"], last["kv_needs"], last["gone"]) == (False, 2, False, (True,))


@pytest.mark.parametrize("case", ["manifest-collected-beside", "manifest-late-delete"])
def test_a_part_that_comes_back_while_its_delete_is_under_way_is_lost_for_good(case: str, found: boards.Found) -> None:
    trace = found[case, "convergence"].witness
    assert trace is not None
    assert trace.loop is not None
    for state in trace.states[trace.loop :]:
        assert (state["kv_needs"], state["present"]) == (True, False)


# --- teeth: a design that is broken on purpose loses a part, whatever the collector does


class ManifestFirst(DoKvManifest):
    @action()
    def manifest_put(s: Any) -> None:
        """The put of the manifest starts, whatever has become of the parts."""
        s.require(s.sending == "parts")
        s.sending = "flying"
        s.sending_for = 0


class BelievesUnsureRows(DoKvManifest):
    @action()
    def manifest_put(s: Any) -> None:
        """The put of the manifest starts although the part may not be there."""
        s.require((s.sending == "parts") & (s.ledger != "none"))
        s.sending = "flying"
        s.sending_for = 0


class ForgetsADelete(DoKvManifest):
    @hazard()
    def delete_ambiguous(s: Any) -> None:
        """A delete is applied, and the object still believes that the part is there."""
        s.require(s.deleting)
        s.present = False
        s.ledger = "stored"
        s.deleting = False


@pytest.mark.parametrize(
    ("design", "chosen"),
    [
        (ManifestFirst, {"collector": "none"}),
        (BelievesUnsureRows, {"collector": "none"}),
        (
            ForgetsADelete,
            {"collector": "checked", "counted": "confirmed", "K": 2, "delete_ambiguous": True, "writes": 3},
        ),
    ],
)
def test_a_broken_design_loses_a_part_that_a_manifest_names(
    design: type[DoKvManifest], chosen: dict[str, int | str | bool]
) -> None:
    assert boards.violated_by(design, "spill-integrity", DESIGN, Pop=1, **chosen)
