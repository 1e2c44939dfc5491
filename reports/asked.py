# SPDX-License-Identifier: Apache-2.0
"""What `verify` is asked, as it was typed: a record that a command can have before anything is loaded."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Request"]


@frozen
class Request:
    """The words of the command line, as they were typed."""

    designs: tuple[str, ...] = ()
    """None means every design for named cases, and the pattern itself for a case of one's own."""
    cases: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
