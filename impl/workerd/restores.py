# SPDX-License-Identifier: Apache-2.0
"""The Worker in workerd, whose store is restored further back than a write, and during a put."""

from __future__ import annotations

from edgeproof.impl.workerd.system import WorkerdSystem

__all__ = ["RestoresWorker"]


class RestoresWorker(WorkerdSystem):
    """One unit per run, which can be restored at any time as it is."""

    def _do_rollback_two(self) -> None:
        self._restore(self._version() - 2)

    def _do_rollback_all(self) -> None:
        # What was written before the run is not of the run.
        self._restore(self._before)
