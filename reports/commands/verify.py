# SPDX-License-Identifier: Apache-2.0
"""`edgeproof verify`: every engine on every property of the cases asked for, and the reports of it."""

from __future__ import annotations

from typing import Final

import click

from edgeproof.properties.pattern import PATTERN
from edgeproof.reports.asked import How, Request
from edgeproof.reports.commands.common import DURATION, command
from edgeproof.reports.commands.records import as_record
from edgeproof.reports.commands.target_options import TARGET, Aimed
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.designs import OWN_DESIGN
from edgeproof.reports.folders import LATEST, REPORTS
from edgeproof.reports.systems import OWN, SYSTEMS

__all__ = ["verify"]

REQUEST: Final = as_record(
    "request",
    Request,
    click.option(
        "--design",
        "designs",
        multiple=True,
        metavar="NAME",
        help=f"Only this design; repeatable. A case of your own is of {PATTERN}, unless this names another. Or one "
        f"of yours: {OWN_DESIGN}.",
    ),
    click.option(
        "--case", "cases", multiple=True, metavar="NAME", help="Only this case of its scoreboard; repeatable."
    ),
    click.option(
        "--option", "options", multiple=True, metavar="NAME=CHOICE", help="A case of your own: choose an option."
    ),
    click.option("--hazard", "hazards", multiple=True, metavar="NAME", help="A case of your own: switch a hazard on."),
    click.option("--set", "numbers", multiple=True, metavar="NAME=NUMBER", help="A case of your own: set a number."),
    click.option(
        "--expect",
        "expected",
        multiple=True,
        metavar="PROPERTY=VERDICT",
        help="A case of your own: what must be VIOLATED.",
    ),
    click.option("--property", "properties", multiple=True, metavar="ID", help="Only this property; repeatable."),
)
"""Which cases, with what expected of them; the body gets a `request`."""


HOW: Final = as_record(
    "how",
    How,
    click.option(
        "--engine",
        "engines",
        multiple=True,
        type=click.Choice(["explore", "prove", "fuzz", "crash"]),
        help="Only this engine; repeatable.",
    ),
    click.option(
        "--profile", type=click.Choice(["quick", "full"]), default="quick", show_default=True, help="How thorough."
    ),
    click.option(
        "--system",
        default="reference",
        show_default=True,
        metavar="NAME|URL",
        help=f"What fuzz drives in lockstep: {', '.join(SYSTEMS)}, a system of your own as {OWN}, or by its name where "
        "it stands beside your design; or the address of a deployment, judged from outside.",
    ),
    click.option("--bearer-file", type=click.Path(), metavar="FILE", help="Holds the bearer token of a deployment."),
    click.option("--bound", type=DURATION, help="How stale a deployment's readers may be: see `edgeproof bound`."),
    click.option(
        "--require-actions",
        type=click.FloatRange(0, 100),
        default=100,
        show_default=True,
        metavar="PERCENT",
        help="How many of the actions that a design's cases allow the runs have to perform.",
    ),
    click.option(
        "--require-transitions",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        metavar="NUMBER",
        help="How many different transitions of a design the runs have to go through.",
    ),
    click.option(
        "--base",
        type=click.Path(),
        metavar="FILE",
        help="An earlier report.json: report.md says what is other than in it.",
    ),
    click.option(
        "--out",
        type=click.Path(),
        help=f"Where the reports go; unless given, a folder of this question's own in {REPORTS}, and "
        f"{REPORTS}/{LATEST}.",
    ),
)
"""What to judge, how, and where the reports go; the body gets a `how`."""


@command("verify")
@REQUEST
@HOW
@TARGET
def verify(terminal: Terminal, request: Request, how: How, aimed: Aimed, seed: int) -> int:
    """Check the designs: search it exhaustively, prove what can be proved, drive an implementation in lockstep.

    Without options and hazards, every named case of every design is checked, with what is expected of it. With
    them, the one case that they describe. `edgeproof list` shows what there is to choose from.

    Writes report.html (all of it, to look at), report.md (a summary for a CI job), cases.md (every case in full),
    report.json, junit.xml, report.sarif and a trace per counterexample; traces of an earlier run with the same --out,
    or of the same question, are removed. In GitHub Actions what is not as expected is annotated, too.

    With --engine fuzz only the system is judged, by runs. What runs cannot decide, as `convergence`, and what they
    happened not to show is listed as not decided by runs, and fails nothing; too little done on the system does.

    With --engine crash only the stores are judged: the power of each is cut at every operation on its files, and what
    a disk may hold of it then has to be what the model's crash leaves.

    With the address of a deployment that has the HTTP front of impl/worker, nothing is searched or proved: what an
    outsider can do is done, and what shows is judged. It writes to units of its own, which are called
    edgeproof-SEED-..., and leaves them behind. The bearer is sent to this address only; let it be https. What no
    outsider can judge stays undecided: for a build, name what is to hold by --property, or --expect NAME=UNKNOWN.

    With --target, a deployment with routes of its own is judged as its file says: see `edgeproof target --help`.

    \b
    Examples:
      edgeproof verify
      edgeproof verify --case NAME --property convergence
      edgeproof verify --option publisher=inline --hazard crash --expect convergence=VIOLATED
      edgeproof verify --set F=3 --engine prove --property bounded-staleness
      edgeproof verify --profile full --json > report.json
      edgeproof verify --system workerd --engine fuzz --case recommended --require-transitions 500
      edgeproof verify --system https://config.example.com --bearer-file token.txt --bound 90s
      edgeproof verify --engine crash --profile full
      edgeproof verify --base main/report.json             report.md says what is new, and what is weaker
      edgeproof verify --target edgeproof.toml
    """
    from edgeproof.reports import judging

    if aimed.target is not None:
        return judging.judge_target(terminal, aimed, request, how, seed)
    if judging.is_address(how.system):
        return judging.judge_deployment(terminal, request, how, seed)
    return judging.judge_designs(terminal, request, how, seed)
