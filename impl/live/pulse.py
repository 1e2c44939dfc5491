# SPDX-License-Identifier: Apache-2.0
"""How late the machine is by itself, measured beside a run on the real clock.

Somebody asks the store something trivial again and again, by a way that takes the machine through the same processes as
a publication. Where even that is answered late (the machine is busy, or a killed store takes long to come back), a late
copy says nothing about the design.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable
from threading import Event as Flag
from threading import Thread
from typing import Any, Final

from edgeproof.impl.history import now

__all__ = ["STALL", "Pulse"]

STALL: Final = "stall"
"""The note of a fault that nobody makes: an answer that came later than was allowed for."""

PERIOD: Final = 0.1
"""Seconds from an answer to the next question."""

_AGAIN: Final = 0.01


class Pulse(Thread):
    """Asks until it is told to `end`."""

    def __init__(
        self, ask: Callable[[], object], told: Callable[[float, float], Any] = lambda invoke, returned: None
    ) -> None:
        """`ask` returns when it is answered, and raises OSError or HTTPException where nobody answers. `told` hears of
        every answer when it was asked for, and when it came.
        """
        super().__init__(daemon=True)
        self._ask, self._told = ask, told
        self._over = Flag()
        self.slowest = 0.0
        """Seconds that the slowest answer took, the time included in which there was nobody to give one."""

    def run(self) -> None:
        """Ask, and ask again where nobody answers."""
        while not self._over.is_set():
            invoke = now()
            while not self._answered() and not self._over.wait(_AGAIN):
                pass
            returned = now()
            self.slowest = max(self.slowest, returned - invoke)
            self._told(invoke, returned)
            self._over.wait(PERIOD)

    def end(self) -> float:
        """Ask no more, and give the slowest answer."""
        self._over.set()
        self.join()
        return self.slowest

    def _answered(self) -> bool:
        try:
            self._ask()
        except (OSError, http.client.HTTPException):
            return False
        return True
