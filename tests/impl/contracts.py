# SPDX-License-Identifier: Apache-2.0
"""Contracts of the pure functions of `impl.snapshot`, for CrossHair to find counterexamples symbolically.

The last one is wrong on purpose: a checker that cannot find anything would pass the others as well.
"""

from __future__ import annotations

from edgeproof.impl.snapshot import Snapshot, apply_changes, diff, inverse


def applying_a_diff_gives_the_new_config(old: dict[str, int], new: dict[str, int]) -> dict[str, int]:
    """post: __return__ == new"""
    return apply_changes(old, diff(old, new))


def the_inverse_takes_changes_back(config: dict[str, int], changes: dict[str, int]) -> dict[str, int]:
    """post: __return__ == config"""
    return apply_changes(apply_changes(config, changes), inverse(config, changes))


def a_diff_with_itself_is_empty(config: dict[str, int]) -> dict[str, int]:
    """post: len(__return__) == 0"""
    return diff(config, config)


def of_two_snapshots_one_is_as_new_as_the_other(a: int, era_a: int, b: int, era_b: int) -> bool:
    """post: __return__"""
    one, other = Snapshot(a, era_a), Snapshot(b, era_b)
    return one.at_least(other) or other.at_least(one)


def wrong_on_purpose_changes_never_add_a_field(config: dict[str, int], changes: dict[str, int]) -> bool:
    """post: __return__"""
    return len(apply_changes(config, changes)) <= len(config)
