# SPDX-License-Identifier: Apache-2.0
"""Which edits are one: a design has most of its text from another one, or from a part that others have too.

An edit of such a text is made once, in all designs that have it, and `verify` notices it if it notices it in any. It
belongs to the first of these designs, and is judged there. It is the same edit where the action, deadline, clock or
variable is written in a class that both designs have, and where the same expression becomes the same other one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import TypeAlias

from edgeproof.model.designs import DESIGNS, load
from edgeproof.model.machine import Design
from edgeproof.properties.mutation.mutants import Mutant, mutants
from edgeproof.properties.own import adopted

__all__ = ["names_of", "shared_with", "words_of"]

_Edit: TypeAlias = tuple[str, str, str, str]


@cache
def names_of(design: str) -> tuple[str, ...]:
    """The mutants of a design, by name, in the order of its text."""
    return tuple(_edits(design))


@cache
def words_of(design: str) -> Mapping[str, str]:
    """What the mutants of a design say, by name."""
    return {name: says for name, (_, _, says, _) in _edits(design).items()}


@cache
def shared_with(design: str) -> Mapping[str, tuple[str, tuple[str, ...]]]:
    """The mutants of a design that are edits of another one as well, by name: the first design that has the edit, and
    which of its mutants they are. None of a design of somebody's own, which is mutated by itself.
    """
    if design in adopted():
        return {}
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    before = [*DESIGNS][: [*DESIGNS].index(design)]
    for name, edit in _edits(design).items():
        for other in before:
            if (same := _by_edit(other).get(edit)) and _written_together(design, other, edit[0]):
                found[name] = other, same
                break
    return found


@cache
def _edits(design: str) -> Mapping[str, _Edit]:
    return {one.name: _edit(one) for one in mutants(load(design))}


def _edit(one: Mutant) -> _Edit:
    return one.where, one.operator, one.says, one.around


@cache
def _by_edit(design: str) -> Mapping[_Edit, tuple[str, ...]]:
    found: dict[_Edit, list[str]] = defaultdict(list)
    for name, edit in _edits(design).items():
        found[edit].append(name)
    return {edit: tuple(names) for edit, names in found.items()}


def _written_together(design: str, other: str, where: str) -> bool:
    """Whether a class that both designs have says something of that name."""
    return bool(_writers(DESIGNS[design], where) & _writers(DESIGNS[other], where))


def _writers(design: type[Design], where: str) -> set[type]:
    return {one for one in design.__mro__ if where in vars(one)}
