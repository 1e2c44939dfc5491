# SPDX-License-Identifier: Apache-2.0
"""A history digested once, so that every check is asked of tables that are far smaller than the history.

Versions make this possible. That a read was told something too old, or too new, depends on its time only through the
comparison with one moment that belongs to the version it was told. So it is enough to know, of each reader and each
version, when that reader was told it for the first and the last time: one pass over the reads, and what it leaves has a
row per reader and version, however often the reader read. Nothing is lost: a read that passes the moment exists if
and only if the first or the last one passes it. The reads themselves are looked at again only to name those that broke
something.

A restore undoes from its own time on. So a unit that was restored has such moments once for the reads before each
restore, and once for those after all: reads are told apart by how many restores they may have seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf
from typing import Any, Final

import numpy as np
from attrs import frozen

from edgeproof.properties.traffic.batches import side_by_side
from edgeproof.properties.traffic.coded import COMMIT, FAIL, FAULT, OK, PUBLISH, READ, Vocabulary
from edgeproof.properties.traffic.events import Reads, recorded
from edgeproof.properties.traffic.groups import Groups, group, runs, starts
from edgeproof.properties.traffic.labels import SEEN, SESSION, Labels, key
from edgeproof.properties.traffic.lives import restores_of
from edgeproof.properties.traffic.making import contents_of, taken_back, versions_of
from edgeproof.properties.traffic.moments import Moments
from edgeproof.properties.traffic.table import Floats, Ints, Table, concat, filled
from edgeproof.properties.traffic.tellings import summed
from edgeproof.properties.traffic.writes import writes

__all__ = ["Ask", "Facts", "at_once", "gather"]

NO_LABEL: Final = np.iinfo(np.int64).max
"""Above all labels."""
_ASKED: Final = ("unit", "era", "version", "seen", "repo", "scope", "admitted")
_CONTENT: Final = ("unit", "era", "version", "digest")


@frozen(eq=False)
class Facts:
    """What the checks read. Rows of all tables name their unit, and a version by its `label`.

    `reads` gives the reads that got an answer, a batch at a time, each with its `telling`; `unanswered` are the others.
    Each has its `session` and the number of its unit's restores that may have begun by its end (`seen`). `commits` are
    those that did not fail, as `writes` tells them apart, each with the `life` of its unit, which a restore ends;
    `restores` are the restores that say which version they went back to, and `made` are commits and restores that name
    a version.

    `tellings` has a row per session, version, source, `seen`, digest, and what was asked of a token: how many reads
    (`n`), and when the first and the last began and ended; its session is its `own`, by number. `told` is the same per
    version and `seen`, with when it was `superseded`, and each telling says which row of it is its own. `contents`
    counts reads per version and digest, and says when the first one ended; `asks` counts those of tokens. `versions`
    says of each version that anybody named what is known of its commit, `own_contents` with what content, and `moments`
    when, per `seen`, it was there for certain, and when something newer was.
    `units` has a row per unit, by its number.
    """

    vocabulary: Vocabulary
    batches: tuple[Reads, ...]
    unanswered: Table
    commits: Table
    publishes: Table
    faults: Table
    restores: Table
    made: Table
    tellings: Table
    told: Table
    contents: Table
    asks: Table
    versions: Table
    own_contents: Table
    moments: Moments
    units: Table

    def reads(self, after: Floats | None = None) -> Iterator[Table]:
        """The reads that got an answer, a batch at a time: those that began later than `after`, by telling, or all."""
        if after is None:
            yield from (batch.table(self.tellings, None) for batch in self.batches)
            return
        ever = after < inf
        later = side_by_side(lambda batch: batch.later(after, ever), self.batches)
        for batch, which in zip(self.batches, later, strict=True):
            if which is None or len(which):
                yield batch.table(self.tellings, which)

    def rows(self, table: Table) -> list[dict[str, Any]]:
        """The rows of a small table, in words."""
        return self.vocabulary.rows(table)

    def in_order(self, table: Table) -> Table:
        """The rows by file and line."""
        return table.take(np.lexsort((table.line, self.vocabulary.of["file"].ranked(table.file))))


Ask = Callable[[Callable[[Facts], Any]], list[Any]]
"""Asks the facts of a history for something: of all its units at once, or of a part of them at a time."""


def at_once(facts: Facts) -> Ask:
    """Asks for something of all units at once."""
    return lambda kernel: [kernel(facts)]


def gather(events: Any, evictions: Any = None) -> Facts:
    """Digest a history, as it was loaded, or of a table with the columns of `EVENTS`: one pass over its reads.

    If it is but some units of one, `evictions` are those of all of it, as isolates serve many units.
    """
    known = recorded(events, evictions)
    labels = Labels.among(known.others, known.tellings)
    others, tellings = (table.put(label=labels.of(table)) for table in (known.others, known.tellings))
    faults = others.take(others.kind == FAULT)
    restores = restores_of(faults)
    restored = restores.take(restores.label >= 0)
    commits = writes(others.take((others.kind == COMMIT) & (others.outcome != FAIL)), restores)
    publishes = others.take(others.kind == PUBLISH)
    made = concat([commits.take(commits.label >= 0).only(*restored.columns), restored])
    until = taken_back(made, restores)
    of = group(*key(tellings, SEEN))
    told = summed(tellings, SEEN, of)
    contents = _contents(tellings, told, of)
    units = _units(commits, restores, restored, tellings, len(known.vocabulary.of["unit"].words))
    versions = versions_of(until, restores, publishes, told, units)
    moments = Moments.of(until, restores, versions)
    told = told.put(superseded=moments.at(told, "superseded"))
    return Facts(
        known.vocabulary,
        known.reads,
        others.take(others.kind == READ),
        commits,
        publishes,
        faults,
        restored,
        made,
        tellings.put(told=of.of.astype(np.int32), own=runs(*key(tellings, SESSION))),
        told,
        contents,
        _summed(tellings.take(tellings.admitted >= 0), _ASKED),
        versions,
        contents_of(made),
        moments,
        units,
    )


def _summed(spans: Table, by: tuple[str, ...]) -> Table:
    return summed(spans, by, group(*key(spans, by)))


def _contents(tellings: Table, told: Table, of: Groups) -> Table:
    """Reads by version and digest. Most versions were told with one digest, so that what is known of them will do."""
    least, largest = of.least(tellings.digest), of.largest(tellings.digest)
    alike = least == largest
    others = tellings.take(np.zeros(0, np.int64) if alike.all() else ~alike[of.of])
    spans = told.put(digest=least).take(alike)
    both = concat([spans, others.only(*spans.columns)])
    return _summed(both.take(both.digest >= 0), _CONTENT)


def _units(commits: Table, restores: Table, restored: Table, tellings: Table, count: int) -> Table:
    """By unit, when it had its first version for certain, since when a commit may have gone unseen, when it was quiet,
    the first label on record, and the number of locations that it was read at.

    What a write of unknown outcome did, it did since it was asked for: until then the unit was not quiet. A record may
    begin in the middle: nobody knows then of the versions before its first commit, nor of any before a restore that it
    begins with (the label is above all there are).
    """
    ok, nameless = commits.outcome == OK, commits.label < 0
    own = Groups(commits.unit, commits.unit, count)
    restored_by = Groups(restored.unit, restored.unit, count).max(filled(restored.returned, inf))
    quiet: Floats = np.fmax(own.max(commits.returned, ok), own.max(commits.invoke, ~ok))
    return Table(
        {
            "began": own.min(commits.returned, ok),
            "unnamed": own.min(commits.invoke, nameless),
            "nameless": own.count(nameless),
            "open": own.count(~ok),
            "recorded": _recorded(commits.take(~nameless), restores, count),
            "quiet": np.where(own.count() > 0, np.fmax(quiet, restored_by), np.nan),
            # Tellings of a unit at a location stand together.
            "pops": np.bincount(tellings.unit[starts(tellings.unit, tellings.pop)], minlength=count),
        }
    )


def _recorded(commits: Table, restores: Table, count: int) -> Ints:
    first = Groups(commits.unit, commits.unit, count).min(commits.invoke)
    restored = Groups(restores.unit, restores.unit, count).min(restores.invoke)
    earliest = commits.take(commits.invoke == first[commits.unit])
    label = Groups(earliest.unit, earliest.unit, count).least(earliest.label)
    label[restored <= first] = NO_LABEL
    return label
