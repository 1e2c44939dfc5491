# SPDX-License-Identifier: Apache-2.0
"""The output folder of a comparison: `report.html`, `compare.md`, `compare.json`, and a trace file per witness under
`traces/`.
"""

from __future__ import annotations

import json

from edgeproof.properties.extras import installed
from edgeproof.reports.bundle import write_files
from edgeproof.reports.comparison.document import page_document
from edgeproof.reports.comparison.markdown import page_markdown
from edgeproof.reports.comparison.page import Page
from edgeproof.reports.folders import point_latest

__all__ = ["write_page"]


def write_page(page: Page) -> list[str]:
    """Write everything; returns the paths of what was written. Raises Unusable where that is impossible."""
    written = write_files(
        page.view,
        {
            **_page(page),
            "compare.md": page_markdown(page),
            "compare.json": json.dumps(page_document(page), indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        },
    )
    point_latest(page.view.out)
    return written


def _page(page: Page) -> dict[str, str]:
    """`report.html`, where what makes it is installed."""
    if not installed("report"):
        return {}
    from edgeproof.reports.html.compared import compared_page
    from edgeproof.reports.html.writing import PAGE

    return {PAGE: compared_page(page)}
