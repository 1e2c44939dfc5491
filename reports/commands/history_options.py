# SPDX-License-Identifier: Apache-2.0
"""The options that `check`, `learn` and `follow` share: which history, and the numbers of its environment."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from edgeproof.reports.commands.common import DURATION
from edgeproof.reports.commands.design_options import DELAYS, FAILURES
from edgeproof.reports.commands.records import Option, as_record
from edgeproof.reports.errors import Unusable
from edgeproof.reports.traffic.promises import Given
from edgeproof.reports.traffic.reading import Reading, Watched

__all__ = ["ENVIRONMENT", "READING", "WATCHED", "moved"]

_MEANING: Final = (
    click.option("--mapping", type=click.Path(path_type=Path), help="Says which column of yours is which of ours."),
    click.option(
        "--times", type=click.Choice(["s", "ms", "us", "ns", "iso"]), help="What times are in, unless the mapping says."
    ),
    click.option("--strict", is_flag=True, help="Refuse a history with a malformed line."),
)

READING: Final = as_record(
    "reading",
    Reading,
    click.argument("history", nargs=-1, metavar="HISTORY..."),
    *_MEANING,
    click.option(
        "--engine", type=click.Choice(["duckdb", "spark"]), default="duckdb", show_default=True, help="What evaluates."
    ),
    click.option("--master", metavar="URL", help="The Spark master, spark://host:7077 say; local[*] unless given."),
    click.option("--memory", default="4GB", show_default=True, metavar="SIZE", help="What DuckDB may use."),
)
"""What is read as one history; the body gets a `reading`."""

WATCHED: Final = as_record("watched", Watched, click.argument("history", metavar="FILE"), *_MEANING)
"""What is watched as it grows; the body gets what is `watched`."""

ENVIRONMENT: Final = as_record(
    "given",
    Given,
    *DELAYS,
    click.option("--retries", type=FAILURES, help="F: attempts that fail in a row, at most; 0 unless given."),
    click.option(
        "--skew", type=DURATION, help="How far the recorders' clocks may lie apart; taken to be one unless given."
    ),
    click.option(
        "--reader",
        type=click.Choice(["plain", "guarded", "memo"]),
        help="guarded readers promise never to go back; plain (or memo, with --memo-ttl) unless given.",
    ),
)
"""The numbers of an environment; the body gets what was `given`."""


def moved(option: str, *, to: str, flag: bool = True) -> Option:
    """An option that has become a command: whoever still types it is told so."""

    def refuse(context: click.Context, parameter: click.Parameter, value: object) -> None:
        if value:
            raise Unusable(f"{option} is gone; use `edgeproof {to}`")

    return click.option(option, hidden=True, expose_value=False, is_eager=True, callback=refuse, is_flag=flag)
