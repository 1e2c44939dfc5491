# SPDX-License-Identifier: Apache-2.0
"""Elements that belong to elements, as requests do to locations: all back ends say what the interpreter does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.model.expr import TRUE, for_all, implies
from edgeproof.model.interpret import initial_states
from edgeproof.model.kernel import StateForm, build_kernel, build_source
from edgeproof.model.machine import (
    Design,
    DesignError,
    Instance,
    action,
    boolean,
    clock,
    count,
    deadline,
    duration,
    index_sort,
    natural,
    read_design,
)
from edgeproof.model.text import subject
from edgeproof.model.text_promela import promela
from edgeproof.model.text_tla import tla
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.engines.prove.engine import prove
from edgeproof.properties.evidence import Verdict
from tests.model.agreement import Z3Step, agrees_with_kernel, outcomes, random_walk, truth
from tests.properties.designs import step


class Counter(Design):
    """Requests wait at desks, and each desk remembers what it answered last, and how old that was."""

    Desk = index_sort("Desk", 2)
    Request = index_sort("Request", 3, of=Desk)

    most = count(2)
    L = duration(2)

    news = natural(most)
    waits = boolean(over=Request)
    carries = natural(most, over=Request)
    waits_for = clock(over=Request, while_=lambda s, r: s.waits[r])
    told = natural(most, over=Desk)
    age = clock(over=Desk, while_=lambda s, d: s.told[d] > 0)

    @action(fair=False)
    def publish(s: Any) -> None:
        s.require(s.news < s.most)
        s.news = s.news + 1

    @action(fair=False, request=Request)
    def ask(s: Any, request: Any) -> None:
        s.require(~s.waits[request])
        s.waits[request] = True
        s.waits_for[request] = 0
        s.carries[request] = s.news

    @action(request=Request)
    def answer(s: Any, request: Any) -> None:
        desk = s.home(request)
        s.require(s.waits[request])
        with s.when(s.carries[request] >= s.told[desk]):
            s.told[desk] = s.carries[request]
            s.age[desk] = s.waits_for[request]
        s.waits[request] = False
        s.carries[request] = 0

    @deadline
    def in_time(s: Any) -> Any:
        return for_all(s.Request, lambda r: s.waits_for[r] <= s.L)

    @deadline
    def nothing_is_kept_for_ever(s: Any) -> Any:
        return for_all(s.Desk, lambda d: s.age[d] <= 3)


AT = Instance.of(read_design(Counter))
NO_NEWER_AT_HOME = for_all(
    AT.machine.state().Request,
    lambda r: implies(
        AT.machine.state().waits[r],
        AT.machine.state().carries[r] <= AT.machine.state().told[AT.machine.state().home(r)],
    ),
)
picks = st.lists(st.integers(0, 99), min_size=1, max_size=12)


@settings(max_examples=25)
@given(picks)
def test_a_kernel_agrees_with_the_interpreter(steps: list[int]) -> None:
    kernel = build_kernel(build_source(AT, [StateForm("formula", NO_NEWER_AT_HOME, TRUE)]), AT)
    for state in random_walk(AT, next(initial_states(AT)), steps):
        agrees_with_kernel(kernel, AT, NO_NEWER_AT_HOME, dict(state))


@settings(max_examples=4)
@given(picks)
def test_z3_agrees_with_the_interpreter(steps: list[int]) -> None:
    z3_step = Z3Step(AT)
    *_, state = random_walk(AT, next(initial_states(AT)), steps)
    for event, successor in outcomes(AT, state)[0].items():
        assert z3_step.agrees(state, event, successor), event
    assert z3_step.holds(state, NO_NEWER_AT_HOME) == truth(AT, NO_NEWER_AT_HOME, state)


FORWARD = step(lambda t: for_all(t.before.Desk, lambda d: t.before.told[d] <= t.after.told[d]))


def test_what_each_desk_does_with_its_own_requests_is_proved_for_any_number_of_both() -> None:
    (searched,), (proved,) = explore(AT, [FORWARD], kernel_source([AT], [FORWARD])), prove(AT, [FORWARD], {})
    assert (searched.verdict, proved.verdict) == (Verdict.HOLDS_TO_BOUND, Verdict.PROVED)


class Mixed(Counter):
    @action(request=Counter.Request)
    def answer(s: Any, request: Any) -> None:
        """The desk installs whatever comes."""
        s.require(s.waits[request])
        s.told[s.home(request)] = s.carries[request]
        s.waits[request] = False


def test_what_is_wrong_at_one_desk_is_found_by_search_and_by_bounded_search() -> None:
    at = Instance.of(read_design(Mixed))
    (searched,), (refuted,) = explore(at, [FORWARD], kernel_source([at], [FORWARD])), prove(at, [FORWARD], {})
    assert (searched.verdict, refuted.verdict) == (Verdict.VIOLATED, Verdict.VIOLATED)
    assert searched.witness is not None
    assert [event.action for event in searched.witness.events] == ["ask", "publish", "ask", "answer", "answer"]
    first, second = (dict(event.arguments)["request"] for event in searched.witness.events if event.action == "answer")
    assert first % 2 == second % 2, "requests of the same desk"


def test_other_peoples_checkers_are_told_who_belongs_to_whom() -> None:
    of = subject(AT)
    assert "told' = [told EXCEPT ![(request % Desk)]" in tla(of)[1]
    # In Promela everything is written out: the last of three requests is at the first of two desks.
    assert "told[0] = ((told[0] <= carries[2]) -> carries[2] : told[0])" in promela(of)[1]


def test_only_what_was_declared_to_belong_somewhere_does() -> None:
    s = AT.machine.state()
    with pytest.raises(TypeError, match="belongs to nothing"):
        for_all(s.Desk, lambda d: s.told[s.home(d)] == 0)
    with pytest.raises(DesignError, match="the elements of Page belong to Request, whose own elements belong to Desk"):
        index_sort("Page", 2, of=Counter.Request)
