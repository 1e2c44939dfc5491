# SPDX-License-Identifier: Apache-2.0
"""Without the runtime nothing is passed silently: verdicts are UNKNOWN, and tests are skipped, or fail in CI."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgeproof.properties.verify import Plan
from edgeproof.reports.cli import main
from tests.workerd.conftest import without_runtime


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few runs of the reference are enough to stand beside."""
    monkeypatch.setattr("edgeproof.properties.verify.PLANS", {"quick": Plan(examples=3, steps=20)})


def test_the_command_line_ends_undecided_and_says_what_to_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGEPROOF_WORKERD", "/nowhere/workerd")
    words = ["--engine", "fuzz", "--case", "outbox", "--out", str(tmp_path)]
    assert main(["verify", "--system", "workerd", *words]) == 3
    said = capsys.readouterr().out
    assert re.search(r"^lockstep, .*: undecided: fuzz: \$EDGEPROOF_WORKERD names /nowhere/workerd", said, re.MULTILINE)
    assert "0 proved, 0 hold to a bound, 0 violated (0 as expected), 17 undecided" in said


def test_a_test_without_the_runtime_is_skipped_with_the_reason_and_fails_in_ci(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="run `make workerd`"):
        without_runtime("run `make workerd`")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="run `make workerd`"):
        without_runtime("run `make workerd`")


@pytest.mark.usefixtures("short")
def test_verify_says_that_the_runtime_was_not_driven_beside_the_reference_and_is_decided_without(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGEPROOF_WORKERD", "/nowhere/workerd")
    words = ["--engine", "fuzz", "--case", "outbox-faults", "--property", "atomic-write", "--out", str(tmp_path)]
    main(["verify", *words])
    said = capsys.readouterr().out
    assert "not checked on workerd: $EDGEPROOF_WORKERD names /nowhere/workerd, which cannot be run" in said
    (row,) = [line for line in said.splitlines() if line.startswith("│ lockstep")]
    assert "HOLDS_TO_BOUND" in row
    assert "UNKNOWN" in row
    assert "as expected" in row


@pytest.mark.usefixtures("short")
def test_verify_drives_the_real_runtime_a_little_beside_the_reference(
    workerd: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--engine", "fuzz", "--case", "outbox-faults", "--property", "atomic-write", "--out", str(tmp_path)]
    main(["verify", *words])
    said = capsys.readouterr().out
    assert re.search(r"^workerd: 10 runs, \d+ steps in lockstep$", said, re.MULTILINE)
    assert "not checked" not in said
    (row,) = [line for line in said.splitlines() if line.startswith("│ atomic-write")]
    assert row.count("HOLDS_TO_BOUND") == 2
