# SPDX-License-Identifier: Apache-2.0
"""What takes minutes: every order of two reads of the Worker that are under way together (`make long`, 100 s)."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeproof.impl.interleaved.subjects import ON_WORKERD, subject
from edgeproof.properties.engines.interleave.engine import interleave
from edgeproof.properties.evidence import Verdict


@pytest.mark.parametrize("name", ON_WORKERD)
def test_two_reads_break_nothing_in_any_order(workerd: Path, name: str) -> None:
    result = interleave(name, lambda: subject(name, 2))
    assert all(one.exhaustive for one in result.evidence)
    assert {one.verdict for one in result.evidence} == {Verdict.HOLDS_TO_BOUND}
