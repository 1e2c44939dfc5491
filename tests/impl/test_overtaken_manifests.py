# SPDX-License-Identifier: Apache-2.0
"""Reads of one isolate that follow manifests at the same time, while newer ones are published."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.impl.runtime import Task
from edgeproof.impl.snapshot import Snapshot
from tests.impl.manifest_isolate import Isolate

steps = st.one_of(st.sampled_from([("ask",), ("ask",), ("publish",)]), st.tuples(st.just("step"), st.integers(0, 7)))


@pytest.mark.parametrize("keeps", [True, False])
@given(script=st.lists(steps, min_size=20, max_size=60))
@settings(max_examples=200)
def test_everybody_is_told_the_whole_config_of_one_version_and_nobody_an_older_one_than_was_told_before_they_asked(
    keeps: bool, script: list[tuple[Any, ...]]
) -> None:
    isolate = Isolate(keeps)
    reads: list[tuple[Task, int]] = []
    newest = 0
    for act, *arguments in script:
        if act == "ask":
            reads.append((isolate.ask(), newest))
        elif act == "publish":
            isolate.publish()
        else:
            isolate.step(*arguments)
        for read in [read for read in reads if read[0].done]:
            reads.remove(read)
            told: Snapshot = read[0].outcome()
            assert told == isolate.published[told.version]
            assert told.version >= read[1]
            newest = max(newest, told.version)
