# SPDX-License-Identifier: Apache-2.0
"""KV with its limit of a put a second, which tells what it took and what it refused."""

from __future__ import annotations

from typing import Any

from edgeproof.impl.edge.kv import KVNamespace, KVThrottled

__all__ = ["CountingKV"]


class CountingKV(KVNamespace):
    """KV as it is; `took` has the time of each put that it took, and `refused` counts those that came too soon."""

    def __init__(self, *of: Any, **how: Any) -> None:
        super().__init__(*of, **how)
        self.took: list[float] = []
        self.refused = 0

    def put(self, key: str, value: bytes | str, **details: Any) -> None:
        """Write a key."""
        try:
            super().put(key, value, **details)
        except KVThrottled:
            self.refused += 1
            raise
        self.took.append(self._clock.now())
