# SPDX-License-Identifier: Apache-2.0
"""`local-reads`: locations answer alone."""

from __future__ import annotations

from edgeproof.model.expr import Expr, implies
from edgeproof.model.machine import Instance, State
from edgeproof.properties.catalogue.forms import on_read, reading
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


def _may_be_cut_off(instance: Instance) -> bool:
    source_may_die = "down" in instance.machine.variables and "crash" in instance.hazards
    return source_may_die or "partition" in instance.hazards


def _cut_off(s: State, p: Expr) -> Expr:
    cut: Expr = s.cut[p]
    return cut | s.down if "down" in s else cut


PROPERTY = Property(
    "local-reads",
    "A location that has had a config answers although what it copies from cannot be reached.",
    "Flagship: evaluation continues on the last propagated configuration.",
    needs=("loaded", "cut", "failed"),
    step=on_read(lambda before, after, p: implies(before.loaded[p], ~after.failed[p])),
    tested_step=reading(lambda before, after, p: before.loaded[p] & _cut_off(before, p)),
    applies=_may_be_cut_off,
)
