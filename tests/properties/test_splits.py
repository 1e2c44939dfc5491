# SPDX-License-Identifier: Apache-2.0
"""A history that is read in splits, and sent in packets, is the history that is read at once."""

from __future__ import annotations

import gzip
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edgeproof.properties.intake import EVENTS, ColumnMapping, IntakeError, load, splits
from edgeproof.properties.intake.sources import find_sources
from edgeproof.properties.intake.splits import count_lines, numbered, read_split, splits_of
from edgeproof.properties.traffic.backends import open_duckdb
from edgeproof.properties.traffic.parcels import parcels, unpacked
from tests.properties.histories import text
from tests.properties.random_traffic import as_table, random_unit

Found = tuple[list[str], list[str]]


def lines(random: Random, units: int) -> list[str]:
    """Events, and lines that are none: malformed, empty, in other bytes, or with other ends."""
    found = text([line for n in range(units) for line in random_unit(random, f"u{n}")])
    for odd in (
        "\n",
        "{\n",
        '{"kind":"read"}\n',
        "\ufeff" + found[0],
        "é" * 100 + "\n",
        found[1].replace("\n", "\r\n"),
    ):
        found.insert(random.randrange(len(found)), odd)
    return found


def at_once(path: Path) -> Found:
    loaded = load(open_duckdb(), [path])
    return _rows(loaded.events.to_pyarrow()), _rows(loaded.malformed.to_pyarrow())


def by_splits(path: Path, least: int) -> Found:
    cut = splits_of(find_sources([path]), ColumnMapping(), 4)
    assert len(cut) >= least
    text_ = [split for split in cut if split.end is not None and not split.in_place]
    whole = numbered(cut, [count_lines(split) if split in text_ else 0 for split in cut])
    backend = open_duckdb()
    batches = [batch for split in Random(1).sample(whole, len(whole)) for batch in read_split(split, backend, 10)]
    events, malformed = (
        pa.concat_tables(tables) for tables in zip(*((b.events, b.malformed) for b in batches), strict=True)
    )
    return _rows(events), _rows(malformed)


def _rows(table: pa.Table) -> list[str]:
    return sorted(map(str, table.to_pylist()))


@pytest.mark.parametrize("seed", range(4))
def test_lines_that_are_read_in_splits_are_those_that_are_read_at_once(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(seed)
    found = "".join(lines(random, 12))
    path = tmp_path / "h.jsonl"
    path.write_text(random.choice(("", "\ufeff")) + found.rstrip("\n") + random.choice(("", "\n")), encoding="utf-8")
    monkeypatch.setattr(splits, "_BYTES", (1, random.choice((900, 2500))))
    expected = at_once(path)
    assert len(expected[0]) > 40
    assert len(expected[1]) >= 4
    assert by_splits(path, 4) == expected


def test_rows_that_are_read_in_splits_are_those_that_are_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = as_table([line for n in range(5) for line in random_unit(Random(n), f"u{n}")]).drop(["file", "line"])
    broken = table.set_column(0, "kind", pa.array(["read" if i % 17 else "none" for i in range(len(table))]))
    pq.write_table(broken, tmp_path / "h.parquet", row_group_size=13)
    monkeypatch.setattr(splits, "_ROWS", (1, 20))
    expected = at_once(tmp_path)
    assert expected[0]
    assert expected[1]
    assert by_splits(tmp_path, len(table) // 26) == expected


@pytest.mark.parametrize("name", ["h.jsonl.gz", "h.json"])
def test_what_has_to_be_read_from_its_beginning_is_not_cut(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = lines(Random(3), 2)[:-9]
    content = "[" + ",".join(one for one in found if one.startswith('{"') and len(one) > 20) + "]"
    packed = gzip.compress("".join(found).encode()) if name.endswith("gz") else content.encode()
    (tmp_path / name).write_bytes(packed)
    monkeypatch.setattr(splits, "_BYTES", (1, 10))
    assert len(splits_of(find_sources([tmp_path]), ColumnMapping(), 4)) == 1
    assert by_splits(tmp_path, 1) == at_once(tmp_path)


def test_a_file_that_is_no_parquet_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "h.parquet").write_bytes(b"PAR1 is all it has")
    with pytest.raises(IntakeError, match=r"h\.parquet is no Parquet"):
        splits_of(find_sources([tmp_path]), ColumnMapping(), 2)


@pytest.mark.parametrize("parts", [1, 7])
def test_packets_hold_every_event_and_all_of_a_unit_are_in_one_part(parts: int) -> None:
    # So many units that their words take more than a byte, and one column of each kind with nothing in it.
    events = as_table([line for n in range(200) for line in random_unit(Random(n), f"u{n}")])
    events = events.set_column(7, "digest", pa.nulls(len(events), pa.string()))
    sent: dict[int, list[bytes]] = {}
    for some in (events.slice(0, 900), events.slice(900)):
        for part, packet in parcels(some, parts):
            sent.setdefault(part, []).append(packet)
    received = {part: unpacked(packets).cast(EVENTS) for part, packets in sent.items()}
    assert _rows(pa.concat_tables(received.values())) == _rows(events)
    units = [set(table["unit"].to_pylist()) for table in received.values()]
    assert len(units) == parts
    assert sum(map(len, units)) == len(set(events["unit"].to_pylist())) > 2**7
