# SPDX-License-Identifier: Apache-2.0
"""The words of this domain: names that have one of a group in common may be taken for each other."""

from __future__ import annotations

from typing import Final

__all__ = ["COUNTS", "DURATIONS", "GROUPS", "MOMENTS", "TEXTS", "TIMES"]

COUNTS: Final = frozenset([
    "version", "versions", "era", "current", "expected", "since", "attempts", "runs", "logged", "answered", "first",
    "newer", "count", "number", "limit",
])  # fmt: skip
"""Of versions, eras and attempts: what copies are fenced by."""

DURATIONS: Final = frozenset([
    "ttl", "timeout", "delay", "lease", "wait", "heartbeat", "spacing", "cap", "base", "backoff", "grace", "margin",
])  # fmt: skip
"""How long something lasts."""

MOMENTS: Final = frozenset([
    "now", "due", "until", "at", "fired", "soonest", "beat", "moment", "before", "after", "alarm",
])  # fmt: skip
"""When something is."""

TIMES: Final = DURATIONS | MOMENTS

TEXTS: Final = frozenset([
    "key", "unit", "name", "field", "actor", "json", "text", "old", "new", "cursor", "prefix",
])  # fmt: skip
"""What something is called, or holds."""

GROUPS: Final = (COUNTS, DURATIONS, MOMENTS, TEXTS)
