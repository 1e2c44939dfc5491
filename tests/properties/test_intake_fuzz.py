# SPDX-License-Identifier: Apache-2.0
"""The quick ways through a file and the readable definition of an event, on files that something has been done to."""

from __future__ import annotations

import json
from io import BytesIO
from itertools import product
from math import inf
from pathlib import Path
from typing import Any, Final

import ibis
import pytest
from attrs import asdict
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgeproof.properties.intake import load
from edgeproof.properties.intake.csv_rows import csv_records
from edgeproof.properties.intake.jsonl import LineReader
from edgeproof.properties.intake.lines import BOM, Block, blocks
from edgeproof.properties.intake.mapping import ColumnMapping
from edgeproof.properties.intake.mapping_file import mapping_of
from edgeproof.properties.intake.parse import parse_row
from edgeproof.properties.intake.row import COLUMNS, Row
from edgeproof.properties.intake.rows import Batch, rows_of, rows_of_record
from tests.properties.histories import clean, commit, digest, fault, publish, read, text

LINES: Final = tuple(
    line.rstrip("\n").encode()
    for line in text(
        [
            *clean(),
            commit(3, 1, key="k", base=2),
            publish(3, 1.5, 2),
            fault("crash", 0, 1),
            commit(4, 1, 2, repo="a/b", scope="write", expires=9.5),
            read(4, 1, 2, repo="a/b", scope="read", admitted=True, unit="café"),
        ]
    )
)
VALUES: Final = (
    *(
        "null",
        "true",
        "false",
        "0",
        "-0",
        "-0.0",
        "1",
        "1.0",
        "1.5",
        "-1",
        "1e0",
        "1E400",
        "1e-400",
        "5e-324",
        "01",
        ".5",
    ),
    *(
        "+1",
        "1.",
        "0x10",
        "NaN",
        "Infinity",
        "-Infinity",
        "Inf",
        "nan",
        "1_000",
        "9007199254740991",
        "9007199254740992",
    ),
    *("9223372036854775807", "9223372036854775808", "18446744073709551616", "1e308", "1.7976931348623159e308", "'1'"),
    *(
        '"1"',
        '"1.5"',
        '""',
        '"ok"',
        '"read"',
        '"commit"',
        '"fault"',
        '"NaN"',
        '"\\ud800"',
        '"\\ud83d\\ude00"',
        '"\\u0000"',
    ),
    *(
        '"\\x"',
        '"a\\"b"',
        '"{"',
        '"}{"',
        '"a\tb"',
        "[]",
        "[1]",
        "{}",
        '{"a":[1,2]}',
        '{"a":NaN}',
        "[1,]",
        '"café"',
        "1 2",
    ),
    *(
        json.dumps(digest(4)),
        json.dumps("X" * 64),
        json.dumps("a" * 65),
        json.dumps(digest(4) + "\n"),
        "1" * 5000,
        "[" * 2000,
    ),
)
FITTING: Final = st.sampled_from(("null", "2", "2.5", "3", '"app"', '"b"', json.dumps(digest(4))))
"""Values that some column takes."""
SAID: Final = st.one_of(FITTING, FITTING, FITTING, st.sampled_from(VALUES))
CSV_HEADER: Final = ("kind", "unit", "invoke", "return", "outcome", "note")
NAMES: Final = (*COLUMNS, "colour", "Kind", "k\\u0069nd")
SNIPPETS: Final = tuple(
    snippet.encode("utf-8", "surrogatepass")
    for snippet in (
        *("{", "}", "[", "]", ",", ":", '"', "\\", "\n", "\r\n", "\r", "\0", "\ufeff", " ", "\t", "\v", "é", "\ud800"),
        *("NaN", "Infinity", "null", "//", "/*", "}{", "} {", '"kind":', '{"a":', "\u2028", "[" * 1200, "1" * 4500),
    )
) + (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf5\x80\x80\x80")


@st.composite
def mutated_line(draw: st.DrawFn) -> bytes:
    """A line with a column or some bytes changed."""
    line = draw(st.sampled_from(LINES))
    if draw(st.booleans()):
        said = {json.dumps(name): json.dumps(value) for name, value in json.loads(line).items()}
        for name in draw(st.lists(st.sampled_from(NAMES), max_size=3)):
            said.pop(f'"{name}"', None)
            if draw(st.integers(0, 3)):
                said[f'"{name}"'] = draw(st.sampled_from(VALUES))
        pairs = [f"{name}:{value}" for name, value in said.items()]
        pairs += draw(st.lists(st.sampled_from(pairs or [""]), max_size=1))
        return ("{" + ",".join(pairs) + "}").encode()
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(line)))
        end = start + draw(st.sampled_from((0, 0, 1, 2, 10)))
        line = line[:start] + draw(st.sampled_from((*SNIPPETS, b""))) + line[end:]
    return line


FILES: Final = st.lists(
    st.one_of(mutated_line(), st.sampled_from(LINES), st.sampled_from((b"", b" ", b"\r"))), min_size=1, max_size=40
)
"""Lines of a file. Others stand around them, so that blocks are what is parsed."""


def meant(file: bytes) -> tuple[list[dict[str, Any]], list[tuple[int, str]]]:
    """The events and the malformed lines of a file by `parse_row`."""
    rows, wrong = [], []
    for number, line in enumerate(file.removeprefix(BOM).split(b"\n"), 1):
        if line.strip():
            try:
                rows.append(values(parse_row(number, line)))
            except ValueError as error:
                wrong.append((number, str(error)))
    return rows, wrong


def values(row: Row) -> dict[str, Any]:
    return {**asdict(row), "returned": None if row.returned == inf else row.returned}


def found(batches: list[Batch]) -> tuple[list[dict[str, Any]], list[tuple[int, str]]]:
    rows = [row for batch in batches for row in batch.events.to_pylist()]
    wrong = [row for batch in batches for row in batch.malformed.to_pylist()]
    for row in rows:
        assert row.pop("file") == "h"
    return sorted(rows, key=lambda row: int(row["line"])), [(row["line"], row["problem"]) for row in wrong]


READER: Final = LineReader(ColumnMapping())
SCANNING: Final = LineReader(ColumnMapping(), many=True)
"""The way for large files."""
MAPPED: Final = mapping_of(
    {
        "columns": {"unit": "pop", "return": "return"},
        "times": {"all": "us", "expires": "s"},
        "constants": {"era": 3},
        "values": {"kind": {"read": "commit"}, "outcome": {"1": "ok"}},
    }
)
CONFLICTING: Final = mapping_of({"columns": {"version": "invoke"}, "times": {"invoke": "ms"}})
"""One column of theirs is two of ours, of two types."""
NESTED: Final = mapping_of(
    {
        "columns": {
            "unit": ["app.unit", "unit"],
            "version": ["app.told.version", "app.told.n", "version"],
            "digest": "app.told.digest",
            "return": "end",
            "duration": "app.took",
        },
        "times": {"duration": "ms"},
    }
)
"""Objects in objects, one of several places, and either a time or how long it took."""
READERS: Final = [
    (mapping, LineReader(mapping, many=many)) for mapping in (MAPPED, CONFLICTING, NESTED) for many in (False, True)
]


@given(FILES, st.sampled_from([1 << 22, 3000, 100]))
@example([b'{"kind": "read"}{"kind": "read"}'], 1 << 22)
@example([b'{"kind": [{}', b'{"kind": "read"}'], 1 << 22)
def test_the_quick_way_is_of_one_mind_with_the_definition(lines: list[bytes], size: int) -> None:
    file = b"\n".join([*LINES, *lines, *LINES])
    assert found([READER.read("h", block) for block in blocks(BytesIO(file), size)]) == meant(file)


@settings(max_examples=60)
@given(FILES)
@example([b'{"kind":"read","kind":null}', b'{"kind": "read"}{"kind": "read"}', b'{"a":"\\ud800","b":[{},[],"\\u12"]}'])
def test_a_scan_is_of_one_mind_with_the_definition(lines: list[bytes]) -> None:
    file = b"\n".join([*LINES, *lines, *LINES])
    assert found([SCANNING.read("h", Block.of(1, file))]) == meant(file)


@pytest.mark.parametrize("name", NAMES)
def test_every_odd_value_in_every_column(name: str) -> None:
    lines = []
    for line, value in product(LINES[-3:-2] + LINES[-1:], VALUES):
        said = {key: json.dumps(one) for key, one in json.loads(line).items()} | {name: value}
        lines.append(("{" + ", ".join(f'"{key}": {one}' for key, one in said.items()) + "}").encode())
    for line in lines:
        file = b"\n".join([*LINES, line, *LINES])
        assert found([READER.read("h", Block.of(1, file))]) == meant(file), line[:200]
    file = b"\n".join([*LINES, *lines, *LINES])
    assert found([SCANNING.read("h", Block.of(1, file))]) == meant(file)


@given(FILES)
def test_a_mapping_means_the_same_both_ways(lines: list[bytes]) -> None:
    for mapping, reader in READERS:
        file = b"\n".join([*LINES, *lines, *LINES])
        rows, wrong = found([reader.read("h", Block.of(1, file))])
        said = [
            (number, row) for number, line in enumerate(file.split(b"\n"), 1) for row in rows_of(number, line, mapping)
        ]
        assert rows == [values(row) for _, row in said if isinstance(row, Row)]
        assert wrong == [(number, str(row)) for number, row in said if not isinstance(row, Row)]


@st.composite
def nested_line(draw: st.DrawFn) -> bytes:
    """A line whose unit, version and digest lie within objects, or instead of them, or beside them."""
    line = json.loads(draw(st.sampled_from(LINES)))
    told = {"version": json.dumps(line.get("version")), "digest": json.dumps(line.get("digest"))}
    app = {"unit": json.dumps(line["unit"]), "took": draw(st.sampled_from(("0", "1.5", "20", "-1", "null", "1e3")))}
    said = {name: json.dumps(line[name]) for name in line if name not in ("unit", "version", "digest", "return")}
    for place, names in ((told, ("version", "n", "digest", "digest")), (app, ("unit", "took", "told.n"))):
        for name in draw(st.lists(st.sampled_from(names), max_size=1)):
            place[name] = draw(SAID)
    app["told"] = draw(st.sampled_from((*(_object(told),) * 3, json.dumps(_object(told)), "null", "[]", "7")))
    said["app"] = draw(st.sampled_from((*(_object(app),) * 5, json.dumps(_object(app)), "[1]")))
    for name in draw(st.lists(st.sampled_from(("end", "app.unit", "unit", "app.told", "invoke")), max_size=2)):
        said[name] = draw(st.one_of(SAID, st.just(_object(told))))
    return _object({name: said[name] for name in draw(st.permutations(sorted(said)))}).encode()


def _commit(app: str, more: str) -> bytes:
    return f'{{"kind":"commit","invoke":1,"outcome":"ok","app":{{"unit":"a",{app}}}{more}}}'.encode()


def _object(said: dict[str, str]) -> str:
    return "{" + ",".join(f'"{name}":{value}' for name, value in said.items()) + "}"


@settings(max_examples=50)
@given(st.lists(nested_line(), min_size=1, max_size=10))
@example([_commit('"took":-5,"told":{"version":1}', ',"end":2'), _commit('"took":5,"told":{"version":1}', ',"end":2')])
@example([_commit('"told":{"version":null,"n":3}', ',"end":2'), _commit('"told":{"version":2,"n":3}', ',"end":2')])
@example([_commit('"told.version":7,"told":{"version":1}', ',"end":2'), _commit('"took":5', ',"app.told.version":7')])
def test_columns_within_objects_are_the_same_both_ways(lines: list[bytes]) -> None:
    """One at a time: what the quick way refuses would take those around it along."""
    told = b'{"kind":"commit","invoke":1,"outcome":"ok","app":{"unit":"a","took":5,"told":{"version":1}}}\n'
    for line, (mapping, reader) in product(lines, READERS[-2:]):
        rows, wrong = found([reader.read("h", Block.of(1, told * 16 + line + b"\n" + told))])
        said = list(rows_of(17, line, mapping))
        assert rows[16:-1] == [values(row) for row in said if isinstance(row, Row)]
        assert wrong == [(17, str(row)) for row in said if not isinstance(row, Row)]


@given(st.binary(max_size=300))
def test_no_bytes_at_all_stop_a_file_from_being_read(content: bytes) -> None:
    rows, wrong = found([READER.read("h", block) for block in blocks(BytesIO(content), 64)])
    assert (rows, wrong) == meant(content)


@given(
    st.lists(
        st.one_of(st.sampled_from(SNIPPETS), st.sampled_from([b"read", b"app", b"1", b"2", b"ok", b'"'])), max_size=30
    )
)
def test_no_bytes_at_all_stop_a_csv_from_being_read(cells: list[bytes]) -> None:
    content = ",".join(CSV_HEADER).encode() + b"\nfault,app,1,2,ok,x\n" + b",".join(cells)
    first, *others = csv_records("h", BytesIO(content))
    assert first == (2, dict(zip(CSV_HEADER, ["fault", "app", "1", "2", "ok", "x"], strict=True)))
    for number, said in others:
        for row in () if isinstance(said, ValueError) else rows_of_record(number, said, (ColumnMapping(),)):
            assert isinstance(row, Row | ValueError)


def test_a_mutated_file_is_loaded_with_its_problems_beside_it(tmp_path: Path) -> None:
    lines = [b"".join([line[:cut], line[cut + 1 :]]) for line in LINES for cut in range(0, len(line), 7)]
    content = b"\n".join(lines)
    (tmp_path / "h.jsonl").write_bytes(content)
    backend = ibis.duckdb.connect()
    loaded = load(backend, [tmp_path / "h.jsonl"])
    rows, wrong = meant(content)
    assert backend.to_pyarrow(loaded.events.line.count()).as_py() == len(rows) > 0
    problems = backend.to_pyarrow(loaded.malformed.order_by("line")).to_pylist()
    assert [(one["line"], one["problem"]) for one in problems] == wrong
    assert len(wrong) > 100
