# SPDX-License-Identifier: Apache-2.0
"""The reference implementation where the store is restored further back than a write, and during a put."""

from __future__ import annotations

from typing import ClassVar

from edgeproof.impl.pattern.lost_alarms import LostAlarmsSystem

__all__ = ["RestoresSystem"]


class RestoresSystem(LostAlarmsSystem):
    """The parts of one unit, which can be restored at any time as they are."""

    design: ClassVar = "do_kv_restores"

    def _do_rollback_two(self) -> None:
        self._restore(self.store.version() - 2)

    def _do_rollback_all(self) -> None:
        # What was written before the run is not of the run.
        self._restore(self.before)
