# SPDX-License-Identifier: Apache-2.0
"""`bounded-staleness`: reads that began longer after something newer had been acknowledged than the bound allows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeproof.properties.traffic.attempts import failed_in_a_row, took
from edgeproof.properties.traffic.check import PUBLISHING, Broken, Causes, Check, Measures, Row, what
from edgeproof.properties.traffic.coded import OK
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.groups import matched
from edgeproof.properties.traffic.labels import VERSION, key
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.spans import late_reads, moment_of, past
from edgeproof.properties.traffic.table import Floats

__all__ = ["BOUNDED_STALENESS", "acknowledgements", "reads_beyond"]


def acknowledgements(facts: Facts) -> Causes:
    """Commits and restores that supersede what came before them, by when they were known."""
    return Causes(((facts.made.take(facts.made.outcome == OK), "returned"),))


def reads_beyond(facts: Facts, seconds: float) -> int:
    """How many reads belong to versions that were still told so long after their unit's first acknowledgement."""
    told = facts.told
    return int(told.n[told.last_invoke > facts.units.began[told.unit] + seconds].sum())


def _broken(facts: Facts, promise: Promise) -> Broken:
    superseded = moment_of(facts, facts.told, "superseded")
    return Broken(reads=late_reads(facts, past(facts.told, superseded, promise.bound_s + promise.slack)))


def _tested(facts: Facts, promise: Promise) -> int:
    return reads_beyond(facts, promise.bound_s)


def _measures(facts: Facts, promise: Promise) -> Measures:
    told = facts.told
    newer_asked = facts.versions.newer_asked[matched(key(told, VERSION), key(facts.versions, VERSION))]
    oldest = _largest(told.last_invoke - moment_of(facts, told, "superseded") - promise.slack)
    return {
        "reads": int(told.n.sum()),
        "bound_s": promise.bound_s,
        "headroom_s": promise.bound_s - oldest,
        "failed_in_a_row": int(failed_in_a_row(facts).value.max(initial=0)),
        "longest_put_s": _largest(took(facts).value),
        "certain_max_s": oldest,
        "possible_max_s": _largest(told.last_returned - newer_asked + promise.slack),
    }


def _together(parts: Sequence[Measures]) -> Measures:
    """The largest of all, but for the head-room and the number of reads."""
    largest = {name: max(part[name] for part in parts) for name in parts[0]}
    least, reads = min(part["headroom_s"] for part in parts), sum(part["reads"] for part in parts)
    return {**largest, "reads": reads, "headroom_s": least}


def _largest(seconds: Floats) -> float:
    """The longest of some times, 0 where there is none."""
    return float(np.fmax(seconds, 0.0).max(initial=0.0))


def _say(row: Row, promise: Promise) -> str:
    late = row["invoke"] - row["because_at"]
    why = f"{what(row)}, {late:.3f} s after {row['because']} had committed something newer"
    return f"{why}; the bound is {promise.bound_s:g} s"


BOUNDED_STALENESS = Check(
    id="bounded-staleness",
    broken=_broken,
    causes=acknowledgements,
    tested=_tested,
    untested=lambda promise: f"no read came later than the bound of {promise.bound_s:g} s after a commit",
    say=_say,
    assumes=PUBLISHING,
    measures=_measures,
    together=_together,
)
