# SPDX-License-Identifier: Apache-2.0
"""What a run on the real clock is asked for, and what that means for the parts and for the bound."""

from __future__ import annotations

from math import ceil
from pathlib import Path
from typing import Final

from attrs import field, frozen

from edgeproof.impl.documents import MAX_BYTES, MAX_FLAGS
from edgeproof.impl.durable.replicator import Backoff, Timing
from edgeproof.impl.edge.kv import Limits
from edgeproof.impl.pattern.deployment import Choices, Parts

__all__ = ["FAULTS", "UNIT", "LiveOptions", "Paths"]

FAULTS: Final = {
    "put-fails": "a put is refused and not applied",
    "put-ambiguous": "a put is applied and reported as failed",
    "put-slow": "a put takes most of its time-out",
    "put-late": "a put times out, and is applied afterwards",
    "crash": "the store's process is killed, and started again",
    "evict": "an isolate at a location loses its memory",
}
"""The faults that can be asked for."""

UNIT: Final = "app"
"""The one unit of a run."""

PUT_FAULTS: Final = tuple(name for name in FAULTS if name.startswith("put-"))


@frozen
class LiveOptions:
    """One run. Times are in seconds. Raises ValueError for what cannot be run, or would have no bound."""

    seconds: float
    """From the moment when everything is up."""
    history: Path
    """Where the history goes."""
    keep: Path | None = None
    """A directory, absent or empty, for everything else that the run leaves behind; None for nothing."""
    pops: int = 3
    writers: int = 2
    flags: int = 200
    size: int | None = None
    """Bytes of the whole config; None for what the flags come to."""
    reader: str = "guarded"
    faults: tuple[str, ...] = ()
    seed: int = 0
    reads_per_second: float = 50.0
    """Of each location."""
    writes_per_second: float = 1.0
    """Of each writer."""
    fault_every: float = 5.0
    """From one crash, and from one eviction at a location, to the next; on average."""
    fault_share: float = 0.25
    """The share of puts that something happens to."""
    kills: int | None = None
    """How often the store or a location is killed (kill -9) at any moment, the next one perhaps before it is up again;
    the run ends after the last. None for never."""
    sync_delay: float = 1.0
    """How late an alarm may be, with everything that the machine itself adds: restarts, serialising, scheduling."""
    put_timeout: float = 1.0
    retry_delay: float = 1.0
    retries: int | None = None
    """F: attempts to publish that fail in a row, at most; None for the fewest that the faults asked for need."""
    cache_ttl: float = 2.0
    memo_ttl: float = 1.0
    heartbeat: float | None = None
    zombie_window: float = 1.0
    """Z: how long after its time-out a late put may be applied."""
    write_spacing: float = 1.0
    """What KV wants between two puts of a key, which the store waits out; 0 lifts that limit."""
    parts: Parts = field(factory=Parts)
    """What the system is built of; the classes must be importable by name."""

    def __attrs_post_init__(self) -> None:
        for name in self.faults:
            if name not in FAULTS:
                raise ValueError(f"there is no fault {name!r}; there is {', '.join(FAULTS)}")
        if self.reader not in ("plain", "guarded", "memo"):
            raise ValueError(f"a reader is plain, guarded or memo, not {self.reader!r}")
        if not 1 <= self.flags <= MAX_FLAGS:
            raise ValueError(f"a config has 1 to {MAX_FLAGS} flags, not {self.flags}")
        if self.size is not None and self.size > MAX_BYTES:
            raise ValueError(f"a config has at most {MAX_BYTES} bytes, not {self.size}")
        if "put-late" in self.faults and self.heartbeat is None:
            raise ValueError("with put-late there is no bound without a heartbeat: nothing repairs a late put")
        for name in (
            "seconds",
            "pops",
            "writers",
            "reads_per_second",
            "writes_per_second",
            "fault_every",
            "put_timeout",
        ):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name.replace('_', ' ')} must be more than 0")
        for name in ("sync_delay", "retry_delay", "cache_ttl", "memo_ttl", "zombie_window", "write_spacing"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name.replace('_', ' ')} is from 0 on")
        if self.heartbeat is not None and not self.heartbeat > 0:
            raise ValueError("a heartbeat must be more than 0")
        if self.kills is not None and not self.kills > 0:
            raise ValueError("there has to be at least one kill")
        if self.retries is not None and self.retries < self._needed():
            raise ValueError(f"with these faults {self._needed()} attempts may fail in a row, more than {self.retries}")

    def _needed(self) -> int:
        """The fewest failures in a row that have to be allowed for."""
        return self.reserved + bool(set(self.faults) & {"put-fails", "put-ambiguous", "put-late"})

    @property
    def reserved(self) -> int:
        """Failures in a row that nobody draws: a put that KV refuses as it follows a late one, and one crash."""
        return self._may_be_refused + ("crash" in self.faults)

    def may_fail(self, failed: int, late: int) -> bool:
        """Whether one more attempt in a row may fail after so many, while so many puts are to land late: each may have
        another one refused.
        """
        refused = max(late, self._may_be_refused)
        return failed + 1 + refused + ("crash" in self.faults) <= self.failures

    @property
    def _may_be_refused(self) -> bool:
        """Whether KV may refuse a put as too soon: nobody knows when a late one lands, to wait for that."""
        return "put-late" in self.faults and self.write_spacing > 0

    @property
    def failures(self) -> int:
        """F: attempts that may fail in a row."""
        return self._needed() if self.retries is None else self.retries

    @property
    def put_faults(self) -> tuple[str, ...]:
        """The faults that happen to puts."""
        return tuple(name for name in self.faults if name in PUT_FAULTS)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What whoever reads the result should know."""
        platform = Limits()
        said = []
        if self.kills is not None:
            said.append("kills at any moment leave no number of failures in a row, and so no bound, to be held to")
        if self.cache_ttl < platform.min_cache_ttl:
            said.append(
                f"KV's minimum cacheTtl of {platform.min_cache_ttl:g} s is lifted to run with {self.cache_ttl:g} s"
            )
        if self.write_spacing < platform.write_spacing:
            said.append(f"KV's {platform.write_spacing:g} s between two puts is lowered to {self.write_spacing:g} s")
        return tuple(said)

    def choices(self) -> Choices:
        """The same for the parts."""
        platform = Limits()
        return Choices(
            reader=self.reader,
            timing=Timing(
                self.put_timeout, Backoff(self.retry_delay, self.retry_delay), self.heartbeat, self.sync_delay
            ),
            platform_retry=Backoff(self.retry_delay, self.retry_delay),
            cache_ttl=self.cache_ttl,
            memo_ttl=self.memo_ttl,
            limits=Limits(min_cache_ttl=min(platform.min_cache_ttl, self.cache_ttl), write_spacing=self.write_spacing),
        )

    def constants(self) -> dict[str, int | str | bool]:
        """The same in the words of the pattern's design, with times in whole milliseconds, rounded up."""
        hazards = {
            "put_fails": "put-fails" in self.faults or self._may_be_refused,
            "put_ambiguous": "put-ambiguous" in self.faults,
            "put_late": "put-late" in self.faults,
            "crash": "crash" in self.faults,
            "evict": "evict" in self.faults,
            "negative_cache": True,
        }
        times = {
            # A write that follows a put waits until KV takes another one, and then for the alarm.
            "S": self.write_spacing + self.sync_delay,
            "D": self.put_timeout,
            # The alarm of a retry is as late as any other, and set for no sooner.
            "R": max(self.retry_delay, self.write_spacing) + self.sync_delay,
            "T": self.cache_ttl,
            "M": self.memo_ttl if self.reader == "memo" else None,
            "H": self.heartbeat,
            "Z": self.zombie_window if hazards["put_late"] else None,
        }
        return {
            "reader": self.reader,
            "repair": "none" if self.heartbeat is None else "heartbeat",
            **{name: True for name, on in hazards.items() if on},
            "F": self.failures,
            **{name: ceil(round(1000 * seconds, 6)) for name, seconds in times.items() if seconds is not None},
            "Pop": self.pops,
        }


@frozen
class Paths:
    """The files of a run: those in `data` may be kept; `socket` is where the store listens."""

    data: Path
    socket: Path

    @property
    def store(self) -> Path:
        """The unit's database."""
        return self.data / "store.sqlite"

    @property
    def kv(self) -> Path:
        """KV's centre."""
        return self.data / "kv.sqlite"

    @property
    def calm(self) -> Path:
        """There while the store may be killed: an attempt that a crash cut off has been followed by a success."""
        return self.data / "calm"

    def part(self, process: str) -> Path:
        """What a process records."""
        return self.data / f"{process}.jsonl"

    def parts(self) -> list[Path]:
        """What all of them have recorded."""
        return sorted(self.data.glob("*.jsonl"))
