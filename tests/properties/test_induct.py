# SPDX-License-Identifier: Apache-2.0
"""Proof by induction: what it proves is true at every size, and what is not true is never proved."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from edgeproof.model.expr import FALSE, NAT, TRUE, Expr, exists, for_all, implies, ite, lift
from edgeproof.model.machine import (
    Design,
    action,
    boolean,
    clock,
    count,
    deadline,
    duration,
    each,
    hazard,
    index_sort,
    natural,
    option,
)
from edgeproof.model.trace import replay
from edgeproof.properties.catalogue import step_form
from edgeproof.properties.engines.prove.engine import Effort, prove
from edgeproof.properties.engines.prove.induct import breaks_step, can_be_tested, inductive_part
from edgeproof.properties.evidence import Evidence, Verdict
from tests.properties.designs import instance, settles, state, step

FEW = Effort(depth=3, k=1)


def decide(design: type[Design], one: Any, lemmas: dict[str, Any] | None = None, **chosen: Any) -> Evidence:
    at = instance(design, **chosen)
    (found,) = prove(at, [one], lemmas or {}, FEW)
    if found.witness is not None:
        replay(at.machine, found.witness)
    return found


def kept(design: type[Design], **lemmas: Any) -> dict[str, Expr]:
    at = instance(design)
    s = at.machine.state()
    return dict(inductive_part(at, {name: lemma(s) for name, lemma in lemmas.items()}).kept)


class Pair(Design):
    """Two counters that go up together; the third follows."""

    most = count(3)
    a = natural(most)
    b = natural(most)
    c = natural(most)

    @action()
    def both(s: Any) -> None:
        s.require(s.a < s.most)
        s.a = s.a + 1
        s.b = s.b + 1

    @action()
    def follow(s: Any) -> None:
        s.c = s.b


def test_an_invariant_is_proved_for_all_values_of_the_counts() -> None:
    found = decide(Pair, state(lambda s: (s.a == s.b) & (s.a <= s.most)))
    assert found.verdict is Verdict.PROVED
    assert found.bound == "any number of elements and versions, all values of the parameters"


def test_a_property_of_steps_may_rest_on_an_invariant() -> None:
    climbs = step(lambda t: t.before.c <= t.after.c)
    assert decide(Pair, climbs).verdict is not Verdict.PROVED
    assert decide(Pair, climbs, {"c-follows": lambda s: s.c <= s.b}).verdict is Verdict.PROVED


def test_wrong_lemmas_are_dropped_and_only_cost_a_proof() -> None:
    wrong = {
        "false": lambda s: FALSE,
        "initially-false": lambda s: s.a > 0,
        "soon-false": lambda s: s.a == 0,
        "leans-on-soon-false": lambda s: s.c < 1,
        "good": lambda s: s.a == s.b,
    }
    assert set(kept(Pair, **wrong)) == {"good"}
    assert decide(Pair, state(lambda s: s.a < 3), wrong).verdict is Verdict.VIOLATED
    assert decide(Pair, state(lambda s: s.a == s.b), wrong).verdict is Verdict.PROVED


def test_why_a_lemma_was_dropped_is_told() -> None:
    at = instance(Pair)
    s: Any = at.machine.state()
    found = inductive_part(at, {"first": s.a > 0, "both": s.b == 0, "later": s.c == 0})
    assert found.dropped == {"first": "the initial state", "both": "both", "later": "follow"}


class Domino(Design):
    """A lemma that an early action keeps only as long as a lemma holds that a later action breaks."""

    x = boolean()
    y = boolean()
    z = boolean()

    @action()
    def fall(s: Any) -> None:
        s.require(s.y)
        s.x = True

    @action()
    def push(s: Any) -> None:
        s.require(s.z)
        s.y = True

    @action()
    def touch(s: Any) -> None:
        s.z = True


def test_every_action_is_asked_again_after_a_lemma_was_dropped() -> None:
    standing = {"x-stands": lambda s: ~s.x, "y-stands": lambda s: ~s.y, "z-stands": lambda s: ~s.z}
    assert kept(Domino, **standing) == {}
    found = decide(Domino, state(lambda s: ~s.x), standing)
    assert found.verdict is Verdict.VIOLATED
    assert [str(event) for event in found.witness.events] == ["touch", "push", "fall"]  # type: ignore[union-attr]


# --- any number of elements


class Tokens(Design):
    """Elements take tokens, one each."""

    Pop = index_sort("Pop", 2)
    most = count(9)
    has = boolean(over=Pop)
    taken = natural(most)

    @action(p=Pop)
    def take(s: Any, p: Any) -> None:
        s.require(~s.has[p] & (s.taken < s.most))
        s.has[p] = True
        s.taken = s.taken + 1


def test_a_property_that_fails_with_three_elements_only_is_not_proved_from_two() -> None:
    at_most_two = state(lambda s: s.taken <= 2)
    found = decide(
        Tokens, at_most_two, {"counted": lambda s: implies(s.taken == 0, for_all(s.Pop, lambda p: ~s.has[p]))}
    )
    assert found.verdict is not Verdict.PROVED
    assert decide(Tokens, at_most_two, Pop=3).verdict is Verdict.VIOLATED


def test_what_is_true_of_every_element_is_proved_for_any_number_of_them() -> None:
    nobody_without = state(lambda s: for_all(s.Pop, lambda p: implies(s.has[p], s.taken > 0)))
    assert decide(Tokens, nobody_without).verdict is Verdict.PROVED


class Couples(Design):
    """Something that needs one element of each of two kinds."""

    Pop = index_sort("Pop", 2)
    left = boolean(over=Pop)
    right = boolean(over=Pop)
    married = boolean()

    @action(p=Pop)
    def go_left(s: Any, p: Any) -> None:
        s.require(~s.right[p])
        s.left[p] = True

    @action(p=Pop)
    def go_right(s: Any, p: Any) -> None:
        s.require(~s.left[p])
        s.right[p] = True

    @action()
    def marry(s: Any) -> None:
        s.require(exists(s.Pop, lambda p: s.left[p]) & exists(s.Pop, lambda p: s.right[p]))
        s.married = True


NOT_BOTH = {"not-both": lambda s: for_all(s.Pop, lambda p: ~(s.left[p] & s.right[p]))}


def test_two_elements_that_exist_need_not_be_the_same_one() -> None:
    found = decide(Couples, state(lambda s: ~s.married), NOT_BOTH)
    assert found.verdict is Verdict.VIOLATED
    assert len(found.witness.events) == 3  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "claim",
    [
        lambda s: ~(exists(s.Pop, lambda p: s.left[p]) & exists(s.Pop, lambda p: s.right[p])),
        lambda s: implies(exists(s.Pop, lambda p: s.left[p]), for_all(s.Pop, lambda p: ~s.right[p])),
        lambda s: for_all(s.Pop, lambda p: ~s.left[p]) | for_all(s.Pop, lambda p: ~s.right[p]),
        lambda s: ite(exists(s.Pop, lambda p: s.left[p]), for_all(s.Pop, lambda p: ~s.right[p]), TRUE),
        lambda s: for_all(s.Pop, lambda p: for_all(s.Pop, lambda q: ~s.left[p] | ~s.right[q])),
    ],
)
def test_a_claim_about_two_elements_that_two_can_refute_is_never_proved(claim: Any) -> None:
    assert decide(Couples, state(claim), NOT_BOTH).verdict is Verdict.VIOLATED


def test_a_quantifier_that_decides_a_value_proves_nothing_but_does_not_stop_the_rest() -> None:
    both = state(lambda s: exists(s.Pop, lambda p: s.left[p]) == exists(s.Pop, lambda p: s.right[p]))
    found = decide(Couples, both, NOT_BOTH)
    assert found.verdict is Verdict.VIOLATED, "bounded search, over a fixed number of elements, has a formula for it"
    assert found.witness is not None


def test_an_element_that_exists_for_a_lemma_need_not_be_the_one_of_the_goal() -> None:
    class Mixed(Couples):
        @action()
        def marry(s: Any) -> None:
            s.require(exists(s.Pop, lambda p: s.right[p]))
            s.married = True

    lemmas = {
        **NOT_BOTH,
        "married-with-a-left": lambda s: implies(s.married, exists(s.Pop, lambda p: s.left[p])),
    }
    assert decide(Mixed, state(lambda s: ~s.married), lemmas).verdict is Verdict.VIOLATED


class Cleared(Design):
    """An assignment to every element that asks the others."""

    Pop = index_sort("Pop", 2)
    most = count(3)
    rank = natural(most, initial=None, over=Pop)
    best = boolean(over=Pop)

    @action()
    def choose(s: Any) -> None:
        each(s.best, lambda p: exists(s.Pop, lambda q: s.rank[q] < s.rank[p]))


def test_what_is_assigned_with_a_quantifier_is_not_captured_by_the_quantifier_of_the_property() -> None:
    assert decide(Cleared, state(lambda s: for_all(s.Pop, lambda p: ~s.best[p]))).verdict is Verdict.VIOLATED


# --- constants


class Optional(Design):
    """Does something only with an option or under a hazard."""

    mode = option("safe", "risky")
    most = count(3)
    x = natural(most)
    hit = boolean()

    @action()
    def up(s: Any) -> None:
        s.require((s.mode == "risky") & (s.x < s.most))
        s.x = s.x + 1

    @hazard()
    def strike(s: Any) -> None:
        s.hit = True


def test_options_and_hazards_are_those_of_the_instance() -> None:
    quiet = state(lambda s: (s.x == 0) & ~s.hit)
    assert decide(Optional, quiet, mode="risky").verdict is Verdict.VIOLATED
    assert decide(Optional, quiet, strike=True).verdict is Verdict.VIOLATED
    found = decide(Optional, state(lambda s: ~s.hit), mode="risky")
    assert found.verdict is Verdict.PROVED
    assert found.assumptions == ("mode=risky",)


def test_what_nothing_can_put_to_the_test_is_vacuous() -> None:
    at = instance(Optional, mode="risky")
    untested = state(lambda s: ~s.hit, tested=lambda s: s.hit)
    (found,) = prove(at, [untested], {}, FEW)
    assert (found.verdict, found.reason) == (
        Verdict.VACUOUS,
        "no state that satisfies the invariants puts the property to the test",
    )
    only_strikes = step(lambda t: TRUE, tested=lambda t: TRUE if t.action == "strike" else FALSE)
    assert prove(at, [only_strikes], {}, FEW)[0].verdict is Verdict.VACUOUS
    assert prove(at.with_(strike=True), [only_strikes], {}, FEW)[0].verdict is Verdict.PROVED


# --- time


class Fuse(Design):
    """Burns for at most `wait`, then goes off within `late`."""

    wait = duration(2)
    late = duration(1)
    lit = boolean()
    bang = boolean()
    burning = clock(while_=lambda s: s.lit)

    @action()
    def light(s: Any) -> None:
        s.require(~s.lit & ~s.bang)
        s.lit = True

    @action()
    def explode(s: Any) -> None:
        s.require(s.lit & (s.burning >= s.wait))
        s.lit = False
        s.bang = True

    @deadline
    def in_time(s: Any) -> Any:
        return implies(s.lit, s.burning <= s.wait + s.late)


class Ageing(Design):
    """Two clocks and nothing else to do."""

    wait = duration(2)
    age = clock()

    @deadline
    def in_time(s: Any) -> Any:
        return s.age <= s.wait


def test_what_is_said_of_a_tick_is_said_of_a_tick_of_any_length() -> None:
    by_one = step(lambda t: t.after.age <= t.before.age + 1)
    assert decide(Ageing, by_one).verdict is Verdict.VIOLATED
    assert decide(Ageing, step(lambda t: t.before.age < t.after.age)).verdict is Verdict.PROVED


def test_a_witness_that_no_smaller_unit_makes_whole_keeps_its_fractions() -> None:
    between = state(lambda s: ~((s.age > 0) & (s.age < 1)))
    found = decide(Ageing, between)
    assert found.verdict is Verdict.VIOLATED
    assert found.witness is not None
    (tick,) = found.witness.events
    assert 0 < tick.delay < 1


def test_a_bound_on_time_is_proved_for_all_values_of_the_durations() -> None:
    within = step(lambda t: t.before.burning <= t.before.wait + t.before.late if t.action == "explode" else TRUE)
    assert decide(Fuse, within).verdict is Verdict.PROVED
    sooner = step(lambda t: t.before.burning <= t.before.wait if t.action == "explode" else TRUE)
    found = decide(Fuse, sooner)
    assert found.verdict is Verdict.VIOLATED
    assert found.witness is not None
    assert found.witness.events[1].action == "tick"


def test_that_a_stopped_clock_shows_0_needs_no_lemma() -> None:
    assert decide(Fuse, state(lambda s: s.lit | (s.burning == 0))).verdict is Verdict.PROVED


def test_time_in_a_bounded_search_is_dense_and_its_witness_is_told_in_whole_ticks() -> None:
    between = step(
        lambda t: (
            ~((t.before.burning > t.before.wait) & (t.before.burning < t.before.wait + t.before.late))
            if t.action == "explode"
            else TRUE
        )
    )
    found = decide(Fuse, between)
    assert found.verdict is Verdict.VIOLATED
    assert found.witness is not None
    assert all(isinstance(event.delay, int) for event in found.witness.events)
    assert int(found.witness.constants["late"]) > 1, "the unit is smaller, so that the delay is a whole number of it"


# --- parts


def test_the_action_that_breaks_a_property_of_steps_is_named() -> None:
    at = instance(Pair)
    inductive = inductive_part(at, {})
    assert breaks_step(inductive, step_form(at.machine, step(lambda t: t.before.c == t.after.c))) == "follow"
    assert breaks_step(inductive, step_form(at.machine, step(lambda t: t.before.a <= t.after.a))) is None
    assert can_be_tested(inductive, step_form(at.machine, step(lambda t: t.before.a <= t.after.a)))


# --- fixed sizes


def test_what_is_inductive_at_its_own_size_only_holds_to_that_bound() -> None:
    together = state(lambda s: implies(exists(s.Pop, lambda p: s.has[p]), for_all(s.Pop, lambda p: s.has[p])))
    found = decide(Tokens, together, Pop=1)
    assert found.verdict is Verdict.HOLDS_TO_BOUND
    assert found.exhaustive
    assert found.bound == "1-induction over Pop=1, within the declared ranges, in whole ticks"
    assert decide(Tokens, together, Pop=2).verdict is Verdict.VIOLATED


def test_a_first_state_is_within_the_declared_ranges() -> None:
    class Free(Design):
        most = count(2)
        x = natural(most, initial=None)
        y = boolean()

        @action()
        def flip(s: Any) -> None:
            s.y = ~s.y

    assert decide(Free, state(lambda s: s.x <= s.most)).verdict is Verdict.HOLDS_TO_BOUND
    assert decide(Free, state(lambda s: s.x < s.most)).verdict is Verdict.VIOLATED


def test_induction_over_k_steps_covers_the_first_k_steps_even_where_less_search_was_asked_for() -> None:
    class Late(Design):
        most = count(4)
        x = natural(most)

        @action()
        def up(s: Any) -> None:
            s.require(s.x < 4)
            s.x = s.x + 1

    at = instance(Late)
    (found,) = prove(at, [state(lambda s: s.x != 2)], {}, Effort(depth=1, k=3))
    assert found.verdict is Verdict.VIOLATED


def test_a_run_that_leaves_a_range_decides_nothing() -> None:
    class Leaky(Design):
        most = count(1)
        x = natural(most)

        @action()
        def up(s: Any) -> None:
            s.x = s.x + 1

    found = decide(Leaky, state(lambda s: s.x < 2))
    assert found.verdict is Verdict.UNKNOWN
    assert "x would become 2, outside 0..1 (most)" in found.reason


def test_liveness_is_left_to_the_search_unless_a_bound_on_its_time_is_proved() -> None:
    at = instance(Pair)
    one = settles(lambda s: s.a == s.b)
    within = evolve(one, within=lambda t: t.before.a == t.before.b)
    (found,) = prove(at, [within], {"equal": lambda s: s.a == s.b}, FEW)
    assert (found.verdict, found.reason) == (Verdict.PROVED, "as a bound on the time it takes")
    (open_,) = prove(at, [within], {}, FEW)
    assert (open_.verdict, open_.reason) == (
        Verdict.UNKNOWN,
        "no invariant bounds the time it takes; liveness is left to the search",
    )


# --- what a proof covers, and what happens


class Pairwise(Design):
    """Counts up by two; a reader sees it only at the end of the day, when nothing else can happen."""

    most = count(9)
    x = natural(most)
    closed = boolean()

    @action()
    def up(s: Any) -> None:
        s.require(~s.closed & (s.x + 2 <= s.most))
        s.x = s.x + 2

    @action()
    def close(s: Any) -> None:
        s.require(~s.closed & (s.x + 2 > s.most))
        s.closed = True


def test_what_the_invariants_allow_and_no_run_comes_to_puts_nothing_to_the_test() -> None:
    at_three = state(lambda s: s.x >= 0, tested=lambda s: s.x == 3)
    (found,) = prove(instance(Pairwise), [at_three], {}, FEW)
    assert found.verdict is Verdict.VACUOUS
    assert found.reason.startswith("nothing was found that puts the property to the test")
    assert decide(Pairwise, state(lambda s: s.x >= 0, tested=lambda s: s.x == 4)).verdict is Verdict.PROVED


def test_a_state_in_which_nothing_more_can_happen_puts_to_the_test_as_any_other() -> None:
    assert decide(Pairwise, state(lambda s: s.x >= 0, tested=lambda s: s.closed)).verdict is Verdict.PROVED


class Debts(Design):
    """Takes one off a number that may be 0 already, unless it is careful."""

    care = option("none", "asks", "keeps", doc="whether it looks at the number first, or knows that it is above 0")
    most = count(3)
    x = natural(most)
    stocked = natural(most)
    full = boolean()

    @action()
    def fill(s: Any) -> None:
        s.require(s.x < s.most)
        s.x = s.x + 1
        s.full = True

    @action()
    def take(s: Any) -> None:
        s.require((s.care != "asks") | (s.x > 0))
        s.require((s.care != "keeps") | s.full)
        s.x = s.x - 1
        s.full = False


def test_nothing_is_proved_of_a_natural_that_may_become_negative() -> None:
    says = state(lambda s: s.stocked == 0)
    careless, careful = (prove(instance(Debts, care=care), [says], {}, FEW)[0] for care in ("none", "asks"))
    assert (careless.verdict, careless.left_range) == (Verdict.UNKNOWN, "x")
    assert careless.reason.startswith("x may become negative by take")
    assert (careful.verdict, careful.left_range) == (Verdict.PROVED, "")


def test_an_invariant_may_say_that_a_natural_does_not_become_negative() -> None:
    at, says = instance(Debts, care="keeps"), state(lambda s: s.stocked == 0)
    assert prove(at, [says], {}, FEW)[0].verdict is Verdict.UNKNOWN
    assert prove(at, [says], {"full-is-some": lambda s: implies(s.full, s.x > 0)}, FEW)[0].verdict is Verdict.PROVED


class Purses(Design):
    """The same of an array, of which one element, or every one, is taken from."""

    who = option("one", "all")
    Key = index_sort("Key", 2)
    most = count(3)
    held = natural(most, over=Key)
    calm = boolean(initial=True)

    @action(key=Key)
    def take(s: Any, key: Any) -> None:
        s.require(s.who == "one")
        s.held[key] = s.held[key] - 1

    @action()
    def tax(s: Any) -> None:
        s.require(s.who == "all")
        each(s.held, lambda k: s.held[k] - 1)


@pytest.mark.parametrize(("who", "action_name"), [("one", "take"), ("all", "tax")])
def test_elements_of_an_array_are_naturals_as_well(who: str, action_name: str) -> None:
    (found,) = prove(instance(Purses, who=who), [state(lambda s: s.calm)], {}, FEW)
    assert found.reason.startswith(f"held may become negative by {action_name}")


def test_a_difference_of_literals_takes_from_a_natural_as_well() -> None:
    class Folded(Debts):
        @action()
        def forgive(s: Any) -> None:
            s.x = lift(1, NAT) - 2

    (found,) = prove(instance(Folded, care="asks"), [state(lambda s: s.stocked == 0)], {}, FEW)
    assert found.reason.startswith("x may become negative by forgive")


# --- quantifiers nested so deep that their instances never end


class Switches(Design):
    """Two kinds of switches that anybody may turn, and a calm that nobody touches."""

    A = index_sort("A", 2)
    B = index_sort("B", 2)
    on = boolean(over=A)
    up = boolean(over=B)
    calm = boolean(initial=True)

    @action(a=A)
    def flip(s: Any, a: Any) -> None:
        s.on[a] = ~s.on[a]

    @action(b=B)
    def flop(s: Any, b: Any) -> None:
        s.up[b] = ~s.up[b]


def test_the_prover_gives_up_what_is_nested_too_deep_and_proves_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    def deep(s: Any) -> Any:
        def inner(a: Any, b: Any) -> Any:
            return for_all(s.A, lambda c: exists(s.B, lambda d: (s.on[a] == s.up[b]) | (s.on[c] == s.up[d]) | s.calm))

        return for_all(s.A, lambda a: exists(s.B, lambda b: inner(a, b)))

    monkeypatch.setattr("edgeproof.model.smt.FORMULAS", 5_000)
    calm, nested = prove(instance(Switches), [state(lambda s: s.calm), state(deep, name="deep")], {}, FEW)
    assert calm.verdict is Verdict.PROVED
    assert (nested.verdict, nested.bound.startswith("1-induction over A=2, B=2")) == (Verdict.HOLDS_TO_BOUND, True)


def test_a_step_whose_quantifiers_are_too_many_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeproof.model.smt.FORMULAS", 20)
    (found,) = prove(
        instance(Switches),
        [step(lambda t: t.after.calm)],
        {"on": lambda s: for_all(s.A, lambda a: s.on[a] | s.calm)},
        FEW,
    )
    assert found.verdict is Verdict.UNKNOWN
    assert "more than 20 formulas" in found.reason
