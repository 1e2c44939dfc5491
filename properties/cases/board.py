# SPDX-License-Identifier: Apache-2.0
"""What the file of a design's cases holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from attrs import field, frozen

__all__ = ["Board", "Constants", "Row"]

Constants: TypeAlias = Mapping[str, int | str | bool]

Row: TypeAlias = tuple[str, Constants, tuple[str, ...], str]
"""A case: its name, how it differs from the defaults, the properties that must be violated, and why."""


@frozen
class Board:
    """The cases of a design.

    `anomalies` are the properties that it is documented to violate in every configuration. `room` gives the numbers
    that random runs need: a run uses up in a few steps what a search exhausts with two writes. `engines` are those that
    have something to say: a definition has no implementation to drive.
    """

    rows: Sequence[Row]
    anomalies: tuple[str, ...] = ()
    room: Mapping[str, int] = field(factory=dict)
    engines: tuple[str, ...] = ("explore", "prove", "fuzz")
