# SPDX-License-Identifier: Apache-2.0
"""`label-is-content`: events whose version had another content when somebody had it first.

What counts is what happened for certain: commits and restores that are known to have been made, puts, whatever became
of them, and answers. Commits of one version are compared with each other, too, whatever lies between them: a restore
that takes no new era gives labels anew that are out there already.
"""

from __future__ import annotations

from math import inf
from typing import Final

import numpy as np

from edgeproof.properties.traffic.check import Broken, Causes, Check, Row, differ, with_another_content
from edgeproof.properties.traffic.coded import EMPTY, OK
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.groups import group
from edgeproof.properties.traffic.labels import VERSION, key, same_version
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.spans import reads_of, those_of
from edgeproof.properties.traffic.table import Table, concat, filled

__all__ = ["LABEL_IS_CONTENT"]

LABELLED: Final = (*VERSION, "digest")


def _made(facts: Facts) -> Table:
    """What the store is known to have made: its content counts before that of a copy of the same moment."""
    made = facts.made
    return made.take((made.outcome == OK) & (made.digest >= 0))


def _put(facts: Facts) -> Table:
    """Puts have their content when they are over, at the latest: their recorder may have begun to look long before."""
    puts = facts.publishes.take(facts.publishes.digest >= 0)
    return puts.put(over=filled(puts.returned, inf))


def _contents(facts: Facts) -> Table:
    """Per version and digest, how often the store, a put or a reader had it, and since when."""
    made, put, told = _made(facts), _put(facts), facts.contents
    each = [
        made.only(*LABELLED).put(since=made.invoke, copies=np.zeros(len(made), int), n=np.ones(len(made), int)),
        put.only(*LABELLED).put(since=put.over, copies=np.ones(len(put), int), n=np.ones(len(put), int)),
        told.only(*LABELLED, "n").put(since=told.first_returned, copies=np.ones(len(told), int)),
    ]
    return concat([table.only(*LABELLED, "since", "copies", "n") for table in each])


def _suspects(facts: Facts) -> Table:
    """The contents of versions that had another one first; the empty config has its own from the beginning."""
    contents = _contents(facts)
    versions = group(*key(contents, VERSION))
    several = (versions.least(contents.digest) < versions.largest(contents.digest))[versions.of]
    contents = contents.take(several | (contents.label == 0))
    text = facts.vocabulary.of["digest"].ranked(contents.digest)
    contents = contents.take(np.lexsort((text, contents.copies, contents.since, contents.label, contents.unit)))
    versions = group(*key(contents, VERSION))
    first = np.searchsorted(versions.of, versions.of)
    empty = contents.label == 0
    own = np.where(empty, EMPTY, contents.digest[first])
    contents = contents.put(because_at=np.where(empty, np.nan, contents.since[first]))
    return contents.take(contents.digest != own)


def _broken(facts: Facts, promise: Promise) -> Broken:
    suspects = _suspects(facts)
    had = concat([_made(facts), _put(facts).only(*facts.made.columns)])
    of, which = those_of(suspects, had, LABELLED)
    broken = had.take(which).put(because_at=suspects.because_at[of])
    return Broken(broken, reads_of(facts, suspects, LABELLED))


def _tested(facts: Facts, promise: Promise) -> int:
    """Events of a version beyond the first; the empty config is none."""
    contents = _contents(facts)
    contents = contents.take(contents.label > 0)
    return int(contents.n.sum()) - group(*key(contents, VERSION)).n


def _causes(facts: Facts) -> Causes:
    had = ((_made(facts), "invoke"), (_put(facts), "over"))
    return Causes(had, lambda reads: np.ones(len(reads), bool))


def _explains(cause: Row, row: Row) -> bool:
    return same_version(cause, row) and differ(cause, row, "digest")


LABEL_IS_CONTENT = Check(
    id="label-is-content",
    broken=_broken,
    causes=_causes,
    explains=_explains,
    tested=_tested,
    untested=lambda promise: "no version's content is known from two events",
    say=lambda row, promise: with_another_content(row),
    # Which of two contents was first is a matter of clocks, that there are two is not.
    assumes=(),
)
