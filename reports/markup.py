# SPDX-License-Identifier: Apache-2.0
"""Text that goes into Markdown and HTML as text, or as code."""

from __future__ import annotations

from html import escape
from typing import Final

from edgeproof.reports.errors import one_line

__all__ = ["code", "html", "text"]

_IN_CODE: Final = str.maketrans({"`": "'", "|": "\\|"})


def text(value: object) -> str:
    """Text that cannot break out of a table's cell or turn into markup."""
    return "".join(f"\\{c}" if c in "\\`*_[]|~#" else c for c in html(value))


def code(value: object) -> str:
    """Text between backticks, which cannot end what it stands in: a backtick becomes a quote."""
    return f"`{one_line(value).translate(_IN_CODE)}`"


def html(value: object) -> str:
    """The same where GitHub reads HTML and no Markdown."""
    return escape(one_line(value), quote=False)
