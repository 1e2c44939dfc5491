# SPDX-License-Identifier: Apache-2.0
"""How the words and numbers of a `Setup` are understood: options by name, ticks as seconds, and what all runs share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from edgeproof.impl.durable.replicator import Backoff
from edgeproof.impl.edge.kv import Limits
from edgeproof.impl.system import Setup, SystemUnavailable

__all__ = ["TICK", "UNIT_KEY", "UNSPACED", "check_setup", "seconds_of", "steady"]

TICK: Final = 67.0
"""Seconds of virtual time in a tick. It is above every minimum that KV has, and no number of ticks is a default of KV
or of a part: none makes up for a duration that is forgotten somewhere."""

UNIT_KEY: Final = "config:unit"
"""The KV key of the unit that a run is about."""

UNSPACED: Final = Limits(write_spacing=0)
"""KV's limits in a run: ticks are coarser than the second between two writes to a key, and several puts may land within
one."""


def check_setup(setup: Setup, design: str, options: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The option values that a setup means, the first one of each where it says nothing.

    Raises ValueError for what there is not, SystemUnavailable for T=0 or another design.
    """
    if setup.design != design:
        raise SystemUnavailable(f"this system implements {design}, not {setup.design}")
    if setup.numbers.get("T") == 0:
        raise SystemUnavailable("T=0 is below KV's smallest cacheTtl (30 s, not half a tick): only a model can have it")
    for name, value in setup.options.items():
        if value not in options.get(name, ()):
            raise ValueError(f"no option {name} = {value}; there are {options}")
    return {name: setup.options.get(name, values[0]) for name, values in options.items()}


def seconds_of(setup: Setup, names: Iterable[str]) -> dict[str, float]:
    """Some of a setup's durations in seconds of virtual time; a tick where it says nothing."""
    return {name: TICK * setup.numbers.get(name, 1) for name in names}


def steady(seconds: float) -> Backoff:
    """One delay after every failure: the doubling would leave the bound that a run in lockstep is held to."""
    return Backoff(seconds, seconds)
