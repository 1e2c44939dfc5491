# SPDX-License-Identifier: Apache-2.0
"""`edgeproof compare`: the designs side by side, and why one would choose one over another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reports.commands.common import command
from reports.consoles import Terminal
from reports.errors import Unusable, counted, one_line
from reports.files import check_directory
from reports.progress import progress
from reports.systems import SYSTEMS

if TYPE_CHECKING:
    from properties.evidence import Case

__all__ = ["compare"]


@command("compare")
@click.option("--design", "designs", multiple=True, metavar="NAME", help="Only this design; repeatable.")
@click.option(
    "--profile",
    type=click.Choice(["quick", "full"]),
    default="quick",
    show_default=True,
    help="quick: the scoreboard. full: also every other choice of every option under every hazard.",
)
@click.option("--out", type=click.Path(), default="reports/out/compare", show_default=True, help="Where the page goes.")
def compare(terminal: Terminal, designs: tuple[str, ...], profile: str, out: str, seed: int) -> int:
    """Compare the designs: what each promises, what it breaks, which consistency level it reaches.

    Answers why one would not just use KV, or just the Durable Object, and when the pattern does not fit; behind every
    "no" is a trace that replays. Verdicts come from exhaustive search and from proof; `edgeproof verify` also drives
    the implementations.

    Writes compare.md, compare.json and a trace per counterexample below --out.

    \b
    Examples:
      edgeproof compare
      edgeproof compare --design do_kv --design kv_only
      edgeproof compare --profile full --json > compare.json
    """
    from attrs import evolve

    from model.machine import DesignError
    from properties import comparison
    from properties.cases import BOARDS
    from properties.variations import variations
    from properties.verify import PLANS, verify
    from reports.comparison.bundle import write_page
    from reports.comparison.document import page_document
    from reports.comparison.page import arrange_page
    from reports.comparison.text import print_page
    from reports.request import Request, select_cases
    from reports.view import program_name

    cases = select_cases(Request(designs))
    check_directory(out)
    varied: tuple[Case, ...] = ()
    if profile == "full":
        varied = tuple(case for design in designs or BOARDS for case in variations(design))
    plan = evolve(PLANS["quick"], seed=seed, engines=("explore", "prove"))
    with progress(terminal) as notify:
        try:
            ledger = verify((*cases, *varied), plan, SYSTEMS["reference"], notify)
        except DesignError as error:
            raise Unusable(one_line(error)) from error
    page = arrange_page(comparison.compare(ledger, varied), out, program_name())
    written = write_page(page)
    if terminal.as_json:
        terminal.document(page_document(page))
    else:
        print_page(terminal.out, page)
        documents = ", ".join(path for path in written if path.endswith((".md", "compare.json")))
        traces = counted(len(page.view.traces()), "trace")
        terminal.out.print(f"wrote {documents} and {traces} in {page.view.path('traces')}", soft_wrap=True)
    return page.comparison.exit_status
