# SPDX-License-Identifier: Apache-2.0
"""The reference implementation where alarms may be lost, and a watchdog may poke the object.

A lost alarm is known by when it is due and why. What is armed in its place is another, also where that is due at the
same time for the same reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from edgeproof.impl.driven.base import impossible_on
from edgeproof.impl.pattern.system import ReferenceSystem
from edgeproof.impl.system import ActionImpossible

__all__ = ["WATCHDOG", "LostAlarmsSystem"]

WATCHDOG: Final = {"watchdog": ("off", "on")}
"""The option that there is where alarms may be lost."""


class LostAlarmsSystem(ReferenceSystem):
    """The parts of one unit, which look after their alarm as they do in every run: here it is lost now and then."""

    design: ClassVar = "do_kv_lost_alarms"
    more_options: ClassVar[Mapping[str, tuple[str, ...]]] = WATCHDOG

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        """Make one action of the model happen."""
        super().perform(action, arguments)
        self.alarms.forget()

    def _do_alarm_stuck(self) -> None:
        with impossible_on(LookupError):
            self.alarms.lose()

    def _do_poke(self) -> None:
        if self.choices.timing.watchdog is None:
            raise ActionImpossible("there is no watchdog")
        self.front.look()

    def _restore(self, version: int) -> None:
        super()._restore(version)
        # What is armed anew is another alarm, also where one of this very moment was lost.
        self.alarms.lost = None
