# SPDX-License-Identifier: Apache-2.0
"""Edits fit the sources, and a few, drawn anew when the list has changed, are found. `make edits` tries all."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

import pytest
from attrs import evolve

from edgeproof.properties.edits.alone import alone
from edgeproof.properties.edits.edit import ROOT, Edit, EditError, edited
from edgeproof.properties.edits.overlay import overlay
from tests.edits.configurations import cases
from tests.edits.edits import OF_THE_REFERENCE, OF_THE_WORKER
from tests.edits.systems import WORKER
from tests.edits.table import PAGE
from tests.edits.trial import QUICK, tried, tried_all

EVERY: Final = (*OF_THE_REFERENCE, *OF_THE_WORKER)


def drawn(edits: Sequence[Edit], number: int) -> list[Edit]:
    """Some of those that are to be found; others once the list has changed."""
    findable = [edit for edit in edits if not edit.survives]
    return Random(len(EVERY)).sample(findable, number)


# --- the list


def test_edits_have_names_of_their_own_and_a_sentence_each() -> None:
    assert len({edit.name for edit in EVERY}) == len(EVERY)
    assert all(edit.slip.endswith(".") and edit.slip[0].isupper() for edit in EVERY)


def test_of_the_reference_and_of_the_worker_there_are_as_many_as_it_takes_to_tell() -> None:
    found = [edit for edit in EVERY if not edit.survives]
    worker = [edit for edit in found if edit.file.startswith(WORKER)]
    assert len(found) - len(worker) >= 30
    assert len(worker) >= 25


def test_every_edit_fits_its_source_and_names_cases_that_there_are() -> None:
    for edit in EVERY:
        changed = edited(edit, (ROOT / edit.file).read_text(encoding="utf-8"))
        if edit.module:
            ast.parse(changed)
        assert edit.old != edit.new
        assert edit.cases
        assert set(edit.cases) <= cases().keys(), edit.name


def test_the_page_is_of_this_list() -> None:
    told = [line.split("`")[1] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert sorted(told) == sorted(edit.name for edit in EVERY)


def test_an_edit_is_driven_as_much_as_verify_drives_a_case() -> None:
    from edgeproof.properties.verify import PLANS

    quick = PLANS["quick"]
    assert (QUICK.examples, QUICK.steps, QUICK.seed) == (quick.examples, quick.steps, quick.seed)


# --- making an edit


def test_an_edit_is_refused_whose_text_is_not_there_or_there_twice(tmp_path: Path) -> None:
    edit = Edit("slip", "impl/x.py", "a", "b", "Something is wrong.", ("outbox",))
    assert edited(edit, "a c") == "b c"
    for source in ("c", "a a"):
        with pytest.raises(EditError, match=r"slip: impl/x\.py has"):
            edited(edit, source)


def test_an_edit_of_a_module_that_is_imported_already_is_refused() -> None:
    edit = Edit("late", "properties/edits/edit.py", "a", "b", "Something is wrong.", ("outbox",))
    with pytest.raises(EditError, match=r"late: edgeproof\.properties\.edits\.edit is imported already"):
        overlay(edit)


SMALL: Final = Edit("small", "impl/snapshot.py", "2**53 - 1", "7", "Versions end early.", ("outbox",))


def largest(edit: Edit) -> int:
    overlay(edit)
    from edgeproof.impl.snapshot import LARGEST as found

    return found


def test_the_edit_is_in_the_process_that_makes_it_and_nowhere_else() -> None:
    # Here and not above: the process in which the edit is made imports this file.
    from edgeproof.impl import snapshot

    assert alone(largest, SMALL) == 7
    assert snapshot.LARGEST == 2**53 - 1
    assert SMALL.old in (ROOT / SMALL.file).read_text(encoding="utf-8")


def dies() -> None:
    raise SystemExit


def test_what_goes_wrong_in_a_process_of_its_own_is_said_here() -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        alone(divmod, 1, 0)
    with pytest.raises(RuntimeError, match="ended without an answer"):
        alone(dies)


# --- finding it


def test_an_edit_that_changes_nothing_is_not_found() -> None:
    harmless = Edit(
        "harmless",
        "impl/snapshot.py",
        "config: dict[str, Any] = {}",
        "config: dict[str, Any] = dict()",
        "It is well.",
        ("outbox",),
    )
    trial = tried(harmless)
    assert (trial.found, trial.finding.case) == (False, None)
    assert trial.finding.steps > 3_000


def test_an_edit_of_the_reference_is_found_by_a_run_that_the_reference_itself_passes() -> None:
    for trial in tried_all(drawn(OF_THE_REFERENCE, 3), 1):
        assert trial.found, trial


def test_an_edit_of_the_worker_is_found_by_a_run_that_the_worker_itself_passes() -> None:
    from edgeproof.impl.workerd.runtime import RuntimeMissingError, find_workerd
    from tests.workerd.conftest import without_runtime

    try:
        find_workerd()
    except RuntimeMissingError as missing:
        without_runtime(str(missing))
    (trial,) = tried_all(drawn(OF_THE_WORKER, 1), 1)
    assert trial.found, trial


def test_a_run_that_the_implementation_fails_without_the_edit_as_well_finds_no_edit() -> None:
    (edit,) = drawn(OF_THE_REFERENCE, 1)
    trial = tried(edit)
    assert trial.as_said
    assert not evolve(trial, otherwise="after write: config is 1").found
    assert not evolve(trial, edit=evolve(edit, survives="It is thought to.")).as_said
