# SPDX-License-Identifier: Apache-2.0
"""Made-up traffic of any size, as Parquet: commits, their puts, and reads through the caches of many locations.

It is what a clean run of the pattern leaves. Every location fetches a unit's copy every T seconds at the latest, each
at a moment of its own, and serves it to several readers in between.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import frozen
from numpy.typing import NDArray

__all__ = ["BOUND_S", "Traffic", "write_traffic"]

SYNC, PUT, CACHE = 2.0, 1.0, 10.0
BOUND_S: Final = PUT + SYNC + PUT + CACHE
"""What the generated reads keep to, in seconds."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@frozen
class Traffic:
    """How much: events in all, units, commits of each, locations, readers at each location; and by how many seconds, at
    most, what a location serves is older than a copy may be.
    """

    events: int
    units: int = 100
    commits: int = 100
    pops: int = 20
    readers: int = 5
    seconds: float = 100_000.0
    behind: float = 0.0
    chunk: int = 5_000_000
    seed: int = 0


def write_traffic(folder: Path, traffic: Traffic) -> list[Path]:
    """Write the files of a history, in the order of time, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(traffic.seed)
    shape = (traffic.units, traffic.commits)
    # Far enough apart for each to be published before the next.
    slot = traffic.seconds / traffic.commits
    begun = np.arange(traffic.commits) * slot + random.uniform(1, slot - 6, shape)
    ended = begun + random.uniform(0.005, 0.05, shape)
    put = ended + random.uniform(0.1, SYNC, shape)
    confirmed = put + random.uniform(0.05, PUT, shape)
    landed = put + (confirmed - put) * random.uniform(0, 1, shape)
    names = _Names.of(traffic)
    written = [folder / "000-control.parquet"]
    pq.write_table(_control(traffic, names, (begun, ended), (put, confirmed)), written[0])
    left = traffic.events - 2 * traffic.units * traffic.commits
    chunks = max(1, -(-left // traffic.chunk))
    for number in range(chunks):
        size = left // chunks + (number < left % chunks)
        window = (traffic.seconds * number / chunks, traffic.seconds * (number + 1) / chunks)
        written.append(folder / f"{number + 1:03}-reads.parquet")
        table = _reads(traffic, names, random, landed, size, window)
        pq.write_table(table, written[-1], row_group_size=500_000, compression="zstd", compression_level=1)
    return written


@frozen
class _Names:
    units: pa.Array
    pops: pa.Array
    readers: pa.Array
    digests: pa.Array

    @classmethod
    def of(cls, traffic: Traffic) -> _Names:
        digests = [hashlib.sha256(b"{}").hexdigest()]
        for unit in range(traffic.units):
            digests += [hashlib.sha256(f"{unit}/{v}".encode()).hexdigest() for v in range(1, traffic.commits + 1)]
        return cls(
            pa.array([f"app-{unit:05}" for unit in range(traffic.units)]),
            pa.array([f"pop{pop:03}" for pop in range(traffic.pops)]),
            pa.array([f"isolate-{reader:03}" for reader in range(traffic.readers)]),
            pa.array(digests),
        )


def _digest_index(traffic: Traffic, unit: Ints, version: Ints) -> Ints:
    index: Ints = np.where(version == 0, 0, unit * traffic.commits + version)
    return index


def _control(traffic: Traffic, names: _Names, commit: tuple[Floats, Floats], put: tuple[Floats, Floats]) -> pa.Table:
    unit = np.repeat(np.arange(traffic.units), traffic.commits)
    version = np.tile(np.arange(1, traffic.commits + 1), traffic.units)
    digest = names.digests.take(pa.array(_digest_index(traffic, unit, version)))
    tables = []
    for kind, (invoke, returned) in (("commit", commit), ("publish", put)):
        columns = {
            "kind": pa.repeat(kind, len(unit)),
            "unit": names.units.take(pa.array(unit)),
            "invoke": pa.array(invoke.ravel()),
            "return": pa.array(returned.ravel()),
            "version": pa.array(version),
            "digest": digest,
        }
        tables.append(_table(columns, len(unit)))
    return pa.concat_tables(tables)


def _reads(
    traffic: Traffic, names: _Names, random: np.random.Generator, landed: Floats, size: int, window: tuple[float, float]
) -> pa.Table:
    invoke = np.sort(random.uniform(*window, size))
    # Some units are read far more than others.
    unit = (traffic.units * random.random(size) ** 2).astype(np.int64)
    pop = random.integers(0, traffic.pops, size)
    phase = CACHE * ((unit * 31 + pop * 17) % 97) / 97
    fetched = np.floor((invoke - phase) / CACHE) * CACHE + phase
    # One sorted line of time for all units, so that one search serves them all.
    line = (landed + np.arange(traffic.units)[:, None] * 2 * traffic.seconds).ravel()
    held = fetched - random.uniform(0, traffic.behind, size) if traffic.behind else fetched
    version = np.searchsorted(line, held + unit * 2 * traffic.seconds) - unit * traffic.commits
    from_kv = invoke - fetched < 0.02
    invoke = np.where(from_kv, fetched - 0.001, invoke)
    columns = {
        "kind": pa.repeat("read", size).dictionary_encode(),
        "unit": _coded(unit, names.units),
        "invoke": pa.array(invoke),
        "return": pa.array(invoke + random.uniform(0.0015, 0.02, size)),
        "version": pa.array(version),
        "digest": _coded(_digest_index(traffic, unit, version), names.digests),
        "pop": _coded(pop, names.pops),
        "reader": _coded(random.integers(0, traffic.readers, size), names.readers),
        "source": _coded(from_kv.astype(np.int64), pa.array(["cache", "kv"])),
    }
    return _table(columns, size)


def _coded(index: Ints, values: pa.Array) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(index.astype(np.int32)), values)


_ABSENT: Final = {
    **dict.fromkeys(("digest", "pop", "reader", "source", "note", "key", "repo", "scope"), pa.string()),
    "base": pa.int64(),
    "expires": pa.float64(),
    "admitted": pa.bool_(),
}


def _table(columns: dict[str, Any], size: int) -> pa.Table:
    given = {**columns, "outcome": pa.repeat("ok", size).dictionary_encode(), "era": pa.repeat(0, size)}
    absent = {name: pa.nulls(size, kind) for name, kind in _ABSENT.items() if name not in given}
    table = pa.table({**given, **absent})
    text = [n for n in table.column_names if pa.types.is_dictionary(table[n].type)]
    schema = pa.schema([pa.field(f.name, pa.string() if f.name in text else f.type) for f in table.schema])
    return table.cast(schema).select(sorted(table.column_names))
