# SPDX-License-Identifier: Apache-2.0
"""What the TLA+ and Promela texts look like. That they mean the same as the model is for `make peers` to show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from edgeproof.model.expr import TRUE, Expr, for_all
from edgeproof.model.kernel import StateForm, StepForm
from edgeproof.model.machine import (
    Design,
    DesignError,
    Instance,
    State,
    action,
    boolean,
    clock,
    count,
    deadline,
    duration,
    each,
    enum,
    hazard,
    index_sort,
    natural,
    option,
    read_design,
)
from edgeproof.model.text import Names, comment, subject
from edgeproof.model.text_promela import promela
from edgeproof.model.text_tla import tla
from tests.model.random_designs import Spec, instance_of, specs, state_formula


class Small(Design):
    """A lamp per room, a fuse, and everything else that the language has."""

    Room = index_sort("Room", 2, "rooms")
    fused = option("yes", "no", doc="whether there is a fuse")
    V = count(2, "the most")
    D = duration(1, "how long a lamp may stay on")

    lit = boolean(over=Room, doc="a lamp is on")
    on_for = clock(over=Room, while_=lambda s, r: s.lit[r])
    mode = enum("day", "night")
    used = natural(V, initial=None)

    @action(room=Room)
    def switch(s: State, room: Expr) -> None:
        """Somebody switches a lamp on."""
        s.require((s.mode == "night") & (s.used < s.V))
        s.lit[room] = True
        s.used = s.used + 1

    @action(fair=False)
    def turn(s: State) -> None:
        s.mode = "night"

    @hazard()
    def blow(s: State) -> None:
        """The fuse blows."""
        s.require(s.fused == "yes")
        each(s.lit, lambda r: False)

    @deadline
    def not_for_ever(s: State) -> Expr:
        return for_all(s.Room, lambda r: s.on_for[r] <= s.D)


SMALL = Instance.of(read_design(Small), blow=True)
DARK = StateForm("dark-at-day", for_all(SMALL.machine.state().Room, lambda r: ~SMALL.machine.state().lit[r]), TRUE)
STILL = StepForm("still", {"turn": (SMALL.machine.state().mode == "night", TRUE), "tick": (TRUE, TRUE)})

LIT = StateForm("dark-in-the-end", DARK.holds, TRUE)
GOLDEN = Path(__file__).parent / "golden"


def texts(instance: Instance) -> dict[str, str]:
    """The files of an instance with one property of each kind."""
    of = subject(instance, [DARK], [STILL], [LIT])
    name, module, configuration = tla(of)
    promela_name, model = promela(of)
    return {f"{name}.tla": module, f"{name}.cfg": configuration, f"{promela_name}.pml": model}


@pytest.mark.parametrize("file", ["Small.tla", "Small.cfg", "Small.pml"])
def test_the_text_of_a_small_design(file: str) -> None:
    assert texts(SMALL)[file] == (GOLDEN / file).read_text(encoding="utf-8")


def test_hazards_and_options_are_fixed_first() -> None:
    for instance in (SMALL.with_(blow=False), SMALL.with_(fused="no")):
        for file, text in texts(instance).items():
            assert "blow" not in "".join(line for line in text.splitlines() if "Hazards:" not in line), file
            assert "fused" not in "".join(line for line in text.splitlines() if "Options:" not in line), file
    assert "Calm" not in texts(SMALL.with_(blow=False))["Small.tla"], "without faults nothing has to stop"


def test_a_longer_wait_moves_the_cut_off() -> None:
    long = texts(SMALL.with_(D=7))
    assert "cap_on_for = 8\n" in long["Small.cfg"]
    assert "< 8) -> (on_for[0] + 1) : 8)" in long["Small.pml"]


@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(specs())
def test_every_action_says_of_every_variable_once_what_becomes_of_it(spec: Spec) -> None:
    instance = instance_of(spec)
    of = subject(instance, [StateForm("formula", state_formula(instance, spec), TRUE)])
    _, text, configuration = tla(of)
    definitions = dict(re.findall(r"^([\w]+)(?:\([^)]*\))? ==\n((?:  .*\n)+)", text, re.MULTILINE))
    for one in of.machine.actions:
        body = definitions[one.name]
        primed = re.findall(r"/\\ (\w+)' = ", body)
        kept = re.findall(r"/\\ UNCHANGED <<(.*)>>", body)
        assert sorted([*primed, *(kept[0].split(", ") if kept else [])]) == sorted(instance.machine.variables)
    constants = re.findall(r"^  (\w+) = \d+$", configuration, re.MULTILINE)
    assert constants == re.findall(r"^  (\w+),?(?:  .*)?$", text[: text.index("VARIABLES")], re.MULTILINE)


@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(specs())
def test_the_same_instance_gives_the_same_bytes_and_balanced_ones(spec: Spec) -> None:
    def written(instance: Instance) -> tuple[object, ...]:
        of = subject(instance, [StateForm("formula", state_formula(instance, spec), TRUE)])
        return (*tla(of), *promela(of))

    once = written(instance_of(spec))
    assert once == written(instance_of(spec))
    for text in map(str, once):
        assert all(text.count(left) == text.count(right) for left, right in ("()", "[]", "{}"))
        assert text.isascii()


class Awkward(Design):
    """Names that mean something elsewhere, and values that change places."""

    do = index_sort("init", 2)
    N = count(3)
    vars = natural(N, initial=1)
    Init = natural(N)
    od = natural(N, initial=3, over=do, doc="ends a comment */ here *) and not there (* or /* there")

    @action(od=do)
    def Next(s: State, od: Expr) -> None:
        """Next to nothing."""
        with s.when(s.Init == 0):
            s.od[od] = 1
        s.Init = 2

    @action()
    def run(s: State) -> None:
        """Two values change places."""
        first, second = s.Init, s.vars
        s.Init = second
        s.vars = first


AWKWARD = Instance.of(read_design(Awkward))


def test_words_of_the_languages_are_not_used_as_names() -> None:
    _, module, _ = tla(subject(AWKWARD))
    assert "  vars_,\n  Init_,\n  od  \\*" in module
    assert "Next_(od_) ==" in module, "an argument is not called like a variable"
    _, model = promela(subject(AWKWARD))
    assert "byte od_[2] = 3;" in model
    assert "#define do_ 2" in model


def test_values_that_change_places_wait_where_nothing_is_lost() -> None:
    _, model = promela(subject(AWKWARD))
    steps = model[model.index("true ->", model.index("/* run() */")) + 7 :].split(";")
    assert [step.strip() for step in steps][:6] == [
        "scratch[0] = vars",
        "scratch[1] = Init",
        "Init = scratch[0]",
        "scratch[0] = 0",
        "vars = scratch[1]",
        "scratch[1] = 0",
    ]


def test_no_comment_is_ended_from_inside() -> None:
    _, module, _ = tla(subject(AWKWARD))
    _, model = promela(subject(AWKWARD))
    assert model.count("/*") == model.count("*/")
    assert "(*" not in module
    assert comment("a */ b\nc\u2192 *)") == "a * / b c? * )"


def test_a_name_is_taken_once() -> None:
    names = Names(["if"], ("WF_",))
    assert [names.take(one) for one in ("if", "a-b", "a_b", "WF_x", "9", "")] == [
        "if_",
        "a_b",
        "a_b_",
        "xWF_x",
        "x9",
        "x",
    ]
    assert names.free("a", ["a"]) == "a_"


def test_what_is_too_large_for_promela_is_refused() -> None:
    with pytest.raises(DesignError, match="V=20000 is too large"):
        promela(subject(SMALL.with_(V=20_000)))
    with pytest.raises(DesignError, match="5003 events are too many"):
        promela(subject(SMALL.with_(Room=5000)))
