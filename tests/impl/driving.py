# SPDX-License-Identifier: Apache-2.0
"""Driving a system by hand: a story is a list of steps, each an action's name or a name with arguments."""

from __future__ import annotations

from typing import Any

import pytest

from edgeproof.impl.system import ActionImpossible, Observation, System

__all__ = ["Step", "play", "refuses", "seen"]

Step = str | tuple[str, dict[str, int]]


def play(system: System, *steps: Step) -> Observation:
    """What can be seen after the steps."""
    for one in steps:
        name, arguments = (one, {}) if isinstance(one, str) else one
        system.perform(name, arguments)
    return system.observe()


def seen(observation: Observation, *names: str) -> tuple[Any, ...]:
    """Some of what can be seen."""
    return tuple(observation[name] for name in names)


def refuses(system: System, before: tuple[Step, ...], impossible: Step) -> None:
    """After the steps before, the last one is said to be impossible, and changes nothing."""
    kept = play(system, *before)
    with pytest.raises(ActionImpossible):
        play(system, impossible)
    assert system.observe() == kept
