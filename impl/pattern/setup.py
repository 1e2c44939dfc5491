# SPDX-License-Identifier: Apache-2.0
"""How the words and numbers of a `Setup` are understood by the pattern: as choices of its parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edgeproof.impl.driven.setup import UNIT_KEY, UNSPACED, check_setup, seconds_of, steady
from edgeproof.impl.durable.replicator import ALARM_ATTEMPTS, Backoff, Timing
from edgeproof.impl.pattern.deployment import Choices
from edgeproof.impl.system import Setup

__all__ = ["NEIGHBOUR_KEY", "OPTIONS", "WAITS", "choices_of", "longest_wait", "neighbour_of"]

NEIGHBOUR_KEY: Final = "config:neighbour"
"""The KV key of another unit in the same namespace; where both share a key, it is this one."""

OPTIONS: Final = {
    "publisher": ("outbox", "inline"),
    "statements": ("transaction", "bare"),
    "handler": ("rearms", "throws"),
    "repair": ("none", "heartbeat"),
    "reader": ("plain", "guarded", "memo"),
    "epoch": ("off", "on"),
    "ack": ("gated", "early"),
    "retries": ("keyed", "blind"),
    "kv_key": ("per_unit", "shared"),
}
"""The options that there are and their values, the default first."""

WAITS: Final = {"waits": ("steady", "doubled")}
"""The option that there is where the waits after failures may grow."""


def choices_of(setup: Setup, design: str, more: Mapping[str, tuple[str, ...]] = {}) -> Choices:
    """What the setup asks of a system that implements `design`, which may have `more` options than the pattern.

    Raises ValueError for what there is not, SystemUnavailable for T=0 or another design.
    """
    said = check_setup(setup, design, {**OPTIONS, **more})
    seconds = seconds_of(setup, "DRTMHSW")
    return Choices(
        publisher=said["publisher"],
        statements=said["statements"],
        handler=said["handler"],
        ack=said["ack"],
        reader=said["reader"],
        install=said.get("install", "newer"),
        overlap=said.get("overlap", "newest"),
        dated=said.get("dated", "asked"),
        epoch=said["epoch"] == "on",
        key=NEIGHBOUR_KEY if said["kv_key"] == "shared" else UNIT_KEY,
        timing=Timing(
            seconds["D"],
            Backoff(seconds["R"], longest_wait(setup, seconds["R"])),
            seconds["H"] if said["repair"] == "heartbeat" else None,
            seconds["S"],
            seconds["W"] if said.get("watchdog") == "on" else None,
        ),
        platform_retry=steady(seconds["R"]),
        alarm_attempts=ALARM_ATTEMPTS if "alarm_exhausted" in setup.hazards else None,
        cache_ttl=seconds["T"],
        memo_ttl=seconds["M"],
        negative_caching="negative_cache" in setup.hazards,
        limits=UNSPACED,
    )


def longest_wait(setup: Setup, first: float) -> float:
    """The longest wait after a failure: the `first` one, or twice that. More would leave the bound of a run."""
    return 2 * first if setup.options.get("waits") == "doubled" else first


def neighbour_of(choices: Choices) -> Choices:
    """Those of another unit in the same namespace, which makes no mistakes."""
    return Choices(
        key=NEIGHBOUR_KEY, timing=choices.timing, cache_ttl=choices.cache_ttl, alarm_attempts=None, limits=UNSPACED
    )
