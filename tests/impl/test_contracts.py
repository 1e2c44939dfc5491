# SPDX-License-Identifier: Apache-2.0
"""CrossHair searches the contracts of `tests.impl.contracts` for counterexamples."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CONTRACTS = Path(__file__).with_name("contracts.py")


def test_symbolic_execution_breaks_only_the_contract_that_is_wrong_on_purpose() -> None:
    command = [sys.executable, "-m", "crosshair", "check", str(CONTRACTS), "--analysis_kind=PEP316"]
    found = subprocess.run([*command, "--per_condition_timeout=3"], capture_output=True, text=True, check=False)
    complaints = [line for line in found.stdout.splitlines() if ": error: " in line]
    assert len(complaints) == 1, found.stdout + found.stderr
    assert "wrong_on_purpose_changes_never_add_a_field" in complaints[0]
