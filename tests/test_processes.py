# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys

import pytest

from tests.processes import started

SLEEPS = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]


def a_test_that_fails(ran: list[subprocess.Popen[str]]) -> None:
    with started(SLEEPS) as process:
        ran.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        raise ZeroDivisionError


def test_a_process_ends_with_a_test_that_fails() -> None:
    ran: list[subprocess.Popen[str]] = []
    with pytest.raises(ZeroDivisionError):
        a_test_that_fails(ran)
    (process,) = ran
    assert process.returncode == -9
    assert process.stdout is not None
    assert process.stdout.closed


def test_a_process_that_has_ended_keeps_its_status() -> None:
    with started([sys.executable, "-c", "raise SystemExit(7)"]) as process:
        process.communicate()
    assert process.returncode == 7
