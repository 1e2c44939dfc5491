# SPDX-License-Identifier: Apache-2.0
"""The puts of a unit one after the other: how long each took, and what was waited for in between."""

from __future__ import annotations

from math import inf
from typing import Final

import numpy as np

from edgeproof.properties.traffic.coded import CRASH, OK
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.firsts import Firsts
from edgeproof.properties.traffic.groups import Groups, group, matched, pairs
from edgeproof.properties.traffic.lives import restores_of, restores_seen
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.spans import moment_of
from edgeproof.properties.traffic.table import ABSENT, Flags, Floats, Table

__all__ = ["PLACE", "after_failures", "ended", "failed_in_a_row", "took", "waiting", "waits"]

PLACE: Final = ("unit", "file", "line")
"""Whose a measured value is, and where."""


def _in_order(facts: Facts) -> Table:
    """Every put, those of a unit one after the other."""
    puts = facts.publishes
    file = facts.vocabulary.of["file"].ranked(puts.file)
    return puts.take(np.lexsort((puts.line, file, puts.invoke, puts.unit)))


def _follows(puts: Table) -> Flags:
    """Which puts have one before them of the same unit."""
    return np.concatenate([np.zeros(min(1, len(puts)), bool), puts.unit[1:] == puts.unit[:-1]])


def _is_last(puts: Table) -> Flags:
    """Which puts have none after them of the same unit."""
    return np.concatenate([puts.unit[1:] != puts.unit[:-1], np.ones(min(1, len(puts)), bool)])


def took(facts: Facts) -> Table:
    """How long each put took whose end was seen."""
    puts = facts.publishes
    puts = puts.put(value=puts.returned - puts.invoke)
    return puts.take(~np.isnan(puts.returned)).only(*PLACE, "outcome", "value")


def failed_in_a_row(facts: Facts) -> Table:
    """Of each put that was not confirmed, the how manyeth in a row of its unit it was."""
    puts = _in_order(facts)
    row = group(puts.unit, np.cumsum(puts.outcome == OK))
    failed = puts.take(puts.outcome != OK)
    of = row.of[puts.outcome != OK]
    return failed.put(value=np.arange(len(of)) - np.searchsorted(of, of) + 1).only(*PLACE, "value")


def after_failures(facts: Facts, promise: Promise) -> Table:
    """From each attempt that was not confirmed, whose place is given, to the next one, or to the end of the history.

    An attempt that was to have been given up after D counts as over by then: what is beyond belongs to the delay. That
    of an instance that died is known by its beginning only, and so needs D.
    """
    puts = _in_order(facts)
    last = _is_last(puts)
    until = np.where(last, _ends(facts)[puts.unit], np.append(puts.invoke[1:], np.nan)[: len(puts)])
    over = puts.returned
    if promise.put_timeout is not None:
        over = np.fmin(over, puts.invoke + promise.put_timeout)
    failed = (puts.outcome != OK) & ~np.isnan(over) & ~(last & ~_has_commits(facts)[puts.unit])
    return puts.put(value=until - over).take(failed).only(*PLACE, "value")


def waits(facts: Facts) -> Table:
    """From when a commit was waiting, and no put under way, to the put that followed, whose place is given."""
    puts = _in_order(facts)
    follows = _follows(puts)
    before = np.maximum(np.arange(len(puts)) - 1, 0)
    carried = _as_carried(facts, puts.take(before), puts.invoke)
    began = facts.units.began[puts.unit]
    later = follows & (puts.outcome[before] == OK)
    since = np.where(follows, moment_of(facts, carried, "superseded"), began)
    free = np.where(follows, puts.returned[before], began)
    value = puts.invoke - np.fmax(since, free)
    waited = (later | ~follows) & ~np.isnan(since) & (value > 0)
    return puts.put(value=value).take(waited).only(*PLACE, "value")


def waiting(facts: Facts) -> Table:
    """From when a commit, whose place is given, was waiting, and no put under way, to the end of its unit's history.

    A unit whose store crashed and was not seen to come back has nobody who could put anything.
    """
    puts = _in_order(facts)
    dead = facts.faults.take((facts.faults.note == CRASH) & np.isnan(facts.faults.returned))
    last = puts.take(_is_last(puts) & (puts.outcome == OK) & ~np.isin(puts.unit, dead.unit))
    carried = _as_carried(facts, last, last.invoke)
    since, end = moment_of(facts, carried, "superseded"), _ends(facts)[last.unit]
    carried = carried.put(since=since, value=end - np.fmax(since, last.returned))
    carried = carried.take(~np.isnan(since) & (carried.value > 0))
    made = facts.in_order(facts.made.take(facts.made.outcome == OK))
    one, other = pairs((carried.unit, carried.since), (made.unit, made.returned))
    newer = made.label[other] > carried.label[one]
    one, other = one[newer], other[newer]
    first = group(one).least(np.arange(len(one)))
    return made.take(other[first]).put(value=carried.value[one[first]]).only(*PLACE, "value")


def ended(puts: Table, promise: Promise) -> Floats:
    """By when a put has surely landed or never will; infinity where nobody knows."""
    given_up: Floats | float = inf
    if promise.put_timeout is not None and not promise.may_be_late:
        given_up = puts.invoke + promise.put_timeout
    return np.where(puts.outcome == OK, puts.returned, given_up)


def _as_carried(facts: Facts, puts: Table, at: Floats) -> Table:
    """Puts with the version that they had left in KV, and how many restores may have been `seen` at these moments.

    Where no copy of a unit carries an era, a put stands for whatever the store had under its number by then.
    """
    puts = puts.put(seen=restores_seen(puts.put(invoke=at, returned=at), restores_of(facts.faults)))
    latest, carried = (np.zeros(len(facts.units), np.int64) for _ in range(2))
    np.maximum.at(latest, facts.made.unit, facts.made.era)
    np.maximum.at(carried, facts.told.unit, facts.told.era)
    np.maximum.at(carried, facts.publishes.unit, facts.publishes.era)
    bare = (latest > 0) & (carried == 0)
    if not bare.any():
        return puts
    made = facts.made.take(bare[facts.made.unit])
    number = group(made.unit, made.version)
    order = np.lexsort((-made.label, number.of))
    of = matched((puts.unit, puts.version), (made.unit[number.first], made.version[number.first]))
    start, stop = (np.searchsorted(number.of[order], of, side) for side in ("left", "right"))
    newest = Firsts.of(-made.invoke[order]).at_least(start, stop, -puts.returned)
    return puts.put(label=np.maximum(puts.label, np.append(made.label[order], ABSENT)[newest]))


def _has_commits(facts: Facts) -> Flags:
    there = np.zeros(len(facts.units), bool)
    there[facts.commits.unit] = True
    return there


def _ends(facts: Facts) -> Floats:
    """By unit, the time until which its history goes.

    Of a restore that nobody saw end, the end is not known: the history goes as far as what else there is in it.
    """
    quiet = np.where(facts.units.quiet == inf, np.nan, facts.units.quiet)
    told = facts.told
    read_until = Groups(told.unit, told.unit, len(facts.units)).max(told.last_invoke)
    return np.where(_has_commits(facts), np.fmax(quiet, read_until), np.nan)
