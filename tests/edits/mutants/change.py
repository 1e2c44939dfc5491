# SPDX-License-Identifier: Apache-2.0
"""What an operator does to a source: other text in the place of a node."""

from __future__ import annotations

from attrs import frozen
from tree_sitter import Node

__all__ = ["Change", "instead"]


@frozen
class Change:
    """Bytes `start` to `end` of a source become `text`. `says` is what that comes to, in words."""

    says: str
    start: int
    end: int
    text: str


def instead(node: Node, text: str, says: str) -> Change:
    """Another text in the place of a node."""
    return Change(says, node.start_byte, node.end_byte, text)
