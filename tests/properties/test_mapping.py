# SPDX-License-Identifier: Apache-2.0
"""What a mapping makes of the values that loggers, databases and CSV write, whatever the file is."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edgeproof.properties.intake import IntakeError, load
from edgeproof.properties.intake.mapping import columns_of
from edgeproof.properties.intake.mapping_file import MappingError, mapping_of
from edgeproof.properties.intake.paths import at
from edgeproof.properties.intake.values import Seconds, as_flag, as_natural, as_seconds

NOON = 1795435200.0


@pytest.fixture(scope="module")
def backend() -> ibis.BaseBackend:
    return ibis.duckdb.connect()


@pytest.mark.parametrize(
    ("said", "unit", "seconds"),
    [
        ("2026-11-23 12:00:00.000 UTC", "s", NOON),
        ("2026-11-23T12:00:00Z", "ms", NOON),
        ("2026-11-23 14:00:00+02", "iso", NOON),
        ("2026-11-23 06:30:00.25 -0530", "iso", NOON + 0.25),
        ("2026-11-23T12:00:00.123456789+00:00", "iso", NOON + 0.123456789),
        ("2026-11-23 12:00:00 +0000 UTC", "iso", NOON),
        ("2026/11/23 12:00", "iso", NOON),
        ("2026-11-23 12:00:00,500", "iso", NOON + 0.5),
        (" 1795435200.5 ", "s", NOON + 0.5),
        ("1795435200500", "ms", NOON + 0.5),
        (1795435200500000, "us", NOON + 0.5),
        (Decimal("1795435200.5"), "s", NOON + 0.5),
        (datetime(2026, 11, 23, 12), "s", NOON),
        (datetime(2026, 11, 23, 13, tzinfo=timezone(timedelta(hours=1))), "s", NOON),
        (datetime(2026, 11, 23, 12, tzinfo=UTC), "ns", NOON),
        (Seconds(NOON), "ns", NOON),
        ("2026-02-30 12:00:00", "iso", "2026-02-30 12:00:00"),
        ("noon", "s", "noon"),
        ("1e400", "s", "1e400"),
        (True, "ms", True),
    ],
)
def test_a_time_is_what_it_says(said: Any, unit: str, seconds: Any) -> None:
    assert as_seconds(said, unit) == seconds


@pytest.mark.parametrize(
    ("said", "form", "number"),
    [
        ("7", "{}", 7),
        (" 007 ", "{}", 7),
        ("7.0", "{}", 7),
        ("v7", "v{}", 7),
        ('W/"7"', 'W/"{}"', 7),
        (Decimal("7.00"), "{}", 7),
        ("7a", "{}", "7a"),
        ("v7", "{}", "v7"),
        ("-7", "{}", "-7"),
        ("٧", "{}", "٧"),
        (7.5, "{}", 7.5),
    ],
)
def test_a_version_may_be_text(said: Any, form: str, number: Any) -> None:
    assert as_natural(said, form) == number


def test_a_truth_value_is_written_in_many_ways() -> None:
    assert [as_flag(said) for said in ("TRUE", "t", "1", 1, "Yes", True)] == [True] * 6
    assert [as_flag(said) for said in ("FALSE", "f", "0", 0, "no", False)] == [False] * 6
    assert as_flag("maybe") == "maybe"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a.b.c", 1),
        ("attributes.feature_flag.key", "cart"),
        ("tags.colo", "LIS"),
        ("pairs.1", "y"),
        ("list.1.n", 2),
        ("list.m", 3),
        ("text.deep.er", 4),
        ("a.b.nothing", None),
        ("a.b.c.d", None),
        ("list.7.n", None),
        ("plain.x", None),
        ("long.name.x", 5),
    ],
)
def test_a_path_goes_through_objects_lists_pairs_and_text(path: str, value: Any) -> None:
    record = {
        "a": {"b": {"c": 1}},
        "attributes": {"feature_flag.key": "cart"},
        "tags": [{"key": "env", "value": "x"}, {"key": "colo", "value": "LIS"}],
        "pairs": ["x", "y"],
        "list": [{"n": 1}, {"n": 2, "m": 3}],
        "text": json.dumps({"deep": json.dumps({"er": 4})}),
        "plain": "text {",
        "long": {"name": {"x": 4}},
        "long.name": {"x": 5},
    }
    assert at(record, path) == value


MAPPING: dict[str, Any] = {
    "columns": {"kind": "EVENT", "unit": ["APP", "ID"], "version": "VER", "invoke": "AT", "duration": "MS"},
    "times": {"duration": "ms"},
    "constants": {"outcome": "ok", "pop": "lis", "reader": "r"},
    "values": {"kind": {"flag.write": "commit", "FLAG.READ": "read", "*": "skip", "": "skip"}},
}
ROWS: list[dict[str, Any]] = [
    {"EVENT": "flag.write", "APP": "a", "ID": None, "VER": "7", "AT": "2026-11-23 12:00:00 UTC", "MS": "20"},
    {"EVENT": "FLAG.READ", "APP": None, "ID": "b", "VER": "7", "AT": "2026-11-23 12:00:01 UTC", "MS": "1.5"},
    {"EVENT": "page", "APP": None, "ID": None, "VER": None, "AT": None, "MS": None},
    {"EVENT": None, "APP": "a", "ID": None, "VER": None, "AT": None, "MS": None},
]
MEANT = [("commit", "a", 7, NOON, NOON + 0.02), ("read", "b", 7, NOON + 1, NOON + 1.0015)]


def as_lines(path: Path) -> None:
    (path / "h.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")


def as_list(path: Path) -> None:
    (path / "h.json").write_text(json.dumps(ROWS, indent=1), encoding="utf-8")


def as_csv(path: Path) -> None:
    cells = [list(ROWS[0]), *([row[name] or "" for name in row] for row in ROWS)]
    (path / "h.csv").write_bytes(b"\xef\xbb\xbf" + "".join("\t".join(row) + "\r\n" for row in cells).encode())


def as_parquet(path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(ROWS), path / "h.parquet")


def as_typed_parquet(path: Path) -> None:
    at = [datetime(2026, 11, 23, 12, 0, n, tzinfo=UTC) if n < 2 else None for n in range(4)]
    ver = [Decimal(7), Decimal(7), None, None]
    table = pa.Table.from_pylist(ROWS).drop_columns(["AT", "VER", "MS", "ID"])
    table = table.set_column(table.column_names.index("APP"), "APP", pa.array(["a", "b", None, "a"]))
    table = table.append_column("AT", pa.array(at, pa.timestamp("us", "UTC")))
    table = table.append_column("VER", pa.array(ver, pa.decimal128(38, 0)))
    pq.write_table(table.append_column("MS", pa.array([20.0, 1.5, None, None])), path / "h.parquet")


@pytest.mark.parametrize("write", [as_lines, as_list, as_csv, as_parquet, as_typed_parquet])
def test_a_mapping_means_the_same_in_every_format(
    backend: ibis.BaseBackend, tmp_path: Path, write: Callable[[Path], None]
) -> None:
    write(tmp_path)
    said: Any = (
        MAPPING if write is not as_typed_parquet else {**MAPPING, "columns": {**MAPPING["columns"], "unit": "APP"}}
    )
    loaded = load(backend, [tmp_path], mapping_of(said))
    assert backend.to_pyarrow(loaded.malformed).to_pylist() == []
    rows = backend.to_pyarrow(loaded.events.order_by("line")).to_pylist()
    assert [tuple(row[name] for name in ("kind", "unit", "version", "invoke", "returned")) for row in rows] == MEANT


def test_the_time_that_something_took_gives_either_end() -> None:
    mapping = mapping_of({"columns": {"return": "end", "duration": "took"}, "times": {"all": "ms"}})
    assert columns_of((mapping,), {"end": 5000, "took": 20}) == {"invoke": 4.98, "return": 5.0}
    with pytest.raises(ValueError, match="`duration` is a length of time, not -1"):
        columns_of((mapping_of({"columns": {"duration": "took"}}),), {"invoke": 5, "took": -1})


@pytest.mark.parametrize(
    ("invoke", "unit", "record", "seconds"),
    [
        ("day + clock", None, {"day": "2026-11-23", "clock": "12:00:00.5"}, NOON + 0.5),
        ("day + clock + zone", None, {"day": "2026-11-23", "clock": "14:00", "zone": "+0200"}, NOON),
        ("day + clock", None, {"day": date(2026, 11, 23), "clock": time(12, 0, 0, 20_000)}, NOON + 0.02),
        ("at.seconds + at.nanos", "s + ns", {"at": {"seconds": "1795435200", "nanos": 500_000_000}}, NOON + 0.5),
        ("at.seconds + at.nanos", "s + ns", {"at": {"seconds": 1795435200}}, NOON),
        ("at + micros", "s + us", {"at": Seconds(NOON), "micros": 250_000}, NOON + 0.25),
        ("day + ms", "s + ms", {"day": int(NOON) - 43_200, "ms": 43_200_000}, NOON),
        ("a + b", "ms", {"a + b": 1000, "a": 5}, 1.0),  # a name as it stands comes first
        ("day + clock", None, {"day": "2026-11-23", "clock": "noon"}, "noon"),
        ("day + clock", None, {"clock": "12:00"}, None),
    ],
)
def test_a_time_may_be_in_several_columns(invoke: str, unit: str | None, record: Any, seconds: Any) -> None:
    mapping = mapping_of({"columns": {"invoke": invoke}, "times": {} if unit is None else {"invoke": unit}})
    columns = columns_of((mapping,), record)
    assert columns is not None
    assert columns.get("invoke") == ("2026-11-23" if seconds == "noon" else seconds)


def test_a_unit_may_be_in_several_columns_and_the_quick_ways_read_the_same(
    backend: ibis.BaseBackend, tmp_path: Path
) -> None:
    """JSON and Parquet, whose columns would do one by one."""
    rows = [
        {"kind": "commit", "tenant": "t", "flag": "f", "version": n, "s": int(NOON) + n, "ns": 10**8, "outcome": "ok"}
        for n in range(1, 41)
    ]
    (tmp_path / "h.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "h.parquet")
    time_ = {"invoke": "s + ns", "return": "s + ns"}
    mapping = mapping_of({"columns": {"unit": "tenant + flag", **time_}, "times": time_})
    for name in ("h.jsonl", "h.parquet"):
        found = backend.to_pyarrow(load(backend, [tmp_path / name], mapping).events.order_by("line")).to_pylist()
        assert [(row["unit"], row["invoke"]) for row in found] == [("t/f", NOON + n + 0.1) for n in range(1, 41)]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"columns": {"version": "major + minor"}}, "only times and text are put together from several"),
        ({"columns": {"invoke": "s + ns"}, "times": {"invoke": "s + years"}}, "times.invoke is one of s, ms, us, ns"),
        ({"columns": {"invoke": "at"}, "times": {"invoke": "s + ns"}}, "columns.invoke needs as many columns"),
        ({"times": {"all": "s + ns"}}, "columns.all needs as many columns"),
    ],
)
def test_what_cannot_be_put_together_is_said(said: Any, why: str) -> None:
    with pytest.raises(MappingError, match=why):
        mapping_of(said)


def test_versions_that_are_text_are_in_the_order_of_their_commits(backend: ibis.BaseBackend, tmp_path: Path) -> None:
    def event(kind: str, version: str, at: float, unit: str = "a") -> dict[str, Any]:
        return {"kind": kind, "unit": unit, "version": version, "invoke": at, "return": at, "outcome": "ok"} | (
            {"pop": "lis", "reader": "r"} if kind == "read" else {}
        )

    lines = [
        event("read", "older", 0),
        event("read", "aa", 0.5),  # too early: what was committed stands where it was, whoever was told it before
        event("commit", "zz", 1),
        event("commit", "aa", 2),
        event("read", "aa", 3),
        event("commit", "aa", 1, "b"),
    ]
    (tmp_path / "h.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    mapping = mapping_of({"versions": {"order": "commits"}})
    rows = backend.to_pyarrow(load(backend, [tmp_path], mapping).events.order_by("line")).to_pylist()
    assert [row["version"] for row in rows] == [1, 3, 2, 3, 3, 1]
    (tmp_path / "h.jsonl").write_text(json.dumps(lines[0]), encoding="utf-8")
    with pytest.raises(IntakeError, match="no commit of 'a' is recorded"):
        load(backend, [tmp_path], mapping)


def lines_at(tmp_path: Path, **more: Any) -> Path:
    line = {"kind": "commit", "unit": "a", "outcome": "ok", "version": 1} | more
    (tmp_path / "h.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    return tmp_path / "h.jsonl"


@pytest.mark.parametrize(
    ("more", "mapping", "said"),
    [
        ({"invoke": 1795435200000, "return": 1795435200001}, {}, "in ms 2026-11-23, in us 1970-01-21.*`--times ms`"),
        ({"invoke": 1795435200000000, "return": 1795435200001000}, {"times": {"all": "ms"}}, "`--times us`"),
        ({"invoke": NOON, "return": NOON}, {"times": {"all": "ms"}}, "is 1970-01-21; in s 2026-11-23.*`--times s`"),
        ({"invoke": 1e30, "return": 1e30}, {}, "in the year 31,688,"),
        ({"invoke": 5, "took": 35000}, {"columns": {"duration": "took"}}, "lasts 3.5e\\+04 s.*in ms 35 s"),
        ({"invoke": 3000000, "return": 3000000 + 10**5}, {}, "lasts 1e\\+05 s at the median.*in us 0.1 s"),
    ],
)
def test_times_that_cannot_be_meant_are_asked_back(
    backend: ibis.BaseBackend, tmp_path: Path, more: dict[str, Any], mapping: Any, said: str
) -> None:
    with pytest.raises(IntakeError, match=said) as caught:
        load(backend, [lines_at(tmp_path, **more)], mapping_of(mapping))
    assert "\n" not in str(caught.value)


def test_a_column_of_times_in_an_impossible_year_is_asked_back(backend: ibis.BaseBackend, tmp_path: Path) -> None:
    at = pa.array([1795435200000], pa.int64()).cast(pa.timestamp("s"))
    said = {"kind": ["commit"], "unit": ["a"], "invoke": at, "return": at, "outcome": ["ok"], "version": [1]}
    pq.write_table(pa.table(said), tmp_path / "h.parquet")
    with pytest.raises(IntakeError, match="in the year 58,8"):
        load(backend, [tmp_path])


@pytest.mark.parametrize(
    ("more", "mapping"),
    [
        ({"invoke": 1795435200000, "return": 1795435200001}, {"times": {"all": "ms"}}),
        ({"invoke": NOON, "return": NOON}, {"times": {"all": "ms", "origin": "any"}}),
        ({"invoke": 5, "took": 35000}, {"columns": {"duration": "took"}, "times": {"duration": "ms"}}),
        ({"invoke": 5, "return": 6}, {}),
    ],
)
def test_times_that_can_be_are_not(
    backend: ibis.BaseBackend, tmp_path: Path, more: dict[str, Any], mapping: Any
) -> None:
    assert len(load(backend, [lines_at(tmp_path, **more)], mapping_of(mapping)).events.execute()) == 1


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({}, "there is no `kind`, `invoke`, `return`, `version`. Its columns: event, unit, app.ver, outcome, ts"),
        (
            {"columns": {"kind": "event"}},
            "`event` (as `kind`) holds 'flag.write', none of commit, publish, read, fault",
        ),
        ({"columns": {"kind": "event"}, "values": {"kind": {"*": "skip"}}}, "the mapping skips 1 of 1"),
        ({"rows": {"each": "items"}}, "nothing lies at `items` (`rows.each`)"),
    ],
)
def test_a_mapping_that_does_not_fit_is_said_once_with_the_columns_that_there_are(
    backend: ibis.BaseBackend, tmp_path: Path, mapping: Any, said: str
) -> None:
    line = {"event": "flag.write", "unit": "a", "app": {"ver": 1}, "outcome": "ok", "ts": 5}
    (tmp_path / "h.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    with pytest.raises(IntakeError) as caught:
        load(backend, [tmp_path], mapping_of(mapping))
    assert said in str(caught.value)
    assert str(caught.value).count("h.jsonl") == 2  # where it is, and how to go on
