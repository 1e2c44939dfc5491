# SPDX-License-Identifier: Apache-2.0
"""One summand of a staleness bound, and their sum."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from edgeproof.model.expr import TIME, Expr, ite, lift

__all__ = ["Term", "total"]


@frozen
class Term:
    """One summand of the bound: its formula, what it is for, and whether the configuration has it."""

    formula: str
    meaning: str
    value: Expr
    present: Expr


def total(parts: Sequence[Term]) -> Expr:
    """The sum of the terms that the configuration has."""
    result = lift(0, TIME)
    for part in parts:
        result = result + ite(part.present, part.value, lift(0, TIME))
    return result
