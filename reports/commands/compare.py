# SPDX-License-Identifier: Apache-2.0
"""`edgeproof compare`: the designs side by side, and why one would choose one over another."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

import click
from attrs import frozen

from edgeproof.reports.commands.common import command
from edgeproof.reports.commands.records import Option, as_record
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import Unusable, counted, one_line
from edgeproof.reports.files import check_directory
from edgeproof.reports.progress import progress
from edgeproof.reports.systems import SYSTEMS

if TYPE_CHECKING:
    from edgeproof.properties.costs.table import Parameters
    from edgeproof.properties.evidence import Case

__all__ = ["compare"]


@frozen
class Charged:
    """What costs depend on; times are in seconds."""

    reads: int
    write_every: int
    locations: int
    cache_ttl: int
    config_bytes: int
    change_bytes: int


def _charged(name: str, usual: int, least: int, most: int, says: str) -> Option:
    """An option for something that costs depend on."""
    kind = click.IntRange(least, most)
    return click.option(name, type=kind, default=usual, show_default=True, help=f"Costs: {says}.")


CHARGED: Final = as_record(
    "charged",
    Charged,
    _charged("--reads", 5, 1, 1_000, "reads per second and location"),
    _charged("--write-every", 30, 1, 3_600, "seconds between writes to a unit"),
    _charged("--locations", 3, 1, 20, "locations that read"),
    _charged("--cache-ttl", 60, 30, 600, "seconds that KV's copies are served; KV takes no less than 30"),
    _charged("--config-bytes", 1_000_000, 1, 25 * 1024 * 1024, "bytes of a unit's config"),
    _charged("--change-bytes", 500, 1, 25 * 1024 * 1024, "bytes of it that a change touches"),
)
"""What costs are charged by; the body gets what is `charged`."""


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
@CHARGED
def compare(terminal: Terminal, designs: tuple[str, ...], profile: str, out: str, charged: Charged, seed: int) -> int:
    """Compare the designs: what each promises, what it breaks, which consistency level it reaches, what it costs.

    Answers why one would not just use KV, or just the Durable Object, and when the pattern does not fit; behind every
    "no" is a trace that replays. Verdicts come from exhaustive search and from proof; `edgeproof verify` also drives
    the implementations. Costs are computed on the model and measured on the implementation in the same run.

    Writes report.html, compare.md, compare.json and a trace per counterexample below --out.

    \b
    Examples:
      edgeproof compare
      edgeproof compare --design do_kv --design kv_only
      edgeproof compare --reads 100 --locations 10 --cache-ttl 120
      edgeproof compare --profile full --json > compare.json
    """
    from attrs import evolve

    from edgeproof.impl.references import ReferenceSystems
    from edgeproof.model.designs import DESIGNS
    from edgeproof.model.machine import DesignError
    from edgeproof.properties import comparison
    from edgeproof.properties.costs import table
    from edgeproof.properties.engines.prove.engine import Effort
    from edgeproof.properties.variations import variations
    from edgeproof.properties.verify import PLANS, verify
    from edgeproof.reports.comparison.bundle import write_page
    from edgeproof.reports.comparison.document import page_document
    from edgeproof.reports.comparison.page import arrange_page
    from edgeproof.reports.comparison.text import print_page
    from edgeproof.reports.designs import designs_named
    from edgeproof.reports.request import Request, select_cases
    from edgeproof.reports.view import program_name

    designs = designs_named(designs)
    cases = select_cases(Request(designs))
    check_directory(out)
    varied: tuple[Case, ...] = ()
    if profile == "full":
        varied = tuple(case for design in designs or DESIGNS for case in variations(design))
    # What the solver could find by bounded search, the exhaustive one finds.
    plan = evolve(PLANS["quick"], seed=seed, engines=("explore", "prove"), effort=Effort(depth=1))
    parameters = _parameters(charged)
    with progress(terminal) as notify, closing(ReferenceSystems()) as implementations:
        try:
            ledger = verify((*cases, *varied), plan, SYSTEMS["reference"], notify)
        except DesignError as error:
            raise Unusable(one_line(error)) from error
        costs = table.costs(designs or tuple(DESIGNS), parameters, implementations)
    page = arrange_page(comparison.compare(ledger, varied, costs), parameters, out, program_name())
    written = write_page(page)
    if terminal.as_json:
        terminal.document(page_document(page))
    else:
        print_page(terminal.out, page)
        documents = ", ".join(path for path in written if not path.endswith(".itf.json"))
        traces = counted(len(page.view.traces()), "trace")
        terminal.out.print(f"wrote {documents} and {traces} in {page.view.path('traces')}", soft_wrap=True)
    return page.comparison.exit_status


def _parameters(charged: Charged) -> Parameters:
    """The run lasts for four cacheTtls, so that the share of reads that fetch is right; the outage for one."""
    from edgeproof.properties.costs.meter import Load
    from edgeproof.properties.costs.table import Parameters
    from edgeproof.properties.designs.dossier import Sizes

    ttl = charged.cache_ttl
    load = Load(charged.reads, charged.write_every, seconds=4 * (ttl + 1), outage=ttl)
    return Parameters(load, Sizes(charged.config_bytes, charged.change_bytes, locations=charged.locations), ttl)
