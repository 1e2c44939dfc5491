# SPDX-License-Identifier: Apache-2.0
"""How far a search goes."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Limits"]


@frozen
class Limits:
    """How far a search goes: to the end of the level in which it finds more than `states`, or to `depth` steps.

    A search of orbits holds one state of each, and may find so many of these.

    Liveness needs the edges of the state graph in memory, some 40 bytes each: it is decided up to `edges` of them.
    """

    states: int = 4_000_000
    depth: int = 1 << 30
    edges: int = 150_000_000
