# SPDX-License-Identifier: Apache-2.0
"""The pictures in `docs/anomalies` are what the product makes of the traces beside them, and those replay."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeproof.properties.replay import replay
from edgeproof.reports.commands.show import load_steps
from edgeproof.reports.html.drawing import run_picture
from edgeproof.reports.inputs import read_trace

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "anomalies"
TRACES = sorted(FOLDER.glob("*.itf.json"))


def test_there_is_a_picture_of_each_trace_and_all_are_on_the_page() -> None:
    names = [path.name.removesuffix(".itf.json") for path in TRACES]
    assert len(names) == 4
    assert {path.name for path in FOLDER.iterdir()} == {
        f"{name}.{kind}" for name in names for kind in ("itf.json", "svg")
    }
    page = FOLDER.with_suffix(".md").read_text("utf-8")
    assert [name for name in names if f"](anomalies/{name}.svg)" not in page] == []


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.name.removesuffix(".itf.json"))
def test_a_picture_is_drawn_from_a_run_that_breaks_what_it_is_about(path: Path) -> None:
    trace, instance = read_trace(path)
    assert replay(trace).confirmed
    drawn = run_picture(instance, trace, load_steps(trace, instance))
    assert path.with_name(f"{trace.about}.svg").read_text("utf-8") == drawn, "edgeproof show --svg writes it anew"
    assert "✗ breaks here" in drawn
