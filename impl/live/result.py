# SPDX-License-Identifier: Apache-2.0
"""What a run came to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from attrs import frozen

from edgeproof.impl.history import Event
from edgeproof.impl.live.truth import Truth

__all__ = ["LiveResult", "Writes"]


@frozen
class Writes:
    """What has become of the writes that clients were told the version of."""

    acknowledged: int
    lost: int
    """Acknowledged, and not in the changelog."""
    torn: int
    """Versions that the changelog lacks, or a config that is not what the changelog comes to."""
    twice: int
    """Made by the store more than once, or told of as more than one version."""

    @classmethod
    def of(cls, events: Iterable[Event], truth: Truth) -> Writes:
        """Hold what clients were told against what the store says in the end."""
        told: dict[str, set[int]] = {}
        for event in events:
            if event.kind == "commit" and event.outcome == "ok" and event.key and event.version is not None:
                told.setdefault(event.key, set()).add(event.version)
        lost = sum(key not in truth.versions for key in told)
        other = {key for key, versions in told.items() if versions - {truth.versions.get(key)}}
        return cls(len(told), lost, truth.torn, len(truth.repeated | {key for key in other if key in truth.versions}))

    @property
    def sound(self) -> bool:
        """Whether all is as it was told."""
        return not (self.lost or self.torn or self.twice)

    def __str__(self) -> str:
        return f"{self.acknowledged:,} acknowledged, {self.lost} lost, {self.torn} torn, {self.twice} made twice"


@frozen
class LiveResult:
    """What a run came to. `counts` are events by kind and outcome, such as "read ok"."""

    history: Path
    seconds: float
    counts: Mapping[str, int]
    remarks: tuple[str, ...]
    config_bytes: int
    """Of the last config."""
    reads_per_second: float
    """Of all locations together, once everything was up."""
    writes: Writes
    signal: int = 0
    """What asked for the end before its time; 0 if nothing did."""
    slowest_answer: float = 0.0
    """Seconds that the machine took at most to answer something trivial (`impl.live.pulse`)."""
    kills: int = 0
    """How often a process was killed at any moment."""

    @property
    def interrupted(self) -> bool:
        """Whether somebody asked for the end before its time."""
        return self.signal != 0
