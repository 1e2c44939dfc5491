# SPDX-License-Identifier: Apache-2.0
"""The scoreboard of do_kv_backoff: waits that grow after failures, and by how much a reader is told later."""

from __future__ import annotations

from edgeproof.properties.bounds import formula
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.staleness import tight_trace
from tests.properties import boards

(CASE,) = scoreboard("do_kv_backoff")


def test_every_verdict_is_the_expected_one_and_code_follows() -> None:
    found = boards.searched("do_kv_backoff")
    boards.expected_verdict(CASE, found)
    assert boards.steps(found) == {CASE.name: {"read-your-writes": 3}}
    boards.shows_on_code(found[CASE.name, "read-your-writes"].witness)
    boards.runs_in_lockstep("do_kv_backoff", found)


def test_the_bound_has_a_term_for_waits_that_have_grown_and_is_reached() -> None:
    at = instance_of(CASE).with_(F=3)
    assert formula(at) == "D + S + F*(D + R) + (F - 1)*R + D + T"
    assert formula(at.with_(waits="steady")) == "D + S + F*(D + R) + D + T"
    trace = tight_trace(at)
    assert trace is not None
    # 2 + 1 + 3*(2 + 3) + 2*3 + 2 + 4
    assert trace.states[-1]["since"] == 30
