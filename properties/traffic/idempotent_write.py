# SPDX-License-Identifier: Apache-2.0
"""`idempotent-write`: commits under a key that a commit of a lower version carries."""

from __future__ import annotations

import ibis.expr.types as ir

from edgeproof.properties.traffic.check import Check, Row, causes_at, event_columns, told_text
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.single_writer_order import acknowledged

__all__ = ["IDEMPOTENT_WRITE"]

KEY = ["unit", "life", "era", "key"]
_NEVER_RETRIED = "no write was sent twice under one key"


def _by_key(facts: Facts) -> tuple[ir.Table, ir.Table]:
    """The acknowledged commits that carry a key, and per key what they came to."""
    commits = acknowledged(facts)
    commits = commits.filter(commits.key.notnull())
    return commits, commits.group_by(KEY).agg(lowest=commits.version.min(), times=commits.count())


def _broken(facts: Facts, promise: Promise) -> ir.Table:
    commits, keys = _by_key(facts)
    again = commits.inner_join(keys, KEY)
    again = again.filter(again.version > again.lowest)
    first = commits.inner_join(keys, [*KEY, commits.version == keys.lowest])
    first = first.group_by(KEY).agg(because_at=first.invoke.min())
    both = again.inner_join(first, KEY)
    return event_columns(both, both.because_at)


def _twice(facts: Facts) -> ir.Scalar:
    _, keys = _by_key(facts)
    return keys.count(where=keys.times > 1)


def _tested(facts: Facts, promise: Promise) -> ir.Scalar:
    return _twice(facts)


def _say(row: Row, promise: Promise) -> str:
    return f"the write with key {row['key']} was applied as {told_text(row)}, and by {row['because']} already"


IDEMPOTENT_WRITE = Check(
    id="idempotent-write",
    suspects=_broken,
    broken=_broken,
    causes=lambda facts: causes_at(_by_key(facts)[0], "invoke"),
    explains=lambda cause, row: (cause.era == row.era) & (cause.version < row.version),
    tested=_tested,
    untested=lambda promise: _NEVER_RETRIED,
    say=_say,
    assumes=(),
    subject=_twice,
    no_subject=_NEVER_RETRIED,
)
