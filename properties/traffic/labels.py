# SPDX-License-Identifier: Apache-2.0
"""What versions and sessions are known by, and which of two versions is newer."""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

__all__ = ["EMPTY_DIGEST", "SEEN", "SESSION", "VERSION", "later_than", "newer"]

EMPTY_DIGEST: Final = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
"""SHA-256 of `{}`, which is what version 0 contains."""

VERSION: Final = ("unit", "era", "version")
"""What a version is known by."""

SEEN: Final = (*VERSION, "seen")
"""What a version is known by, and how many restores a read may have seen."""

SESSION: Final = ("unit", "pop", "reader", "session")
"""What a session is known by."""


def newer(one: ir.Table, other: ir.Table) -> ir.BooleanValue:
    """Whether one version is newer than another: by era first, then by number."""
    return (one.era > other.era) | ((one.era == other.era) & (one.version > other.version))


def later_than(by: tuple[str, ...]) -> ibis.expr.builders.WindowBuilder:
    """The window of the rows with newer versions, of one unit or session; there must be one row per version."""
    return ibis.window(group_by=list(by), order_by=[ibis.desc("era"), ibis.desc("version")], preceding=(None, 1))
