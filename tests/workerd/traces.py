# SPDX-License-Identifier: Apache-2.0
"""Traces as the exhaustive search has found them, written as their events; the interpreter gives the states."""

from __future__ import annotations

from attrs import evolve

from model.designs import load
from model.interpret import Event, initial_states
from model.machine import Instance
from model.trace import Trace
from properties.cases import instance_of, scoreboard
from properties.engines.shrink import run_events

__all__ = ["PUBLISH", "case_instance", "trace_of"]

PUBLISH = "write; acknowledge; fire; put_lands; put_confirmed"
"""A write, from the control plane to KV's centre."""


def case_instance(name: str) -> Instance:
    """The instance of a case of the scoreboard."""
    return instance_of(next(case for case in scoreboard("do_kv") if case.name == name))


def trace_of(case: str, events: str, about: str = "", loop: int | None = None, **constants: int | str | bool) -> Trace:
    """The trace of `events`: `name argument=number ...; ...`, in the case, with some constants changed."""
    base = case_instance(case)
    instance = Instance.of(base.machine, **{**base.values, **constants})
    first = next(initial_states(instance))
    trace = Trace("do_kv", instance.values, (first,), tuple(_event(text) for text in events.split(";")), about, loop)
    states = run_events(trace, load("do_kv"))
    assert states is not None, f"the model refuses {events!r}"
    return evolve(trace, states=states)


def _event(text: str) -> Event:
    name, *arguments = text.split()
    pairs = (argument.split("=") for argument in arguments)
    return Event(name, tuple((key, int(value)) for key, value in pairs))
