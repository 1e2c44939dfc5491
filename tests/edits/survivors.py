# SPDX-License-Identifier: Apache-2.0
"""Why lockstep does not find some edits, and what does or would."""

from __future__ import annotations

from typing import Final

__all__ = [
    "BEFORE_THE_LEASE",
    "NO_ERAS",
    "OLD_REPORTS",
    "ONE_DELAY",
    "ONE_VERSION_BACK",
    "RESTORED_IN_PEACE",
    "SELDOM_MET",
    "TO_THE_BEGINNING",
    "WHOLE_CHANGELOG",
]

ONE_VERSION_BACK: Final = (
    "The model restores one version back, so that no field has changed twice since. test_store and test_http_front go "
    "further back, and find it."
)
RESTORED_IN_PEACE: Final = (
    "The model restores only while no put is under way. test_store restores during an attempt, and finds it in the "
    "reference; for the Worker it would take such a step in the model."
)
SELDOM_MET: Final = (
    "An alarm has to be lost twice, and the store to crash before the next request: runs of one seed in three come to "
    "it. test_lost_alarm does, and finds it."
)
WHOLE_CHANGELOG: Final = (
    "The whole changelog is compared, from version 0 on. test_store and test_http_front ask for a part of it, and find "
    "it."
)
ONE_DELAY: Final = (
    "Every failure is followed by the one delay R, as the bound has it: what depends on the number of failures has no "
    "effect. test_replicator and test_backoff let the waits grow, and find it."
)
NO_ERAS: Final = (
    "Equal labels have equal contents, where the edit changes nothing, unless a store was restored and copies carry no "
    "era. Then lockstep takes either content of a number for right, as no reader could tell."
)
OLD_REPORTS: Final = (
    "In the model a location speaks of the version under way only. test_push lets it speak of an older one, and finds "
    "it."
)
BEFORE_THE_LEASE: Final = (
    "A put ends within D in the model, and its lease is D + R: no alarm meets an attempt that has outlived its lease. "
    "test_lost_alarm, and for requests on workerd test_alarm_stuck, let one, and find it."
)
TO_THE_BEGINNING: Final = "The model never restores version 0. test_http_front does, and finds it."
