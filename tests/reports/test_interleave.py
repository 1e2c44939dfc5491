# SPDX-License-Identifier: Apache-2.0
"""`edgeproof interleave`: what it says, keeps in a file, and drives again."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from edgeproof.impl.interleaved import subjects
from edgeproof.reports.cli import main
from tests.impl.interleaved_mutants import OVERTAKEN

FAULTY = next(one for one in OVERTAKEN if one.name == "pull-undoes-a-push")


def test_a_sound_subject_holds_in_all_orders(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["interleave", "push", "--operations", "1", "--json"]) == 0
    (said,) = json.loads(capsys.readouterr().out)["subjects"]
    assert said["exhaustive"]
    assert [(one["property"], one["verdict"]) for one in said["evidence"]] == [
        ("convergence", "HOLDS_TO_BOUND"),
        ("ends-well", "HOLDS_TO_BOUND"),
    ]


def test_what_is_broken_is_shown_and_kept_and_broken_again_until_it_is_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = str(tmp_path / "schedule.json")
    with monkeypatch.context() as patched:
        patched.setattr(subjects, "subject", lambda name, operations: FAULTY.subject(operations))
        assert main(["interleave", "push", "--save", kept]) == 1
        assert "the location ends with version" in capsys.readouterr().out
        assert main(["interleave", "--replay", kept]) == 1
    assert main(["interleave", "--replay", kept]) == 0
    assert "nothing is broken" in capsys.readouterr().out


def test_what_was_never_put_to_the_test_is_undecided() -> None:
    assert main(["interleave", "reader-memo", "--operations", "1"]) == 3


@pytest.mark.parametrize(
    ("moves", "status"), [(["release of 2"], 0), (["pull 7"], 3), (["release of 2", "release of 2"], 3)]
)
def test_a_schedule_that_cannot_be_driven_is_undecided(tmp_path: Path, moves: list[str], status: int) -> None:
    file = tmp_path / "schedule.json"
    said = {"schedule": 1, "subject": "push", "operations": 1, "moves": moves, "about": "", "why": ""}
    file.write_text(json.dumps(said))
    assert main(["interleave", "--replay", str(file)]) == status


@pytest.mark.parametrize(
    "arguments", [["nothing"], ["push", "--operations", "0"], ["push", "--replay", "x"], ["--replay", "/nowhere"]]
)
def test_what_cannot_be_meant_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["interleave", *arguments]) == 2
    assert capsys.readouterr().err.startswith("edgeproof: ")


def test_the_help_names_every_subject(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["interleave", "--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"\n    {name}" in said for name in (*subjects.SUBJECTS, *subjects.ON_WORKERD))


def test_without_workerd_what_needs_it_is_refused_and_the_rest_is_driven(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEPROOF_WORKERD", "/nowhere")
    assert main(["interleave", "worker-memo"]) == 2
    assert capsys.readouterr().err.startswith("edgeproof: worker-memo: $EDGEPROOF_WORKERD names /nowhere")
    assert main(["interleave", "--schedules", "60", "--json"]) == 0
    assert [one["subject"] for one in json.loads(capsys.readouterr().out)["subjects"]] == list(subjects.SUBJECTS)


def test_a_subject_whose_extra_is_missing_is_named_and_the_rest_is_driven(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "edgeproof.impl.interleaved.flags", raising=False)
    for name in {"openfeature", *(name for name in sys.modules if name.startswith("openfeature."))}:
        monkeypatch.setitem(sys.modules, name, None)  # as where it is not installed
    assert main(["interleave", "--schedules", "60", "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert document["not driven"] == {"flags": "the extra `flags` is not installed: pip install 'edgeproof[flags]'"}
    assert [one["subject"] for one in document["subjects"]] == [one for one in subjects.SUBJECTS if one != "flags"]
    assert main(["interleave", "flags"]) == 2
    assert "pip install 'edgeproof[flags]'" in capsys.readouterr().err
