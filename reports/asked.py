# SPDX-License-Identifier: Apache-2.0
"""What a command is asked, as it was typed: records that it can have before anything is loaded."""

from __future__ import annotations

from fractions import Fraction

from attrs import frozen

__all__ = ["Choices", "How", "Request"]


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


@frozen
class Choices:
    """One configuration of a design, as it was typed: a named case, or its defaults but for what is chosen."""

    case: str | None = None
    options: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


@frozen
class How:
    """What `verify` is to judge, how, and where its reports go."""

    engines: tuple[str, ...] = ()
    """None means all."""
    profile: str = "quick"
    system: str = "reference"
    bearer_file: str | None = None
    bound: Fraction | None = None
    """How stale a deployment's readers may be: seconds."""
    require_actions: float = 100
    """Per cent of the actions that a design's cases allow."""
    require_transitions: int = 0
    base: str | None = None
    out: str | None = None
