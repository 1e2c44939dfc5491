# SPDX-License-Identifier: Apache-2.0
"""How the words and numbers of a `Setup` are understood: options become choices of the parts, ticks become seconds."""

from __future__ import annotations

from typing import Final

from edgeproof.impl.durable.replicator import ALARM_ATTEMPTS, Backoff, Timing
from edgeproof.impl.edge.kv import Limits
from edgeproof.impl.pattern.deployment import Choices
from edgeproof.impl.pattern.observation import NEIGHBOUR_KEY, UNIT_KEY
from edgeproof.impl.system import Setup, SystemUnavailable

__all__ = ["OPTIONS", "TICK", "choices_of"]

TICK: Final = 60.0
"""Seconds of virtual time in a tick: the default cacheTtl, and above every minimum that KV has."""

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


def choices_of(setup: Setup) -> Choices:
    """What the setup asks for. Raises ValueError for what there is not, SystemUnavailable for T=0 or another design."""
    if setup.design != "do_kv":
        raise SystemUnavailable(f"this system implements do_kv, not {setup.design}")
    if setup.numbers.get("T") == 0:
        raise SystemUnavailable("T=0 is below KV's smallest cacheTtl (30 s, half a tick): only a model can have it")
    for name, value in setup.options.items():
        if value not in OPTIONS.get(name, ()):
            raise ValueError(f"no option {name} = {value}; there are {OPTIONS}")
    said = {name: setup.options.get(name, values[0]) for name, values in OPTIONS.items()}
    seconds = {name: TICK * setup.numbers.get(name, 1) for name in "DRTMH"}
    # One retry delay: the doubling would leave the bound that a run in lockstep is held to.
    retry = Backoff(seconds["R"], seconds["R"])
    return Choices(
        publisher=said["publisher"],
        statements=said["statements"],
        handler=said["handler"],
        ack=said["ack"],
        reader=said["reader"],
        epoch=said["epoch"] == "on",
        key=NEIGHBOUR_KEY if said["kv_key"] == "shared" else UNIT_KEY,
        timing=Timing(seconds["D"], retry, seconds["H"] if said["repair"] == "heartbeat" else None),
        platform_retry=retry,
        alarm_attempts=ALARM_ATTEMPTS if "alarm_exhausted" in setup.hazards else None,
        cache_ttl=seconds["T"],
        memo_ttl=seconds["M"],
        negative_caching="negative_cache" in setup.hazards,
        # Ticks are coarser than the second between two writes to a key, and several puts may land within one.
        limits=Limits(write_spacing=0),
    )
