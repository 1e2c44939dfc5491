# SPDX-License-Identifier: Apache-2.0
"""Reading histories that are text, beside what parsers of other people take for the same files alone.

EVENTS=4e6 make bench ARGS="-k text" is a size at which the start does not count any more; the default is a million.
DuckDB, pyarrow, Polars and simdjson are beside it where they are installed, each in a process of its own and in the
same run. Times are microseconds of the processor per event: of the clock they would say what else the machine does. The
start is what it takes to get ready for the first line of a large file, which is within the time for reading.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from edgeproof.properties.engines.history.engine import check_all
from edgeproof.properties.intake import load, sources
from edgeproof.properties.intake.sources import opened
from edgeproof.properties.traffic.backends import open_duckdb
from edgeproof.properties.traffic.facts import at_once, gather
from edgeproof.properties.traffic.promise import Promise
from tests.benchmarks.apart import apart
from tests.benchmarks.traffic import BOUND_S, Traffic, write_traffic

EVENTS: Final = int(float(os.environ.get("EVENTS", "1e6")))
COLUMNS: Final = {
    **dict.fromkeys(("kind", "unit"), "VARCHAR"),
    **dict.fromkeys(("invoke", "return"), "DOUBLE"),
    "outcome": "VARCHAR",
    **dict.fromkeys(("version", "era"), "BIGINT"),
    **dict.fromkeys(("digest", "pop", "reader", "source"), "VARCHAR"),
}
"""The columns that are there, and their types as DuckDB calls them."""

FILES: Final = ("h.jsonl", "h.csv", "h.jsonl.gz")


def bench_text() -> None:
    with tempfile.TemporaryDirectory(prefix="edgeproof-bench-") as name:
        place = Path(name)
        apart(write_text, place)
        for file in FILES[:2]:
            apart(started, place / file)  # the first one may compile what it needs
        start = apart(started, place / FILES[0])
        print(f"\n{EVENTS:,} events; {start:.2f} s to start; microseconds of the processor per event")
        print(f"{'file':12} {'reading':>8} {'checking':>9}  others, and how many times as long reading takes")
        for file in FILES:
            reading, checking = apart(checked, place / file)
            others = {name: apart(parse, place / file) for name, parse in parsers(file).items()}
            beside = ", ".join(f"{name} {others[name]:.2f} ({reading / others[name]:.1f})" for name in others)
            print(f"{file:12} {reading:8.2f} {checking:9.2f}  {beside}")
            assert others


def write_text(place: Path) -> None:
    """The same history in each of the files."""
    with (place / "h.jsonl").open("w") as lines, (place / "h.csv").open("w", newline="") as rows:
        cells = csv.DictWriter(rows, list(COLUMNS))
        cells.writeheader()
        for row in events(place / "parquet"):
            lines.write(json.dumps(row, separators=(",", ":")) + "\n")
            cells.writerow(row)
    with (place / "h.jsonl").open("rb") as lines, gzip.open(place / "h.jsonl.gz", "wb", 1) as compressed:
        shutil.copyfileobj(lines, compressed)


def events(folder: Path) -> Iterator[dict[str, Any]]:
    for file in write_traffic(folder, Traffic(EVENTS)):
        for batch in pq.ParquetFile(file).iter_batches(100_000, columns=list(COLUMNS)):
            for row in batch.to_pylist():
                yield {name: row[name] for name in COLUMNS if row[name] is not None}


def started(file: Path) -> float:
    """Seconds to read the first few lines of a file as if they were a large one."""
    few = file.parent / f"few{file.suffix}"
    with opened(*sources.find_sources([file])) as whole:
        few.write_bytes(b"".join(whole.read(4000).splitlines(keepends=True)[:9]))
    database = open_duckdb("4GB", 2)
    vars(sources).update(MANY=0)
    before = time.process_time()
    load(database, [few])
    return time.process_time() - before


def checked(file: Path) -> tuple[float, float]:
    """What reading takes, and then the whole catalogue, with a bound."""
    database = open_duckdb("4GB", 2)
    begun = time.process_time()
    loaded = load(database, [file])
    read = time.process_time()
    found = check_all(at_once(gather(loaded)), loaded.malformed, Promise(BOUND_S, guarded=True))
    assert not found.unasked.keys() & {"bounded-staleness", "never-ahead"}
    return (read - begun) / EVENTS * 1e6, (time.process_time() - read) / EVENTS * 1e6


def parsers(file: str) -> Mapping[str, Callable[[Path], float]]:
    """Those that are installed and read such a file, by name."""
    form = "csv" if file.endswith(".csv") else "json"
    every = {
        "json": {"duckdb": duckdb_json, "pyarrow": pyarrow_json, "polars": polars_json, "simdjson": simdjson_lines},
        "csv": {"duckdb": duckdb_csv, "pyarrow": pyarrow_csv, "polars": polars_csv},
    }
    return {name: parse for name, parse in every[form].items() if find_spec(name) is not None}


def duckdb_json(file: Path) -> float:
    """Every column counted, which is less than to hand any of it on."""
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
    return _duckdb(f"read_json('{file}', format = 'newline_delimited', columns = {{{columns}}})")


def duckdb_csv(file: Path) -> float:
    """As that of JSON."""
    return _duckdb(f"read_csv('{file}', header = true)")


def _duckdb(table: str) -> float:
    database = open_duckdb("4GB", 2)
    counts = ", ".join(f'count("{name}")' for name in COLUMNS)
    return _timed(lambda: database.con.execute(f"SELECT {counts} FROM {table}").fetchall()[0][0])


def pyarrow_json(file: Path) -> float:
    """To a table."""
    pj: Any = import_module("pyarrow.json")
    return _timed(lambda: len(pj.read_json(file)))


def pyarrow_csv(file: Path) -> float:
    """To a table."""
    pc: Any = import_module("pyarrow.csv")
    return _timed(lambda: len(pc.read_csv(file)))


def polars_json(file: Path) -> float:
    """To a data frame."""
    pl: Any = import_module("polars")
    kinds = {"VARCHAR": pl.String, "DOUBLE": pl.Float64, "BIGINT": pl.Int64}
    schema = {name: kinds[kind] for name, kind in COLUMNS.items()}
    return _timed(lambda: len(pl.read_ndjson(file, schema=schema)))


def polars_csv(file: Path) -> float:
    """To a data frame."""
    pl: Any = import_module("polars")
    return _timed(lambda: len(pl.read_csv(file)))


def simdjson_lines(file: Path) -> float:
    """Each line as a tree that nobody looks into: the least that it takes to find the tokens."""
    parser: Any = import_module("simdjson").Parser()
    whole = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    lines = whole.splitlines()
    return _timed(lambda: sum(parser.parse(line) is not None for line in lines))


def _timed(parse: Callable[[], int]) -> float:
    before = time.process_time()
    assert parse() == EVENTS
    return (time.process_time() - before) / EVENTS * 1e6
