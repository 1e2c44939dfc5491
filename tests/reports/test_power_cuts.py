# SPDX-License-Identifier: Apache-2.0
"""Traces that end in a power cut: replayed on the store that they are of, and on one that is right."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from attrs import evolve

from edgeproof.impl.references import store_of
from edgeproof.model.interpret import Event
from edgeproof.model.trace import PowerCut, Trace
from edgeproof.properties.cases import for_runs, kept_in, scoreboard
from edgeproof.properties.engines.crash.again import wrong_after_a_power_cut
from edgeproof.properties.engines.crash.effort import POWER_CUT, Budget, Effort
from edgeproof.properties.engines.crash.engine import cut_power
from edgeproof.reports.power_cuts import STORE
from edgeproof.reports.regression import fails
from tests.properties.broken_stores import arms_later
from tests.reports.conftest import Keep, Run

ON = "tests.properties.broken_stores:arms_later"


@cache
def witness() -> Trace:
    """A power cut in a write whose alarm is armed after the commit."""
    instance = for_runs(next(one for one in scoreboard("do_kv") if one.name == "outbox-faults"))
    found = cut_power(instance, kept_in(instance), arms_later, Effort(budget=Budget(1, 1)))
    assert found.witness is not None
    return found.witness


def test_a_power_cut_is_shown_again_on_the_store_that_it_is_of(cli: Run, keep: Keep) -> None:
    outcome = cli("replay", keep(witness()), "--on", ON)
    assert outcome.status == 0
    assert "then the power goes: the store is as it was after no step: alarm is off, not sync" in outcome.out
    assert outcome.out.rstrip().endswith("power-cut: the store is as it was after no step: alarm is off, not sync")


@pytest.mark.parametrize("on", ["model", "reference"])
def test_the_reference_does_not_show_it(cli: Run, keep: Keep, on: str) -> None:
    outcome = cli("replay", keep(witness()), "--on", on)
    assert outcome.status == 1
    assert "power-cut: the store is right, although the trace claims otherwise" in outcome.out


def test_a_replayed_power_cut_is_one_document(cli: Run, keep: Keep) -> None:
    document = cli("replay", keep(witness()), "--on", ON, "--json").document
    assert (document["on"], document["about"], document["replays"]) == (ON, POWER_CUT, True)
    assert (document["wrong"], document["shows_what_it_claims"]) == (
        "the store is as it was after no step: alarm is off, not sync",
        True,
    )


def test_a_store_that_does_otherwise_on_its_files_does_not_come_to_the_power_cut(cli: Run, keep: Keep) -> None:
    late = evolve(witness(), cut=PowerCut(10**6, (), "honest"))
    outcome = cli("replay", keep(late), "--on", ON)
    assert outcome.status == 1
    assert "does not replay: operation 1000000 is none of the last step" in outcome.out


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        (lambda cut: evolve(cut, kept=((10**9, 0, 0),)), "operation 1000000000 is none of which the disk is not sure"),
        (lambda cut: evolve(cut, kept=((cut.kept[0][0], 0, 2**60),)), "has no bytes from 0 to"),
        (lambda cut: evolve(cut, disk="\x1b[31mred"), "there is no disk that is"),
    ],
)
def test_what_no_disk_can_keep_does_no_harm(
    cli: Run, keep: Keep, spoilt: Callable[[PowerCut], PowerCut], why: str
) -> None:
    cut = witness().cut
    assert cut is not None
    outcome = cli("replay", keep(evolve(witness(), cut=spoilt(cut))))
    assert outcome.status == 1
    assert why in outcome.out
    assert "\x1b" not in outcome.out


def test_the_workload_has_to_be_a_run_of_the_design(cli: Run, keep: Keep) -> None:
    trace = witness()
    outcome = cli("replay", keep(evolve(trace, events=(Event("acknowledge"),))))
    assert (outcome.status, outcome.out) == (2, "")
    assert "the trace is no run: acknowledge cannot happen here" in outcome.err


def test_its_regression_test_fails_while_the_store_has_the_bug_and_passes_once_it_is_mended(
    cli: Run, keep: Keep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = tmp_path / "test_it.py"
    outcome = cli("replay", keep(witness()), "--on", ON, "--pytest", str(test))
    assert (outcome.status, outcome.out.splitlines()[-1]) == (0, f"wrote {test}")
    text = test.read_text()
    assert "    1. write\n    then the power goes\n" in text
    assert fails(text)
    monkeypatch.setattr("tests.properties.broken_stores.arms_later", store_of)
    assert not fails(text), "the mended store asks the disk for other operations"


def test_its_regression_test_finds_other_power_cuts_in_the_same_step() -> None:
    late = evolve(witness(), cut=PowerCut(10**6, (), "honest"))
    assert "alarm is off, not sync" in wrong_after_a_power_cut(late, arms_later)
    assert wrong_after_a_power_cut(late, store_of) == ""


def test_no_test_is_written_that_would_pass_at_once(cli: Run, keep: Keep, tmp_path: Path) -> None:
    test = tmp_path / "test_it.py"
    outcome = cli("replay", keep(witness()), "--pytest", str(test), "--json")
    assert (outcome.status, outcome.document["pytest"], test.exists()) == (1, None, False)
    outcome = cli("replay", keep(witness()), "--pytest", str(test))
    assert f"{test} is not written: it would pass at once" in outcome.out


def test_no_other_system_has_power_to_be_cut(cli: Run, keep: Keep) -> None:
    outcome = cli("replay", keep(witness()), "--on", "workerd")
    assert (outcome.status, STORE in outcome.err) == (2, True)


def test_a_trace_that_ends_in_a_power_cut_is_shown_with_what_was_wrong(cli: Run, keep: Keep) -> None:
    outcome = cli("show", keep(witness()))
    assert outcome.status == 0
    assert "a witness about power-cut, 1 step, found by crash" in outcome.out
    assert "alarm is off, not sync; the power went after operation" in outcome.out


def test_a_store_of_ones_own_that_is_none_is_told_in_one_line(cli: Run, keep: Keep) -> None:
    for on, why in (
        ("tests.nowhere:make", "cannot be had: "),
        ("builtins:len", "the store of builtins:len fails: TypeError"),
    ):
        outcome = cli("replay", keep(witness()), "--on", on)
        assert (outcome.status, outcome.out) == (2, "")
        assert why in outcome.err
