# SPDX-License-Identifier: Apache-2.0
"""The Worker in workerd, whose store is restored further back than a write, and during a put."""

from __future__ import annotations

from edgeproof.impl.system import ActionImpossible
from edgeproof.impl.workerd.system import WorkerdSystem

__all__ = ["RestoresWorker"]


class RestoresWorker(WorkerdSystem):
    """One unit per run, which can be restored at any time as it is."""

    def _do_fire_beside(self) -> None:
        if not self.puts:
            raise ActionImpossible("no put is in flight")
        self._let_fire("rouse")

    def _do_put_confirmed(self) -> None:
        super()._do_put_confirmed()
        # As after a restore: what is armed now is another alarm, also where one of this very moment was lost.
        self.lost = None

    def _do_rollback_two(self) -> None:
        self._restore(self._version() - 2)

    def _do_rollback_all(self) -> None:
        # What was written before the run is not of the run.
        self._restore(self._before)
