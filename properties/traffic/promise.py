# SPDX-License-Identifier: Apache-2.0
"""What a history is held to, and what it takes for granted."""

from __future__ import annotations

from attrs import frozen

from edgeproof.properties.pattern import PATTERN

__all__ = ["Promise"]


@frozen
class Promise:
    """What a history is held to: the staleness bound (seconds), and what that takes for granted.

    `guarded` says that readers keep what they were told last, and so must not go back. The rest are limits of the
    environment (seconds; `failures` counts puts in a row): a history that shows one passed breaks an assumption, and
    then tells nothing about the design. None assumes nothing. Puts that end later than `put_timeout` break one unless
    they `may_be_late`. `machine` is how late the machine of a run may be by itself, as its stalls show; `skew` is how
    far the recorders' clocks may lie apart. `design` is the one that the bound is of, and `terms` are
    what it is the sum of: the formula of each, what it is for, and its seconds.
    """

    bound_s: float
    formula: str = ""
    guarded: bool = False
    assumptions: tuple[str, ...] = ()
    failures: int | None = None
    put_timeout: float | None = None
    may_be_late: bool = False
    sync_delay: float | None = None
    retry_delay: float | None = None
    cache_ttl: float | None = None
    memo_ttl: float | None = None
    heartbeat: float | None = None
    machine: float | None = None
    skew: float | None = None
    design: str = PATTERN
    terms: tuple[tuple[str, str, float], ...] = ()

    @property
    def keeps_a_copy(self) -> bool:
        """Whether readers promise to go on with what they were told last when KV gives them nothing."""
        return self.guarded or self.memo_ttl is not None

    @property
    def slack(self) -> float:
        """What two clocks may differ by, in seconds."""
        return self.skew or 0.0
