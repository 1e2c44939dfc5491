# SPDX-License-Identifier: Apache-2.0
"""What every command has: `--json`, `--seed`, a terminal to write to, and an exit status that says how it went."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from fractions import Fraction
from typing import Any, Final, TextIO

import click
from attrs import evolve

from edgeproof.reports.consoles import open_terminal
from edgeproof.reports.durations import parse_duration
from edgeproof.reports.errors import Unusable

__all__ = ["BUG", "DURATION", "EXITS", "INTERRUPTED", "UNDECIDED", "UNUSABLE", "command"]

UNUSABLE: Final = 2
UNDECIDED: Final = 3
BUG: Final = 70
INTERRUPTED: Final = 130

EXITS: Final = """\b
Exit status:
  0    all as expected
  1    a property violated, engines that contradict each other, or something not what is pinned
  2    unusable input; one line on standard error says why
  3    undecided, or never put to the test
  4    a promise missed, as the environment broke an assumption (of recorded traffic and runs only)
"""


class _Duration(click.ParamType[Fraction]):
    """A length of time, in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        if isinstance(value, Fraction):
            return value
        try:
            return parse_duration(value)
        except Unusable as error:
            self.fail(str(error), param, ctx)


DURATION: Final = _Duration()
"""The type of an option that is a length of time."""


def command(name: str, epilog: str = EXITS) -> Callable[[Callable[..., int]], click.Command]:
    """Make a click command of a function that takes a Terminal and options, and returns the exit status.

    With `--json`, nothing but the command's document reaches standard output: whatever else is printed meanwhile, by
    whichever library, goes to standard error.
    """

    def wrap(body: Callable[..., int]) -> click.Command:
        @functools.wraps(body)
        def run(*, as_json: bool, **options: Any) -> int:
            terminal = open_terminal(as_json)
            with _reserved() if as_json else nullcontext(sys.stdout) as stream:
                return body(evolve(terminal, stream=stream), **options)

        made = click.command(name, epilog=epilog, short_help=(body.__doc__ or "").split("\n")[0].rstrip("."))(run)
        made.params += [
            click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document and nothing else."),
            click.Option(
                ["--seed"], type=click.IntRange(min=0), default=0, show_default=True, help="What chance starts from."
            ),
        ]
        return made

    return wrap


@contextmanager
def _reserved() -> Iterator[TextIO]:
    """Standard output for one writer alone: what anybody else prints, other processes too, goes to standard error."""
    try:
        number = sys.stdout.fileno()
    except (OSError, ValueError):  # no file behind it, as in a test
        stream = sys.stdout
        with redirect_stdout(sys.stderr):
            yield stream
        return
    sys.stdout.flush()
    with os.fdopen(os.dup(number), "w", encoding="utf-8") as stream, redirect_stdout(sys.stderr):
        os.dup2(sys.stderr.fileno(), number)
        try:
            yield stream
            stream.flush()
        finally:
            os.dup2(stream.fileno(), number)
