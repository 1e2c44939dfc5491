# SPDX-License-Identifier: Apache-2.0
"""The requests of a run as a shell script of `curl` lines, with what each was answered.

The bearer is not in it: `$TOKEN` is, which the script reads from the bearer's file. The run's own name is `$RUN`, so
that each time it begins on a unit that nobody has written to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from edgeproof.impl.target.runs import Happened, Run
from edgeproof.reports.errors import one_line

__all__ = ["curl_script", "requests_of"]

_HEAD = """#!/bin/sh
# {title}
{bearer}: "${{RUN:=edgeproof-$(date +%s)}}"
"""


def curl_script(title: str, run: Run, reasons: Sequence[str], bearer_file: Path | None) -> str:
    """The script. What comes from answers stands in comments, a line each."""
    bearer = "" if bearer_file is None else f': "${{TOKEN:=$(cat {_quoted(str(bearer_file))})}}"\n'
    lines = [_HEAD.format(title=one_line(title), bearer=bearer).rstrip("\n")]
    lines += [f"# {one_line(reason)}" for reason in reasons]
    events = run.in_order
    for place, event in enumerate(events):
        following = events[place + 1] if place + 1 < len(events) else None
        lines += _lines(run, f"{place + 1}. {_moment(run, event)}", event, following)
    return "\n".join(lines) + "\n"


def requests_of(run: Run) -> Iterator[str]:
    """The requests of a run, a line each, by their lines in its history: when, what, and what was answered."""
    for number, event in enumerate(run.in_order, start=1):
        what = f"fault {event.at}" if event.request is None else f"{event.request.method} {event.request.path}"
        based = "" if event.base is None or event.kind == "restore" else f", based on version {event.base}"
        yield one_line(f"line {number}, {_moment(run, event)}: {what}{based}: {_said(event)}")


def _moment(run: Run, event: Happened) -> str:
    return f"{event.invoke - run.in_order[0].invoke:.3f} s"


def _lines(run: Run, head: str, event: Happened, following: Happened | None) -> Iterator[str]:
    yield ""
    if event.kind == "fault":
        yield f"# {head}: the fault {one_line(event.at)} strikes here"
        return
    yield f"# {head}: {_said(event)}"
    together = following is not None and following.beside and event.beside and following.step == event.step
    yield _command(run, event) + (" &" if together else "")
    if event.beside and not together:
        yield "wait"
    pause = 0.0 if following is None else following.invoke - (event.returned or event.invoke)
    if pause >= 0.05:
        yield f"sleep {pause:.3f}"


def _said(event: Happened) -> str:
    """What became of a request."""
    heard = event.heard
    if heard.outcome != "ok":
        said = heard.note or heard.complaint
    elif event.kind == "changelog":
        said = f"{len(heard.content)} entries"
    elif event.kind == "restore":
        said = f"restored version {event.base}"
    else:
        era = f" of era {heard.era}" if heard.era else ""
        said = "nothing is there" if heard.version is None else f"version {heard.version}{era}"
    answered = f"answered {event.status}"
    return one_line(said if event.status is None or said.startswith(answered) else f"{answered}: {said}")


def _command(run: Run, event: Happened) -> str:
    request = event.request
    assert request is not None
    words = ["curl -sS -i", f"-X {request.method}"]
    if request.bearer:
        words.append('-H "Authorization: Bearer $TOKEN"')
    words += [f"-H {_quoted(f'{name}: {value}')}" for name, value in request.headers.items()]
    if request.body is not None:
        words.append(f"--data-raw {_quoted(request.body.decode())}")
    words.append(_quoted(request.base + request.path))
    # The name stands within quotes everywhere, as all that could hold it is quoted.
    return " ".join(words).replace(run.name, "'\"$RUN\"'")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"
