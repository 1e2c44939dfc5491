# SPDX-License-Identifier: Apache-2.0
"""Engines that lie, each in one way that real ones have been wrong in: what the agreement of engines has to notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import factorial
from typing import Any

import numpy as np
import pytest
import z3
from attrs import evolve, frozen

from edgeproof.model import kernel, orbits, smt
from edgeproof.model.emit import Emitter
from edgeproof.model.expr import Expr
from edgeproof.model.kernel import KernelSource
from edgeproof.model.layout import clock_caps
from edgeproof.model.machine import Action
from edgeproof.properties.engines.explore import engine as explore_engine
from edgeproof.properties.engines.explore.liveness import fair_loops as honest_loops
from edgeproof.properties.engines.fuzz import run as fuzz_run
from edgeproof.properties.engines.prove import cutoff, induct, unroll
from edgeproof.properties.engines.prove import engine as prove_engine
from edgeproof.properties.engines.prove.known import Known
from tests.model.drawing import Spec
from tests.model.random_designs import spec_of
from tests.properties import brute

__all__ = ["LIES", "Lie"]

Patch = pytest.MonkeyPatch


@frozen
class Lie:
    """A lie, the check that is to catch it, a design on which it shows, and what the check then says."""

    tell: Callable[[Patch], None]
    check: str
    design: Spec
    said: str


def search_skips_an_action(patch: Patch) -> None:
    honest = kernel._expand_text

    def expand_text(machine: Any, words: int) -> list[str]:
        lines = honest(machine, words)
        skipped = next(place for place, line in enumerate(lines) if " = do_" in line)
        return lines[:skipped] + lines[skipped + 1 :]

    patch.setattr(kernel, "_expand_text", expand_text)


def search_saturates_a_counter(patch: Patch) -> None:
    honest = Emitter._assigned

    def assigned(self: Emitter, name: str, value: Expr, depth: int, lines: list[str]) -> str:
        limit = self._machine.variables[name].limit
        if not limit:
            return honest(self, name, value, depth, lines)
        return f"min({self.value(value, depth, lines)}, {self.rigid(limit)})"

    patch.setattr(Emitter, "_assigned", assigned)


def search_takes_unfair_actions_for_fair(patch: Patch) -> None:
    def fair_loops(graph: Any, fair: list[int], hazard: list[int]) -> Any:
        everything = [int(label) for label in np.unique(graph.label) if label not in hazard]
        return honest_loops(graph, everything, hazard)

    patch.setattr(explore_engine, "fair_loops", fair_loops)


def search_takes_fair_actions_for_unfair(patch: Patch) -> None:
    def fair_loops(graph: Any, fair: list[int], hazard: list[int]) -> Any:
        return honest_loops(graph, [], hazard)

    patch.setattr(explore_engine, "fair_loops", fair_loops)


def _one_too_low(*arguments: Any) -> dict[str, int]:
    return {name: max(0, cap - 1) for name, cap in clock_caps(*arguments).items()}


def search_cuts_clocks_off_one_too_low(patch: Patch) -> None:
    patch.setattr(kernel, "clock_caps", _one_too_low)


def every_search_cuts_clocks_off_one_too_low(patch: Patch) -> None:
    """The plain search, too: it asks the same function."""
    patch.setattr(kernel, "clock_caps", _one_too_low)
    patch.setattr(brute, "clock_caps", _one_too_low)


def an_exchange_forgets_the_clocks(patch: Patch) -> None:
    """What else an element has changes places, and its clocks stay where they are."""
    honest = orbits._sort

    def without_clocks(source: KernelSource, *rest: Any) -> Any:
        fields = tuple(one for one in source.fields if one.type.kind != "time")
        return honest(evolve(source, fields=fields), *rest)

    patch.setattr(orbits, "_sort", without_clocks)


def an_exchange_takes_all_orbits_for_as_large(patch: Patch) -> None:
    patch.setattr(orbits, "_arrangements", lambda group: [f"size = size * {factorial(len(group))}"])


def an_exchange_forgets_what_belongs_to_an_element(patch: Patch) -> None:
    honest = orbits._groups

    def groups(instance: Any, symmetry: Any, sorts: Any) -> Iterator[Any]:
        for group in honest(instance, symmetry, sorts):
            own = {len(sort.registers) for sort in sorts.values() if group[0].along[0] == sort.item(0).along[0]}
            yield [orbits._Item(one.ordered[: max(own)], one.along[:1]) for one in group] if own else group

    patch.setattr(orbits, "_groups", groups)


def a_search_of_orbits_takes_one_element_for_another(patch: Patch) -> None:
    """Whether a fair event happens for ever it asks of whichever elements stand in the places of others."""
    honest = orbits._told

    def as_they_were(sorts: Any) -> Iterator[str]:
        for line in honest(sorts):
            place, _, name = line.partition(" = ")
            yield f"{place} = {name.rpartition('_')[2]}"

    patch.setattr(orbits, "_told", as_they_were)


def proof_skips_an_action(patch: Patch) -> None:
    honest = smt.possible_actions
    patch.setattr(induct, "possible_actions", lambda instance: honest(instance)[1:])


def proof_believes_a_lemma(patch: Patch) -> None:
    initially_false, broken_by = induct._initially_false, induct.broken_by

    def doubted(names: list[str]) -> list[str]:
        return [name for name in names if not name.startswith("lemma")]

    patch.setattr(induct, "_initially_false", lambda *arguments: doubted(initially_false(*arguments)))
    patch.setattr(induct, "broken_by", lambda *arguments: doubted(broken_by(*arguments)))


def proof_forgets_which_lemmas_it_rests_on(patch: Patch) -> None:
    honest = Known.learn
    patch.setattr(Known, "learn", lambda known, guard, goals, hold, core: honest(known, guard, goals, hold, ()))


def proof_believes_naturals_to_stay_above_zero(patch: Patch) -> None:
    patch.setattr(prove_engine, "leaves_range", lambda inductive: None)


def bounded_search_skips_an_action(patch: Patch) -> None:
    honest = unroll._choices

    def choices(instance: Any, sizes: Any, whole_time: bool) -> Iterator[Any]:
        made = list(honest(instance, sizes, whole_time))
        yield from (one for one in made if one.action.name != made[0].action.name)

    patch.setattr(unroll, "_choices", choices)


def bounded_search_forgets_what_stays(patch: Patch) -> None:
    """Its frame condition: what an action does not assign may then be anything."""
    honest = unroll._left_behind

    def left_behind(encoder: Any, action: Action, name: str, *rest: Any) -> Any:
        term = honest(encoder, action, name, *rest)
        return term if name in action.post else z3.FreshConst(term.sort(), name)

    patch.setattr(unroll, "_left_behind", left_behind)


def bounded_search_ends_one_step_short(patch: Patch) -> None:
    honest = unroll.Unrolling.search
    patch.setattr(
        unroll.Unrolling, "search", lambda self, form, depth, work: honest(self, form, max(0, depth - 1), work)
    )


def a_cut_off_is_claimed_of_what_interferes(patch: Patch) -> None:
    patch.setattr(cutoff, "_interference", lambda *arguments: "")


def fuzzing_compares_nothing(patch: Patch) -> None:
    def compare(self: fuzz_run.Run, event: Any = None) -> None:
        self.tally.shown = tuple(self.system.observe())

    patch.setattr(fuzz_run.Run, "compare", compare)


MEET = Spec(
    variables=(("v0", "bool", "", None),),
    actions=(
        ("fair_0", ("Q", "Q"), ("not", ("eq", ("idx", "a0"), ("idx", "a1"))), (("set", "v0", "", ("lit", True)),)),
    ),
    deadlines=(),
    formula=("not", ("var", "v0", "")),
    chosen={"N": 1, "D": 0, "P": 1, "Q": 2, "mode": "plain", "storm": False},
)
"""Two elements together do what one cannot: rare among random designs."""

DOMINOES = evolve(
    MEET,
    variables=tuple((name, "bool", "", None) for name in ("v0", "v1", "v2")),
    actions=(
        ("fair_0", (), ("var", "v1", ""), (("set", "v0", "", ("lit", True)),)),
        ("fair_1", (), ("var", "v2", ""), (("set", "v1", "", ("lit", True)),)),
        ("fair_2", (), ("lit", True), (("set", "v2", "", ("lit", True)),)),
    ),
    lemmas=(("not", ("var", "v1", "")), ("not", ("var", "v2", ""))),
)
"""Each lemma stands as long as the next does, and the last falls: lemmas that lean on each other are rare, too."""

AGED = evolve(
    MEET,
    variables=(("v0", "bool", "P", None), ("v1", "clock", "P", None)),
    actions=(
        ("unfair_0", ("P",), ("gt", ("var", "v1", "a0"), ("lit", 1)), (("set", "v0", "a0", ("lit", True)),)),
        ("unfair_1", ("P",), ("not", ("var", "v0", "a0")), (("set", "v1", "a0", ("lit", 0)),)),
    ),
    formula=("all", "P", "i0", ("le", ("var", "v1", "i0"), ("lit", 1))),
)
"""Elements of which the old may be marked."""

OWNED = evolve(
    MEET,
    variables=(("v0", "bool", "P", None), ("v1", "bool", "Q", None)),
    actions=(
        ("unfair_0", ("P",), ("lit", True), (("set", "v0", "a0", ("lit", True)),)),
        (
            "unfair_1",
            ("Q",),
            ("and", ("var", "v0", "home a0"), ("not", ("var", "v1", "a0"))),
            (("set", "v1", "a0", ("lit", True)), ("set", "v0", "home a0", ("lit", False))),
        ),
    ),
    formula=("all", "Q", "i0", ("var", "v1", "i0")),
    belonging=True,
)
"""Elements that pass their mark on to what belongs to them, and may be marked again."""

ROUNDABOUT = evolve(
    MEET,
    variables=(("v0", "bool", "P", None), ("v1", "bool", "", None)),
    actions=(
        ("fair_0", ("P",), ("var", "v0", "a0"), (("set", "v1", "", ("lit", True)),)),
        (
            "unfair_1",
            ("P", "P"),
            ("and", ("var", "v0", "a0"), ("not", ("var", "v0", "a1"))),
            (("set", "v0", "a0", ("lit", False)), ("set", "v0", "a1", ("lit", True))),
        ),
        ("unfair_2", ("P",), ("all", "P", "i0", ("not", ("var", "v0", "i0"))), (("set", "v0", "a0", ("lit", True)),)),
    ),
    formula=("or", ("var", "v1", ""), ("all", "P", "i0", ("not", ("var", "v0", "i0")))),
)
"""A mark goes round. Whoever has it is owed a turn, but nobody has it for ever: all these states are one orbit."""


LIES = (
    Lie(search_skips_an_action, "search", spec_of(3), "not every step was found"),
    Lie(search_saturates_a_counter, "search", spec_of(17), "a natural left its range"),
    Lie(search_takes_unfair_actions_for_fair, "search", spec_of(270), "whether it settles"),
    Lie(search_takes_fair_actions_for_unfair, "search", spec_of(10), "it is not fair"),
    Lie(search_cuts_clocks_off_one_too_low, "search", spec_of(11), "not every state was found"),
    Lie(every_search_cuts_clocks_off_one_too_low, "search", spec_of(11), "clocks are cut off too early"),
    Lie(an_exchange_forgets_the_clocks, "orbits", AGED, "not the same measures"),
    Lie(an_exchange_takes_all_orbits_for_as_large, "orbits", spec_of(0), "not the same measures"),
    Lie(an_exchange_forgets_what_belongs_to_an_element, "orbits", OWNED, "not the same measures"),
    Lie(a_search_of_orbits_takes_one_element_for_another, "orbits", ROUNDABOUT, "settles: not the same verdict"),
    Lie(proof_skips_an_action, "proof", spec_of(1), "proved, and violated"),
    Lie(proof_believes_a_lemma, "proof", spec_of(31), "proved, and violated"),
    Lie(proof_forgets_which_lemmas_it_rests_on, "proof", DOMINOES, "proved, and violated"),
    Lie(proof_believes_naturals_to_stay_above_zero, "proof", spec_of(17), "a natural falls below 0"),
    Lie(bounded_search_skips_an_action, "bounded search", spec_of(58), "finds None"),
    Lie(bounded_search_forgets_what_stays, "bounded search", spec_of(7), "breadth-first search None"),
    Lie(bounded_search_ends_one_step_short, "bounded search", spec_of(10), "finds None"),
    Lie(a_cut_off_is_claimed_of_what_interferes, "cut-offs", MEET, "do not decide"),
    Lie(fuzzing_compares_nothing, "fuzzing", spec_of(3), "a system that shows something else passes"),
)
