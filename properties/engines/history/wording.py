# SPDX-License-Identifier: Apache-2.0
"""How an event of a history that is followed is spoken of."""

from __future__ import annotations

from edgeproof.properties.intake.row import Row, Version

__all__ = ["another_content", "version_text", "what"]


def version_text(version: Version) -> str:
    """A version in words."""
    return f"version {version[1]}" + (f" of era {version[0]}" if version[0] else "")


def what(row: Row) -> str:
    """What an event was, for a sentence."""
    match row.kind, row.outcome:
        case "read", "fail":
            return f"{row.reader} at {row.pop} got no answer" + (f" ({row.note})" if row.note else "")
        case "read", _:
            return f"{row.reader} at {row.pop} was told {version_text(row.told)}"
        case "publish", _:
            return f"a put carried {version_text(row.told)}"
        case "fault", _:
            return f"a restore went back to {version_text(row.told)}"
    return f"{version_text(row.told)} was committed"


def another_content(row: Row, wanted: str) -> str:
    """What is wrong with an event that has not the digest that its version has."""
    return f"with the digest {(row.digest or '')[:12]}…, not {wanted[:12]}…"
