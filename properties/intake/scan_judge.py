# SPDX-License-Identifier: Apache-2.0
"""What becomes of the rows that a scan took: events, if all are sound, and else those that nothing is wrong with."""

from __future__ import annotations

from functools import cached_property

import duckdb
import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from edgeproof.properties.intake.columns import EVENTS, problem
from edgeproof.properties.intake.events_of_cells import Flags, Scanned
from edgeproof.properties.intake.mapping import SKIP, ColumnMapping
from edgeproof.properties.intake.sound import is_sound
from edgeproof.properties.intake.tokens import Ints

__all__ = ["Judge"]


class Judge:
    """Holds what was scanned against the rules, as one mapping means it. One per thread."""

    def __init__(self, mapping: ColumnMapping) -> None:
        self._mapping = mapping

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(config={"threads": 1})

    @cached_property
    def _query(self) -> str:
        events = ibis.table(ibis.Schema.from_pyarrow(EVENTS), name="block")
        return str(ibis.to_sql(events.select(wrong=problem(events).notnull()), dialect="duckdb"))

    def sound(self, scanned: Scanned, file: str, first: int) -> tuple[pa.Table, Ints]:
        """The events among some rows, with the columns of `CODED`, and where the rows lie that may be none, or other
        ones. `first` is the number of the first line.
        """
        events, other = scanned.events(file, first)
        rows = np.flatnonzero(~(other | _skipped(events, self._mapping)))
        events = _of_rows(events, rows)
        wrong = self._wrong(events)
        places: Ints = scanned.cells.taken[np.concatenate((np.flatnonzero(other), rows[wrong]))]
        return events.filter(pa.array(~wrong)) if wrong.any() else events, places

    def _wrong(self, events: pa.Table) -> Flags:
        """Which of some events are malformed."""
        if is_sound(events):
            return np.zeros(len(events), np.bool_)
        judged = self._connection.register("block", events.cast(EVENTS)).sql(self._query).to_arrow_table()
        found: Flags = judged["wrong"].to_numpy()
        return found


def _skipped(events: pa.Table, mapping: ColumnMapping) -> Flags:
    """Which rows the mapping says are no events."""
    if SKIP not in mapping.values.get("kind", {}).values():
        return np.zeros(len(events), np.bool_)
    found: Flags = pc.equal(events["kind"].cast(pa.string()), SKIP).fill_null(False).to_numpy()
    return found


def _of_rows(events: pa.Table, rows: Ints) -> pa.Table:
    """Some rows; the words of `kind` are then none but theirs."""
    if len(rows) == len(events):
        return events
    taken = events.take(pa.array(rows))
    kind = taken["kind"].cast(pa.string()).dictionary_encode()
    return taken.set_column(taken.column_names.index("kind"), "kind", kind)
