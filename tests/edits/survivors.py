# SPDX-License-Identifier: Apache-2.0
"""Why lockstep does not find some edits, and what does or would."""

from __future__ import annotations

from typing import Final

__all__ = ["BESIDE_A_REQUEST"]

BESIDE_A_REQUEST: Final = (
    "An alarm fires beside a request's own put only if the put outlives its time-out by R, or if the store is restored "
    "meanwhile; the model lets no alarm fire during a put. test_lost_alarm, and for requests on workerd "
    "test_alarm_stuck, let one, and find it."
)
