# SPDX-License-Identifier: Apache-2.0
"""What is proved in one configuration of a design serves the others, and nothing else does."""

from __future__ import annotations

from typing import Any

from edgeproof.model.expr import BOOL, Expr, for_all, lift
from edgeproof.model.interned import Interned
from edgeproof.model.machine import Design, action, boolean, count, hazard, index_sort, natural, option
from edgeproof.properties.engines.prove.engine import Effort, prove
from edgeproof.properties.engines.prove.known import Known
from edgeproof.properties.evidence import Verdict
from tests.properties.designs import instance, state


class Shop(Design):
    """Sells what it has, and what it has not if it is careless."""

    care = option("careful", "careless")
    Customer = index_sort("Customer", 2)
    most = count(3)
    left = natural(most, initial=None)
    sold = natural(most)
    open = boolean()
    owed = boolean(over=Customer)

    @action()
    def unlock(s: Any) -> None:
        s.open = True

    @action(one=Customer)
    def sell(s: Any, one: Any) -> None:
        s.require(s.open & (s.sold < s.most))
        s.require((s.care == "careless") | (s.left > 0))
        s.owed[one] = s.left == 0
        s.sold = s.sold + 1

    @hazard(one=Customer)
    def rob(s: Any, one: Any) -> None:
        s.require(s.open & (s.left > 0))
        s.owed[one] = s.left == 0
        s.left = 0


NOTHING_OWED = state(lambda s: for_all(s.Customer, lambda one: ~s.owed[one]))
NO_WORK = Effort(depth=2, work=1)
ENOUGH = Effort(depth=2)


def decided(known: Known, effort: Effort = ENOUGH, **chosen: Any) -> Verdict:
    (found,) = prove(instance(Shop, **chosen), [NOTHING_OWED], {}, effort, known)
    return found.verdict


def test_what_is_known_takes_no_work() -> None:
    known = Known()
    assert decided(Known(), NO_WORK) is Verdict.UNKNOWN
    assert decided(known) is Verdict.PROVED
    assert decided(known, NO_WORK) is Verdict.PROVED


def test_other_sizes_and_numbers_are_the_same_question() -> None:
    known = Known()
    decided(known)
    assert decided(known, NO_WORK, Customer=3, most=2) is Verdict.PROVED


def test_an_action_that_an_option_changes_is_asked_anew() -> None:
    known = Known()
    assert decided(known) is Verdict.PROVED
    assert decided(known, care="careless") is Verdict.VIOLATED


def test_an_action_that_a_hazard_adds_is_asked_beside_what_is_known() -> None:
    known = Known()
    assert decided(known) is Verdict.PROVED
    assert decided(known, NO_WORK, rob=True) is Verdict.UNKNOWN
    assert decided(known, rob=True) is Verdict.PROVED
    assert decided(known, NO_WORK, rob=True) is Verdict.PROVED


def test_a_proof_holds_for_fewer_goals_and_more_lemmas_and_for_nothing_else() -> None:
    guard, a, b, one, other = (Expr("var", BOOL, (), name) for name in "gabxy")
    known = Known()
    known.learn(guard, [a, b], False, [one])
    assert known.unsettled(guard, [a], False, [one, other]) == []
    assert known.unsettled(guard, [a, other], False, [one]) == [other]
    assert known.unsettled(guard, [a, b], False, [other]) == [a, b]
    assert known.unsettled(other, [a], False, [one]) == [a]
    assert known.unsettled(guard, [a], True, [one]) == [a]


def test_equal_expressions_are_one_node_wherever_they_come_from() -> None:
    interned = Interned()
    first, second = (NOTHING_OWED.state(instance(Shop).machine.state()) for _ in range(2))  # type: ignore[misc]
    assert first is not second
    assert interned.of(first) is interned.of(second)
    assert interned.of(first) is interned.of(interned.of(first))
    assert interned.of(~first) is not interned.of(first)


def test_what_differs_in_a_name_a_value_or_a_type_is_not_one_node() -> None:
    interned, s = Interned(), instance(Shop).machine.state()
    nodes = [s.left, s.sold, s.left + 1, s.sold + 1, s.left + 2, lift(1, s.left.type), s.most, s.open]
    assert len({id(interned.of(node)) for node in nodes}) == len(nodes)
    assert interned.of(s.left + 1) is interned.of(instance(Shop).machine.state().left + 1)
