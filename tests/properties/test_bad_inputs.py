# SPDX-License-Identifier: Apache-2.0
"""Files that nobody meant to be read: each is refused in a line, or read in time and memory like its size."""

from __future__ import annotations

import json
import time
from io import BytesIO
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edgeproof.properties.intake import ColumnMapping, IntakeError, MappingError, documents, load, read_mapping
from edgeproof.properties.intake.convert import batches
from edgeproof.properties.intake.sources import Source, find_sources, opened
from tests.properties.histories import commit, text

(LINE,) = text([commit(1, 1, 2)])
CSV = "kind,unit,invoke,return,outcome,version\ncommit,a,1,2,ok,1\n"


def _parquet(**columns: object) -> bytes:
    table = pa.table({"kind": ["commit"], "unit": ["a"], "invoke": [1.0], "return": [2.0], "outcome": ["ok"]} | columns)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    content: bytes = sink.getvalue().to_pybytes()
    return content


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("h.jsonl", LINE.encode("utf-16"), "h.jsonl is in UTF-16, or 32: write it in UTF-8"),
        ("h.csv", CSV.encode("utf-16"), "h.csv is in UTF-16, or 32: write it in UTF-8"),
        ("h.csv", b",,,\n1,2,3,4\n", "h.csv: the header has '' twice"),
        ("h.parquet", _parquet()[:-9], "h.parquet is no Parquet that can be read"),
        ("h.parquet", b"PAR1" + bytes(200) + b"PAR1", "h.parquet is no Parquet that can be read"),
        ("h.parquet", b"PARE" + bytes(99) + b"\x10\0\0\0PARE", "h.parquet is no Parquet that can be read: .*encrypted"),
        ("h.parquet", _parquet(unit=[{"a": 1}]), "h.parquet: `unit` holds struct.*by a dotted path"),
        ("h.parquet", _parquet(kind=[["commit"]]), "h.parquet: `kind` holds array.*by a dotted path"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_line_with_its_name(
    name: str, content: bytes, said: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(IntakeError, match=said) as caught:
        load(ibis.duckdb.connect(), [tmp_path / name])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("m.toml", '[columns]\nkind = "a"\n'.encode("utf-16"), "m.toml is no TOML"),
        ("m.toml", b"a = " + b"[" * 20_000, "m.toml is no TOML: nested too deeply"),
        ("m.json", b"[" * 100_000, "m.json is no JSON: nested too deeply"),
        ("m.toml", b"#" * (2**20 + 1), "m.toml is no mapping: it is larger than 1 MiB"),
        ("m.toml", b'[files."*".files."*".columns]\nkind = "x"\n', "there is no section 'files'"),
        ("m.toml", b'[constants]\nduration = "long"\n', "constants.duration is a number of seconds, not 'long'"),
        ("m.toml", b"[constants]\nduration = -1\n", "constants.duration is a number of seconds, not -1"),
        ("m.toml", b"[constants]\ninvoke = inf\n", "constants.invoke is a number of seconds, not inf"),
    ],
)
def test_a_mapping_that_is_none_is_refused_in_a_line(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MappingError, match=said):
        read_mapping(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content", "events", "malformed"),
    [
        ("h.jsonl", LINE + '{"kind":' + "[" * 10_000 + "]" * 10_000 + "}\n" + LINE, 2, 1),
        ("h.jsonl", LINE + "\0\0\0\n" + LINE + '{"kind":"commit\0"}\n', 2, 2),
        ("h.json", '{\n"a":' + '{"a":' * 10_000 + "1" + "}" * 10_000 + "}\n", 0, 1),
        ("h.csv", CSV + 'commit,"' + "x" * (2**24 + 1) + '",1,2,ok,1\n' + CSV.splitlines()[1], 2, 1),
        (
            "h.csv",
            ",".join(f"c{n}" for n in range(10_000)) + "," + CSV.replace("\nc", "\n" + "x," * 10_000 + "c"),
            1,
            0,
        ),
        ("h.json", '[{"a":"' + "\\\\x" * 2**23 + '"}]', 0, 1),
    ],
    ids=["10,000 deep", "NUL", "10,000 deep, over lines", "a field of 16 MiB", "10,000 columns", "a text of 24 MiB"],
)
def test_what_is_absurdly_large_or_deep_is_malformed_where_it_is_and_the_rest_is_read(
    name: str, content: str, events: int, malformed: int, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    (source,) = find_sources([tmp_path])
    started = time.process_time()
    found = list(batches(source, ColumnMapping()))
    assert (sum(len(one.events) for one in found), sum(len(one.malformed) for one in found)) == (events, malformed)
    assert time.process_time() - started < 5  # all were far quicker, but those that took time like the square of it


@pytest.mark.parametrize("chunk", range(1, 9))
def test_documents_are_found_wherever_a_chunk_ends(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_CHUNK", chunk)
    said = [{"a": '"}\\', "b": ["{", {}]}, {}, {"\\\\": "é\\u0022", "c": "\n\t"}, {"d": {"e": "\\" * 7 + '"' * 3}}]
    for content in (json.dumps(said, indent=1), "\n".join(json.dumps(one) for one in said)):
        found = [one for _, one in documents.documents(BytesIO(content.encode()))]
        assert found == said


def test_of_a_file_that_grows_what_it_held_when_it_was_opened_is_read(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    path.write_text(LINE)
    with opened(Source(path, "lines")) as stream, path.open("a") as more:
        more.write(LINE)
        more.flush()
        assert stream.read(2**20) == LINE.encode()
        assert stream.read(2**20) == b""


def test_of_a_file_that_shrinks_what_is_left_is_read(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    path.write_text(LINE * 2)
    with opened(Source(path, "lines")) as stream:
        path.write_text(LINE)
        assert stream.read(2**20) == LINE.encode()
        assert stream.read(2**20) == b""
