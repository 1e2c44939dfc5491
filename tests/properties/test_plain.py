# SPDX-License-Identifier: Apache-2.0
"""Parquet that is read as it lies says what DuckDB reads of it, and is judged row by row if something is not sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from pathlib import Path
from random import Random
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edgeproof.properties.intake import EVENTS, ColumnMapping, IntakeError, load
from edgeproof.properties.intake.plain import Plain, groups_of
from edgeproof.properties.intake.sound import is_sound
from edgeproof.properties.traffic.backends import open_duckdb
from edgeproof.properties.traffic.events import malformed_lines
from edgeproof.properties.traffic.facts import gather
from tests.properties.random_traffic import as_table, random_unit

READ: Final = {"kind": "read", "outcome": "ok", "version": 1, "pop": "lis", "reader": "r"}
SPOILT: Final[Mapping[str, dict[str, Any]]] = {
    "`kind` is one of commit, publish, read, fault": {"kind": "write"},
    "`outcome` is one of ok, fail, unknown": {"outcome": "fine"},
    "`unit` is missing or empty": {"unit": ""},
    "`invoke` is no number of seconds": {"invoke": -inf},
    "`return` is no number of seconds": {**READ, "returned": inf},
    "`return` is before `invoke`": {"invoke": 2.0, "returned": 1.0},
    "`version` is a whole number from 0 to 2^53 - 1": {**READ, "version": -1},
    "`base` is a whole number from 0 to 2^53 - 1": {"base": 2**53},
    "`digest` is 64 hexadecimal digits in lower case": {"digest": "A" * 64},
    "`source` is one of memo, cache, kv, centre, fallback, last_good, store": {"source": "moon"},
    "`scope` is one of read, write, none": {"scope": "all"},
    "`expires` is no number of seconds": {"expires": inf},
    "a read needs a `version`": {**READ, "version": None},
    "a publish needs a `version`": {"kind": "publish", "version": None},
    "a read needs `pop` and `reader`": {**READ, "pop": None},
    "a fault needs its name as `note`": {"kind": "fault", "note": None},
}
AT: Final = 17
"""The row that is spoilt."""


def history() -> pa.Table:
    random = Random(8)
    lines = as_table([line for n in range(40) for line in random_unit(random, f"u{n}")])
    return lines.drop(["file", "line"])


def test_what_is_sound_is_never_judged_row_by_row(tmp_path: Path) -> None:
    pq.write_table(history(), tmp_path / "h.parquet", row_group_size=100)
    loaded = load(open_duckdb(), [tmp_path])
    facts = gather(loaded)
    assert isinstance(loaded.malformed, pa.Table)
    assert malformed_lines(loaded.malformed, 3) == (0, [])
    assert sum(len(batch) for batch in facts.reads()) == facts.tellings.n.sum()


@pytest.mark.parametrize("problem", SPOILT)
def test_each_kind_of_malformed_row_is_noticed_named_and_left_out(problem: str, tmp_path: Path) -> None:
    rows = history().to_pylist()
    rows[AT] = {**rows[AT], **SPOILT[problem]}
    table = pa.Table.from_pylist(rows, history().schema)
    assert is_sound(history())
    assert not is_sound(table)
    pq.write_table(table, tmp_path / "h.parquet", row_group_size=100)
    loaded = load(open_duckdb(), [tmp_path])
    facts = gather(loaded)
    count, (line,) = malformed_lines(loaded.malformed, 3)
    assert (count, line["line"], line["problem"]) == (1, AT + 1, problem)
    others = sum(len(table) for table in (facts.unanswered, facts.publishes, facts.faults))
    answered = sum(row["kind"] == "read" and row["outcome"] == "ok" for n, row in enumerate(rows) if n != AT)
    assert facts.tellings.n.sum() == answered
    assert others == sum(
        row["kind"] in ("publish", "fault") or (row["kind"] == "read" and row["outcome"] != "ok")
        for n, row in enumerate(rows)
        if n != AT
    )


def test_a_file_that_is_spoilt_within_is_refused_in_a_line_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "h.parquet"
    pq.write_table(pa.concat_tables([history()] * 20), path, row_group_size=1000)
    # Beyond the rows that are looked at first.
    content, group = path.read_bytes(), pq.read_metadata(path).row_group(3)
    start = group.column(0).dictionary_page_offset
    path.write_bytes(content[:start] + b"\xff" * group.total_byte_size + content[start + group.total_byte_size :])
    with pytest.raises(IntakeError, match=r"h.parquet is no Parquet that can be read") as caught:
        gather(load(open_duckdb(), [path]))
    assert "\n" not in str(caught.value)


def _as(kind: pa.DataType, *names: str) -> Callable[[pa.Table], pa.Table]:
    def recast(table: pa.Table) -> pa.Table:
        return table.cast(pa.schema([f.with_type(kind) if f.name in names else f for f in table.schema]), safe=False)

    return recast


def _in_microseconds(table: pa.Table) -> pa.Table:
    for name in ("invoke", "returned"):
        moments = [None if t is None else round(t * 10**6) for t in table[name].to_pylist()]
        table = table.set_column(table.column_names.index(name), name, pa.array(moments, pa.int64()))
    return table.rename_columns({"returned": "return"})


def _beside_others(table: pa.Table) -> pa.Table:
    """With a column in front within which are columns of our names, and nothing in them."""
    names = [name for name in table.column_names if pa.types.is_string(table.schema.field(name).type)]
    within = pa.StructArray.from_arrays([pa.nulls(len(table), pa.string())] * len(names), names)
    return table.add_column(0, "others", within)


OTHERWISE: Final[Mapping[str, tuple[Callable[[pa.Table], pa.Table], ColumnMapping]]] = {
    "as edgeproof writes it": (lambda table: table, ColumnMapping()),
    "without an era": (lambda table: table.drop(["era"]), ColumnMapping()),
    "small numbers": (_as(pa.int16(), "version", "base"), ColumnMapping()),
    "coarse times": (_as(pa.float32(), "invoke", "returned"), ColumnMapping()),
    "large text": (_as(pa.large_string(), "unit", "digest"), ColumnMapping()),
    "words with numbers": (_as(pa.dictionary(pa.int32(), pa.string()), "unit", "pop"), ColumnMapping()),
    "whole microseconds": (_in_microseconds, ColumnMapping(times={"all": "us"})),
    "timestamps": (
        lambda table: _as(pa.timestamp("us", "UTC"), "invoke", "return")(_in_microseconds(table)),
        ColumnMapping(),
    ),
    "beside columns of our names within another": (_beside_others, ColumnMapping()),
    "other names": (
        lambda table: table.rename_columns({"unit": "flag", "returned": "until"}),
        ColumnMapping(columns={"unit": ("flag",), "return": ("until",)}),
    ),
}


@pytest.mark.parametrize("shape", OTHERWISE)
def test_columns_that_lie_otherwise_are_read_as_duckdb_reads_them(shape: str, tmp_path: Path) -> None:
    write, mapping = OTHERWISE[shape]
    pq.write_table(write(history()), tmp_path / "h.parquet", row_group_size=100)
    backend = open_duckdb()
    loaded = load(backend, [tmp_path], mapping)
    (file,) = loaded.files
    assert isinstance(file, Plain)
    assert not file.placed
    found = pa.concat_tables([groups.read(EVENTS.names).cast(EVENTS) for groups in groups_of(file)])
    assert found.to_pylist() == backend.to_pyarrow(loaded.events.order_by("line")).to_pylist()
