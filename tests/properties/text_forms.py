# SPDX-License-Identifier: Apache-2.0
"""Random lines of JSON and rows of CSV, of shapes that a mapping knows: most as logs have them, some with oddities."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from random import Random
from typing import Any, Final

from edgeproof.properties.intake.csv_rows import csv_records
from edgeproof.properties.intake.csv_scanner import scanned_csv
from edgeproof.properties.intake.jsonl import LineReader
from edgeproof.properties.intake.lines import blocks
from edgeproof.properties.intake.mapping import DURATION, JOIN, MAPPED, ColumnMapping
from edgeproof.properties.intake.mapping_file import mapping_of
from edgeproof.properties.intake.row import FLAGS, KINDS, NATURALS, OUTCOMES, SCOPES, SOURCES, TIMES, Row
from edgeproof.properties.intake.rows import rows_of, rows_of_record
from tests.properties.histories import digest

__all__ = [
    "SHAPES",
    "csv_file",
    "json_lines",
    "meant_in_csv",
    "meant_in_lines",
    "scanned_from_csv",
    "scanned_from_lines",
]

SHAPES: Final[Mapping[str, ColumnMapping]] = {
    "our own": ColumnMapping(),
    "dates": mapping_of({"times": {"all": "iso"}, "columns": {"reader": "Isolate"}}),
    "milliseconds and a duration": mapping_of(
        {"times": {"all": "ms"}, "columns": {"return": "END", "duration": "took", "unit": ["app.id", "app_id"]}}
    ),
    "versions with a letter": mapping_of(
        {"versions": {"form": "v{}-b"}, "times": {"all": "us"}, "values": {"kind": {"told": "read", "GET": "skip"}}}
    ),
    "versions by their commits": mapping_of({"versions": {"order": "commits"}, "times": {"all": "ns"}}),
    "names in several columns": mapping_of(
        {"columns": {"reader": "host + slot", "unit": "app.name + app.env + app.zone", "note": "note"}}
    ),
}
"""Mappings by what they are about."""

ODD: Final = (
    *(None, True, False, "", " ", "0", "7", "v7", "v", " 7", "007", "7.0", "null", "NaN", 0, -1, 1.5, 7.0, 2**53, "é"),
    *("a/b", 'a"b', "a\\b", "a\tb", "x" * 70, "2026-11-23", "12:00:00", "2026-02-30 12:00:00", [1], {"a": 1}, "[1]"),
)

Rows = list[tuple[int, Any]]
"""Numbers of lines, each with an event's columns or what is wrong with it, in order."""


def json_lines(random: Random, mapping: ColumnMapping, count: int) -> bytes:
    """So many lines of JSON, most of them regular."""
    return "".join(_json_line(random, mapping) + "\n" for _ in range(count)).encode()


def csv_file(random: Random, mapping: ColumnMapping, count: int) -> bytes:
    """A file of CSV with so many rows, each on a line."""
    names = sorted({path for column in MAPPED for path in _places(mapping, column)})
    out = io.StringIO()
    writer = csv.DictWriter(out, [*names, "ua"], delimiter=random.choice(",\t;"), lineterminator="\n", restval="")
    writer.writeheader()
    for _ in range(count):
        writer.writerow({name: _cell(value) for name, value in _record(random, mapping).items()} | {"ua": "Mozilla"})
    return out.getvalue().encode()


def meant_in_lines(file: bytes, mapping: ColumnMapping) -> Rows:
    """What lines say by the readable definition."""
    each = enumerate(file.split(b"\n"), 1)
    return _sorted((number, row) for number, line in each for row in rows_of(number, line, mapping))


def scanned_from_lines(file: bytes, mapping: ColumnMapping) -> tuple[Rows, int]:
    """What lines say by way of the scan, and how many of them it left to others."""
    reader = LineReader(mapping, many=True)
    scanner = reader._scanner
    assert scanner is not None
    found, left = [], 0
    for block in blocks(BytesIO(file)):
        batch = reader.read("h", block)
        found += [(row.pop("line"), row) for row in batch.events.drop(["file"]).to_pylist()]
        found += [(row["line"], row["problem"]) for row in batch.malformed.to_pylist()]
        scanned = scanner.read("h", block)
        assert scanned is not None
        left += len(scanned[1])
    return sorted(found, key=_place), left


def meant_in_csv(file: bytes, mapping: ColumnMapping) -> Rows:
    """What rows say by the readable definition."""
    return _sorted(_rows(csv_records("h", BytesIO(file)), mapping))


def scanned_from_csv(file: bytes, mapping: ColumnMapping) -> tuple[Rows, int]:
    """What rows say by way of the scan, and how many of them it left to others."""
    found: Rows = []
    left = 0
    for events, records in scanned_csv("h", BytesIO(file), mapping):
        others = list(records)
        left += len(others)
        found += [(row.pop("line"), row) for row in events.drop(["file"]).to_pylist()]
        found += _sorted(_rows(iter(others), mapping))
    return sorted(found, key=_place), left


def _rows(records: Any, mapping: ColumnMapping) -> Any:
    for number, said in records:
        for row in [said] if isinstance(said, ValueError) else rows_of_record(number, said, (mapping,)):
            yield number, row


def _sorted(rows: Any) -> Rows:
    return sorted(((number, _columns(row) if isinstance(row, Row) else str(row)) for number, row in rows), key=_place)


def _columns(row: Row) -> dict[str, Any]:
    said = {name: getattr(row, name) for name in Row.__slots__ if name not in ("line", "__weakref__")}
    return {**said, "returned": None if said["returned"] == float("inf") else said["returned"]}


def _place(row: tuple[int, Any]) -> int:
    return row[0]


# --- what is in them --------------------------------------------------------------------------------------------------


def _json_line(random: Random, mapping: ColumnMapping) -> str:
    said: dict[str, Any] = {}
    for path, value in _record(random, mapping).items():
        names = [path] if random.random() < 0.03 else path.split(".")
        inside = said
        for name in names[:-1]:
            inside = inside.setdefault(name, {})
        inside[names[-1]] = value
    separators = random.choice(((",", ":"), (", ", ": ")))
    line = json.dumps(said, separators=separators, ensure_ascii=random.random() < 0.5)
    if random.random() < 0.02:
        cut = random.randrange(len(line))
        return line[:cut] + random.choice(("", '"', "{", "0", "\r")) + line[cut + 1 :]
    return line


def _record(random: Random, mapping: ColumnMapping) -> dict[str, Any]:
    """What a record says at each place that the mapping names: with something odd, sometimes."""
    began = random.uniform(1.7e9, 1.8e9) if random.random() < 0.8 else random.uniform(0, 1e5)
    seconds = {"invoke": began, "return": began + random.uniform(0, 9), "expires": began + 60, DURATION: 3.5}
    said: dict[str, Any] = {}
    for column in MAPPED:
        for place in random.choice([path.split(JOIN) for path in mapping.paths(column)] or [[]]):
            if column not in ("source", "scope", "expires", "admitted", "era", "base", "key", "repo") or _often(random):
                said[place] = _value(random, mapping, column, seconds)
    if random.random() < 0.05:
        said[random.choice(list(said))] = random.choice(ODD)
    return {place: value for place, value in said.items() if random.random() < 0.995}


def _often(random: Random) -> bool:
    return random.random() < 0.3


def _places(mapping: ColumnMapping, column: str) -> list[str]:
    return [part for path in mapping.paths(column) for part in path.split(JOIN)]


def _value(random: Random, mapping: ColumnMapping, column: str, seconds: Mapping[str, float]) -> Any:
    if column in (*TIMES, DURATION):
        return _time(random, seconds[column], mapping.unit(column), column)
    if column in NATURALS:
        number = random.choice((0, 1, 7, random.randrange(2**53)))
        if mapping.order == "commits" and column != "era":
            return f"sha-{number % 40}"
        return number if mapping.form == "{}" and random.random() < 0.8 else mapping.form.format(number)
    if column in FLAGS:
        return random.random() < 0.5
    words: Mapping[str, Callable[[], str]] = {
        "kind": lambda: random.choice((*KINDS, *mapping.values.get("kind", {}))),
        "outcome": lambda: random.choice((*OUTCOMES, "ok", "ok", "ok")),
        "source": lambda: random.choice(SOURCES),
        "scope": lambda: random.choice(SCOPES),
        "digest": lambda: digest(random.randrange(50)),
    }
    return words.get(column, lambda: random.choice(("a", "app-1", "café", "a\nb", "x" * 20, 'q"q', "a/b")))()


def _time(random: Random, seconds: float, unit: str, column: str) -> Any:
    if column != DURATION and (unit == "iso" or random.random() < 0.02):
        return _moment(random, seconds)
    units = {"ms": 1e3, "us": 1e6, "ns": 1e9}.get(unit, 1.0)
    return random.choice((round, float))(seconds * units)


def _moment(random: Random, seconds: float) -> str:
    zone = random.choice(("", "Z", " UTC", "+02:00", "-0330", "+01"))
    hours = {"+02:00": 2.0, "-0330": -3.5, "+01": 1.0}.get(zone, 0.0)
    moment = datetime.fromtimestamp(seconds, UTC).astimezone(timezone(timedelta(hours=hours)))
    part = random.choice(("", f".{moment.microsecond // 1000:03}", f".{moment.microsecond:06}", ".123456789"))
    return (
        moment.strftime(random.choice((*("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S") * 12, "%Y/%m/%d %H:%M:%S")))
        + part
        + zone
    )


def _cell(value: Any) -> str:
    return "" if value is None else value.replace("\n", " ") if isinstance(value, str) else json.dumps(value)
