# SPDX-License-Identifier: Apache-2.0
"""The reference implementation where alarms may be lost, and a watchdog may poke the object."""

from __future__ import annotations

from typing import ClassVar

from edgeproof.impl.pattern.system import ReferenceSystem

__all__ = ["LostAlarmsSystem"]


class LostAlarmsSystem(ReferenceSystem):
    """The parts of one unit, which look after their alarm as they do in every run: here it is lost now and then."""

    design: ClassVar = "do_kv_lost_alarms"
