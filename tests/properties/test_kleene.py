# SPDX-License-Identifier: Apache-2.0
"""What is known of an expression although some of the state is not: never anything but what it is worth, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.model.expr import Expr
from edgeproof.model.interpret import Event, State, evaluate, initial_states, successors
from edgeproof.model.machine import Instance
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE, applicable, state_form, step_form
from edgeproof.properties.engines.outside.kleene import known_value

AT = instance_of(next(case for case in scoreboard("do_kv") if case.name == "recommended"))


def walk(instance: Instance, seed: int, steps: int) -> Iterator[tuple[State, Event]]:
    """States of a random run, each with the event that leads on."""
    random, state = Random(seed), next(initial_states(instance))
    for _ in range(steps):
        event, after = random.choice(list(successors(instance, state)))
        yield state, event
        state = after


def forms(event: Event) -> Iterator[tuple[Expr, dict[str, Any]]]:
    """Every expression of the catalogue that speaks of this step, or of the state before it."""
    for one in (CATALOGUE[name] for name in applicable(AT)):
        if one.step is None:
            form = state_form(AT.machine, one)
            yield from ((form.holds, {}), (form.tested, {}))
        elif (pair := step_form(AT.machine, one).per_action.get(event.action)) is not None:
            yield from ((part, dict(event.arguments)) for part in pair)


@pytest.mark.parametrize("seed", range(3))
def test_where_all_is_known_it_is_what_the_interpreter_says(seed: int) -> None:
    for state, event in walk(AT, seed, 30):
        for node, arguments in forms(event):
            assert known_value(AT, node, state, arguments) == evaluate(AT, node, state, arguments)


@given(seed=st.integers(0, 50), hidden=st.sets(st.sampled_from(sorted(AT.machine.variables)), max_size=8))
def test_whatever_is_hidden_what_is_known_is_true(seed: int, hidden: set[str]) -> None:
    for state, event in list(walk(AT, seed, 12))[-2:]:
        seen = {name: value for name, value in state.items() if name not in hidden}
        for node, arguments in forms(event):
            assert known_value(AT, node, seen, arguments) in (None, evaluate(AT, node, state, arguments))


def test_one_false_part_is_enough_and_one_unknown_part_leaves_the_rest_open() -> None:
    s = AT.machine.state()
    false, unknown = s.kv == 1, s.config == 1
    state: State = {"kv": 0}
    assert known_value(AT, false & unknown, state) is False
    assert known_value(AT, ~false & unknown, state) is None
    assert known_value(AT, ~false | unknown, state) is True
    assert known_value(AT, false | unknown, state) is None
