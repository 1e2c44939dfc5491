# SPDX-License-Identifier: Apache-2.0
"""What the language refuses, and how: a design that cannot be read says what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from edgeproof.model.expr import Expr, SymbolicTruthError, exists, for_all, ite, lift, maximum
from edgeproof.model.machine import (
    Design,
    DesignError,
    Instance,
    State,
    action,
    boolean,
    clock,
    count,
    definition,
    duration,
    enum,
    hazard,
    hazard_mode,
    index_sort,
    natural,
    option,
    read_design,
)

Body = Callable[..., Any]


def read_with(body: Body, **arguments: Any) -> None:
    """Read a design with one variable of every kind whose only action is `body`."""

    class Sample(Design):
        Pop = index_sort("Pop", 2)
        Key = index_sort("Key", 2)
        most = count(3)
        wait = duration(2)
        kind = option("plain", "fancy")
        storm = hazard_mode("weather")
        x = natural(most)
        y = natural(most)
        on = boolean()
        light = enum("red", "green")
        since = clock()
        cache = natural(most, over=Pop)
        up = boolean(over=Pop)
        seen = boolean(over=Key)

    Sample.act = action(**{name: getattr(Sample, sort) for name, sort in arguments.items()})(body)  # type: ignore[attr-defined]
    read_design(Sample)


def truth_by_if(s: Any) -> None:
    if s.x == 0:
        s.x = 1


def truth_by_and(s: Any) -> None:
    s.require(s.on and s.x == 0)


def truth_by_or(s: Any) -> None:
    s.require(s.on or s.x == 0)


def truth_by_not(s: Any) -> None:
    s.require(not s.on)


def truth_by_chaining(s: Any) -> None:
    s.require(0 < s.x < s.y)


def truth_by_membership(s: Any) -> None:
    s.require(s.light in ("red", "green"))


def truth_by_all(s: Any) -> None:
    s.require(all([s.on, s.x == 0]))


def truth_by_conditional(s: Any) -> None:
    s.x = 1 if s.on else 2


def truth_by_max(s: Any) -> None:
    s.x = max(s.x, s.y)


@pytest.mark.parametrize(
    ("body", "instead"),
    [
        (truth_by_if, "with s.when(c):"),
        (truth_by_and, "`a & b`"),
        (truth_by_or, "`a | b`"),
        (truth_by_not, "`~a`"),
        (truth_by_chaining, "`(a < b) & (b < c)`"),
        (truth_by_membership, "`(x == a) | (x == b)`"),
        (truth_by_all, "for_all()/exists()"),
        (truth_by_conditional, "ite(c, a, b)"),
        (truth_by_max, "ite(c, a, b)"),
    ],
)
def test_asking_for_the_truth_of_a_symbolic_value_names_what_to_write_instead(body: Body, instead: str) -> None:
    with pytest.raises(SymbolicTruthError) as caught:
        read_with(body)
    assert instead in str(caught.value)


def iterates_over_a_value(s: Any) -> None:
    list(s.x)


def iterates_over_an_array(s: Any) -> None:
    s.require(all(up for up in s.up))


def asks_an_array_for_its_truth(s: Any) -> None:
    s.require(s.x == 0 if s.up else s.on)


def compares_a_whole_array(s: Any) -> None:
    s.require(s.cache == 0)


def indexes_a_list(s: Any) -> None:
    s.x = [1, 2, 3][s.x]


def counts_with_range(s: Any) -> None:
    for _ in range(s.x):
        s.y = 1


@pytest.mark.parametrize(
    ("body", "instead"),
    [
        (iterates_over_a_value, "for_all(sort, ...)"),
        (iterates_over_an_array, "for_all"),
        (asks_an_array_for_its_truth, "for_all"),
        (compares_a_whole_array, "for_all"),
        (indexes_a_list, "index an array of the design"),
        (counts_with_range, "no integer value"),
    ],
)
def test_treating_a_symbolic_value_as_a_collection_or_an_integer_names_what_to_write_instead(
    body: Body, instead: str
) -> None:
    with pytest.raises(SymbolicTruthError) as caught:
        read_with(body)
    assert instead in str(caught.value)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (lambda s: s.require(s.light == "blue"), "'blue' is not one of red, green"),
        (lambda s: setattr(s, "light", "blue"), "'blue' is not one of red, green"),
        (lambda s: s.require(s.x == s.on), "`==` needs two values of one type, but `x` is nat and `on` is bool"),
        (lambda s: s.require(s.x == True), "True is a boolean, but a value of type nat is needed here"),  # noqa: E712
        (lambda s: s.require(s.x == "red"), "'red' is not a value of type nat"),
        (lambda s: s.require(s.light < s.light), "are not numbers"),
        (lambda s: s.require(s.x), "needs a bool, but `x` is of type nat"),
        (lambda s: s.require(~s.x), "`~` needs a bool"),
        (lambda s: setattr(s, "on", s.x), "`x` is of type nat, but the variable is of type bool"),
        (lambda s: setattr(s, "x", s.since), "`since` is of type time, but the variable is of type nat"),
        (lambda s: setattr(s, "x", s.on + s.x), "`add` needs numbers, but `on` is of type bool"),
        (lambda s: setattr(s, "x", ite(s.on, s.x, s.on)), "`ite` needs two values of one type"),
        (lambda s: setattr(s, "x", ite(s.on, "a", "b")), "use an expression for one branch"),
        (lambda s: s.require(for_all(s.x.type, lambda p: s.on)), "ranges over an index sort, not over nat"),
    ],
)
def test_a_type_error_says_what_was_found_and_what_is_needed(body: Body, says: str) -> None:
    with pytest.raises(TypeError) as caught:
        read_with(body)
    assert says in str(caught.value)


@pytest.mark.parametrize("value", [1, lambda s: s.since + 1, lambda s: s.wait, lambda s: ite(s.on, s.since, s.wait)])
def test_a_clock_can_be_set_to_0_or_to_what_a_clock_shows_and_to_nothing_else(value: Any) -> None:
    def set_clock(s: Any) -> None:
        s.since = value(s) if callable(value) else value

    with pytest.raises(TypeError, match="a clock can only be set to 0"):
        read_with(set_clock)


def test_a_name_that_is_not_declared_can_be_neither_read_nor_assigned() -> None:
    with pytest.raises(AttributeError, match="declares no 'z'; it has x, y, on"):
        read_with(lambda s: s.require(s.z == 0))
    with pytest.raises(DesignError, match="'z' cannot be assigned: it is no variable"):
        read_with(lambda s: setattr(s, "z", 0))


def test_constants_cannot_be_assigned() -> None:
    with pytest.raises(DesignError, match="'most' cannot be assigned: it is no variable"):
        read_with(lambda s: setattr(s, "most", 0))


def test_an_array_is_assigned_element_by_element_or_with_each() -> None:
    with pytest.raises(DesignError, match=r"'cache' is an array: assign an element, or every element with each\(\)"):
        read_with(lambda s: setattr(s, "cache", 0))


@pytest.mark.parametrize("index", [0, lambda s, key: key, lambda s, key: s.x])
def test_an_array_is_indexed_by_its_own_sort_only(index: Any) -> None:
    def read_element(s: Any, key: Any) -> None:
        s.require(s.cache[index(s, key) if callable(index) else index] == 0)

    def assign_element(s: Any, key: Any) -> None:
        s.cache[index(s, key) if callable(index) else index] = 0

    for body in (read_element, assign_element):
        with pytest.raises(TypeError, match="cache is indexed by Pop, not by"):
            read_with(body, key="Key")


def test_elements_of_an_index_sort_can_be_compared_for_equality_only() -> None:
    with pytest.raises(TypeError, match="cannot be ordered"):
        read_with(lambda s, p, q: s.require(p < q), p="Pop", q="Pop")
    with pytest.raises(TypeError, match="needs two values of one type"):
        read_with(lambda s, p, k: s.require(p == k), p="Pop", k="Key")
    with pytest.raises(TypeError, match="1 is not a value of type Pop"):
        read_with(lambda s, p: s.require(s.cache[p + 1] == 0), p="Pop")


def test_otherwise_needs_a_when() -> None:
    def act(s: Any) -> None:
        with s.otherwise():
            s.x = 1

    with pytest.raises(DesignError, match=r"otherwise\(\) needs a when\(\) just before it"):
        read_with(act)


def test_the_limit_of_a_natural_is_a_count_of_the_same_design() -> None:
    elsewhere = count(3)

    class Stranger(Design):
        x = natural(elsewhere)

    with pytest.raises(DesignError, match="limit must be a count of the same design"):
        read_design(Stranger)


def test_a_clock_cannot_run_on_what_another_clock_shows() -> None:
    class Nested(Design):
        first = clock()
        second = clock(while_=lambda s: s.first < 3)

    with pytest.raises(DesignError, match="that asks a clock"):
        read_design(Nested)


def test_a_symbolic_value_shows_itself_as_the_formula_that_it_is() -> None:
    class Shown(Design):
        Pop = index_sort("Pop")
        most = count(3)
        x = natural(most)
        up = boolean(over=Pop)

    s: Any = read_design(Shown).state()
    assert (
        str((s.x + 1 < s.most) & exists(s.Pop, lambda p: ~s.up[p]))
        == "((x + 1) < most) and (some pop_0: not up[pop_0])"
    )
    assert (
        str(ite(s.x == 0, s.most, maximum(s.x, lift(2, s.x.type))))
        == "if (x = 0) then most else (if (x < 2) then 2 else x)"
    )


# --- instances


class Configured(Design):
    """A design with a constant of every role."""

    Pop = index_sort("Pop", 2)
    kind = option("plain", "fancy")
    most = count(3)
    wait = duration(2)
    storm = hazard_mode("weather")
    x = natural(most)
    start = natural(most, initial=None)

    @action()
    def go(s: Any) -> None:
        s.x = s.x

    @hazard()
    def strike(s: Any) -> None:
        s.x = 0


CONFIGURED = read_design(Configured)


def test_an_instance_has_every_constant_and_defaults_for_what_is_not_chosen() -> None:
    assert dict(Instance.of(CONFIGURED, kind="fancy", strike=True).values) == {
        "Pop": 2,
        "kind": "fancy",
        "most": 3,
        "wait": 2,
        "storm": False,
        "strike": True,
    }


def test_an_instance_tells_its_constants_by_role_and_its_hazards_that_are_on() -> None:
    instance = Instance.of(CONFIGURED, strike=True)
    assert instance.of_role("sort") == {"Pop": 2}
    assert instance.of_role("option") == {"kind": "plain"}
    assert instance.of_role("count") == {"most": 3}
    assert instance.of_role("duration") == {"wait": 2}
    assert instance.of_role("hazard") == {"storm": False, "strike": True}
    assert instance.hazards == ("strike",)
    assert instance.with_(most=1).number("most") == 1


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"colour": "red"}, "has no option, hazard or parameter 'colour'; it has Pop, kind, most, wait, storm, strike"),
        ({"kind": "odd"}, "kind is one of plain, fancy, not 'odd'"),
        ({"kind": True}, "kind is one of plain, fancy, not True"),
        ({"storm": "yes"}, "storm is one of False, True, not 'yes'"),
        ({"storm": 1}, "storm is one of False, True, not 1"),
        ({"most": -1}, "most is a whole number from 0, not -1"),
        ({"most": True}, "most is a whole number from 0, not True"),
        ({"wait": 1.5}, "wait is a whole number from 0, not 1.5"),
        ({"Pop": "2"}, "Pop is a whole number from 1, not '2'"),
    ],
)
def test_a_constant_that_makes_no_sense_is_refused_with_what_would(chosen: dict[str, Any], says: str) -> None:
    with pytest.raises(DesignError) as caught:
        Instance.of(CONFIGURED, **chosen)
    assert says in str(caught.value)


def test_an_unknown_action_is_refused_with_the_names_of_the_known_ones() -> None:
    with pytest.raises(DesignError, match="has no action 'jump'; it has go, strike"):
        CONFIGURED.action("jump")


def test_a_sort_of_no_elements_is_refused_where_it_is_declared_and_where_it_is_sized() -> None:
    with pytest.raises(DesignError, match="the sort Pop needs at least one element, not 0"):
        index_sort("Pop", 0)

    class Few(Design):
        Pop = index_sort("Pop", 2)
        up = boolean(over=Pop)

    with pytest.raises(DesignError, match="Pop is a whole number from 1, not 0"):
        Instance.of(read_design(Few), Pop=0)


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        (lambda: index_sort("Pop", True), "the size of the sort Pop is a whole number, such as 2"),
        (lambda: index_sort("Pop", cast(Any, count(2))), "the size of the sort Pop is a whole number, such as 2"),
        (lambda: option(), r"an option lists its values, each a text: option\(.one., .another.\)"),
        (lambda: option("a", "b", "a"), "an option has the value 'a' twice"),
        (lambda: enum("a", cast(Any, 1)), "an enum lists its values, each a text"),
        (lambda: count(2**31), "a count is a whole number from 0 to 2,147,483,647, not 2147483648"),
        (lambda: duration(-1), "a duration is a whole number from 0 to 2,147,483,647, not -1"),
    ],
)
def test_a_declaration_that_makes_no_sense_is_refused_where_it_stands(declared: Any, says: str) -> None:
    with pytest.raises(DesignError, match=says):
        declared()


def test_a_name_is_said_once_as_of_two_methods_python_would_keep_the_second() -> None:
    with pytest.raises(DesignError, match="Twice says twice what 'go' is"):

        class Twice(Design):
            on = boolean()

            @action()
            def go(s: Any) -> None:
                s.on = True

            @action()  # type: ignore[no-redef]
            def go(s: Any) -> None:  # noqa: F811
                s.on = False


def test_two_sorts_of_one_name_are_refused() -> None:
    class Two(Design):
        Pop = index_sort("Pop", 2)
        Isolate = index_sort("Pop", 3)
        up = boolean(over=Pop)

    with pytest.raises(DesignError, match="Pop and Isolate are both called the sort 'Pop'"):
        read_design(Two)


def test_a_decorator_without_parentheses_says_that_they_are_missing() -> None:
    for word in (action, hazard, definition):
        with pytest.raises(
            DesignError, match=rf"@{word.__name__} has parentheses.* write @{word.__name__}\(\) above go"
        ):

            @word  # type: ignore[arg-type, untyped-decorator]
            def go(s: State) -> None:
                s.on = True


def test_a_method_that_nothing_marks_is_no_part_of_a_design_and_is_refused() -> None:
    class Unmarked(Design):
        on = boolean()

        def go(s: State) -> None:
            s.on = True

    with pytest.raises(DesignError, match=r"nothing marks Unmarked.go: put @action\(\) above it"):
        read_design(Unmarked)


def test_an_action_that_says_nothing_is_refused_unless_it_is_meant() -> None:
    with pytest.raises(DesignError, match=r"act says nothing: if it is meant to .*, write s.require\(True\)"):
        read_with(lambda s: None)
    read_with(lambda s: s.require(True))


def test_parameters_are_those_that_the_decorator_declares() -> None:
    class Swapped(Design):
        A = index_sort("A")
        here, there = boolean(over=A), boolean(over=A)

        @action(one=A, other=A)
        def go(s: State, other: Expr, one: Expr) -> None:
            s.here[one] = s.there[other]

    with pytest.raises(DesignError, match=r"go takes \(other, one\) after the state, and .* declares \(one, other\)"):
        read_design(Swapped)


def test_a_sort_is_no_range_to_loop_over() -> None:
    def loop(s: Any) -> None:
        for p in s.Pop:
            s.cache[p] = 0

    with pytest.raises(
        SymbolicTruthError, match=r"Pop has any number of elements: use for_all\(\), exists\(\) or each"
    ):
        read_with(loop)


@pytest.mark.parametrize("body", [lambda s: s.require(s.x > 0 & s.on), lambda s: s.require(s.on | s.x == 0)])
def test_a_comparison_beside_and_takes_parentheses(body: Body) -> None:
    with pytest.raises(TypeError, match=r"in act: `[0x]` is no condition, .* write .a > 0. [&|] b, not a > 0 [&|] b"):
        read_with(body)
