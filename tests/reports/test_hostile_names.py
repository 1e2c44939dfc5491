# SPDX-License-Identifier: Apache-2.0
"""Names that stand in files are no places: whatever a file says, it is written where the command line says, and nothing
else is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.reports.conftest import Run
from tests.reports.hostile_files import READERS

SECRET: Final = "what nobody asked for"

WRITES: Final = {
    "show": (),
    "replay": ("--on", "reference", "--pytest", "test_it.py", "--force"),
    "diff, new": (),
    "interleave --replay": (),
    "crash --replay": ("--keep", "kept"),
}
"""Commands that read JSON, and the words by which they write."""


def renamed(value: Any, name: str, seen: set[tuple[str, ...]], path: tuple[str, ...] = ()) -> Iterator[Any]:
    """The document with one of its texts, or the name of one of its members, being another; of a list's elements, which
    are alike, one.
    """
    if isinstance(value, str) and path not in seen:
        seen.add(path)
        yield name
    elif isinstance(value, list):
        for place, one in enumerate(value):
            for other in renamed(one, name, seen, (*path, "[]")):
                yield [*value[:place], other, *value[place + 1 :]]
    elif isinstance(value, dict):
        for key, one in value.items():
            if (*path, key, "=") not in seen:
                seen.add((*path, key, "="))
                yield {name if each == key else each: inner for each, inner in value.items()}
            for other in renamed(one, name, seen, (*path, key)):
                yield {**value, key: other}


@pytest.mark.parametrize("name", ["../abroad", "{outside}/abroad", "abroad\x00"])
@pytest.mark.parametrize("place", WRITES)
def test_no_name_in_a_file_is_a_place(
    cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, name: str
) -> None:
    (tmp_path / "abroad").write_text(SECRET, encoding="utf-8")
    inside = tmp_path / "inside"
    inside.mkdir()
    monkeypatch.chdir(inside)
    (inside / "good.json").write_text(READERS["diff, old"].good(inside), encoding="utf-8")
    reader, path = READERS[place], inside / READERS[place].file
    documents = [*renamed(json.loads(reader.good(inside)), name.format(outside=tmp_path), set())]
    for document in documents:
        path.write_text(json.dumps(document), encoding="utf-8")
        outcome = cli(*reader.command(path), *WRITES[place])
        assert outcome.status in (0, 1, 2, 3), outcome.err
        assert SECRET not in outcome.out + outcome.err
        assert {one.name for one in tmp_path.iterdir()} == {"abroad", "inside"}
        assert (tmp_path / "abroad").read_text(encoding="utf-8") == SECRET
        assert {one.name for one in inside.iterdir()} <= {"good.json", path.name, "test_it.py", "kept"}
        removed(inside / "kept")
    assert len(documents) >= 10


def removed(folder: Path) -> None:
    """What was kept, none of which is elsewhere."""
    for one in sorted(folder.rglob("*"), reverse=True):
        assert one.resolve().is_relative_to(folder.resolve())
        one.rmdir() if one.is_dir() else one.unlink()
    if folder.exists():
        folder.rmdir()
