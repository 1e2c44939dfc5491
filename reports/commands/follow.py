# SPDX-License-Identifier: Apache-2.0
"""`edgeproof follow`: recorded traffic that is still being written, checked as it comes."""

from __future__ import annotations

from fractions import Fraction

import click

from edgeproof.reports.commands.common import DURATION, command
from edgeproof.reports.commands.design_options import DESIGN
from edgeproof.reports.commands.history_options import ENVIRONMENT, WATCHED
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import refused
from edgeproof.reports.settings import Chosen
from edgeproof.reports.traffic.promises import Given, promised
from edgeproof.reports.traffic.reading import Watched

__all__ = ["follow"]


@command("follow")
@WATCHED
@ENVIRONMENT
@DESIGN
@click.option("--idle", type=DURATION, help="End once nothing came for so long; otherwise at Ctrl-C.")
def follow(terminal: Terminal, watched: Watched, given: Given, chosen: Chosen, idle: Fraction | None, seed: int) -> int:
    """Watch one growing FILE of JSON Lines, and say what breaks a promise as it comes.

    Its memory does not grow with the file. It says what is certain on the way, and ends with the verdicts of `edgeproof
    check` on the file as it is by then. A file that was cut short is read again from its beginning, and that is said.
    A mapping file says what lines of another shape mean, as it does for `check`.

    \b
    Examples:
      edgeproof follow reports/out/history.jsonl
      edgeproof follow workers.log --mapping mapping.toml
      edgeproof follow reports/out/history.jsonl --idle 10s --sync-delay 2s --put-timeout 5s --cache-ttl 60s
    """
    from edgeproof.reports.traffic.following import follow_file

    seconds = None if idle is None else float(idle)
    with refused(ValueError, OSError):
        return follow_file(terminal, watched, promised(given, chosen), idle=seconds, seed=seed)
