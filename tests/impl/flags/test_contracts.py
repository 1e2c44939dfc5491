# SPDX-License-Identifier: Apache-2.0
"""CrossHair on the pure functions: no counterexample to what they claim, and one at once to what is broken."""

from __future__ import annotations

from typing import Any

import pytest

from edgeproof.properties.engines.contracts import check_claims
from edgeproof.properties.evidence import Verdict
from tests.impl.flags.claims import Functions, claims


@pytest.mark.parametrize("name", claims(Functions()))
def test_no_counterexample_is_found(name: str) -> None:
    (found,) = check_claims({name: claims(Functions())[name]}, 2)
    assert found.verdict in (Verdict.PROVED, Verdict.HOLDS_TO_BOUND), found.reason


def _bucket_beyond_100(hashed: int) -> float:
    return hashed % 100 + hashed // 100 / 42_949_000


def _admitted_below_half(bucket: float, percentage: float) -> bool:
    return bucket < percentage and percentage <= 50


def _diff_without_removals(old: Any, new: Any) -> Any:
    return {name: value for name, value in new.items() if old.get(name) is not value}


def _merge_of_additions(config: Any, changes: Any) -> Any:
    return {**changes, **config}


def _inverse_without_what_was_added(config: Any, changes: Any) -> Any:
    return {name: config[name] for name in changes if name in config}


def _inverse_that_inverts_nothing(diff: Any) -> Any:
    return {name: {**sides} for name, sides in diff.items()}


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("bucket-range", Functions(bucket=_bucket_beyond_100)),
        ("admission-monotone", Functions(bucket=lambda hashed: hashed % 100, admitted=_admitted_below_half)),
        ("diff-then-merge", Functions(diff=_diff_without_removals)),
        ("merge-then-inverse", Functions(inverse=_inverse_without_what_was_added)),
        ("merge-keeps-the-rest", Functions(merge=_merge_of_additions)),
        ("merge-keeps-the-rest", Functions(merge=lambda config, changes: {**config, **changes})),
        ("flag-diff-there-and-back", Functions(flag_inverse=_inverse_that_inverts_nothing)),
    ],
)
def test_what_is_broken_is_refuted_with_a_call(name: str, broken: Functions) -> None:
    (found,) = check_claims({name: claims(broken)[name]}, 10)
    assert found.verdict is Verdict.VIOLATED
    assert f"when calling {name}(" in found.reason
