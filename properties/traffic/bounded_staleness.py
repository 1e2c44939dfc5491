# SPDX-License-Identifier: Apache-2.0
"""`bounded-staleness`: reads that began longer after something newer had been acknowledged than the bound allows."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from edgeproof.properties.traffic.attempts import failed_in_a_row, took
from edgeproof.properties.traffic.check import PUBLISHING, Check, Row, causes_at, what
from edgeproof.properties.traffic.facts import Facts
from edgeproof.properties.traffic.labels import SEEN, VERSION
from edgeproof.properties.traffic.promise import Promise
from edgeproof.properties.traffic.spans import late_reads, past

__all__ = ["BOUNDED_STALENESS", "acknowledgements", "reads_beyond", "superseded"]


def superseded(facts: Facts) -> ir.Table:
    """Per version, by when a newer one had certainly been acknowledged that no restore had taken back."""
    return facts.moments.select(*SEEN, because_at="superseded")


def acknowledgements(facts: Facts) -> ir.Table:
    """Commits and restores that supersede what came before them, by when they were known."""
    made = facts.made
    return causes_at(made.filter((made.outcome == "ok") & made.version.notnull()), "returned")


def reads_beyond(facts: Facts, seconds: float) -> ir.Scalar:
    """How many reads belong to versions that were still told so long after their unit's first acknowledgement."""
    began = facts.units.select("unit", "began")
    told = facts.told.inner_join(began, "unit")
    return told.filter(told.last_invoke > told.began + seconds).n.sum().fill_null(0)


def _suspects(facts: Facts, promise: Promise) -> ir.Table:
    return past(facts.told, superseded(facts), promise.bound_s + promise.slack)


def _broken(facts: Facts, promise: Promise) -> ir.Table:
    return late_reads(facts, _suspects(facts, promise))


def _tested(facts: Facts, promise: Promise) -> ir.Scalar:
    return reads_beyond(facts, promise.bound_s)


def _measures(facts: Facts, promise: Promise) -> dict[str, ir.Scalar]:
    told = facts.told.inner_join(facts.moments.select(*SEEN, "superseded"), list(SEEN))
    told = told.left_join(facts.versions.select(*VERSION, "newer_asked"), list(VERSION))
    certain = told.last_invoke - told.superseded - promise.slack
    possible = told.last_returned - told.newer_asked + promise.slack
    oldest = ibis.greatest(certain.fill_null(0.0), 0.0).max()
    return {
        "reads": facts.told.n.sum().fill_null(0),
        "bound_s": ibis.literal(promise.bound_s),
        "headroom_s": promise.bound_s - oldest,
        "failed_in_a_row": failed_in_a_row(facts).value.max(),
        "longest_put_s": took(facts).value.max(),
        "certain_max_s": oldest,
        "possible_max_s": ibis.greatest(possible.fill_null(0.0), 0.0).max(),
    }


def _say(row: Row, promise: Promise) -> str:
    late = row["invoke"] - row["because_at"]
    why = f"{what(row)}, {late:.3f} s after {row['because']} had committed something newer"
    return f"{why}; the bound is {promise.bound_s:g} s"


BOUNDED_STALENESS = Check(
    id="bounded-staleness",
    suspects=_suspects,
    broken=_broken,
    causes=acknowledgements,
    tested=_tested,
    untested=lambda promise: f"no read came later than the bound of {promise.bound_s:g} s after a commit",
    say=_say,
    assumes=PUBLISHING,
    measures=_measures,
)
