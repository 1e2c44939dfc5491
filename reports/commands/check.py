# SPDX-License-Identifier: Apache-2.0
"""`edgeproof check`: recorded traffic, held against the same properties and the proved bound."""

from __future__ import annotations

import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import evolve

from edgeproof.reports.commands.common import DURATION, command
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import Unusable, one_line
from edgeproof.reports.promises import ENVIRONMENT, LEARNT, Given, promised

if TYPE_CHECKING:
    from edgeproof.reports.traffic import Findings

__all__ = ["check"]


@command("check")
@click.argument("history", nargs=-1, metavar="HISTORY...")
@click.option("--sync-delay", type=DURATION, help="S: an alarm fires at most this long after it is due.")
@click.option("--put-timeout", type=DURATION, help="D: a put has landed, or has failed, within this.")
@click.option(
    "--retries", type=click.IntRange(0, 1000), help="F: attempts that fail in a row, at most; 0 unless given."
)
@click.option("--retry-delay", type=DURATION, help="R: from a failed attempt to the next one.")
@click.option("--cache-ttl", type=DURATION, help="T: how long a location serves its cached copy.")
@click.option("--memo-ttl", type=DURATION, help="M: how long an isolate serves its own copy, if it keeps one.")
@click.option("--heartbeat", type=DURATION, help="H: from a confirmed put to the next one, if there is one.")
@click.option("--zombie-window", type=DURATION, help="Z: a superseded instance's put lands within this, if it can.")
@click.option(
    "--skew", type=DURATION, help="How far the recorders' clocks may lie apart; taken to be one unless given."
)
@click.option(
    "--reader",
    type=click.Choice(["plain", "guarded", "memo"]),
    help="guarded readers promise never to go back; plain (or memo, with --memo-ttl) unless given.",
)
@click.option("--property", "properties", multiple=True, metavar="ID", help="Only this property; repeatable.")
@click.option("--learn", is_flag=True, help="Fit the smallest S, D, R, F, T, and the bound they give.")
@click.option("--staleness", is_flag=True, help="Measure how stale reads were: quantiles, versions behind.")
@click.option("--follow", is_flag=True, help="Watch one growing file of JSON Lines until Ctrl-C, in bounded memory.")
@click.option("--idle", type=DURATION, help="With --follow: end once nothing came for so long.")
@click.option("--mapping", type=click.Path(path_type=Path), help="Says which column of yours is which of ours.")
@click.option("--strict", is_flag=True, help="Refuse a history with a malformed line.")
@click.option(
    "--engine", type=click.Choice(["duckdb", "spark"]), default="duckdb", show_default=True, help="What evaluates."
)
@click.option("--master", metavar="URL", help="The Spark master, spark://host:7077 say; local[*] unless given.")
@click.option("--memory", default="4GB", show_default=True, metavar="SIZE", help="What DuckDB may use.")
def check(
    terminal: Terminal, history: tuple[str, ...], seed: int, follow: bool, idle: Fraction | None, **words: Any
) -> int:
    """Check recorded commits and reads against the catalogue, and against the bound for one's own numbers.

    HISTORY is a file of JSON Lines, CSV, Parquet or OTLP spans, a directory of such, or a pattern; several are one
    history. With the numbers of `edgeproof bound`, what reads were told is held against the proved bound, and what that
    takes for granted of the environment is watched: a history then shows a property violated, or an assumption broken.
    Without them everything else is checked. What nothing in the history is about is not asked, and listed.

    \b
    Examples:
      edgeproof check reports/out/history.jsonl
      edgeproof check 'logs/*.parquet' --sync-delay 2s --put-timeout 5s --retries 3 --retry-delay 1s --cache-ttl 60s
      edgeproof check logs --learn --staleness
      edgeproof check logs --reader guarded --property monotonic-reads --json
      edgeproof check --follow reports/out/history.jsonl --idle 10s --sync-delay 2s --put-timeout 5s --cache-ttl 60s
      edgeproof check s3.parquet --engine spark --master spark://host:7077
    """
    if not history:
        raise Unusable("name a history: a file, a directory, or a pattern such as 'logs/*.jsonl'")
    given = Given(**{name: words.pop(name) for name in ENVIRONMENT})
    started = time.perf_counter()
    try:
        if follow:
            return _followed(terminal, history, given, idle, seed, **words)
        if idle is not None:
            raise Unusable("--idle says when --follow ends: add --follow")
        found = _checked(history, given, **words)
    except (ValueError, OSError) as error:
        raise Unusable(one_line(error)) from error
    from edgeproof.reports.traffic import report_findings

    return report_findings(terminal, history, found, seed, time.perf_counter() - started)


def _followed(
    terminal: Terminal,
    history: Sequence[str],
    given: Given,
    idle: Fraction | None,
    seed: int,
    strict: bool,
    **words: Any,
) -> int:
    """Watch a file. Raises ValueError and OSError for what cannot be used, or not while watching."""
    from edgeproof.reports.following import follow_file

    if len(history) != 1:
        raise Unusable("--follow watches one file")
    for name in ("properties", "learn", "staleness", "mapping", "master"):
        if words[name]:
            option = "--property" if name == "properties" else f"--{name}"
            raise Unusable(f"{option} needs the finished file, and --follow watches one that is being written")
    if words["engine"] != "duckdb":
        raise Unusable("--follow needs no engine: it reads lines as they come")
    seconds = None if idle is None else float(idle)
    return follow_file(terminal, history[0], promised(given), idle=seconds, strict=strict, seed=seed)


def _checked(
    sources: Sequence[str],
    given: Given,
    *,
    properties: tuple[str, ...],
    learn: bool,
    staleness: bool,
    mapping: Path | None,
    strict: bool,
    **backend: str | None,
) -> Findings:
    """Read and check a history. Raises ValueError and OSError for what cannot be used."""
    from edgeproof.properties.engines.history.engine import check_all
    from edgeproof.properties.intake import load, read_mapping
    from edgeproof.properties.traffic import CHECKS, gather
    from edgeproof.properties.traffic.learn import learn as fit
    from edgeproof.properties.traffic.learn import numbers_of
    from edgeproof.properties.traffic.measure import measure
    from edgeproof.reports.traffic import Findings

    if unknown := [name for name in properties if name not in CHECKS]:
        raise Unusable(f"no history can be checked for {unknown[0]!r}; there is {', '.join(CHECKS)}")
    promise = promised(given)
    columns = None if mapping is None else read_mapping(mapping)
    loaded = load(_backend(**backend), [Path(source) for source in sources], columns, strict=strict)
    facts = gather(loaded.events)
    learnt = fit(facts, promise) if learn else None
    fitted = None if learnt is None else promised(evolve(given, **dict.fromkeys(LEARNT)), numbers_of(learnt))
    if fitted is not None and not given.about_the_bound:
        promise = fitted
    checked = check_all(facts, loaded.malformed, promise, properties)
    return Findings(promise, checked, learnt, fitted, measure(facts) if staleness else None)


def _backend(engine: str | None, master: str | None, memory: str | None) -> Any:
    from edgeproof.properties.traffic.backends import open_duckdb, open_spark

    if engine == "spark":
        return open_spark(master or "local[*]")
    if master is not None:
        raise Unusable("--master is Spark's: add --engine spark")
    return open_duckdb(memory or "4GB")
