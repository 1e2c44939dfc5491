# SPDX-License-Identifier: Apache-2.0
"""`edgeproof shell`: walk through a design by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeproof.reports.asked import Choices
from edgeproof.reports.commands.common import command
from edgeproof.reports.commands.instance_options import CHOICES
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import Unusable

if TYPE_CHECKING:
    from edgeproof.properties.walk import Walk
    from edgeproof.reports.shell.session import Session

__all__ = ["shell"]

_EXITS = """\b
Exit status:
  0    left by `quit`, or at the end of the lines
  2    unusable input; one line on standard error says why
"""


@command("shell", _EXITS)
@click.argument("start", metavar="DESIGN|TRACE")
@CHOICES
def shell(terminal: Terminal, start: str, choices: Choices, seed: int) -> int:
    """Walk through a DESIGN by hand, or go on from the end of a TRACE.

    Every line is a step, or asks something: what can happen now, what cannot and why, which properties hold. `find`
    takes the shortest way to where a condition holds or a property is broken; `set` has the same steps taken with
    another option or hazard; `save` keeps the walk as a trace. `help` lists them all.

    Lines come from the terminal, or from standard input where that is none.

    \b
    Examples:
      edgeproof shell do_kv --option publisher=inline
      edgeproof shell reports/out/latest/traces/inline.monotonic-kv.explore.itf.json
      printf 'write\\nfind some(served < kv)\\nsave walk.itf.json\\n' | edgeproof shell do_kv
      edgeproof shell my_design.py
    """
    from edgeproof.reports.shell.session import Session, answer, greeting, steps_of

    session, ask = greeting(Session(_walk(start, choices), terminal.marks)), _asker()
    _show(terminal, session)
    while not session.over and (line := ask(session)) is not None:
        session = answer(session, line)
        _show(terminal, session)
    if terminal.as_json:
        from edgeproof.properties.walk import as_trace
        from edgeproof.reports.changes import steps_document

        terminal.document(steps_document(as_trace(session.walk), steps_of(session.walk)))
    return 0


def _walk(start: str, choices: Choices) -> Walk:
    """A walk that has not begun, or that has come to the end of a trace."""
    from edgeproof.properties.cases import instance_of
    from edgeproof.properties.walk import Walk, begin
    from edgeproof.reports.inputs import read_trace
    from edgeproof.reports.request import select_case

    if not start.endswith(".json"):
        return begin(instance_of(select_case(start, choices)))
    if choices != Choices():
        raise Unusable("a trace says its configuration itself; `set` changes it then")
    trace, instance = read_trace(Path(start))
    return Walk(instance, trace.states, trace.events)


def _asker() -> Callable[[Session], str | None]:
    """What asks for the next line, None at their end: with completion and a history where somebody types them."""
    if not sys.stdin.isatty():
        lines = iter(sys.stdin)
        return lambda session: next(lines, None)
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter

    from edgeproof.reports.shell.session import words

    prompt: PromptSession[str] = PromptSession()

    def ask(session: Session) -> str | None:
        name, known = session.walk.instance.machine.name, words(session)
        try:
            return prompt.prompt(f"{name}> ", completer=WordCompleter(known, sentence=True))
        except EOFError:
            return None

    return ask


def _show(terminal: Terminal, session: Session) -> None:
    for one in session.said:
        terminal.out.print(one, soft_wrap=isinstance(one, str))
