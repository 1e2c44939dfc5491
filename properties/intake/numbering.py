# SPDX-License-Identifier: Apache-2.0
"""Versions that are text, as numbers: in the order in which each unit's were committed.

On the way in 53 bits of its digest (`values.code_of`) stand for a version, until all commits are known. One that nobody
is known to have committed stands where it was first seen.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from edgeproof.properties.intake.columns import IntakeError

__all__ = ["number_versions"]

_UNORDERED: Final = """
    SELECT unit FROM read_parquet($events) WHERE version IS NOT NULL
    GROUP BY unit HAVING count(*) FILTER (kind = 'commit') = 0 ORDER BY unit LIMIT 1
"""

_NUMBERED: Final = """
    COPY (
        WITH events AS (FROM read_parquet($events)),
        seen AS (
            SELECT unit, version, coalesce(returned, invoke) AS moment,
                kind = 'commit' AND outcome <> 'fail' AS committed
            FROM events WHERE version IS NOT NULL
            UNION ALL SELECT unit, base, invoke, false FROM events WHERE base IS NOT NULL
        ),
        firsts AS (
            SELECT unit, version, coalesce(min(moment) FILTER (committed), min(moment)) AS moment
            FROM seen GROUP BY unit, version
        ),
        numbers AS (
            SELECT unit, version, row_number() OVER (PARTITION BY unit ORDER BY moment, version) AS number FROM firsts
        )
        SELECT events.* REPLACE (own.number AS version, other.number AS base)
        FROM events
        LEFT JOIN numbers AS own ON own.unit = events.unit AND own.version = events.version
        LEFT JOIN numbers AS other ON other.unit = events.unit AND other.version = events.base
    ) TO '{numbered}' (FORMAT parquet)
"""


def number_versions(events: Path) -> Path:
    """Events with numbers for what stood for their versions, in a file beside theirs.

    Raises IntakeError for a unit of which no commit is recorded, as nothing says then which version is the newer.
    """
    numbered = events.with_name("numbered.parquet")
    with duckdb.connect() as connection:
        unordered = connection.execute(_UNORDERED, {"events": str(events)}).fetchone()
        if unordered is not None:
            raise IntakeError(
                f"no commit of {unordered[0]!r} is recorded: versions that are text are in the order of their commits"
            )
        quoted = str(numbered).replace("'", "''")
        connection.execute(_NUMBERED.format(numbered=quoted), {"events": str(events)})
    return numbered
