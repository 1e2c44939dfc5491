# SPDX-License-Identifier: Apache-2.0
"""What a violation is due to: the hazards without which its trace cannot happen."""

from __future__ import annotations

from edgeproof.model.designs import load
from edgeproof.model.interpret import apply
from edgeproof.model.machine import Instance
from edgeproof.model.trace import Trace

__all__ = ["hazards_on", "hazards_used"]


def hazards_on(instance: Instance) -> tuple[str, ...]:
    """The hazards that may strike."""
    return tuple(name for name in instance.of_role("hazard") if instance.values[name])


def hazards_used(trace: Trace) -> tuple[str, ...]:
    """The hazards that a trace of a design of ours needs: with any of them switched off it cannot be followed."""
    instance = Instance.of(load(trace.design), **trace.constants)
    return tuple(name for name in hazards_on(instance) if not _happens(instance.with_(**{name: False}), trace))


def _happens(instance: Instance, trace: Trace) -> bool:
    state = trace.states[0]
    for event in trace.events:
        try:
            state = apply(instance, state, event)
        except ValueError:
            return False
    return True
