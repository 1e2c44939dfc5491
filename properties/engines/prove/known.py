# SPDX-License-Identifier: Apache-2.0
"""What the solver has proved of a design, kept for whoever asks next: another round, property or configuration.

Most actions and lemmas are the same in most configurations of a design, once options are filled in. Only proofs are
kept, each with the lemmas that it rests on; with more lemmas, or of fewer goals, a proof stays one. That a question has
no proof is never kept.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field

from edgeproof.model.expr import Expr
from edgeproof.model.interned import Interned
from edgeproof.model.smt import Shape

__all__ = ["Known"]

Expressions = frozenset[Expr]


@define(eq=False)
class Known:
    """Proofs about one machine, found with one amount of work per question. All expressions are `interned` ones."""

    interned: Interned = field(factory=Interned)
    initially: set[Expr] = field(factory=set)
    """What holds in every initial state."""
    afterwards: dict[tuple[object, ...], dict[Expr, Expr]] = field(factory=dict)
    """By an action's post: lemmas as they are after it, by lemma."""
    proofs: dict[tuple[Expr, bool], list[tuple[Expressions, Expressions]]] = field(factory=dict)

    shapes: dict[Expr, Shape] = field(factory=dict)
    widths: dict[tuple[int, bool], tuple[int, Expr]] = field(factory=dict)
    """What encoders over any number of elements know of expressions, whatever the configuration."""

    def unsettled(self, guard: Expr, goals: Iterable[Expr], hold: bool, lemmas: Iterable[Expr]) -> list[Expr]:
        """The goals of which no proof says that they never hold (or never fail) where the guard and the lemmas do."""
        given = frozenset(lemmas)
        settled: set[Expr] = set()
        for proved, core in self.proofs.get((guard, hold), ()):
            if core <= given:
                settled |= proved
        return [goal for goal in goals if goal not in settled]

    def learn(self, guard: Expr, goals: Iterable[Expr], hold: bool, core: Iterable[Expr]) -> None:
        """Keep that the goals never hold (or never fail) where the guard and the lemmas of `core` do."""
        self.proofs.setdefault((guard, hold), []).append((frozenset(goals), frozenset(core)))
