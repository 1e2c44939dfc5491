# SPDX-License-Identifier: Apache-2.0
"""`no-partial-read`: reads with another digest than the version that they were told.

Where commits and restores say what the version contains, it is that. Where one of them does not say, it may have had
any one content more; so may a version that nobody is known to have made, and, once a restore took numbers back, one
more for each commit whose version nobody learnt. Contents that came after as many as there may be are nobody's.
"""

from __future__ import annotations

import numpy as np

from edgeproof.properties.traffic.check import Broken, Causes, Check, Row, differ, with_another_content
from edgeproof.properties.traffic.coded import EMPTY
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.groups import group, matched
from edgeproof.properties.traffic.labels import VERSION, key, same_version
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.spans import reads_of
from edgeproof.properties.traffic.table import Table

__all__ = ["NO_PARTIAL_READ"]

LABELLED = (*VERSION, "digest")


def _contents(facts: Facts) -> Table:
    """Contents that readers were given, whether the version is known to have them, and how many others it may have."""
    contents, versions = facts.contents, facts.versions
    of = matched(key(contents, VERSION), key(versions, VERSION))
    own = matched(key(contents, LABELLED), key(facts.own_contents, LABELLED)) >= 0
    empty = contents.label == 0
    return contents.put(
        known=np.where(empty, contents.digest == EMPTY, own),
        bare=np.where(empty, 0, versions.bare[of]),
        labelled=np.where(empty, np.nan, versions.labelled[of]),
    )


def _suspects(facts: Facts) -> Table:
    """Contents of versions beyond those that these have, or may have."""
    contents = _contents(facts)
    versions = group(*key(contents, VERSION))
    contents = contents.put(
        since=np.where(
            np.isnan(contents.labelled), versions.min(contents.first_returned)[versions.of], contents.labelled
        )
    )
    others = contents.take(~contents.known)
    text = facts.vocabulary.of["digest"].ranked(others.digest)
    others = others.take(np.lexsort((text, others.first_returned, others.label, others.unit)))
    of = group(*key(others, VERSION))
    place = np.arange(len(others)) - np.searchsorted(of.of, of.of)
    bad = others.take(place >= others.bare)
    return bad.put(because_at=np.where(bad.label == 0, np.nan, bad.since))


def _broken(facts: Facts, promise: Promise) -> Broken:
    return Broken(reads=reads_of(facts, _suspects(facts), LABELLED))


def _tested(facts: Facts, promise: Promise) -> int:
    """Reads with a content that there is another one to compare with."""
    contents = _contents(facts)
    contents = contents.take(contents.label > 0)
    alone = contents.take(np.isnan(contents.labelled))
    return int(contents.n.sum()) - group(*key(alone, VERSION)).n


def _causes(facts: Facts) -> Causes:
    return Causes(((facts.made.take(facts.made.digest >= 0), "invoke"),), lambda reads: reads.digest >= 0)


def _explains(cause: Row, row: Row) -> bool:
    return same_version(cause, row) and differ(cause, row, "digest")


NO_PARTIAL_READ = Check(
    id="no-partial-read",
    broken=_broken,
    causes=_causes,
    explains=_explains,
    tested=_tested,
    untested=lambda promise: "no read has a digest to compare with that of a commit, or of another read of its version",
    say=lambda row, promise: with_another_content(row),
    assumes=(),
)
