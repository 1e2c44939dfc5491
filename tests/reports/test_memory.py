# SPDX-License-Identifier: Apache-2.0
"""A process that works on many events keeps what it has freed: its next columns cost the kernel nothing."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

PROGRAM: Final = """
import resource, sys
from concurrent.futures import ThreadPoolExecutor
from edgeproof.reports.memory import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
import numpy as np

def pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(8_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

pages()
with ThreadPoolExecutor(1) as pool:
    print(pages(), pool.submit(pages).result())
"""


def pages_of_a_second_column(how: str) -> list[int]:
    """Pages that the kernel had to give for it: in the same thread, and in another one."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True)
    return [int(word) for word in done.stdout.split()]


def test_a_column_takes_the_memory_of_one_that_was_freed() -> None:
    assert max(pages_of_a_second_column("kept")) < 100 < min(pages_of_a_second_column("given back"))
