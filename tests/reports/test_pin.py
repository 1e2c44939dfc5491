# SPDX-License-Identifier: Apache-2.0
"""`edgeproof pin` writes what is shown, and nothing weaker without a reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from edgeproof.properties import pins as pinned
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.evidence import Case, Conclusion, Evidence, Ledger, Status, Verdict
from edgeproof.properties.pins import dump_pins, pins_for, pins_of
from edgeproof.reports import pinning
from tests.reports.conftest import Run

_CASE = Case("level-strong", "levels", {}, ("monotonic-kv",))


def _ledger(*evidence: Evidence) -> Ledger:
    verdict = evidence[0].verdict
    return Ledger((Conclusion(_CASE, "monotonic-kv", verdict, Status.AS_EXPECTED, evidence),), 0, 0.0)


_SEARCHED = Evidence("monotonic-kv", "explore", Verdict.HOLDS_TO_BOUND, "all 9 states", exhaustive=True)
_PROVED = Evidence("monotonic-kv", "prove", Verdict.PROVED, "any number")

Found = Callable[..., None]


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Found:
    """The engines find this, of a design with one case whose pins are kept in a folder of the test's."""
    (tmp_path / "pins").mkdir()

    def find(*evidence: Evidence) -> None:
        monkeypatch.setattr(pinning, "verify", lambda *_: _ledger(*evidence))

    monkeypatch.setattr(pinning, "scoreboard", lambda _: (_CASE,))
    monkeypatch.setattr(pinning, "pins_file", lambda design: tmp_path / "pins" / f"{design}.json")
    monkeypatch.setattr(pinning, "pins_for", lambda _: pins_of(_ledger(_SEARCHED, _PROVED).conclusions))
    return find


def _written(tmp_path: Path) -> str:
    file = tmp_path / "pins" / "levels.json"
    return file.read_text(encoding="utf-8") if file.exists() else ""


def test_what_is_as_it_was_is_no_change(cli: Run, found: Found, tmp_path: Path) -> None:
    found(_SEARCHED, _PROVED)
    outcome = cli("pin", "--design", "levels", "--check")
    assert (outcome.status, outcome.out) == (0, "1 pin, 0 changes: not written\n")
    assert cli("pin", "--design", "levels").status == 0
    assert '"by": ["explore", "prove"]' in _written(tmp_path)


def test_what_is_more_is_written_and_said(cli: Run, found: Found, tmp_path: Path) -> None:
    found(evolve(_SEARCHED, bound="all 10 states"), evolve(_PROVED, bound="any number and all values"))
    assert cli("pin", "--design", "levels", "--check").status == 1
    assert _written(tmp_path) == ""
    assert cli("pin", "--design", "levels", "--json").document["written"]
    assert "any number and all values" in _written(tmp_path)


def test_what_is_less_is_refused(cli: Run, found: Found, tmp_path: Path) -> None:
    found(_SEARCHED)
    outcome = cli("pin", "--design", "levels")
    assert outcome.status == 1
    assert "weaker: level-strong, monotonic-kv: prove decided it before: PROVED" in outcome.out
    assert "what is weaker needs its reason in `conceded` of the design's dossier" in outcome.out
    assert _written(tmp_path) == ""


def test_what_is_less_is_written_where_the_dossier_says_why(
    cli: Run, found: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found(_SEARCHED)
    dossier = evolve(dossier_of("levels"), conceded={("level-strong", "monotonic-kv"): "it was too good"})
    monkeypatch.setattr(pinned, "dossier_of", lambda _: dossier)
    outcome = cli("pin", "--design", "levels")
    assert outcome.status == 0
    assert "(conceded: it was too good)" in outcome.out
    assert '"by": ["explore"]' in _written(tmp_path)


def test_a_design_that_there_is_not_is_refused(cli: Run) -> None:
    outcome = cli("pin", "--design", "nothing")
    assert outcome.status == 2
    assert "there is no design 'nothing'" in outcome.err


def test_a_case_that_is_gone_is_less() -> None:
    (turn,) = pinning.turns([], {"gone": {}}, {})
    assert (turn.case, turn.weaker) == ("gone", True)


def test_the_files_are_as_the_command_writes_them() -> None:
    for file in sorted(pinned.FOLDER.glob("*.json")):
        assert file.read_text(encoding="utf-8") == dump_pins(pins_for(file.stem))
