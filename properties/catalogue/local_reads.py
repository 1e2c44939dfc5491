# SPDX-License-Identifier: Apache-2.0
"""`local-reads`: locations answer alone."""

from __future__ import annotations

from model.expr import implies
from model.machine import Instance
from properties.catalogue.forms import on_read, reading
from properties.catalogue.property import Property

__all__ = ["PROPERTY"]


def _may_be_cut_off(instance: Instance) -> bool:
    return "partition" in instance.hazards


PROPERTY = Property(
    "local-reads",
    "A location that has had a config answers although what it copies from cannot be reached.",
    "Flagship: evaluation continues on the last propagated configuration.",
    needs=("loaded", "cut", "failed"),
    step=on_read(lambda before, after, p: implies(before.loaded[p], ~after.failed[p])),
    tested_step=reading(lambda before, after, p: before.loaded[p] & before.cut[p]),
    applies=_may_be_cut_off,
)
