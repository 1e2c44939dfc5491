# SPDX-License-Identifier: Apache-2.0
"""`edgeproof check`: recorded traffic, held against the same properties and the proved bound."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeproof.reports.commands.common import command
from edgeproof.reports.commands.design_options import DESIGN
from edgeproof.reports.commands.history_options import ENVIRONMENT, READING, moved
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import Unusable, refused
from edgeproof.reports.folders import LATEST, REPORTS, folder_of
from edgeproof.reports.memory import keep_freed_memory
from edgeproof.reports.settings import Chosen
from edgeproof.reports.traffic.promises import Given, promised
from edgeproof.reports.traffic.reading import Reading, named_history, read_history

if TYPE_CHECKING:
    from edgeproof.properties.traffic.promise import Promise
    from edgeproof.reports.traffic.findings import Findings

__all__ = ["check"]

_EXITS = """\b
Exit status:
  0    all that was asked holds; what was not recorded is not asked, and listed
  1    a property violated, or a duty of the design
  2    unusable input; one line on standard error says why
  3    undecided, or nothing that was promised, or the bound, was put to the test
  4    a promise missed, and by an assumption that the environment broke, which is named
"""


@command("check", _EXITS)
@READING
@ENVIRONMENT
@DESIGN
@click.option("--property", "properties", multiple=True, metavar="ID", help="Only this property; repeatable.")
@click.option("--staleness", is_flag=True, help="Measure how stale reads were: quantiles, versions behind.")
@click.option("--explore", is_flag=True, help="Check nothing: propose a mapping file for HISTORY, with reasons.")
@click.option("--explain", is_flag=True, help="Check nothing: show the plan of --engine spark, with its one shuffle.")
@click.option("--html", is_flag=True, help=f"Write report.html as well, with plots: see {REPORTS}/{LATEST}.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="With --explore: write the mapping to this file. With --html: write the page into this folder.",
)
@moved("--learn", to="learn")
@moved("--follow", to="follow")
@moved("--idle", to="follow", flag=False)
def check(
    terminal: Terminal,
    reading: Reading,
    given: Given,
    chosen: Chosen,
    properties: tuple[str, ...],
    staleness: bool,
    explore: bool,
    explain: bool,
    html: bool,
    out: Path | None,
    seed: int,
) -> int:
    """Check recorded commits and reads against the catalogue, and against the bound for one's own numbers.

    HISTORY is a file of JSON, CSV, Parquet or OTLP, a directory of such, or a pattern; several are one history. Logs of
    any shape are read with a mapping file, which --explore proposes. With the numbers of `edgeproof bound`, what reads
    were told is held against the proved bound, and what that takes for granted of the environment is watched: a history
    then shows a property violated, or missed as the environment broke an assumption. (By the platform's documentation
    an alarm may be a minute late.) Without them everything else is checked. What was not recorded is not asked, and
    listed with what recording more would decide. A history of another design than the pattern is held to the bound of
    that one: name it.

    `edgeproof learn` measures the numbers of a history; `edgeproof follow` checks one that is still being written.

    \b
    Examples:
      edgeproof check reports/out/history.jsonl
      edgeproof check 'logs/*.parquet' --sync-delay 2s --put-timeout 5s --retries 3 --retry-delay 1s --cache-ttl 60s
      edgeproof check logs --staleness
      edgeproof check logs --cache-ttl 60s --sync-delay 2s --put-timeout 5s --html      a page to look at
      edgeproof check logs --design do_kv_regional --set G=60s --sync-delay 2s --put-timeout 5s --cache-ttl 60s
      edgeproof check logs --reader guarded --property monotonic-reads --json
      edgeproof check --explore tail.json --out mapping.toml
      edgeproof check tail.json --mapping mapping.toml
      edgeproof check logs --engine spark --master spark://host:7077
      edgeproof check logs --engine spark --master spark://host:7077 --explain
    """
    keep_freed_memory()
    from edgeproof.reports.traffic.explained import explain_check
    from edgeproof.reports.traffic.explored import explore_history
    from edgeproof.reports.traffic.findings import report_findings

    if out is not None and not (explore or html):
        raise Unusable("--out is for --explore, and for --html")
    if explore:
        with refused(ValueError, OSError):
            return explore_history(terminal, named_history(reading), out)
    if explain:
        with refused(ValueError, OSError):
            return explain_check(terminal, reading)
    page = str(out or folder_of([reading.title], (reading, given, chosen, properties))) if html else None
    started = time.perf_counter()
    with refused(ValueError, OSError):
        found = _found(reading, promised(given, chosen), properties, staleness, html)
    return report_findings(terminal, reading, found, seed, time.perf_counter() - started, page)


def _found(reading: Reading, promise: Promise, properties: tuple[str, ...], staleness: bool, html: bool) -> Findings:
    """Read and check a history. Raises ValueError and OSError for what cannot be used."""
    from edgeproof.properties.engines.history.engine import check_all
    from edgeproof.properties.traffic.catalogue import CHECKS
    from edgeproof.properties.traffic.course import course
    from edgeproof.properties.traffic.measure import measure
    from edgeproof.reports.traffic.findings import Findings

    if unknown := [name for name in properties if name not in CHECKS]:
        raise Unusable(f"no history can be checked for {unknown[0]!r}; there is {', '.join(CHECKS)}")
    recorded = read_history(reading)
    checked = check_all(recorded.ask, recorded.malformed, promise, properties)
    measured = measure(recorded.ask, promise.slack) if staleness or html else None
    pictured = (measured, course(recorded.ask, promise.slack)) if measured is not None and html else None
    return Findings(promise, checked, measured if staleness else None, pictured)
