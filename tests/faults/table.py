# SPDX-License-Identifier: Apache-2.0
"""docs/faults.md: the table of faults, between what stands around it there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.faults.row import Row

__all__ = ["PAGE", "written"]

PAGE: Final = Path(__file__).parents[2] / "docs" / "faults.md"
_BEGIN: Final = "<!-- written by `make faults`: -->\n"
_END: Final = "<!-- so far -->\n"


def written(rows: Sequence[Row]) -> str:
    """The page with these rows."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    head = (
        "| fault | how it is made | injected | writes acknowledged | lost, torn, twice | what the user saw "
        "| what it went on with |\n|---|---|---|---|---|---|---|\n"
    )
    lines = "".join(
        f"| {row.fault} | {row.made} | {row.injected} | {row.acknowledged:,} | {row.lost} | {row.saw} "
        f"| {row.resumed} |\n"
        for row in rows
    )
    return f"{before}{_BEGIN}\n{head}{lines}\n{_END}{after}"
