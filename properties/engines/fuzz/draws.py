# SPDX-License-Identifier: Apache-2.0
"""Where the numbers come from that decide a run: from the seed and nothing else.

Hypothesis's own draws favour the constants that stand in whatever local modules are loaded, so that an edit of any of
them, or one module more in the process, makes other runs of the same seed. A backend of our own has none of that. What
Hypothesis remembers of a run that failed it does again without asking a backend.
"""

from __future__ import annotations

from functools import cache
from random import Random
from typing import ClassVar, NoReturn

from hypothesis.internal.conjecture.data import ConjectureData
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, PrimitiveProvider

__all__ = ["backend_of"]


@cache
def backend_of(seed: int) -> str:
    """The name, for Hypothesis's settings, of a backend that draws what this seed says."""
    name = f"edgeproof-{seed}"
    AVAILABLE_PROVIDERS[name] = type("Draws", (_Draws,), {"seed": seed})
    return name


class _Draws(PrimitiveProvider):
    """Every number of a range is as likely as any other. Runs draw numbers only, which have both bounds."""

    lifetime = "test_function"
    seed: ClassVar[int]

    def __init__(self, conjecturedata: ConjectureData | None, /) -> None:
        super().__init__(conjecturedata)
        self._dice = Random(self.seed)

    def draw_boolean(self, p: float = 0.5) -> bool:
        return self._dice.random() < p

    def draw_integer(
        self,
        min_value: int | None = None,
        max_value: int | None = None,
        *,
        weights: dict[int, float] | None = None,
        shrink_towards: int = 0,
    ) -> int:
        # `weights` would have the ends of the range more often.
        if min_value is None or max_value is None:
            return _not_drawn()
        return self._dice.randint(min_value, max_value)

    def draw_float(self, **constraints: object) -> float:
        return _not_drawn()

    def draw_string(self, *intervals: object, **constraints: object) -> str:
        return _not_drawn()

    def draw_bytes(self, *sizes: object, **constraints: object) -> bytes:
        return _not_drawn()


def _not_drawn() -> NoReturn:
    raise NotImplementedError("runs draw whole numbers of a range, and what is true or false")
