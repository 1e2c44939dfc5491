# SPDX-License-Identifier: Apache-2.0
"""A design can name expressions: they read like variables, and cannot be assigned."""

from __future__ import annotations

from typing import Any

import pytest

from edgeproof.model.expr import Expr
from edgeproof.model.machine import (
    Design,
    DesignError,
    Instance,
    State,
    action,
    boolean,
    count,
    definition,
    index_sort,
    natural,
    read_design,
)


class Lamps(Design):
    Lamp = index_sort("Lamp", 2)
    most = count(3)
    on = boolean(over=Lamp)
    switched = natural(most)

    @definition()
    def odd(s: State) -> Expr:
        return (s.switched == 1) | (s.switched == 3)

    @definition(lamp=Lamp)
    def dark(s: State, lamp: Expr) -> Expr:
        return ~s.on[lamp]

    @definition()
    def first(s: State) -> int:
        return 0

    @action(lamp=Lamp)
    def switch(s: State, lamp: Expr) -> None:
        s.require(s.dark[lamp])
        s.on[lamp] = ~s.on[lamp]
        s.switched = s.switched + 1


def test_a_definition_is_read_as_the_expression_it_stands_for() -> None:
    machine = read_design(Lamps)
    s = machine.state()
    lamp = machine.action("switch").arguments[0]
    assert str(s.dark[lamp]) == str(~s.on[lamp])
    assert str(s.odd) == str((s.switched == 1) | (s.switched == 3))
    assert str(s.first) == "0"
    assert str(machine.action("switch").guard) == str(~s.on[lamp])


def test_a_definition_after_a_step_speaks_of_the_state_after_it() -> None:
    machine = read_design(Lamps)
    one = machine.action("switch")
    before, after = machine.state(), machine.state(one.post)
    assert str(after.odd) == str((before.switched + 1 == 1) | (before.switched + 1 == 3))


def test_a_definition_is_among_the_names_of_a_design_and_is_no_variable() -> None:
    machine = read_design(Lamps)
    assert "odd" in machine.state()
    assert "even" not in machine.state()
    assert "odd" not in machine.variables
    assert Instance.of(machine).number("Lamp") == 2


def test_a_definition_with_an_argument_wants_an_element_of_its_sort() -> None:
    s = read_design(Lamps).state()
    with pytest.raises(TypeError, match="dark is indexed by Lamp"):
        s.dark[s.switched]
    with pytest.raises(TypeError, match="say for which element"):
        bool(s.dark)


def test_a_definition_cannot_be_assigned() -> None:
    with pytest.raises(DesignError, match="'odd' cannot be assigned"):
        read_design(Lamps).state().odd = True


def test_a_definition_that_gives_no_expression_is_refused() -> None:
    class Vague(Design):
        on = boolean()

        @definition()
        def what(s: Any) -> str:
            return "something"

    with pytest.raises(DesignError, match="the definition what gives 'something'"):
        _ = read_design(Vague).state().what
