# SPDX-License-Identifier: Apache-2.0
"""What a repository takes from outside, and the one error for what it does not."""

from __future__ import annotations

from typing import Final

from attrs import frozen

__all__ = ["DEFAULT", "Limits", "Refused"]

_MB: Final = 2**20


class Refused(Exception):
    """What was sent cannot be taken: one line that says why, for the client. Nothing has changed."""


@frozen
class Limits:
    """Sizes are in bytes. At a limit itself everything still works.

    Of the size of a pack, memory holds no more than `held`. Taking a pack in needs besides about 600 bytes for each of
    its objects, `cache`, and three times the largest object that is a delta or the base of one; blobs above
    `streamed` that are neither are never in memory as a whole.
    """

    pack: int = 1024 * _MB
    objects: int = 500_000
    """In one pack."""
    object: int = 100 * _MB
    tree: int = 8 * _MB
    """A tree, a commit or a tag: its links are one row, which holds 2 MB (Durable Objects limits page)."""
    inflated: int = 8192 * _MB
    """All that is inflated for one pack, what has to be inflated again included."""
    delta_depth: int = 255
    """Deltas upon deltas in one pack."""
    kept_depth: int = 100
    """Deltas upon deltas as they are kept; what would be deeper is kept whole."""
    refs: int = 10_000
    """Updates in one push."""
    request: int = 16 * _MB
    """What a fetch may say, inflated."""
    held: int = 4 * _MB
    """A pack up to this size is kept in rows; a larger one is spilled to the blob store."""
    cache: int = 48 * _MB
    streamed: int = 8 * _MB


DEFAULT: Final = Limits()
