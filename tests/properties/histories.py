# SPDX-License-Identifier: Apache-2.0
"""Small histories to corrupt."""

from __future__ import annotations

import hashlib
import json
from typing import Any

__all__ = ["clean", "commit", "digest", "fault", "publish", "read", "text"]

Line = dict[str, Any]


def digest(version: int) -> str:
    """Of what a version contains, as far as these histories care."""
    return hashlib.sha256(b"{}" if version == 0 else str(version).encode()).hexdigest()


def commit(version: int | None, invoke: float, returned: float | None = None, **more: Any) -> Line:
    """A commit; of unknown outcome if nobody saw it return."""
    outcome = "unknown" if returned is None else "ok"
    line = {"kind": "commit", "unit": "app", "invoke": invoke, "return": returned, "outcome": outcome, "era": 0}
    return {**line, "version": version, "digest": None if version is None else digest(version), **more}


def publish(version: int, invoke: float, returned: float, **more: Any) -> Line:
    """A put of a version."""
    line = {"kind": "publish", "unit": "app", "invoke": invoke, "return": returned, "outcome": "ok", "era": 0}
    return {**line, "version": version, "digest": digest(version), **more}


def read(version: Any, invoke: Any, returned: Any, **more: Any) -> Line:
    """A read that was told a version."""
    line = {"kind": "read", "unit": "app", "invoke": invoke, "return": returned, "outcome": "ok", "era": 0}
    told = {"version": version, "digest": digest(version), "pop": "lis", "reader": "r1", "source": "cache"}
    return {**line, **told, **more}


def fault(note: str, invoke: float, returned: float, **more: Any) -> Line:
    """A fault."""
    line = {"kind": "fault", "unit": "app", "invoke": invoke, "return": returned, "outcome": "ok"}
    return {**line, "note": note, **more}


def clean() -> list[Line]:
    """Two commits, published and read in order, and the old one for the last time 2 s after it was superseded."""
    return [
        read(0, 0, 0.1),
        commit(1, 1, 1.2),
        publish(1, 1.5, 1.6),
        read(1, 2, 2.1),
        commit(2, 3, 3.2),
        publish(2, 4, 4.1),
        read(1, 5.2, 5.3),
        read(2, 6, 6.1),
        read(2, 9, 9.1),
    ]


def text(lines: list[Line]) -> list[str]:
    """As it stands in the file."""
    return [json.dumps(line) + "\n" for line in lines]
