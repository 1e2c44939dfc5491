# SPDX-License-Identifier: Apache-2.0
"""The platform loses alarms of every design: with parts, a key per flag, and tokens requests look after them, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from edgeproof.impl.alternatives.per_key_system import DoKvPerKeySystem
from edgeproof.impl.driven.setup import TICK
from edgeproof.impl.durable.store import Alarm
from edgeproof.impl.manifest.system import ManifestSystem
from edgeproof.impl.system import Setup
from edgeproof.impl.tokens.system import TokenSystem

S: Final = 2
"""Ticks; no default equals it."""

System: Any = DoKvPerKeySystem | ManifestSystem | TokenSystem

DESIGNS: Final[dict[str, tuple[Callable[[], System], str, float]]] = {
    "do_kv_per_key": (DoKvPerKeySystem, "write", S * TICK),
    # There an alarm may have to wait for a delete, which takes D, which is one tick.
    "do_kv_manifest": (ManifestSystem, "write", S * TICK + TICK),
    "artifacts_tokens": (TokenSystem, "mint_read", S * TICK),
}
"""What drives each, how its first write is called, and how late its alarm may be: seconds."""


def request(system: System) -> None:
    """A request of any kind, which here is a write."""
    if isinstance(system, TokenSystem):
        system.perform("change_another", {})
    elif isinstance(system, ManifestSystem):
        system.perform("write_without", {})
    else:
        system.perform("acknowledge", {})
        system.perform("write", {})


@pytest.fixture(params=DESIGNS)
def overdue(request: pytest.FixtureRequest) -> System:
    """A unit whose alarm has been lost, and is as late now as an alarm may be."""
    build, write, late = DESIGNS[request.param]
    system = build()
    system.start(Setup(request.param, numbers={"S": S}))
    system.perform(write, {})
    system.alarms.lose()
    system.runtime.advance(late)
    return system


def test_an_alarm_that_may_only_be_late_is_left_alone(overdue: System) -> None:
    request(overdue)
    assert overdue.store.alarm() == Alarm(0, "sync")


def test_one_that_is_later_is_armed_again_by_a_request_and_fires(overdue: System) -> None:
    overdue.runtime.advance(1)
    assert not overdue.alarms.due()
    request(overdue)
    assert overdue.store.alarm() == Alarm(overdue.runtime.now(), "again")
    assert overdue.alarms.due()


def test_where_that_one_is_lost_too_a_request_begins_to_publish_what_it_wrote(overdue: System) -> None:
    overdue.runtime.advance(1)
    request(overdue)
    overdue.alarms.lose()
    overdue.runtime.advance(10 * TICK)
    request(overdue)
    assert overdue.store.alarm().reason == "lease"
    while overdue.instance.pending:
        overdue.runtime.resolve(overdue.instance.pending[0])
    assert overdue.store.alarm() is None, "the attempt had the write in it"


@pytest.mark.parametrize("design", ["do_kv_manifest", "artifacts_tokens"])
def test_an_object_that_starts_arms_it_again(design: str) -> None:
    build, write, late = DESIGNS[design]
    system = build()
    system.start(Setup(design, numbers={"S": S}))
    system.perform(write, {})
    system.runtime.advance(late + 1)
    system.perform("crash", {})
    assert system.store.alarm() == Alarm(late + 1, "again")
