# SPDX-License-Identifier: Apache-2.0
"""`edgeproof cover`: every transition of a bounded instance, taken on an implementation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeproof.reports.asked import Choices
from edgeproof.reports.commands.common import command
from edgeproof.reports.commands.instance_options import CHOICES
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import counted, one_line
from edgeproof.reports.files import check_directory, remove_file, write_text
from edgeproof.reports.progress import progress
from edgeproof.reports.systems import OWN, SYSTEMS, system_named, whole_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgeproof.properties.evidence import Case, Evidence

__all__ = ["cover"]

_EXITS = """\b
Exit status:
  0    every transition was taken, and the system did what the model does
  1    the system did otherwise; a short run that shows it was written
  2    unusable input; one line on standard error says why
  3    some transitions were not taken, or the system shows nothing: the output says why
"""


@command("cover", _EXITS)
@click.argument("design", metavar="DESIGN")
@click.option(
    "--on",
    default="reference",
    show_default=True,
    metavar="NAME",
    help=f"What is driven: {', '.join(SYSTEMS)}, or a system of your own as {OWN}.",
)
@CHOICES
@click.option("--most", type=click.IntRange(min=1), help="Drive no more transitions than this; 100,000 unless given.")
@click.option("--out", type=click.Path(), default="reports/out", show_default=True, help="Where a trace goes.")
def cover(terminal: Terminal, design: str, on: str, choices: Choices, most: int | None, out: str, seed: int) -> int:
    """Take every transition of a DESIGN on an implementation, and compare what it shows after each.

    The state graph of one configuration is searched to its end: all that can happen in every state that can be
    reached, with the faults that are switched on, whether or not it is owed a turn. Then runs are laid through it that
    take each transition at least once, in as few steps as there can be (two or three for each). `verify` drives runs at
    random instead, which go deeper and leave open what they did not come to.

    Where the system does otherwise than the model, a short run that shows it is kept as OUT/cover.itf.json; an earlier
    one is removed. What the system cannot perform (ActionUnknown) is left out and listed, with what only that leads to.

    Small numbers make small graphs, and one size more makes a graph several times as large: begin with --set Pop=1,
    and with few hazards. An implementation in memory takes some thousand steps a second, workerd some hundred, and
    fewer where it has to crash.

    \b
    Examples:
      edgeproof cover do_kv                                            10,629 transitions on the reference
      edgeproof cover do_kv --set Pop=1 --hazard crash --hazard put_fails
      edgeproof cover do_kv --on workerd --set Pop=1 --set writes=1    202, in some seconds
      edgeproof cover do_kv --on my_store:MyStore --set Pop=1          a class in my_store.py, in this folder
      edgeproof replay reports/out/cover.itf.json --on my_store:MyStore
    """
    from edgeproof.model.trace import dump_trace
    from edgeproof.properties.cases import instance_of
    from edgeproof.properties.engines.cover.engine import MOST
    from edgeproof.properties.engines.cover.engine import cover as run_engine
    from edgeproof.properties.verify import Progress
    from edgeproof.reports.request import select_case

    case = select_case(design, choices)
    on = whole_name(on, case.design)
    system = system_named(on)
    check_directory(out)
    with progress(terminal) as notify:
        found = run_engine(
            instance_of(case), system, most or MOST, lambda taken, total: notify(Progress(design, on, taken, total))
        )
    path = Path(out) / "cover.itf.json"
    if found.witness is None:
        remove_file(path)
    else:
        write_text(path, dump_trace(found.witness))
    document = _document(case, on, found, path)
    if terminal.as_json:
        terminal.document(document)
    else:
        _print(terminal, document, found)
    return _status(found)


def _status(found: Evidence) -> int:
    from edgeproof.properties.evidence import Verdict

    if found.verdict is Verdict.VIOLATED:
        return 1
    whole = found.measures["taken"] == found.measures["transitions"]
    return 0 if found.verdict is Verdict.HOLDS_TO_BOUND and whole else 3


def _document(case: Case, on: str, found: Evidence, path: Path) -> dict[str, Any]:
    from edgeproof.properties.engines.cover.engine import NOT_TAKEN

    left = {name.removeprefix(NOT_TAKEN): n for name, n in found.measures.items() if name.startswith(NOT_TAKEN)}
    return {
        "design": case.design,
        "case": case.name,
        "constants": dict(case.constants),
        "on": on,
        "verdict": str(found.verdict),
        "reason": found.reason,
        **{name: n for name, n in found.measures.items() if not name.startswith(NOT_TAKEN)},
        "seconds": round(found.seconds, 3),
        "performed": dict(found.fired),
        "cannot_be_performed": {name: left.pop(name, 0) for name in found.withheld},
        "not_taken": left,
        "trace": None if found.witness is None else str(path),
        "steps_of_trace": [str(event) for event in found.witness.events] if found.witness else [],
    }


def _print(terminal: Terminal, document: Mapping[str, Any], found: Evidence) -> None:
    from edgeproof.properties.evidence import Verdict

    def say(text: str, style: str = "") -> None:
        terminal.out.print(one_line(text), style=style, soft_wrap=True)

    chosen = ", ".join(f"{name}={value}" for name, value in document["constants"].items())
    say(f"{document['design']} with {chosen or 'its defaults'}, on {document['on']}", "bold")
    if found.verdict is Verdict.UNKNOWN:
        return say(f"nothing was driven: {found.reason}", "bold red")
    whole = document["taken"] == document["transitions"]
    say(f"took {found.bound}: {found.seconds:.1f} s, {document['steps/s']:,} steps/s", "green" if whole else "")
    if found.verdict is not Verdict.VIOLATED:
        for name, times in document["cannot_be_performed"].items():
            say(f"the system cannot perform {name}: {counted(times, 'transition')}")
        for name, times in document["not_taken"].items():
            say(f"what leads to it cannot be performed: {counted(times, 'transition')} of {name}")
        return say(found.reason)
    say(f"parts ways: {found.reason}", "bold red")
    for number, step in enumerate(document["steps_of_trace"], 1):
        say(f"  {number}. {step}")
    say(f"wrote {document['trace']}; to see it again: edgeproof replay {document['trace']} --on {document['on']}")
