# SPDX-License-Identifier: Apache-2.0
"""Where a page goes: `report.html` in the folder of its question, to which `latest` leads then."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from edgeproof.reports.files import write_text
from edgeproof.reports.folders import point_latest

__all__ = ["PAGE", "write_page"]

PAGE: Final = "report.html"


def write_page(out: str, text: str) -> str:
    """Write a page into a folder, which is made; returns its path. Raises Unusable where that is impossible."""
    path = Path(out) / PAGE
    write_text(path, text)
    point_latest(out)
    return str(path)
