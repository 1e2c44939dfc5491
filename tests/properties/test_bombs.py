# SPDX-License-Identifier: Apache-2.0
"""Small files that hold absurdly much, on the way for large ones: refused in one line, in bounded time and memory."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import pyarrow as pa
import pytest

from edgeproof.properties.intake import IntakeError, load, sources
from edgeproof.properties.traffic.backends import open_duckdb
from tests.properties.histories import clean, text

EXPANDED: Final = {"gz": 2**26, "zst": 2**30}
"""Bytes that each would come to."""
ALWAYS: Final = 8 * 2**20
"""Bytes that are read of it at the most: two blocks."""
ROOM: Final = 2**29
"""Bytes that reading them may take: a few blocks at a time, as cells of short rows, and what is compiled."""

EVENTS: Final = "".join(text(clean())).encode()
FAULTS: Final = b"fault,app,1,2,ok,x\n" * 1000
HEADER: Final = b"kind,unit,invoke,return,outcome,note\n"
BOMBS: Final = {
    "events.jsonl": (b"", EVENTS),
    "one endless line.jsonl": (EVENTS + b'{"kind": "', b"x" * 1000),
    "empty lines.jsonl": (EVENTS, b"\n"),
    "rows.csv": (HEADER, FAULTS),
    "one endless cell.csv": (HEADER + FAULTS + b'fault,app,1,2,ok,"', b"x" * 1000),
    "commas.csv": (HEADER + FAULTS, b","),
}
"""What each begins with, and what it then says over and over again."""


@pytest.fixture(scope="module")
def alone() -> Iterator[ProcessPoolExecutor]:
    """A process whose memory is that of the bombs."""
    with ProcessPoolExecutor(1, get_context("spawn"), warm) as pool:
        yield pool


@pytest.mark.parametrize(("name", "suffix"), zip(BOMBS, cycle(EXPANDED), strict=False))
def test_a_bomb_is_refused_in_a_line_and_a_bounded_memory(
    alone: ProcessPoolExecutor, tmp_path: Path, name: str, suffix: str
) -> None:
    bomb = tmp_path / f"{name}.{suffix}"
    assert 100 * written(bomb, *BOMBS[name], EXPANDED[suffix]) < EXPANDED[suffix]
    said, memory = alone.submit(refusal, bomb).result()
    assert said == (
        f"{bomb} holds more than 100 times its own size: is it meant to be read? Decompress it yourself if it is"
    )
    assert memory < ROOM


def written(path: Path, first: bytes, more: bytes, expanded: int) -> int:
    """How large a compressed file of so many bytes is."""
    block = more * (2**20 // len(more))
    with pa.output_stream(str(path), compression="gzip" if path.suffix == ".gz" else "zstd") as out:
        out.write(first)
        for _ in range(expanded // len(block)):
            out.write(block)
    return path.stat().st_size


def refusal(path: Path) -> tuple[str, int]:
    """What is said of a bomb, and how much memory was needed since nothing had been read."""
    said = "it was read"
    try:
        load(open_duckdb(), [path])
    except IntakeError as error:
        said = str(error)
    return said, peak() - _needed[0]


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 2**10


def warm() -> None:
    """From now on every file is a large one."""
    vars(sources).update(MANY=0, ALWAYS=ALWAYS)
    open_duckdb()
    _needed.append(peak())


_needed: list[int] = []
"""Bytes that this process had needed before it read anything."""
