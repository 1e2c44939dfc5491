# SPDX-License-Identifier: Apache-2.0
"""`convergence`: in the end, everybody has the last write."""

from __future__ import annotations

from edgeproof.model.expr import FALSE, TRUE, Expr, for_all, implies
from edgeproof.model.machine import State
from edgeproof.properties.bounds import is_promised, staleness_bound
from edgeproof.properties.catalogue.forms import copy, on_read, reading, truth
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


def _converged(s: State) -> Expr:
    readers = for_all(s.Pop, lambda p: _up_to_date(s, "served", p))
    return _published(s) & readers


def _published(s: State) -> Expr:
    """KV has the last write, in designs that have KV."""
    return _up_to_date(s, "kv") if "kv" in s else TRUE


def _up_to_date(s: State, name: str, *index: Expr) -> Expr:
    one = copy(s, name, *index)
    return (one.version == truth(s).version) & (one.era == truth(s).era)


def _settled(before: State) -> Expr:
    """The last write was committed longer ago than the bound."""
    old: Expr = before.watching & (staleness_bound(before) < before.since) & (before.watched == truth(before).version)
    return old


def _converged_in_time(before: State, after: State, p: Expr) -> Expr:
    """Later than the bound after the last write, KV and every read give it. A restore ends the watch, and so does the
    withdrawal of a version, so that this form would say nothing of what comes after; where there may be such it is made
    false, lest it be taken for more than it is.
    """
    if "current" in before:
        return FALSE
    told = copy(after, "served", p)
    current = (told.version == truth(before).version) & (told.era == truth(before).era) & ~after.failed[p]
    published = before.kv == before.config if "kv" in before else TRUE
    in_time = implies(_settled(before), current & published)
    return in_time & ~before.rollback if "rollback" in before else in_time


PROPERTY = Property(
    "convergence",
    "When writes stop and faults heal, KV and every reader reach the latest version and stay there.",
    "Workers KV: eventually consistent.",
    needs=("config", "served", "failed", "watched", "watching", "since"),
    settles=_converged,
    tested=lambda s: s.config > 0,
    within=on_read(_converged_in_time),
    tested_step=reading(lambda before, after, p: _settled(before)),
    applies=is_promised,
)
