# SPDX-License-Identifier: Apache-2.0
"""A part: an outbox that waits longer the more attempts in a row have failed.

The wait is R after the first failure, and twice as long after every further one: a cap of 2*R.
"""

from __future__ import annotations

from edgeproof.model.designs.parts.outbox import Outbox
from edgeproof.model.expr import Expr, ite
from edgeproof.model.machine import State, definition, option

__all__ = ["Backoff"]


class Backoff(Outbox):
    """An outbox whose waits may grow with the failures in a row."""

    waits = option("steady", "doubled", doc="how long to wait after a failure: R, or 2*R after every further one")

    @definition()
    def wait(s: State) -> Expr:
        """How long to wait after the last failure; after the next one while an attempt is under way."""
        further = (s.failures > 1) | ((s.failures > 0) & (s.sending != "idle"))
        return ite((s.waits == "doubled") & further, 2 * s.R, s.R)
