# SPDX-License-Identifier: Apache-2.0
"""The output folder of a comparison: `compare.json`, `compare.md`, and a trace file per witness under `traces/`."""

from __future__ import annotations

import json

from edgeproof.reports.bundle import write_files
from edgeproof.reports.comparison.document import page_document
from edgeproof.reports.comparison.markdown import page_markdown
from edgeproof.reports.comparison.page import Page

__all__ = ["write_page"]


def write_page(page: Page) -> list[str]:
    """Write everything; returns the paths of what was written. Raises Unusable where that is impossible."""
    return write_files(
        page.view,
        {
            "compare.md": page_markdown(page),
            "compare.json": json.dumps(page_document(page), indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        },
    )
