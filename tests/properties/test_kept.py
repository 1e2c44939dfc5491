# SPDX-License-Identifier: Apache-2.0
"""Events that are kept between parsing and checking are the same events afterwards."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edgeproof.properties.intake import EVENTS, kept
from edgeproof.properties.intake.columns import CODED, coded
from edgeproof.properties.intake.kept import Keeper, Kept
from tests.properties.random_traffic import as_table, random_unit


@pytest.fixture
def history() -> pa.Table:
    """Events of many units, the first of which have no faults."""
    lines = [line for n in range(40) for line in random_unit(Random(n), f"u{n:02}")]
    return as_table(sorted(lines, key=lambda line: line["kind"] == "fault"))


@pytest.fixture
def whole(history: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """The same, as it was kept: in parts, whose batches have words of their own, and gaps."""
    monkeypatch.setattr(kept, "_MANY", 100)
    with Keeper(tmp_path / "events.arrow") as keeper:
        for begin in range(0, len(history), 30):
            keeper.add(coded(history.slice(begin, 30)))
        keeper.add(CODED.empty_table())
    return keeper.kept


def test_what_was_kept_is_what_was_given(history: pa.Table, whole: Kept) -> None:
    assert len(whole.parts) == 3
    found = pa.concat_tables([part.read(EVENTS.names).cast(EVENTS) for part in whole.parts])
    assert found.to_pylist() == history.to_pylist()
    assert [part.size for part in whole.parts] == [len(part.read(("line",))) for part in whole.parts]


def test_columns_come_in_the_order_in_which_they_were_asked_for(history: pa.Table, whole: Kept) -> None:
    found = whole.parts[0].read(("line", "note", "kind"))
    assert found.to_pylist() == history.select(["line", "note", "kind"]).slice(0, len(found)).to_pylist()


def test_a_part_knows_whether_it_has_faults_and_of_nothing_else_that_it_lacks_it(whole: Kept) -> None:
    known = [not part.lacks("kind", "fault") for part in whole.parts]
    assert known == ["fault" in part.read(("kind",))["kind"].to_pylist() for part in whole.parts]
    assert set(known) == {True, False}
    assert not whole.parts[0].lacks("note", "evict")


def test_it_can_be_had_as_parquet(history: pa.Table, whole: Kept, tmp_path: Path) -> None:
    assert pq.read_table(whole.to_parquet(tmp_path / "h.parquet")).cast(EVENTS).to_pylist() == history.to_pylist()


def test_of_nothing_there_is_no_part(tmp_path: Path) -> None:
    with Keeper(tmp_path / "events.arrow") as keeper:
        keeper.add(CODED.empty_table())
    assert keeper.kept.parts == ()
