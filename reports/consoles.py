# SPDX-License-Identifier: Apache-2.0
"""Terminals: rich where there is one, plain text of any width where there is none, JSON where it is asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any, Final, TextIO

from attrs import frozen
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

__all__ = ["Terminal", "open_terminal"]

WIDE: Final = 400
"""Columns of an output that is no terminal: a log or a file has no edge to wrap at."""


@frozen
class Terminal:
    """Where a command writes: text for people to `out`, progress and warnings to `err`, or one JSON document."""

    as_json: bool
    out: Console
    err: Console
    stream: TextIO

    @property
    def marks(self) -> tuple[str, str, str]:
        """What stands for true, false, and nothing said, in characters that the output can show."""
        fancy = self.out.encoding.lower().replace("-", "").startswith("utf")
        return ("✓", "✗", "·") if fancy else ("+", "X", ".")

    def document(self, value: Any) -> None:
        """Write the one JSON document of a command."""
        self.stream.write(json.dumps(value, indent=2, allow_nan=False) + "\n")


def open_terminal(as_json: bool) -> Terminal:
    """The terminal of this process; with `as_json`, text for people goes nowhere."""
    return Terminal(as_json, _console(sys.stdout, quiet=as_json), _console(sys.stderr), sys.stdout)


class _Console(Console):
    """A console that shows letters, and obeys none: whatever an input says, nothing of it moves a cursor, colours text,
    or turns the direction in which it is read.
    """

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What is printed, piece by piece."""
        for segment in super().render(renderable, options):
            plain = segment.control or segment.text.replace("\n", "").isprintable()
            yield segment if plain else Segment(_printable(segment.text), segment.style)

    def on_broken_pipe(self) -> None:
        """Whoever read our output has had enough: that is the command line's to end, and no SystemExit of rich's."""
        raise BrokenPipeError


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)


def _console(stream: TextIO, *, quiet: bool = False) -> Console:
    console = _Console(file=stream, markup=False, highlight=False, emoji=False, quiet=quiet)
    if not console.is_terminal:
        console.width = WIDE
    return console
