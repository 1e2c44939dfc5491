# SPDX-License-Identifier: Apache-2.0
"""More random runs of every case than a test may take, held to what recorders write down of them (`make random`)."""

from __future__ import annotations

import os

import pytest

from tests.properties.test_history_agrees import CASES, RUNS, compare


@pytest.mark.parametrize("name", sorted(CASES))
@pytest.mark.parametrize("length", [20, 40, 80])
def test_a_history_says_what_the_states_say(name: str, length: int) -> None:
    first = int(os.environ.get("EDGEPROOF_SEED", "0"))
    compare(CASES[name], range(first, first + 3 * RUNS), length)
