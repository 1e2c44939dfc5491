# SPDX-License-Identifier: Apache-2.0
"""KV's own rate, and which writes a bound is about that leaves room for it or not.

KV takes one write a second of a key, and refuses what comes sooner (Workers KV, "Write key-value pairs"). A publisher
that waits that out sets its alarm for later: a write that follows a put waits for the rest of that second, which is a
part of S, the time from a write to its put.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from edgeproof.properties.designs import dossier_of
from edgeproof.properties.environment import Setting

__all__ = ["KV_KEY_WRITES", "PUT_SPACING", "rate_of_writes"]

KV_KEY_WRITES: Final = 1
"""Writes per second to one KV key (Workers KV, "Write key-value pairs")."""

PUT_SPACING: Final = Fraction(1, KV_KEY_WRITES)
"""Seconds between two puts of a key."""


def rate_of_writes(setting: Setting) -> str:
    """Which writes a design's bound is about, by its S, in words; empty for a design that no alarm publishes."""
    instance = setting.instance
    if dossier_of(instance.machine.name).limits.sync_delay is None:
        return ""
    delay = instance.number("S") * setting.unit
    if delay < PUT_SPACING:
        return (
            f"S = {float(delay):g} s has no room for the {float(PUT_SPACING):g} s that KV wants between two puts of a "
            "key: this holds of writes that come as long after the put before them"
        )
    return (
        f"S = {float(delay):g} s has room for the {float(PUT_SPACING):g} s that KV wants between two puts of a key: "
        f"this holds at any rate of writes, with an alarm that is up to {float(delay - PUT_SPACING):g} s late"
    )
