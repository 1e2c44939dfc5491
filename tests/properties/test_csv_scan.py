# SPDX-License-Identifier: Apache-2.0
"""The compiled pass over large files of CSV, and the readable way through any of them, on files of every kind."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any, Final

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from edgeproof.properties.intake.csv_rows import csv_records
from edgeproof.properties.intake.csv_scanner import scanned_csv
from edgeproof.properties.intake.lines import BOM
from edgeproof.properties.intake.mapping import ColumnMapping
from edgeproof.properties.intake.mapping_file import mapping_of
from edgeproof.properties.intake.row import Row
from edgeproof.properties.intake.rows import rows_of_record
from tests.properties.histories import clean, commit, digest, fault, read
from tests.properties.test_intake_fuzz import values

EVENTS: Final = (
    *clean(),
    commit(4, 1, None, outcome="unknown", key='k "4"'),
    fault("crash", 0, 1),
    read(5, 1.25, 2e3, unit="café", repo="a/b", scope="read", admitted=True),
)
COLUMNS: Final = tuple(sorted({*set().union(*EVENTS), "expires", "base"}))
CELLS: Final = (
    *("", " ", "0", "1", "-1", "007", "1.0", "1.50", "1e3", "1e0005", ".5", "5.", "+1", " 7", "NaN", "inf", "1_0"),
    *("9007199254740991", "9007199254740992", "123456789012345678901234567890", "0.1234567890123456789012345678"),
    *("true", "TRUE", "t", "no", "null", "read", "publish", "ok", "kv", "app", digest(4), "X" * 64, "b\0c", "\x0b"),
    *("2026-11-23 12:00:00.5 UTC", "2026-11-23T12:00:00Z", '""', '"', 'a"b', '"a""b"', '"a"b', '"a', "a,b", '"a,b"'),
    *('"a\nb"', '"a\r\nb"', "a\rb", '"7"', '"1.5"', "{}", '{"kind":"read"}', "é", "\udcff", "\ufeff"),
)
MAPPED: Final = mapping_of(
    {
        "columns": {"unit": ["app", "unit"], "version": ["n", "version"], "duration": "took"},
        "times": {"all": "ms", "expires": "s"},
        "constants": {"era": 2},
        "values": {"kind": {"read": "read", "fault": "skip", "": "skip"}, "outcome": {"": "ok"}},
    }
)
MAPPINGS: Final = (ColumnMapping(), MAPPED, mapping_of({"columns": {"unit": "pop"}}))


def cell(value: Any) -> str:
    if value is None:
        return ""
    said = value if isinstance(value, str) else json.dumps(value)
    return '"' + said.replace('"', '""') + '"' if '"' in said else said


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A file of events, some of whose cells, or bytes, are changed."""
    more = ("app", "n", "took", "colour", "message", "app.x")
    names = draw(st.permutations(COLUMNS + draw(st.sampled_from(((), more[:1], more[:3], more[3:])))))
    mark, end = draw(st.sampled_from(",,,\t;")), draw(st.sampled_from(("\n", "\n", "\r\n")))
    rows = [names]
    for event in draw(st.lists(st.sampled_from(EVENTS), min_size=1, max_size=12)):
        row = [cell(event.get(name)) for name in names]
        for _ in range(draw(st.sampled_from((0, 0, 1, 1, 3)))):
            row[draw(st.integers(0, len(row) - 1))] = draw(st.sampled_from(CELLS))
        rows.append(row + draw(st.sampled_from((*([[]] * 9), ["x"]))))
    lines = [mark.join(row) for row in rows]
    for _ in range(draw(st.integers(0, 1))):
        lines.insert(draw(st.integers(1, len(lines))), draw(st.sampled_from(("", " ", '"', "x"))))
    text = end.join(lines) + draw(st.sampled_from(("", end)))
    return draw(st.sampled_from((b"", b"", BOM))) + text.encode("utf-8", "surrogateescape")


def meant(file: bytes, mapping: ColumnMapping) -> list[tuple[int, Any]]:
    """What is in each line by the readable way: an event, or what is wrong with it."""
    return sorted(said_in(csv_records("h", BytesIO(file)), mapping), key=lambda said: said[0])


def found(file: bytes, mapping: ColumnMapping, size: int) -> list[tuple[int, Any]]:
    """The same by the compiled pass."""
    each: list[tuple[int, Any]] = []
    for events, records in scanned_csv("h", BytesIO(file), mapping, size):
        each += [(row["line"], row) for row in rows(events)]
        each += said_in(records, mapping)
    return sorted(each, key=lambda said: said[0])


def rows(events: pa.Table) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "file"} for row in events.to_pylist()]


def said_in(records: Any, mapping: ColumnMapping) -> list[tuple[int, Any]]:
    each: list[tuple[int, Any]] = []
    for number, said in records:
        for row in [said] if isinstance(said, ValueError) else rows_of_record(number, said, (mapping,)):
            each.append((number, values(row) if isinstance(row, Row) else str(row)))
    return each


def told(*cells: str) -> bytes:
    return "\n".join(("kind,unit,invoke,return,outcome,version,note", *cells)).encode()


FAULT: Final = "fault,app,1,2,ok,,x"


@given(files(), st.sampled_from((1 << 22, 700)), st.sampled_from(MAPPINGS))
@example(told(*[FAULT] * 9, 'fault,app,1,2,ok,,"a', 'b"', FAULT), 1 << 22, MAPPINGS[0])
@example(told(*[FAULT] * 9, 'fault,app,1,2,ok,,"a"b', FAULT), 1 << 22, MAPPINGS[0])
@example(told(*[FAULT] * 9, 'fault,app,1,2,ok,,"a', FAULT), 1 << 22, MAPPINGS[0])
@example(told(*[FAULT] * 9, "fault,app,1e0005,2e0005,ok,,x", FAULT), 1 << 22, MAPPINGS[0])
def test_a_scan_of_csv_is_of_one_mind_with_the_rows_one_by_one(file: bytes, size: int, mapping: ColumnMapping) -> None:
    assert found(file, mapping, size) == meant(file, mapping)


def test_what_is_regular_is_scanned_and_the_rest_of_its_lines_is_left() -> None:
    """A doubled quote is regular; a date with slashes is left; a row over several lines ends the scan."""
    lines = [*[FAULT] * 20, 'fault,app,1,2,ok,,"a ""b"""', "fault,app,2026/11/23 12:00,,unknown,,x", FAULT]
    ((events, records), *more) = scanned_csv("h", BytesIO(told(*lines, "")), ColumnMapping())
    assert (len(events), [number for number, _ in records], more) == (22, [23], [])
    lines[20] = 'fault,app,1,2,ok,,"a\nb"'
    ((events, records), (nothing, rest)) = scanned_csv("h", BytesIO(told(*lines, "")), ColumnMapping())
    assert (len(events), list(records), len(nothing)) == (20, [], 0)
    assert [number for number, _ in rest] == [23, 24, 25]
