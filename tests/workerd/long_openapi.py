# SPDX-License-Identifier: Apache-2.0
"""The requests of test_openapi, and ten times as many (`make long`, some minutes)."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from schemathesis import Case

from tests.workerd.test_openapi import CASES, REQUESTS, Deployed, deployed

__all__ = ["deployed"]


@given(case=CASES)
@settings(max_examples=10 * REQUESTS, suppress_health_check=list(HealthCheck))
def test_every_request_is_answered_as_the_document_says_and_none_is_done_by_half(
    deployed: Deployed, case: Case[Any]
) -> None:
    deployed.send(case)
