# SPDX-License-Identifier: Apache-2.0
"""`edgeproof scaffold`: a system of one's own to begin with, with a test that drives it."""

from __future__ import annotations

import click

from edgeproof.reports.asked import Choices
from edgeproof.reports.commands.common import command
from edgeproof.reports.commands.instance_options import CHOICES
from edgeproof.reports.consoles import Terminal

__all__ = ["scaffold"]

_EXITS = """\b
Exit status:
  0    written to standard output
  2    no such design, case or choice; one line on standard error says why
"""


@command("scaffold", _EXITS)
@click.argument("design", metavar="DESIGN")
@CHOICES
def scaffold(terminal: Terminal, design: str, choices: Choices, seed: int) -> int:
    """Write the frame of a system of your own that is to do what a DESIGN does, and the test that holds it to that.

    It is a Python file: a class with a method for each action that the configuration allows, with what the model says
    of it, and every variable with its type and meaning. It runs as it is, and its test fails until it is filled in.

    \b
    Examples:
      edgeproof scaffold do_kv --case outbox-faults > my_system.py
      pytest my_system.py
    """
    from edgeproof.properties.cases import instance_of
    from edgeproof.reports.request import select_case
    from edgeproof.reports.scaffold import scaffold as text_of

    case = select_case(design, choices)
    text = text_of(case, instance_of(case), named=choices.case is not None)
    if terminal.as_json:
        terminal.document({"design": case.design, "case": case.name, "text": text})
    else:
        click.echo(text, nl=False)
    return 0
