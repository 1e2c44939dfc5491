# SPDX-License-Identifier: Apache-2.0
"""`no-lost-update`: nobody undoes what they have not seen."""

from __future__ import annotations

from edgeproof.model.expr import FALSE, TRUE, Expr
from edgeproof.properties.catalogue.property import Property, Step

__all__ = ["PROPERTY"]


def _by_who_has_seen(step: Step) -> Expr:
    before, after = step.before, step.after
    return (after.config == before.config) | (before.seen == before.config) if step.action == "save" else TRUE


def _by_who_has_not(step: Step) -> Expr:
    return step.before.seen != step.before.config if step.action == "save" else FALSE


PROPERTY = Property(
    "no-lost-update",
    "A flag is replaced by nobody who has not seen its current version.",
    "Flagship REST API: an update replaces the flag and names no version: of two editors the second undoes the first.",
    needs=("config", "seen", "draft"),
    step=_by_who_has_seen,
    tested_step=_by_who_has_not,
)
