# SPDX-License-Identifier: Apache-2.0
"""`edgeproof explore`: walk through a design in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeproof.reports.asked import Choices
from edgeproof.reports.commands.common import command
from edgeproof.reports.commands.instance_options import CHOICES
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import Unusable, one_line
from edgeproof.reports.signals import stopped_by_signals

if TYPE_CHECKING:
    from edgeproof.properties.walk import Walk

__all__ = ["explore", "walk_from"]

_EXITS = """\b
Exit status:
  0    ended by Ctrl-C
  2    unusable input; one line on standard error says why
"""


@command("explore", _EXITS)
@click.argument("start", metavar="DESIGN|TRACE")
@CHOICES
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="On loopback; 0 is any.")
def explore(terminal: Terminal, start: str, choices: Choices, port: int, seed: int) -> int:
    """Walk through a DESIGN in a browser, or go on from the end of a TRACE, until Ctrl-C.

    A page shows what can happen and what cannot, with the part of its guard that keeps it from that; the way here as a
    picture; the state; and which properties hold. From there one goes a step on or back, to the nearest violation or
    to a state in which a typed condition holds, or sees the same steps with another option, fault or number. The
    address of a page says all of it, and is a link to keep; the walk can be taken away as a trace, a test or a diagram.

    It listens on this machine alone, and answers nobody who does not know the token in the address that it prints.

    \b
    Examples:
      edgeproof explore do_kv --option publisher=inline
      edgeproof explore reports/out/latest/traces/inline.monotonic-kv.explore.itf.json
      edgeproof explore my_design.py --port 8080
    """
    from edgeproof.reports.explorer.door import Door
    from edgeproof.reports.explorer.pages import Explorer
    from edgeproof.reports.explorer.place import address, place_of

    walk = walk_from(start, choices)
    begin = address(place_of(walk))
    try:
        with stopped_by_signals() as stop, Door(Explorer(walk.instance.machine), port) as door:
            url = f"{door.url}?{begin}" if begin else door.url
            if terminal.as_json:
                terminal.document({"url": url})
            else:
                terminal.out.print(f"open {url} (Ctrl-C ends it)", soft_wrap=True, markup=False, highlight=False)
            stop.wait()
    except OSError as error:
        raise Unusable(f"cannot listen on port {port}: {one_line(error.strerror or error)}") from error
    return 0


def walk_from(start: str, choices: Choices) -> Walk:
    """A walk that has not begun, or that has come to the end of a trace. Raises Unusable."""
    from edgeproof.properties.cases import instance_of
    from edgeproof.properties.walk import Walk, begin
    from edgeproof.reports.inputs import read_trace
    from edgeproof.reports.request import select_case

    if not start.endswith(".json"):
        return begin(instance_of(select_case(start, choices)))
    if choices != Choices():
        raise Unusable("a trace says its configuration itself; change it on the page")
    trace, instance = read_trace(Path(start))
    return Walk(instance, trace.states, trace.events)
