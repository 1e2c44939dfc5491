# SPDX-License-Identifier: Apache-2.0
"""Text that goes into Markdown and HTML as text."""

from __future__ import annotations

from html import escape

from edgeproof.reports.errors import one_line

__all__ = ["html", "text"]


def text(value: object) -> str:
    """Text that cannot break out of a table's cell or turn into markup."""
    return "".join(f"\\{c}" if c in "\\`*_[]|" else c for c in html(value))


def html(value: object) -> str:
    """The same where GitHub reads HTML and no Markdown."""
    return escape(one_line(value), quote=False)
