# SPDX-License-Identifier: Apache-2.0
"""`idempotent-write`: commits under a key that a commit of a lower version carries."""

from __future__ import annotations

from edgeproof.properties.traffic.check import Broken, Causes, Check, Row, told_text
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.groups import Groups, group
from edgeproof.properties.traffic.labels import key
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.single_writer_order import acknowledged
from edgeproof.properties.traffic.table import Table

__all__ = ["IDEMPOTENT_WRITE"]

KEY = ("unit", "life", "era", "key")
_NEVER_RETRIED = "no write was sent twice under one key"


def _keyed(facts: Facts) -> tuple[Table, Groups]:
    """The acknowledged commits that carry a key, by their keys."""
    commits = acknowledged(facts)
    commits = commits.take(commits.key >= 0)
    return commits, group(*key(commits, KEY))


def _broken(facts: Facts, promise: Promise) -> Broken:
    commits, keys = _keyed(facts)
    lowest = keys.least(commits.version)[keys.of]
    because_at = keys.min(commits.invoke, commits.version == lowest)[keys.of]
    return Broken(commits.put(because_at=because_at).take(commits.version > lowest))


def _twice(facts: Facts) -> int:
    _, keys = _keyed(facts)
    return int((keys.count() > 1).sum())


def _tested(facts: Facts, promise: Promise) -> int:
    return _twice(facts)


def _say(row: Row, promise: Promise) -> str:
    return f"the write with key {row['key']} was applied as {told_text(row)}, and by {row['because']} already"


def _explains(cause: Row, row: Row) -> bool:
    return bool(cause["era"] == row["era"] and cause["version"] < row["version"])


IDEMPOTENT_WRITE = Check(
    id="idempotent-write",
    broken=_broken,
    causes=lambda facts: Causes(((_keyed(facts)[0], "invoke"),)),
    explains=_explains,
    tested=_tested,
    untested=lambda promise: _NEVER_RETRIED,
    say=_say,
    assumes=(),
    subject=_twice,
    no_subject=_NEVER_RETRIED,
)
