# SPDX-License-Identifier: Apache-2.0
"""What a folder of logs may hold besides logs: each thing is said in one line, nothing is skipped, nothing hangs."""

from __future__ import annotations

import bz2
import gzip
import os
import socket
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from edgeproof.properties.intake import IntakeError, sources
from edgeproof.properties.intake.mapping_file import read_mapping
from edgeproof.properties.intake.records import has_lines
from edgeproof.properties.intake.sources import find_sources, opened

LINE = b'{"kind":"fault","unit":"a","invoke":1,"return":2,"outcome":"ok","note":"x"}\n'


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "logs" / "deep").mkdir(parents=True)
    (tmp_path / "logs" / "deep" / "a.jsonl").write_bytes(LINE)
    return tmp_path / "logs"


def refused(*paths: Path) -> str:
    """What is said of some paths: one line."""
    with pytest.raises((OSError, IntakeError)) as caught:
        find_sources(paths)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_link_that_leads_nowhere_is_said_wherever_it_lies(logs: Path) -> None:
    (logs / "deep" / "yesterday").symlink_to("gone")
    said = f"{logs / 'deep' / 'yesterday'} is a link to gone, which is not there"
    assert refused(logs) == refused(logs / "deep" / "yesterday") == refused(logs / "**" / "*.jsonl") == said


def test_links_in_a_circle_are_said(logs: Path) -> None:
    (logs / "one.jsonl").symlink_to("two.jsonl")
    (logs / "two.jsonl").symlink_to("one.jsonl")
    assert refused(logs) == refused(logs / "*.jsonl") == f"{logs / 'one.jsonl'} is a link that leads in a circle"


def test_a_link_to_the_folder_that_it_lies_in_is_said_and_not_followed(logs: Path) -> None:
    (logs / "deep" / "up").symlink_to(logs)
    (logs / "deep" / "again").symlink_to(logs)
    assert "leads back to" in refused(logs)
    assert "leads back to" in refused(logs / "**" / "*.jsonl")


def test_a_link_to_another_folder_is_followed_and_its_files_are_read_once(logs: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "b.jsonl").write_bytes(LINE)
    for name in ("c", "d"):
        (logs / name).symlink_to(tmp_path / "other")
    (logs / "again.jsonl").symlink_to(logs / "deep" / "a.jsonl")
    assert [source.path.name for source in find_sources([logs])] == ["again.jsonl", "b.jsonl"]


def test_a_fifo_a_socket_and_a_device_are_said_and_not_waited_for(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(logs / "pipe.jsonl")
    assert refused(logs) == refused(logs / "pipe.jsonl") == refused(logs / "p*")
    assert "is a FIFO" in refused(logs)
    (logs / "pipe.jsonl").unlink()
    (logs / "null.csv").symlink_to("/dev/zero")
    assert "null.csv is a device" in refused(logs)
    (logs / "null.csv").unlink()
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(logs)  # the name of a socket is short
        listening.bind("s.json")
        assert "s.json is a socket" in refused(logs)


def test_a_mapping_that_is_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.toml")
    with pytest.raises(OSError, match=r"m\.toml is a FIFO"):
        read_mapping(tmp_path / "m.toml")


def test_a_part_of_a_folder_that_cannot_be_read_is_said(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs this may be root, whom nothing is denied."""
    listed = os.listdir

    def denied(path: Any) -> list[str]:
        if Path(path).name == "deep":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "listdir", denied)
    assert refused(logs) == f"{logs / 'deep'} cannot be read: Permission denied"


@pytest.mark.parametrize(("suffix", "codec"), [("gz", "gzip"), ("zst", "zstd"), ("bz2", "bz2")])
def test_what_expands_beyond_measure_is_refused_after_so_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, codec: str
) -> None:
    monkeypatch.setattr(sources, "ALWAYS", 2**20)
    bomb = tmp_path / f"bomb.jsonl.{suffix}"
    with pa.output_stream(str(bomb), compression=codec) as out:
        out.write(b"\n" * 2**22)
    with pytest.raises(IntakeError, match="holds more than 100 times its own size"):
        drain(bomb)


def drain(path: Path) -> None:
    with opened(*find_sources([path])) as data:
        while data.read(2**18):
            pass


def test_the_log_of_a_server_beside_a_history_is_none(logs: Path) -> None:
    (logs / "server.log").write_text("started\n", encoding="utf-8")
    (logs / "20261123T120000Z.log.gz").write_bytes(gzip.compress(LINE))
    assert [source.path.name for source in find_sources([logs])] == ["20261123T120000Z.log.gz", "a.jsonl"]


def test_a_compressed_file_may_have_several_parts(tmp_path: Path) -> None:
    for name, part in (("a.log.gz", gzip.compress(LINE)), ("b.jsonl.bz2", bz2.compress(LINE))):
        (tmp_path / name).write_bytes(part * 3)
    for source in find_sources([tmp_path]):
        with opened(source) as data:
            assert data.read(2**20) + data.read(2**20) + data.read(2**20) == LINE * 3


def test_what_is_compressed_without_saying_so_is_said(tmp_path: Path) -> None:
    for name, content in (("gz", gzip.compress(LINE)), ("zst", pa.compress(LINE, "zstd", asbytes=True))):
        (tmp_path / "h.jsonl").write_bytes(content)
        (source,) = find_sources([tmp_path])
        with pytest.raises(IntakeError, match=rf"is compressed by \w+: let its name end in \.{name}"):
            has_lines(source)
