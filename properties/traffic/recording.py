# SPDX-License-Identifier: Apache-2.0
"""What a recorder has to write down for a property, or an assumption, to be asked of a history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

__all__ = ["would_decide"]

_PUTS: Final = "puts (lines of kind `publish`)"
_DIGESTS: Final = "the `digest` of what was committed, put and told"
_TOKENS: Final = "`repo`, `scope`, `expires` of commits, and `repo`, `scope`, `admitted` of reads"

_TAKES: Final[Mapping[str, str]] = {
    "idempotent-write": "the `key` of commits",
    "never-ahead": "commits, and reads or puts",
    "no-partial-read": _DIGESTS,
    "label-is-content": _DIGESTS,
    "monotonic-kv": f"{_PUTS}, and reads of `source` centre",
    "durable-ack": "reads of `source` store",
    "local-reads": "faults `partition`, and the `source` of reads",
    "serves-last-good": "reads that fail, and the `source` of others",
    **dict.fromkeys(("token-scope", "token-expiry", "token-revocation-bound", "immediate-revocation"), _TOKENS),
    **dict.fromkeys(("assumes-sync-delay", "assumes-put-timeout", "assumes-no-late-puts", "assumes-retries"), _PUTS),
    **dict.fromkeys(("keeps-publishing", "keeps-retry-delay"), _PUTS),
    "assumes-cache-ttl": f"{_PUTS}, and reads of `source` cache",
}


def would_decide(unasked: Iterable[str]) -> dict[str, list[str]]:
    """By what there is to record more, which of the properties that were not asked that would decide.

    Those that take no more than a longer history, or other readers, are none of them.
    """
    found: dict[str, list[str]] = {}
    for name in unasked:
        if name in _TAKES:
            found.setdefault(_TAKES[name], []).append(name)
    return found
