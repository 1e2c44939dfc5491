# SPDX-License-Identifier: Apache-2.0
"""`edgeproof pin`: write down what is shown of each case, so that losing it fails `edgeproof verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from edgeproof.reports.commands.common import command
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.designs import OWN_DESIGN, designs_named
from edgeproof.reports.errors import counted, one_line, refused

if TYPE_CHECKING:
    from edgeproof.reports.pinning import Pinning

__all__ = ["pin"]

_EXITS = """\b
Exit status:
  0    the pins are as they were, or written
  1    the pins would change, and --check was given; or less is shown than before, and no dossier says why
  2    no such design, or its pins cannot be written
"""


@command("pin", _EXITS)
@click.option(
    "--design", "designs", multiple=True, metavar="DESIGN", help=f"Only this design; repeatable. Or {OWN_DESIGN}."
)
@click.option("--check", is_flag=True, help="Only say what would change.")
def pin(terminal: Terminal, designs: tuple[str, ...], check: bool, seed: int) -> int:
    """Search and prove every named case, and pin what is found: verdicts and who gives them, how much they cover, how
    long the shortest traces are and which hazards they need, how late the worst run is. The pins of a design of your
    own are a file beside it, CLASS.pins.json.

    `edgeproof verify` fails where a case shows less than its pins. A pin gets weaker only where the design's dossier
    says why, in `conceded`.

    \b
    Examples:
      edgeproof pin --check
      edgeproof pin --design do_kv
      edgeproof pin --design path/to/design.py
    """
    from edgeproof.model.designs import DESIGNS
    from edgeproof.model.machine import DesignError
    from edgeproof.reports.pinning import found_now, write
    from edgeproof.reports.progress import progress

    names = designs_named(designs) or tuple(DESIGNS)
    with refused(DesignError), progress(terminal) as notify:
        pinnings = found_now(names, seed, notify)
    lost = any(one.weaker for pinning in pinnings for one in pinning.turns if not one.reason)
    changed = any(pinning.turns for pinning in pinnings)
    if not check and not lost:
        for pinning in pinnings:
            write(pinning)
    if terminal.as_json:
        terminal.document({"written": changed and not check and not lost, "changes": [*map(_document, pinnings)]})
    else:
        _print(terminal, pinnings, written=not check and not lost)
    return 1 if lost or (check and changed) else 0


def _document(pinning: Pinning) -> dict[str, object]:
    return {
        "design": pinning.design,
        "changes": [
            {"case": one.case, "property": one.property, "weaker": one.weaker, "what": one.what, "reason": one.reason}
            for one in pinning.turns
        ],
    }


def _print(terminal: Terminal, pinnings: list[Pinning], *, written: bool) -> None:
    for pinning in pinnings:
        for one in pinning.turns:
            sign = "weaker" if one.weaker else "changed"
            why = f" (conceded: {one.reason})" if one.weaker and one.reason else ""
            terminal.out.print(one_line(f"{sign}: {one.case}, {one.property}: {one.what}{why}"), soft_wrap=True)
    turns = [one for pinning in pinnings for one in pinning.turns]
    pins = counted(sum(len(of) for pinning in pinnings for of in pinning.pins.values()), "pin")
    says = "written" if written else "not written"
    terminal.out.print(f"{pins}, {counted(len(turns), 'change')}: {says}", soft_wrap=True)
    if any(one.weaker and not one.reason for one in turns):
        terminal.out.print("what is weaker needs its reason in `conceded` of the design's dossier", soft_wrap=True)
