# SPDX-License-Identifier: Apache-2.0
"""Tests that watch a process's system calls are skipped, and say so, where the machine lets nobody do that."""

from __future__ import annotations

import subprocess
import sys

import pytest

from edgeproof.properties.engines.crash.syscalls import ptrace

__all__ = ["needs_ptrace"]


def _allowed() -> bool:
    # It ends with its input, also where nobody ends it.
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", "input()"], stdin=subprocess.PIPE) as process:
        try:
            ptrace.seize(process.pid)
        except OSError:
            return False
        finally:
            process.kill()
    return True


needs_ptrace = pytest.mark.skipif(not _allowed(), reason="this machine allows no ptrace, which records system calls")
