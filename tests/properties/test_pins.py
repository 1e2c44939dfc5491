# SPDX-License-Identifier: Apache-2.0
"""What was shown once cannot be lost in silence: each way to show less than is pinned fails."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from attrs import evolve

from edgeproof.model.designs import DESIGNS
from edgeproof.model.machine import DesignError
from edgeproof.properties import pins as pinned
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.engines.prove.engine import prove
from edgeproof.properties.evidence import Case, Conclusion, Evidence, Ledger, Status, Verdict
from edgeproof.properties.pins import SURE, Pin, held_to_pins, lost, pins_for, pins_of, unasked
from edgeproof.properties.possible import POSSIBLE
from edgeproof.properties.staleness import say_reached
from edgeproof.properties.timelock import TIME_DIVERGES
from edgeproof.properties.verify import conclusions_of

_BROKEN = "cross-pop-monotonic"
_BOUND = "bounded-staleness"


def _case(name: str, *properties: str) -> Case:
    case = next(case for case in scoreboard("do_kv") if case.name == name)
    return evolve(case, properties=properties)


def _found(case: Case) -> list[Evidence]:
    instance, asked = instance_of(case), [CATALOGUE[one] for one in case.properties]
    searched = say_reached(instance, explore(instance, asked, kernel_source([instance], asked)))
    return [*searched, *prove(instance, asked, dossier_of(case.design).lemmas)]


@pytest.fixture(scope="module")
def outbox() -> list[Evidence]:
    """What the search and the proofs find of two properties of the pattern."""
    return _found(_case("outbox", _BOUND, _BROKEN))


def _held(found: Sequence[Evidence], engines: Sequence[str] = SURE) -> dict[str, Conclusion]:
    """How they stand, held to the pins of the pattern."""
    conclusions = conclusions_of(_case("outbox", _BOUND, _BROKEN), found)
    return {one.property: one for one in held_to_pins(conclusions, engines)}


def _without(found: Sequence[Evidence], engine: str) -> list[Evidence]:
    return [evolve(e, verdict=Verdict.UNKNOWN, reason="tired") if e.engine == engine else e for e in found]


def test_what_is_found_is_what_is_pinned(outbox: list[Evidence]) -> None:
    assert {one.status for one in _held(outbox).values()} == {Status.AS_EXPECTED}
    now = pins_of(_held(outbox).values())["outbox"]
    assert now == {name: pins_for("do_kv")["outbox"][name] for name in now}
    assert now[_BOUND].verdict is Verdict.PROVED
    assert now[_BOUND].reached == 4


def test_a_lost_proof_fails(outbox: list[Evidence]) -> None:
    one = _held(_without(outbox, "prove"))[_BOUND]
    assert (one.verdict, one.status) == (Verdict.HOLDS_TO_BOUND, Status.WEAKER)
    assert one.reason == "prove decided it before: PROVED"
    assert Ledger((one,), 0, 0.0).exit_status == 1


def test_a_lost_search_fails_although_there_is_a_proof(outbox: list[Evidence]) -> None:
    assert _held(_without(outbox, "explore"))[_BOUND].reason.startswith("explore decided it before: PROVED")


def test_what_was_not_asked_is_not_missed(outbox: list[Evidence]) -> None:
    searched = [one for one in outbox if one.engine == "explore"]
    assert {one.status for one in _held(searched, ["explore"]).values()} == {Status.AS_EXPECTED}


def test_a_bound_that_no_run_reaches_any_more_fails(outbox: list[Evidence]) -> None:
    loose = [evolve(e, measures={**e.measures, "reached": 3}) if "reached" in e.measures else e for e in outbox]
    assert _held(loose)[_BOUND].reason.startswith("a run reached 4 ticks of the bound, and now 3;")
    none = [evolve(e, measures={n: v for n, v in e.measures.items() if n != "reached"}) for e in outbox]
    assert _held(none)[_BOUND].reason.startswith("a run reached 4 ticks of the bound, and now none does;")


def test_a_violation_that_takes_longer_to_show_fails(outbox: list[Evidence]) -> None:
    longer = []
    for one in outbox:
        trace = one.witness
        if trace is not None:
            trace = evolve(trace, events=(*trace.events, trace.events[-1]), states=(*trace.states, trace.states[-1]))
        longer.append(evolve(one, witness=trace))
    held = _held(longer)[_BROKEN]
    assert held.status is Status.WEAKER
    assert "it took 11 steps to show, and takes 12" in held.reason


@pytest.mark.parametrize(
    ("covers", "less", "reason"),
    [
        (
            "all 9,033 states with Pop=2",
            "all 9,032 states with Pop=2",
            "there were 9,033 states, and there are 9,032 now",
        ),
        ("all 9 states with Pop=2, writes=3", "all 9 states with Pop=2, writes=2", "writes was 3, and is 2"),
        ("all 9 states; 2 of Pop decide for any number", "all 9 states", "it was for any number of Pop"),
    ],
)
def test_whatever_covers_less_is_less(covers: str, less: str, reason: str) -> None:
    pinned, now = (Pin(Verdict.HOLDS_TO_BOUND, ("explore",), text) for text in (covers, less))
    assert lost(pinned, now, SURE) == (reason,)


def test_more_states_are_those_of_another_design() -> None:
    pinned, now = (Pin(Verdict.HOLDS_TO_BOUND, ("explore",), f"all {count} states") for count in (9, 10))
    assert lost(pinned, now, SURE) == ("there were 9 states, and there are 10 now",)


def test_a_proof_where_there_was_a_search_is_more() -> None:
    searched, both = (
        Pin(v, by, "all 9 states")
        for v, by in ((Verdict.HOLDS_TO_BOUND, ("explore",)), (Verdict.PROVED, ("explore", "prove")))
    )
    assert lost(searched, both, SURE) == ()
    assert lost(both, evolve(both, verdict=Verdict.HOLDS_TO_BOUND), SURE) == ("it was PROVED before",)


def test_a_trace_that_no_longer_needs_a_hazard_is_less() -> None:
    pinned = Pin(Verdict.VIOLATED, ("explore",), steps=9, hazards=("crash", "put_fails"))
    assert lost(pinned, evolve(pinned, hazards=("crash",)), SURE) == ("the shortest trace needed put_fails",)


def test_a_violation_that_needs_none_of_its_hazards_fails_unless_the_dossier_says_so() -> None:
    case = _case("inline-crash", "monotonic-kv", "convergence")
    conclusions = conclusions_of(case, _found(case))
    assert {one.status for one in held_to_pins(conclusions, SURE)} == {Status.AS_EXPECTED}
    assert dossier_of("do_kv").regardless["inline-crash"] == ("monotonic-kv", "monotonic-reads")
    # The same trace stands for a case whose dossier does not say that it would be broken anyway.
    other = evolve(case, name="early-ack")
    about = {one.property: one for one in held_to_pins([evolve(one, case=other) for one in conclusions], ())}
    assert about["monotonic-kv"].status is Status.WEAKER
    assert about["monotonic-kv"].reason.startswith("the shortest trace needs none of crash")
    assert about["convergence"].status is Status.AS_EXPECTED


def test_what_is_pinned_and_nobody_asks_any_more_fails(outbox: list[Evidence], monkeypatch: pytest.MonkeyPatch) -> None:
    cases = scoreboard("do_kv")
    asked = [one for case in cases for one in conclusions_of(case, []) if one.property != "durable-ack"]
    pin = Pin(Verdict.PROVED, ("prove",))
    monkeypatch.setattr(
        pinned, "pins_for", lambda _: {"outbox": {_BOUND: pin, "durable-ack": pin}, "gone": {_BOUND: pin}}
    )
    missed = unasked(cases, asked, SURE)
    assert [(one.case.name, one.property, one.status) for one in missed] == [
        ("outbox", "durable-ack", Status.WEAKER),
        ("gone", _BOUND, Status.WEAKER),
    ]
    assert "it was PROVED before, and nobody asks it now" in str(missed[0])
    assert unasked(cases[1:], asked, SURE) == [], "whoever asks of some cases misses nothing of the others"
    assert unasked(cases, asked, ["explore"]) == [], "nor whoever does not prove"


def test_a_case_of_which_nothing_is_pinned_fails_where_others_are(
    outbox: list[Evidence], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = next(case for case in scoreboard("do_kv") if case.name == "outbox")
    monkeypatch.setattr(pinned, "pins_for", lambda _: {"other": {}})
    held = {one.property: one for one in held_to_pins(conclusions_of(case, outbox), SURE)}
    assert held[_BOUND].status is Status.WEAKER
    assert "nothing is pinned: `edgeproof pin`" in held[_BOUND].reason


@pytest.mark.parametrize("design", DESIGNS)
def test_every_case_is_pinned_and_every_exception_is_one(design: str) -> None:
    pins, cases = pins_for(design), {case.name: case for case in scoreboard(design)}
    assert pins.keys() == cases.keys()
    on_itself = {TIME_DIVERGES, POSSIBLE}
    for name, of in pins.items():
        assert of.keys() - on_itself == set(cases[name].properties), "a row that is not pinned is lost in silence"
    for name, properties in dossier_of(design).regardless.items():
        assert {one: pins[name][one].hazards for one in properties} == dict.fromkeys(properties, ())
    for name, of in pins.items():
        broken = {one for one, pin in of.items() if pin.verdict is Verdict.VIOLATED}
        assert broken <= set(cases[name].expected)


@pytest.mark.parametrize(
    "edit",
    [{"steps": "three"}, {"steps": -1}, {"reached": True}, {"by": "prove"}, {"by": []}, {"by": ["nobody"]}],
    ids=str,
)
def test_a_pin_that_nothing_could_be_held_to_is_refused(
    edit: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "do_kv.json"
    file.write_text(json.dumps({"outbox": {_BROKEN: {"verdict": "VIOLATED", "by": ["explore"], "steps": 11, **edit}}}))
    monkeypatch.setattr(pinned, "pins_file", lambda design: file)
    with pytest.raises(DesignError, match=r"is no file of pins: (steps and reached are|by lists)"):
        pins_for("do_kv")
