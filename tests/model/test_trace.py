# SPDX-License-Identifier: Apache-2.0
"""Traces: what is written can be read and replays; what cannot be read is said to be so, and nothing else happens."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.model.designs import load
from edgeproof.model.interpret import Event, apply, initial_states, successors
from edgeproof.model.machine import DesignError, Instance
from edgeproof.model.trace import Trace, TraceError, dump_trace, load_trace, replay
from tests.model.random_designs import instance_of as random_instance
from tests.model.random_designs import specs

DO_KV = load("do_kv")


def recorded(instance: Instance, picks: list[int], **more: Any) -> Trace:
    """A run that takes, at every step, one of the events that can happen."""
    states, events = [next(initial_states(instance))], []
    for pick in picks:
        found = list(successors(instance, states[-1]))
        if not found:
            break
        event, state = found[pick % len(found)]
        events.append(event)
        states.append(state)
    return Trace(instance.machine.name, instance.values, tuple(states), tuple(events), **more)


def short_run(**more: Any) -> Trace:
    instance = Instance.of(DO_KV, Pop=1)
    events = [
        Event("write"),
        Event("acknowledge"),
        Event("tick", (), Fraction(1, 2)),
        Event("fire"),
        Event("read", (("pop", 0), ("cache", 0))),
    ]
    states = [next(initial_states(instance))]
    for event in events:
        states.append(apply(instance, states[-1], event))
    return Trace("do_kv", instance.values, tuple(states), tuple(events), **more)


RUN = short_run(about="read-your-writes", origin="explore", seed=7, note="größer", loop=5)
TEXT = dump_trace(RUN)
DOCUMENT = json.loads(TEXT)

picks = st.lists(st.integers(0, 999), max_size=30)


@settings(max_examples=20)
@given(picks, st.text(max_size=9), st.none() | st.integers(0, 2**80), st.sampled_from(["plain", "guarded", "memo"]))
def test_a_trace_read_back_is_the_trace_that_was_written(
    steps: list[int], note: str, seed: int | None, reader: str
) -> None:
    instance = Instance.of(DO_KV, reader=reader, crash=True, put_late=True)
    trace = recorded(instance, steps, note=note, seed=seed, about="x", origin="fuzz")
    trace = evolve(trace, loop=len(trace.events))
    text = dump_trace(trace)
    assert load_trace(text) == trace
    assert dump_trace(load_trace(text)) == text
    assert replay(DO_KV, load_trace(text)) == list(trace.states)


@settings(max_examples=30)
@given(specs(), st.lists(st.integers(0, 99), max_size=5))
def test_a_trace_of_any_design_is_written_and_read(spec: Any, steps: list[int]) -> None:
    instance = random_instance(spec)
    try:
        trace = recorded(instance, steps)
    except ValueError:
        return  # the random design leaves a range
    assert load_trace(dump_trace(trace)) == trace
    replay(instance.machine, load_trace(dump_trace(trace)))


def test_the_format_is_itf_with_action_and_arguments_beside_each_state() -> None:
    assert DOCUMENT["vars"] == list(DO_KV.variables)
    assert DOCUMENT["loop"] == 5
    first, *later = DOCUMENT["states"]
    assert first["#meta"] == {"index": 0}
    assert later[-1]["#meta"] == {"index": 5, "action": "read", "arguments": {"pop": 0, "cache": 0}}
    assert later[2]["#meta"]["delay"] == {"numerator": 1, "denominator": 2}
    assert later[2]["armed"] == {"numerator": 1, "denominator": 2}
    assert later[0]["stray"] == [False, False]
    assert DOCUMENT["#meta"]["design"] == "do_kv"
    assert "größer" in TEXT


def test_what_other_tools_write_is_read_big_integers_included() -> None:
    document = json.loads(TEXT)
    document["states"][1]["config"] = {"#bigint": "1"}
    document["params"] = []
    for state in document["states"]:
        state["more"] = 1
    assert load_trace(json.dumps(document)) == RUN


# --- replaying


def test_a_replay_gives_the_states() -> None:
    assert replay(DO_KV, RUN) == list(RUN.states)


def altered(number: int, **values: Any) -> Trace:
    states = [dict(state) for state in RUN.states]
    states[number].update(values)
    return evolve(RUN, states=tuple(states))


@pytest.mark.parametrize(
    ("trace", "says"),
    [
        (altered(0, config=1), "state 0 is not an initial state of the design"),
        (altered(4, sent=2), r"step 4 \(fire\): sent is 1, but recorded as 2"),
        (evolve(RUN, states=RUN.states[:-1]), "5 events need 6 states, not 5"),
        (evolve(RUN, states=(), events=()), "0 events need 1 states, not 0"),
        (evolve(RUN, events=(Event("fire"), *RUN.events[1:])), "step 1: fire cannot happen here"),
        (evolve(RUN, events=(Event("fly"), *RUN.events[1:])), "step 1: do_kv has no action 'fly'"),
        (evolve(RUN, events=(*RUN.events[:-1], Event("read"))), "step 5: read needs the arguments"),
        (evolve(RUN, events=(*RUN.events[:-1], Event("read", (("pop", 0), ("cache", 9))))), "step 5"),
        (evolve(RUN, events=(*RUN.events[:-1], Event("read", (("pop", -1), ("cache", 0))))), "step 5"),
    ],
)
def test_what_does_not_replay_is_refused_with_the_step_and_the_difference(trace: Trace, says: str) -> None:
    with pytest.raises(TraceError, match=says):
        replay(DO_KV, trace)


@pytest.mark.parametrize("constants", [{"colour": 1}, {"reader": "odd"}, {"Pop": -1}])
def test_constants_that_the_design_does_not_have_are_refused(constants: dict[str, Any]) -> None:
    with pytest.raises((TraceError, DesignError)):
        replay(DO_KV, evolve(RUN, constants=constants))


# --- reading what is no trace


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 200_000, "nested too deeply"),
        ("[]", "not a trace: an object with `#meta`, `vars` and `states` is needed"),
        ('{"#meta": 3}', "not a trace: an object"),
        ('{"#meta": {}}', "not a trace of edgeproof: `#meta.format` is None"),
        ('{"#meta": {"format": "edgeproof-trace", "version": 2}}', "trace version 2 cannot be read"),
        ('{"#meta": {"format": "edgeproof-trace", "version": 1}}', "malformed"),
    ],
)
def test_a_text_that_is_no_trace_is_refused_with_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(TraceError, match=says):
        load_trace(text)


def changed(*path: Any, to: Any) -> str:
    """The document with one thing replaced."""
    document = json.loads(TEXT)
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (changed("loop", to=6), "loop 6 is not the number of a state"),
        (changed("loop", to=-1), "loop -1 is not the number of a state"),
        (changed("loop", to=True), "True is not a whole number"),
        (changed("loop", to="1"), "'1' is not a whole number"),
        (changed("#meta", "seed", to=1.5), "1.5 is not a whole number"),
        (changed("#meta", "constants", to=[]), "malformed"),
        (changed("#meta", "constants", "Pop", to=None), "None is no constant of a design"),
        (changed("states", to={}), "malformed"),
        (changed("states", 1, "#meta", to=None), "malformed"),
        (changed("states", 1, "#meta", "arguments", to={"pop": "0"}), "'0' is not a whole number"),
        (changed("states", 3, "#meta", "delay", to=0), "a delay of 0 is not a positive number"),
        (changed("states", 3, "#meta", "delay", to=True), "a delay of True is not a positive number"),
        (changed("states", 3, "armed", to={"numerator": 1, "denominator": 0}), "malformed"),
        (changed("states", 3, "armed", to=0.5), "0.5 is no value of a trace"),
        (changed("states", 3, "armed", to={"#bigint": "x"}), "malformed"),
        (changed("states", 3, "armed", to={"#bigint": 1e999}), "Infinity is no number of JSON"),
        (changed("vars", to=["colour"]), "malformed"),
    ],
)
def test_a_malformed_part_is_named(text: str, says: str) -> None:
    with pytest.raises(TraceError) as caught:
        load_trace(text)
    assert says in str(caught.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to every part of a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [found for key, part in inner for found in places(part, (*path, key))]


PLACES = places(DOCUMENT)


@settings(max_examples=150)
@given(st.sampled_from(PLACES), json_values)
def test_a_document_changed_anywhere_replays_or_is_refused_and_raises_nothing_else(path: Any, value: Any) -> None:
    try:
        trace = load_trace(changed(*path, to=value))
        replay(load(trace.design), trace)
    except (TraceError, DesignError):
        return


@settings(max_examples=60)
@given(st.integers(0, len(TEXT) - 1), st.integers(0, 40), st.text(max_size=8))
def test_a_text_damaged_anywhere_is_read_or_refused_and_raises_nothing_else(at: int, length: int, put: str) -> None:
    try:
        load_trace(TEXT[:at] + put + TEXT[at + length :])
    except TraceError:
        return
