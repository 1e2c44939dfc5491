# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edgeproof.properties.intake import IntakeError, MalformedError, load, read_mapping
from edgeproof.properties.intake.mapping_file import MappingError, mapping_of
from tests.properties.histories import Line, clean, commit, digest, fault, read, text


@pytest.fixture(scope="module")
def backend() -> ibis.BaseBackend:
    return ibis.duckdb.connect()


def write(path: Path, lines: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(text(list(lines))))
    return path


def write_parquet(path: Path, lines: Sequence[dict[str, Any]]) -> Path:
    columns = sorted(set().union(*lines))
    pq.write_table(pa.Table.from_pylist([dict.fromkeys(columns) | line for line in lines]), path)
    return path


def events(backend: ibis.BaseBackend, *paths: Path, mapping: Any = None) -> list[dict[str, Any]]:
    """Lists of events in the order of file and line, without the columns that do not apply."""
    loaded = load(backend, paths, mapping)
    assert backend.to_pyarrow(loaded.malformed).to_pylist() == []
    rows = backend.to_pyarrow(loaded.events.order_by(["file", "line"])).to_pylist()
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def malformed(backend: ibis.BaseBackend, *paths: Path, mapping: Any = None) -> list[tuple[str, int, str]]:
    rows = backend.to_pyarrow(load(backend, paths, mapping).malformed.order_by(["file", "line"])).to_pylist()
    return [(Path(row["file"]).name, row["line"], row["problem"]) for row in rows]


def expected(lines: list[dict[str, Any]], file: Path) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(lines, 1):
        row = {"era": 0, **line, "file": str(file), "line": number}
        row["returned"] = row.pop("return")
        rows.append({name: value for name, value in row.items() if value is not None})
    return rows


EVERYTHING = [
    *clean(),
    commit(3, 10, 11, key="k3", base=2),
    commit(4, 12, None, key="k4", outcome="unknown"),
    fault("crash", 12.5, 13),
    commit(5, 14, 15, unit="token:9", repo="a/b", scope="write", expires=99.5),
    read(5, 16, 17, unit="token:9", repo="a/b", scope="read", admitted=True),
]


HALF: Line = {**read(1, 1, 2), "version": 1.5}

# --- where events come from


def test_json_lines_are_events_as_they_stand(backend: ibis.BaseBackend, tmp_path: Path) -> None:
    file = write(tmp_path / "history.jsonl", EVERYTHING)
    assert events(backend, file) == expected(EVERYTHING, file)


@pytest.mark.parametrize(("suffix", "codec"), [("gz", "gzip"), ("zst", "zstd"), ("bz2", "bz2")])
def test_text_may_be_compressed(backend: ibis.BaseBackend, tmp_path: Path, suffix: str, codec: str) -> None:
    file = tmp_path / f"history.jsonl.{suffix}"
    with pa.output_stream(str(file), compression=codec) as out:
        out.write("".join(text(EVERYTHING)).encode())
    assert events(backend, file) == expected(EVERYTHING, file)


def test_parquet_is_read_in_place_and_a_line_is_a_row(backend: ibis.BaseBackend, tmp_path: Path) -> None:
    file = write_parquet(tmp_path / "history.parquet", EVERYTHING)
    assert events(backend, file) == expected(EVERYTHING, file)


def test_csv_has_the_same_columns(backend: ibis.BaseBackend, tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    columns = sorted(set().union(*EVERYTHING))
    cells = [
        ["" if line.get(c) is None else line[c] if isinstance(line[c], str) else json.dumps(line[c]) for c in columns]
        for line in EVERYTHING
    ]
    file.write_text("\n".join(",".join(row) for row in [columns, *cells]))
    rows = events(backend, file)
    assert [row["line"] for row in rows] == list(range(2, len(EVERYTHING) + 2))  # the header is line 1
    assert [{**row, "line": row["line"] - 1} for row in rows] == expected(EVERYTHING, file)


def test_a_quoted_field_may_hold_commas_and_line_ends(backend: ibis.BaseBackend, tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    file.write_bytes(
        b'kind,unit,invoke,return,outcome,note\r\nfault,app,1,2,ok,"a, ""b""\r\nc"\r\nfault,app,1,2,ok,x\r\n'
    )
    assert [(row["note"], row["line"]) for row in events(backend, file)] == [('a, "b"\r\nc', 3), ("x", 4)]


def test_a_directory_means_every_history_in_it_and_a_glob_what_it_matches(
    backend: ibis.BaseBackend, tmp_path: Path
) -> None:
    (tmp_path / "deep").mkdir()
    first = write(tmp_path / "a.jsonl", clean()[:3])
    second = write(tmp_path / "deep" / "b.ndjson", clean()[3:5])
    write_parquet(tmp_path / "deep" / "c.parquet", clean()[5:])
    (tmp_path / "readme.txt").write_text("no history")
    assert len(events(backend, tmp_path)) == len(clean())
    assert len(events(backend, tmp_path / "**" / "*.*json*")) == 5
    assert len(events(backend, first, second, tmp_path / "*.jsonl")) == 5  # each file once


@pytest.mark.parametrize("name", ["nothing.jsonl", "*.parquet", "readme.txt", "empty"])
def test_what_is_no_history_is_refused_by_name(backend: ibis.BaseBackend, tmp_path: Path, name: str) -> None:
    (tmp_path / "readme.txt").write_text("no history")
    (tmp_path / "empty").mkdir()
    with pytest.raises(IntakeError, match=name.replace("*", r"\*")):
        load(backend, [tmp_path / name])


def test_what_cannot_be_decompressed_is_said_of_its_file(backend: ibis.BaseBackend, tmp_path: Path) -> None:
    whole = gzip.compress("".join(text(clean())).encode())
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "none.jsonl.zst").write_bytes(b"not compressed at all")
    (tmp_path / "none.parquet").write_bytes(b"PAR1")
    for name in ("cut.jsonl.gz", "none.jsonl.zst"):
        with pytest.raises(OSError, match=name):
            load(backend, [tmp_path / name])
    with pytest.raises(IntakeError, match=r"none\.parquet is no Parquet"):
        load(backend, [tmp_path / "none.parquet"])


def test_an_empty_file_holds_no_events(backend: ibis.BaseBackend, tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.csv"):
        (tmp_path / name).touch()
    assert events(backend, tmp_path) == []


def test_the_order_of_lines_is_free(backend: ibis.BaseBackend, tmp_path: Path) -> None:
    file = write(tmp_path / "history.jsonl", clean()[::-1])
    assert events(backend, file) == expected(clean()[::-1], file)


# --- what is malformed


def test_malformed_lines_are_located_and_the_others_read(backend: ibis.BaseBackend, tmp_path: Path) -> None:
    lines = text(clean())
    first = tmp_path / "a.jsonl"
    first.write_bytes(
        b"\xef\xbb\xbf" + lines[0].replace("\n", "\r\n").encode() + b'\r\n{"kind"\n\xff\n' + lines[1].encode() + b"[]"
    )
    second = write(
        tmp_path / "b.jsonl", [read(2**63, 1, 2), read(1, 1, 2), read(1, 2, 1), {**read(1, 1, 2), "version": 1.5}]
    )
    assert [(name, line) for name, line, _ in malformed(backend, first, second)] == [
        ("a.jsonl", 3),
        ("a.jsonl", 4),
        ("a.jsonl", 6),
        ("b.jsonl", 1),
        ("b.jsonl", 3),
        ("b.jsonl", 4),
    ]
    loaded = load(backend, [first, second])
    assert sorted(backend.to_pyarrow(loaded.events.line).to_pylist()) == [1, 2, 5]


def test_strict_fails_on_the_first(backend: ibis.BaseBackend, tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", [*clean(), read(1, 2, 1), read(-1, 1, 2)])
    with pytest.raises(MalformedError, match=r"a\.jsonl, line 10: `return` is before `invoke`"):
        load(backend, [file], strict=True)
    write_parquet(tmp_path / "a.parquet", [*clean(), read(1, 2, 1), read(-1, 1, 2)])
    with pytest.raises(MalformedError, match=r"a\.parquet, line 10: `return` is before `invoke`"):
        load(backend, [tmp_path / "a.parquet"], strict=True)
    assert len(events(backend, write(file, clean()))) == len(clean())


def test_a_line_longer_than_any_event_is_malformed_and_costs_no_memory(
    backend: ibis.BaseBackend, tmp_path: Path
) -> None:
    file = tmp_path / "long.jsonl"
    with file.open("wb") as out:
        out.write(text(clean())[0].encode())
        for _ in range(40):
            out.write(b"x" * 2**20)
        out.write(b"\n" + text(clean())[1].encode())
    assert malformed(backend, file) == [("long.jsonl", 2, "longer than 16 MiB")]
    assert len(load(backend, [file]).events.execute()) == 2


def test_rows_of_parquet_are_judged_by_the_same_rules(backend: ibis.BaseBackend, tmp_path: Path) -> None:
    bad = [
        read(1, float("nan"), 2),
        read(1, 1, float("inf")),
        read(1, 2, 1),
        read(-1, 1, 2),
        read(2**53, 1, 2),
        read(1, 1, 2, digest="abc"),
        read(1, 1, 2, pop=None),
        read(1, 1, 2, source="moon"),
        {**read(1, 1, 2), "kind": "write"},
        {**read(1, 1, 2), "unit": ""},
        {**read(1, 1, 2), "version": None},
        {**commit(1, 1, None), "outcome": "ok"},
    ]
    write_parquet(tmp_path / "h.parquet", [*clean(), *bad])
    found = malformed(backend, tmp_path / "h.parquet")
    assert [line for _, line, _ in found] == list(range(10, 10 + len(bad)))
    assert [said for *_, said in found[2:4]] == [
        "`return` is before `invoke`",
        "`version` is a whole number from 0 to 2^53 - 1",
    ]


@pytest.mark.parametrize(
    ("column", "values", "fine"),
    [
        ("version", pa.array([1.0, 1.5, float("nan"), 2.0**63, -1.0]), [True, False, False, False, False]),
        ("version", pa.array([1, 2**63, 2**53, 2**53 - 1, 0], pa.uint64()), [True, False, False, True, True]),
        ("invoke", pa.array([0, 500, 999, 1000, 1001], pa.timestamp("ms")), [True] * 4 + [False]),
        ("invoke", pa.array([0, 1, 2, 3, None], pa.timestamp("s", "UTC")), [True, True, False, False, False]),
    ],
)
def test_other_types_of_numbers_are_taken_for_what_they_say(
    backend: ibis.BaseBackend, tmp_path: Path, column: str, values: pa.Array, fine: list[bool]
) -> None:
    table = pa.Table.from_pylist([read(1, 0, 1)] * 5)
    table = table.set_column(table.column_names.index(column), column, values)
    pq.write_table(table, tmp_path / "h.parquet")
    wrong = [line for _, line, _ in malformed(backend, tmp_path / "h.parquet")]
    assert [number not in wrong for number in range(1, 6)] == fine


def test_a_column_of_the_wrong_type_or_none_at_all_is_no_use(backend: ibis.BaseBackend, tmp_path: Path) -> None:
    pq.write_table(pa.table({"kind": ["read"], "unit": ["app"]}), tmp_path / "h.parquet")
    with pytest.raises(IntakeError, match="there is no column `invoke`; there is kind, unit"):
        load(backend, [tmp_path / "h.parquet"])
    pq.write_table(pa.Table.from_pylist([read(1, 0, 1, pop=7)]), tmp_path / "h.parquet")
    with pytest.raises(IntakeError, match="`pop` holds int64 where `pop` needs strings"):
        load(backend, [tmp_path / "h.parquet"])


@pytest.mark.parametrize("name", ["h.jsonl", "h.jsonl.gz", "h.csv"])
def test_a_large_file_is_read_as_a_small_one_is(
    backend: ibis.BaseBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Events, malformed lines and their places, whichever way is taken."""
    lines = [*EVERYTHING, HALF, read(1, 2, 1), read(1, 1, 2, pop=None)] * 9
    names = sorted(set().union(*lines))
    rows = [",".join(names), *(",".join("" if (v := one.get(n)) is None else str(v) for n in names) for one in lines)]
    content = "".join(text(lines)) if "json" in name else "\n".join(rows)
    (tmp_path / name).write_bytes(gzip.compress(content.encode()) if name.endswith("gz") else content.encode())
    small = load(backend, [tmp_path / name])
    monkeypatch.setattr("edgeproof.properties.intake.sources.MANY", 0)
    large = load(backend, [tmp_path / name])
    for one, other in ((small.events, large.events), (small.malformed, large.malformed)):
        said = backend.to_pyarrow(one.order_by("line")).to_pylist()
        assert said == backend.to_pyarrow(other.order_by("line")).to_pylist()
        assert len(said) >= 27


# --- foreign names

FOREIGN = """
[columns]
kind = "event"
unit = "app_id"
invoke = "started"
return = "ended"
version = "config_version"

[times]
all = "ms"

[constants]
outcome = "ok"

[values.kind]
"flag.read" = "read"
"""


def foreign(started: Any, ended: Any) -> dict[str, Any]:
    said = {"event": "flag.read", "app_id": "app", "started": started, "ended": ended, "config_version": 1}
    return {**said, "digest": digest(1), "pop": "lis", "reader": "r1", "colo": {"city": ["Lisbon"]}}


def test_a_mapping_renames_converts_and_fills_in(backend: ibis.BaseBackend, tmp_path: Path) -> None:
    (tmp_path / "mapping.toml").write_text(FOREIGN)
    mapping = read_mapping(tmp_path / "mapping.toml")
    lines = [foreign(1500 * n, 1500 * n + 250) for n in range(40)]
    file = write(tmp_path / "logs.jsonl", lines)
    ours = [read(1, 1.5 * n, 1.5 * n + 0.25, source=None) for n in range(40)]
    assert events(backend, file, mapping=mapping) == expected(ours, file)
    write_parquet(tmp_path / "logs.parquet", lines)
    assert events(backend, tmp_path / "logs.parquet", mapping=mapping) == expected(ours, tmp_path / "logs.parquet")


def test_times_may_be_text_in_iso_8601(backend: ibis.BaseBackend, tmp_path: Path) -> None:
    mapping = mapping_of({"times": {"all": "iso"}})

    def timed(invoke: Any, returned: Any) -> dict[str, Any]:
        return {**read(1, 0, 0), "invoke": invoke, "return": returned}

    good = [timed("2026-11-23T12:00:00Z", f"2026-11-23T12:00:{n:02}.25Z") for n in range(40)]
    bad = [timed("2026-02-30T12:00:00Z", "2026-11-23T12:00:00Z"), timed(5, "2026-11-23T12:00:00Z")]
    file = write(tmp_path / "logs.jsonl", [*good, *bad])
    assert [line for _, line, _ in malformed(backend, file, mapping=mapping)] == [41, 42]
    found = load(backend, [file], mapping).events.order_by("line").execute()
    assert list(found.invoke) == [1795435200.0] * 40
    assert list(found.returned) == [1795435200.25 + n for n in range(40)]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"column": {}}, "there is no section 'column'"),
        ({"columns": {"colour": "x"}}, "columns: there is no 'colour'; there is kind, unit"),
        ({"columns": {"kind": 1}}, "columns.kind is a string, or a list of such, not 1"),
        ({"times": {"all": "minutes"}}, "times.all is one of s, ms, us, ns, iso"),
        ({"times": {"version": "s"}}, "times: there is no 'version'"),
        ({"constants": {"kind": ["read"]}}, "constants.kind is one value"),
        ({"constants": {"kind": "read"}, "columns": {"kind": "event"}}, "leave out one"),
        ({"values": {"kind": "read"}}, "values.kind is a section"),
        ({"values": {"kind": {"x": ["read"]}}}, "values.kind.x is one value"),
        ({"values": {"invoke": {"x": "1"}}}, "values: there is no 'invoke'"),
        ({"versions": {"form": "v"}}, r"versions.form is text with \{\}"),
        ({"versions": {"order": "text"}}, "versions.order is one of numbers, commits"),
        ({"rows": {"each": 1}}, "rows.each is a string"),
        ({"files": {"*.csv": {"files": {}}}}, "there is no section 'files'"),
        ({"columns": []}, "`columns` is a section"),
        ([], "a mapping has the sections"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong(said: Any, why: str) -> None:
    with pytest.raises(MappingError, match=why):
        mapping_of(said)


def test_a_mapping_file_that_is_none_says_so(tmp_path: Path) -> None:
    for name in ("m.toml", "m.json"):
        (tmp_path / name).write_text("{[")
        with pytest.raises(MappingError, match=rf"m\.{name[2:]} is no {name[2:].upper()}"):
            read_mapping(tmp_path / name)


# --- spans


def span(kind: str, start: int, end: int, **more: Any) -> dict[str, Any]:
    def value(one: Any) -> dict[str, Any]:
        return {"intValue": str(one)} if isinstance(one, int) else {"stringValue": one}

    attributes = [{"key": f"edgeproof.{name}", "value": value(one)} for name, one in {"kind": kind, **more}.items()]
    other = {"key": "http.method", "value": {"stringValue": "GET"}}
    return {"startTimeUnixNano": str(start), "endTimeUnixNano": str(end), "attributes": [other, *attributes]}


def export(*spans: dict[str, Any]) -> dict[str, Any]:
    resource = {"attributes": [{"key": "edgeproof.pop", "value": {"stringValue": "lis"}}]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(spans)}]}]}


SPANS = (
    span("commit", 10**9, 2 * 10**9, unit="app", version=1),
    {**span("commit", 10**9, 2 * 10**9, unit="app"), "status": {"code": 2}},
    {"startTimeUnixNano": "1", "endTimeUnixNano": "2", "attributes": []},
    span("read", 3 * 10**9, 35 * 10**8, unit="app", version=1, reader="r1"),
)


@pytest.mark.parametrize("indent", [None, 2])
def test_spans_that_are_marked_are_events(backend: ibis.BaseBackend, tmp_path: Path, indent: int | None) -> None:
    file = tmp_path / "traces.json"
    file.write_text(json.dumps(export(*SPANS), indent=indent))
    common = {"unit": "app", "pop": "lis", "era": 0, "file": str(file), "line": 1}
    assert events(backend, file) == [
        {**common, "kind": "commit", "invoke": 1.0, "returned": 2.0, "outcome": "ok", "version": 1},
        {**common, "kind": "commit", "invoke": 1.0, "returned": 2.0, "outcome": "unknown"},
        {**common, "kind": "read", "invoke": 3.0, "returned": 3.5, "outcome": "ok", "version": 1, "reader": "r1"},
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {**SPANS[0], "startTimeUnixNano": "soon"},
        {**SPANS[0], "endTimeUnixNano": 2**64},
        {**SPANS[0], "endTimeUnixNano": "5"},
        {**SPANS[0], "endTimeUnixNano": None},
        {**SPANS[3], "attributes": SPANS[3]["attributes"][:2]},
    ],
)
def test_a_marked_span_that_is_no_event_is_malformed(
    backend: ibis.BaseBackend, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    file = tmp_path / "traces.jsonl"
    file.write_text(json.dumps(export(SPANS[0])) + "\n" + json.dumps(export(SPANS[0], wrong)))
    assert [line for _, line, _ in malformed(backend, file)] == [2]
    assert len(load(backend, [file]).events.execute()) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"resourceSpans": 7},
        {"resourceSpans": [{"resource": 7}]},
        {"resourceSpans": [{"scopeSpans": [7]}]},
        export(SPANS[0], 7),  # type: ignore[arg-type]
    ],
)
def test_an_export_of_another_shape_is_malformed(backend: ibis.BaseBackend, tmp_path: Path, wrong: Any) -> None:
    file = tmp_path / "traces.jsonl"
    file.write_text(json.dumps(export(SPANS[0])) + "\n" + json.dumps(wrong))
    assert [line for _, line, _ in malformed(backend, file)] == [2]
