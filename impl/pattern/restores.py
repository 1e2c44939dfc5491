# SPDX-License-Identifier: Apache-2.0
"""The reference implementation where the store is restored further back than a write, and during a put."""

from __future__ import annotations

from typing import ClassVar

from edgeproof.impl.driven.puts import SOON, need_due
from edgeproof.impl.pattern.lost_alarms import LostAlarmsSystem
from edgeproof.impl.system import MAY, ActionImpossible, Value

__all__ = ["RestoresSystem"]


class RestoresSystem(LostAlarmsSystem):
    """The parts of one unit, which can be restored at any time as they are."""

    design: ClassVar = "do_kv_restores"

    def _see(self) -> dict[str, Value]:
        return {**super()._see(), f"{MAY}fire_beside": bool(self.puts()) and self.alarms.due(within=SOON)}

    def _do_fire_beside(self) -> None:
        if not self.puts():
            raise ActionImpossible("no put is in flight")
        need_due(self.alarms)
        self.instance.spawn(self.alarms.fire())

    def _do_put_confirmed(self) -> None:
        super()._do_put_confirmed()
        # As after a restore: what is armed now is another alarm, also where one of this very moment was lost.
        self.alarms.lost = None

    def _do_rollback_two(self) -> None:
        self._restore(self.store.version() - 2)

    def _do_rollback_all(self) -> None:
        # What was written before the run is not of the run.
        self._restore(self.before)
