# SPDX-License-Identifier: Apache-2.0
"""`edgeproof diff`: every way in which evidence can grow weaker is seen, and what says nothing about it is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest

from edgeproof.reports.difference import Change, Direction, differences
from edgeproof.reports.report import report_document
from edgeproof.reports.reported import read_report
from edgeproof.reports.view import arrange
from tests.reports import examples
from tests.reports.conftest import Run

Document = dict[str, Any]
Edit = Callable[[Document], None]
Seen = tuple[str, str, str, str, str]
"""Of a change: property, engine, what, old and new."""

BOUND: Final = "all 1,234 states with Pop=2, writes=3; 2 of Pop decide for any number"


def report() -> Document:
    """One case in which `monotonic-kv` and `convergence` are violated as expected, and `atomic-write` is proved."""
    document = report_document(arrange(examples.good_ledger(), "out"))
    explore, prove, fuzz = of(document, "atomic-write")["evidence"]
    explore["bound"] = BOUND
    prove["assumptions"] = ["publisher=inline", "time is real"]
    fuzz["measures"] = {"runs": 20, "steps": 400, "steps/s": 7000, "tested": 3}
    return document


def of(document: Document, one: str) -> Document:
    found: Document = next(p for p in document["cases"][0]["properties"] if p["id"] == one)
    return found


def found_by(document: Document, one: str, engine: str) -> Document:
    found: Document = next(e for e in of(document, one)["evidence"] if e["engine"] == engine)
    return found


def compared(folder: Path, old: Document, new: Document) -> tuple[Change, ...]:
    for name, document in (("old.json", old), ("new.json", new)):
        (folder / name).write_text(json.dumps(document))
    return differences(read_report(folder / "old.json"), read_report(folder / "new.json"))


def seen(change: Change) -> Seen:
    return change.property, change.engine, change.what, change.old, change.new


def engine(one: str, name: str, **said: Any) -> Edit:
    return lambda document: found_by(document, one, name).update(said)


def measured(one: str, name: str, **said: Any) -> Edit:
    return lambda document: found_by(document, one, name)["measures"].update(said)


def everything(one: str, **said: Any) -> Edit:
    """What all engines together say, and each of them."""

    def edit(document: Document) -> None:
        of(document, one).update(said)
        for found in of(document, one)["evidence"]:
            found["verdict"] = said["verdict"]

    return edit


def without_engine(document: Document) -> None:
    of(document, "atomic-write")["evidence"].pop(1)


def without_property(document: Document) -> None:
    document["cases"][0]["properties"].pop()


def without_case(document: Document) -> None:
    document["cases"].clear()


WEAKENED: Final[dict[str, tuple[Edit, Seen]]] = {
    "a case is gone": (without_case, ("", "", "case", "there", "-")),
    "a property is gone": (without_property, ("atomic-write", "", "property", "there", "-")),
    "an engine is gone": (without_engine, ("atomic-write", "prove", "engine", "there", "-")),
    "a proof holds to a bound": (
        engine("atomic-write", "prove", verdict="HOLDS_TO_BOUND"),
        ("atomic-write", "prove", "verdict", "PROVED", "HOLDS_TO_BOUND"),
    ),
    "a proof is undecided": (
        engine("atomic-write", "prove", verdict="UNKNOWN"),
        ("atomic-write", "prove", "verdict", "PROVED", "UNKNOWN"),
    ),
    "all together prove no more": (
        everything("atomic-write", verdict="HOLDS_TO_BOUND"),
        ("atomic-write", "", "verdict", "PROVED", "HOLDS_TO_BOUND"),
    ),
    "what held is never put to the test": (
        engine("atomic-write", "fuzz", verdict="VACUOUS"),
        ("atomic-write", "fuzz", "verdict", "HOLDS_TO_BOUND", "VACUOUS"),
    ),
    "a violation does not show": (
        everything("monotonic-kv", verdict="UNKNOWN", status="undecided"),
        ("monotonic-kv", "", "verdict", "VIOLATED", "UNKNOWN"),
    ),
    "an engine shows a violation no more": (
        engine("convergence", "fuzz", verdict="HOLDS_TO_BOUND"),
        ("convergence", "fuzz", "verdict", "VIOLATED", "HOLDS_TO_BOUND"),
    ),
    "it is not as expected": (
        lambda document: of(document, "atomic-write").update(status="undecided"),
        ("atomic-write", "", "standing", "as expected", "undecided"),
    ),
    "the shortest trace is longer": (
        engine("convergence", "fuzz", steps=3),
        ("convergence", "", "steps of the shortest trace", "2", "3"),
    ),
    "fewer states": (
        measured("atomic-write", "explore", states=1233),
        ("atomic-write", "explore", "states", "1234", "1233"),
    ),
    "fewer elements": (
        engine("atomic-write", "explore", bound=BOUND.replace("Pop=2", "Pop=1")),
        ("atomic-write", "explore", "Pop", "2", "1"),
    ),
    "a smaller parameter": (
        engine("atomic-write", "explore", bound=BOUND.replace("writes=3", "writes=2")),
        ("atomic-write", "explore", "writes", "3", "2"),
    ),
    "not for any number": (
        engine("atomic-write", "explore", bound=BOUND.partition(";")[0]),
        ("atomic-write", "explore", "for any number of Pop", "yes", "no"),
    ),
    "not everything was searched": (
        engine("atomic-write", "explore", exhaustive=False),
        ("atomic-write", "explore", "exhaustive", "yes", "no"),
    ),
    "fewer runs": (measured("atomic-write", "fuzz", runs=19), ("atomic-write", "fuzz", "runs", "20", "19")),
    "fewer steps": (measured("atomic-write", "fuzz", steps=399), ("atomic-write", "fuzz", "steps", "400", "399")),
    "what was covered is not told": (
        lambda document: found_by(document, "atomic-write", "fuzz")["measures"].pop("runs"),
        ("atomic-write", "fuzz", "runs", "20", "-"),
    ),
    "more is taken for granted": (
        engine("atomic-write", "prove", assumptions=["time is real", "clocks agree"]),
        ("atomic-write", "prove", "assumption", "-", "clocks agree"),
    ),
}


@pytest.mark.parametrize("kind", WEAKENED)
def test_evidence_that_grows_weaker_is_named(tmp_path: Path, kind: str) -> None:
    edit, what = WEAKENED[kind]
    new = report()
    edit(new)
    changes = compared(tmp_path, report(), new)
    assert what in [seen(one) for one in changes if one.direction is Direction.WEAKER]


@pytest.mark.parametrize("kind", WEAKENED)
def test_and_the_other_way_round_it_grows_stronger_and_nothing_weaker(tmp_path: Path, kind: str) -> None:
    edit, (one, name, what, old, new) = WEAKENED[kind]
    weak = report()
    edit(weak)
    changes = compared(tmp_path, weak, report())
    assert (one, name, what, new, old) in [seen(each) for each in changes if each.direction is Direction.STRONGER]
    assert [seen(each) for each in changes if each.direction is Direction.WEAKER] == []


def turned(verdict: str, status: str, expected: str | None) -> Edit:
    return everything("atomic-write", verdict=verdict, status=status, expected=expected)


@pytest.mark.parametrize(
    ("old", "new", "direction"),
    [
        (turned("PROVED", "as expected", None), turned("VIOLATED", "violated", None), Direction.WEAKER),
        # Whoever expects it makes it no better.
        (turned("PROVED", "as expected", None), turned("VIOLATED", "as expected", "VIOLATED"), Direction.WEAKER),
        (turned("UNKNOWN", "undecided", None), turned("VIOLATED", "violated", None), Direction.WEAKER),
        (turned("UNKNOWN", "undecided", "VIOLATED"), turned("VIOLATED", "as expected", "VIOLATED"), Direction.STRONGER),
        (
            turned("HOLDS_TO_BOUND", "undecided", "VIOLATED"),
            turned("VIOLATED", "as expected", "VIOLATED"),
            Direction.STRONGER,
        ),
        (turned("VIOLATED", "violated", None), turned("PROVED", "as expected", None), Direction.STRONGER),
        (
            turned("VIOLATED", "as expected", "VIOLATED"),
            turned("PROVED", "expected to be violated, but holds", "VIOLATED"),
            Direction.WEAKER,
        ),
        (turned("UNKNOWN", "undecided", None), turned("VACUOUS", "undecided", None), Direction.OTHER),
    ],
)  # fmt: skip
def test_a_violation_weighs_by_what_was_known_and_expected(
    tmp_path: Path, old: Edit, new: Edit, direction: Direction
) -> None:
    before, after = report(), report()
    old(before)
    new(after)
    changes = compared(tmp_path, before, after)
    assert {one.direction for one in changes if one.what == "verdict"} == {direction}


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        ("UNKNOWN", "VIOLATED", Direction.STRONGER),
        ("VIOLATED", "UNKNOWN", Direction.WEAKER),
        ("HOLDS_TO_BOUND", "UNKNOWN", Direction.OTHER),
    ],
)
def test_of_what_is_violated_before_and_after_an_engine_shows_it_or_does_not(
    tmp_path: Path, before: str, after: str, direction: Direction
) -> None:
    old, new = report(), report()
    for document, verdict in ((old, before), (new, after)):
        of(document, "convergence").update(expected=None, status="violated")
        engine("convergence", "fuzz", verdict=verdict)(document)
    assert {one.direction for one in compared(tmp_path, old, new) if one.engine == "fuzz"} == {direction}


def test_how_much_was_looked_at_until_a_counterexample_is_no_bound(tmp_path: Path) -> None:
    new = report()
    measured("convergence", "explore", states=5)(new)
    assert [(one.direction, one.what) for one in compared(tmp_path, report(), new)] == [(Direction.OTHER, "states")]


def test_another_configuration_is_no_evidence_about_the_one_before(tmp_path: Path) -> None:
    new = report()
    new["cases"][0]["constants"] = {"publisher": "outbox", "crash": True}
    assert [(one.direction, *seen(one)) for one in compared(tmp_path, report(), new)] == [
        (Direction.WEAKER, "", "", "configuration, publisher", "inline", "outbox"),
        (Direction.WEAKER, "", "", "configuration, crash", "-", "yes"),
    ]


def test_a_proof_is_not_weaker_than_a_search_because_it_names_no_sizes(tmp_path: Path) -> None:
    searched = report()
    found_by(searched, "atomic-write", "prove").update(
        verdict="HOLDS_TO_BOUND", bound="2-induction over Pop=2", exhaustive=True
    )
    (change,) = compared(tmp_path, searched, report())
    assert (change.direction, *seen(change)) == (
        Direction.STRONGER, "atomic-write", "prove", "verdict", "HOLDS_TO_BOUND", "PROVED",
    )  # fmt: skip


def test_what_weakens_nothing_is_named_all_the_same(tmp_path: Path) -> None:
    new = report()
    measured("atomic-write", "fuzz", tested=2)(new)
    engine("atomic-write", "explore", bound=BOUND.replace("Pop=2", "Pop=2, L=1"))(new)
    of(new, "atomic-write")["says"] = "No half of a write."
    changes = compared(tmp_path, report(), new)
    assert [(one.direction, one.what) for one in changes] == [
        (Direction.OTHER, what) for what in ("statement", "L", "bound", "tested")
    ]


def test_times_and_the_environment_do_not_count(tmp_path: Path) -> None:
    new = report()
    new |= {"seconds": 99.0, "environment": {"python": "4"}, "edgeproof": "9"}
    for found in (e for one in new["cases"][0]["properties"] for e in one["evidence"]):
        found["seconds"] = 77.0
    measured("atomic-write", "fuzz", **{"steps/s": 1})(new)
    assert compared(tmp_path, report(), new) == ()


# --- the command


def written(folder: Path, **documents: Document) -> None:
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document))


def test_a_report_is_as_strong_as_itself(cli: Run, tmp_path: Path) -> None:
    written(tmp_path, old=report())
    outcome = cli("diff", "old.json", "old.json")
    assert outcome.status == 0
    assert "3 properties of 1 case, seed 7" in outcome.out
    assert "no difference but times and environments" in outcome.out


def test_weaker_evidence_fails_a_build_and_stronger_does_not(cli: Run, tmp_path: Path) -> None:
    new = report()
    WEAKENED["fewer states"][0](new)
    written(tmp_path, old=report(), new=new)
    outcome = cli("diff", "old.json", "new.json")
    assert outcome.status == 1
    assert "weaker than before" in outcome.out
    assert "1 weaker than before, 0 stronger than before, 0 changed otherwise" in outcome.out
    assert cli("diff", "new.json", "old.json").status == 0


def test_programs_get_every_change(cli: Run, tmp_path: Path) -> None:
    new = report()
    WEAKENED["fewer states"][0](new)
    written(tmp_path, old=report(), new=new)
    assert cli("diff", "old.json", "new.json", "--json").document == {
        "old": "old.json", "new": "new.json", "weaker": 1, "stronger": 0, "other": 0,
        "changes": [
            {
                "direction": "weaker", "design": "do_kv", "case": "inline", "property": "atomic-write",
                "engine": "explore", "what": "states", "old": "1234", "new": "1233",
            }
        ],
    }  # fmt: skip


def test_what_a_file_says_is_data(cli: Run, tmp_path: Path) -> None:
    hostile = "[bold]\x1b[31m\nred[/bold]"
    old, new = report(), report()
    for document in (old, new):
        document["cases"][0]["name"] = hostile
    of(new, "atomic-write")["says"] = hostile
    written(tmp_path, old=old, new=new)
    outcome = cli("diff", "old.json", "new.json")
    assert "[bold] [31m red[/bold]" in outcome.out
    assert "\x1b" not in outcome.out


def not_utf8(path: Path) -> None:
    path.write_bytes(b"\xff")


def saying(**said: Any) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_text(json.dumps(report() | said))

    return write


def with_a_case_twice(path: Path) -> None:
    document = report()
    document["cases"] += deepcopy(document["cases"])
    path.write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: None, "cannot read bad.json"),
        (lambda path: path.mkdir(), "cannot read bad.json"),
        (not_utf8, "is not UTF-8"),
        (lambda path: path.write_text("{"), "not a report"),
        (lambda path: path.write_text("[" * 100_000), "not a report: nested too deeply"),
        (lambda path: path.write_text('{"format": "edgeproof-report"}'), "not a report: at $: 'version' is a required"),
        (saying(version=2), "not a report: at $.version: 1 was expected"),
        (saying(cases=[{"name": "x" * 5000}]), "not a report: at $.cases[0]"),
        (with_a_case_twice, "('do_kv', 'inline') is there twice"),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(
    cli: Run, tmp_path: Path, make: Callable[[Path], None], why: str
) -> None:
    written(tmp_path, good=report())
    make(tmp_path / "bad.json")
    for words in (("good.json", "bad.json"), ("bad.json", "good.json")):
        outcome = cli("diff", *words)
        assert outcome.status == 2
        assert why in outcome.err
        assert outcome.err.count("\n") == 1
        assert len(outcome.err) < 250
