# SPDX-License-Identifier: Apache-2.0
"""An event of a history: its columns, and the words that they hold."""

from __future__ import annotations

from typing import Final

from attrs import frozen

__all__ = [
    "COLUMNS",
    "FLAGS",
    "KINDS",
    "LARGEST",
    "NATURALS",
    "OUTCOMES",
    "SCOPES",
    "SOURCES",
    "TIMES",
    "Row",
    "Version",
]

LARGEST: Final = 2**53 - 1
"""The largest version and era: what a double counts exactly, and so what JavaScript does."""

KINDS: Final = ("commit", "publish", "read", "fault")
OUTCOMES: Final = ("ok", "fail", "unknown")
SOURCES: Final = ("memo", "cache", "kv", "centre", "fallback", "last_good", "store")
SCOPES: Final = ("read", "write", "none")

COLUMNS: Final = (
    *("kind", "unit", "invoke", "return", "outcome", "version", "era", "digest", "pop", "reader", "source", "note"),
    *("key", "base", "repo", "scope", "expires", "admitted"),
)
"""The names of a line's columns."""

TIMES: Final = ("invoke", "return", "expires")
NATURALS: Final = ("version", "era", "base")
FLAGS: Final = ("admitted",)
"""Which of the columns are times, whole numbers and truth values; the others are text."""

Version = tuple[int, int]
"""Era and version: newer is greater."""


@frozen(slots=True)
class Row:
    """One event: what happened between `invoke` and `returned` (seconds; infinity where nobody saw it end)."""

    line: int
    kind: str
    unit: str
    invoke: float
    returned: float
    outcome: str
    version: int | None
    era: int
    digest: str | None
    pop: str | None
    reader: str | None
    source: str | None
    note: str | None
    key: str | None = None
    base: int | None = None
    repo: str | None = None
    scope: str | None = None
    expires: float | None = None
    admitted: bool | None = None

    @property
    def told(self) -> Version:
        """Era and version, where there is a version."""
        return (self.era, self.version or 0)
