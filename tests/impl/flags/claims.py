# SPDX-License-Identifier: Apache-2.0
"""What is claimed of the pure functions, for any implementation of them; in a module that pytest leaves as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import lt
from typing import Any

from attrs import frozen

from edgeproof.impl.flags.bucketing import bucket_of_hash
from edgeproof.impl.flags.changes import apply_diff, diff_of, inverse_diff
from edgeproof.impl.snapshot import REMOVED, apply_changes, diff, inverse
from edgeproof.properties.engines.contracts import Claim

__all__ = ["Functions", "claims"]

Fields = dict[str, bool]
Changed = dict[str, bool | None]


@frozen
class Functions:
    """The functions that claims are about. Replace one to break it on purpose."""

    bucket: Callable[[int], float] = bucket_of_hash
    admitted: Callable[[float, float], bool] = lt
    diff: Callable[[Any, Any], Any] = diff
    merge: Callable[[Any, Any], Any] = apply_changes
    inverse: Callable[[Any, Any], Any] = inverse
    flag_diff: Callable[[Any, Any], Any] = diff_of
    flag_merge: Callable[[Any, Any], Any] = apply_diff
    flag_inverse: Callable[[Any], Any] = inverse_diff


def claims(of: Functions) -> Mapping[str, Claim]:
    """By name."""

    def is_hash(hashed: int) -> bool:
        return 0 <= hashed < 2**32

    def in_range(hashed: int) -> bool:
        return 0 <= of.bucket(hashed) < 100

    def monotone(hashed: int, less: int, more: int) -> bool:
        bucket = of.bucket(hashed)
        return more < less or not of.admitted(bucket, less) or of.admitted(bucket, more)

    def are_percentages(hashed: int, less: int, more: int) -> bool:
        return is_hash(hashed) and 0 <= less <= more <= 100

    def small(one: Fields, other: Changed) -> bool:
        return len(one) <= 2 and len(other) <= 2

    def diff_then_merge(old: Fields, new: Fields) -> bool:
        return bool(of.merge(old, of.diff(old, new)) == new)

    def merge_then_inverse(old: Fields, changed: Changed) -> bool:
        changes = {name: REMOVED if value is None else value for name, value in changed.items()}
        return bool(of.merge(of.merge(old, changes), of.inverse(old, changes)) == old)

    def merge_keeps_the_rest(old: Fields, changed: Changed) -> bool:
        merged = of.merge(old, {name: REMOVED if value is None else value for name, value in changed.items()})
        kept = all(merged.get(name) == old[name] for name in old if name not in changed)
        return kept and all(merged.get(name) == value for name, value in changed.items())

    def flag_diff_there_and_back(before: Fields, after: Fields) -> bool:
        changes = of.flag_diff(before, after)
        return bool(of.flag_merge(of.flag_merge(before, changes), of.flag_inverse(changes)) == before)

    return {
        "bucket-range": Claim(is_hash, in_range),
        "admission-monotone": Claim(are_percentages, monotone),
        "diff-then-merge": Claim(small, diff_then_merge),
        "merge-then-inverse": Claim(small, merge_then_inverse),
        "merge-keeps-the-rest": Claim(small, merge_keeps_the_rest),
        "flag-diff-there-and-back": Claim(small, flag_diff_there_and_back),
    }
