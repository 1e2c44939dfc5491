# SPDX-License-Identifier: Apache-2.0
"""The numbers of an environment, learnt from a history, for people and for programs."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen
from rich.table import Table

from edgeproof.reports.errors import counted, one_line
from edgeproof.reports.traffic.findings import promise_document
from edgeproof.reports.traffic.promises import Given, completed, promised, spelled
from edgeproof.reports.traffic.reading import Reading, read_history
from edgeproof.reports.view import program_name

if TYPE_CHECKING:
    from edgeproof.properties.traffic.learn import Learnt
    from edgeproof.properties.traffic.promise import Promise
    from edgeproof.reports.consoles import Terminal

__all__ = ["Lesson", "learn_numbers", "report_lesson"]

_MEANINGS: Final = {
    "S": "from a commit that waits, with no put under way, to its put",
    "D": "a put, until it was confirmed or given up",
    "F": "puts in a row that were not confirmed",
    "R": "from such a put to the next one",
    "T": "a cached copy of what KV no longer held",
}


@frozen
class Lesson:
    """What was learnt, the environment that it makes with what was given, its promise, and the malformed lines."""

    learnt: Learnt
    environment: Given
    promise: Promise
    malformed: int

    @property
    def exit_status(self) -> int:
        """0 if all numbers are known, 3 if one is not, or nobody knows what some lines said."""
        return 3 if self.learnt.unwatched or self.malformed else 0


def learn_numbers(reading: Reading, given: Given) -> Lesson:
    """Read a history and learn from it. Raises Unusable, ValueError and OSError for what cannot be used."""
    from edgeproof.properties.traffic.events import malformed_lines
    from edgeproof.properties.traffic.learn import learn, numbers_of

    nothing_yet = promised(completed(given, dict.fromkeys(_MEANINGS, 0)))
    recorded = read_history(reading)
    learnt = learn(recorded.ask, nothing_yet)
    environment = completed(given, numbers_of(learnt))
    return Lesson(learnt, environment, promised(environment), malformed_lines(recorded.malformed, 0)[0])


def report_lesson(terminal: Terminal, reading: Reading, lesson: Lesson) -> int:
    """Print it, or write the one JSON document; returns the exit status."""
    command = shlex.join([program_name(), "check", *reading.history, *spelled(lesson.environment)])
    if terminal.as_json:
        terminal.document(_document(reading, lesson, command))
        return lesson.exit_status
    console = terminal.out
    told = "what a reader is told was superseded at most this long ago, if this history shows the worst"
    console.print(f"{lesson.promise.bound_s:g} s: {told}", style="bold", soft_wrap=True)
    console.print(f"= {lesson.promise.formula}", soft_wrap=True)
    console.print(_table(lesson.learnt))
    for symbol, why in lesson.learnt.unwatched.items():
        console.print(f"{symbol} is not known, as {why}", style="magenta", soft_wrap=True)
    if lesson.malformed:
        lines = counted(lesson.malformed, "malformed line")
        console.print(f"{lines} passed over: nobody knows what they said", style="magenta", soft_wrap=True)
    console.print("to check it against these numbers:", soft_wrap=True)
    console.print(f"  {one_line(command)}", soft_wrap=True)
    return lesson.exit_status


def _table(learnt: Learnt) -> Table:
    table = Table(header_style="bold")
    table.add_column("number", no_wrap=True)
    table.add_column("smallest", justify="right")
    table.add_column("what")
    table.add_column("measured", justify="right")
    for symbol, meaning in _MEANINGS.items():
        value, seen = learnt.values[symbol], learnt.seen[symbol]
        shown = f"{value:g}" if symbol == "F" else f"{value:g} s"
        table.add_row(symbol, shown, meaning, counted(seen, "time") if seen else "never")
    return table


def _document(reading: Reading, lesson: Lesson, command: str) -> dict[str, Any]:
    return {
        "history": list(reading.history),
        "numbers": dict(lesson.learnt.values),
        "measured": dict(lesson.learnt.seen),
        "unknown": dict(lesson.learnt.unwatched),
        "malformed": lesson.malformed,
        "promise": promise_document(lesson.promise),
        "check": command,
    }
