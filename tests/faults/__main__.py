# SPDX-License-Identifier: Apache-2.0
"""`make faults`: whatever can happen to a running service happens to it, and the page with what came of it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import click

from edgeproof.reports.commands.common import command
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import Unusable
from tests.faults import at_start, running, tmpfs
from tests.faults.kills import killed
from tests.faults.row import Row
from tests.faults.table import PAGE, written

MOUNTING: Final[dict[str, Callable[[Path], Row]]] = {
    "full-disk": running.full_disk,
    "full-disk-before-publication": running.full_disk_before_publication,
    "full-at-start": at_start.full_at_start,
    "read-only": at_start.read_only,
}
"""What takes a file system of its own."""

FAULTS: Final[dict[str, Callable[[Path], Row]]] = {
    **MOUNTING,
    "out-of-files": running.out_of_files,
    "out-of-memory": running.out_of_memory,
    "locked": running.locked_by_another,
    "another-server": at_start.another_server,
    "clock": at_start.another_clock,
    "corrupt-page": at_start.corrupt_page,
    "truncated": at_start.truncated,
    "newer-schema": at_start.newer_schema,
}


@command("faults", epilog="")
@click.argument("names", nargs=-1)
@click.option("--kills", type=click.IntRange(0), default=500, show_default=True, help="Half of each system.")
def faults(terminal: Terminal, names: tuple[str, ...], kills: int, seed: int) -> int:
    """Make each fault, or those named; all of them and the kills write docs/faults.md anew.

    The exit status is 1 if anything was lost.
    """
    if unknown := set(names) - set(FAULTS):
        raise Unusable(f"there is no fault {min(unknown)}; there is {', '.join(FAULTS)}")
    if not tmpfs.may_mount() and (not names or set(names) & set(MOUNTING)):
        raise Unusable("a small file system cannot be mounted here: name others than " + ", ".join(MOUNTING))
    rows = []
    for row in _made(names, kills, seed):
        rows.append(row)
        terminal.err.print(f"{row.fault}: {row.injected} times, {row.acknowledged:,} acknowledged, {row.lost} lost")
    if not names and kills:
        PAGE.write_text(written(rows), encoding="utf-8")
    return 1 if any(row.lost for row in rows) else 0


def _made(names: tuple[str, ...], kills: int, seed: int) -> Iterator[Row]:
    acts = [FAULTS[name] for name in names or FAULTS]
    if not names and kills:
        acts += [partial(killed, system=system, kills=kills // 2, seed=seed) for system in ("reference", "workerd")]
    for act in acts:
        with tempfile.TemporaryDirectory() as folder:
            yield act(Path(folder))


if __name__ == "__main__":
    inside = tmpfs.in_namespace(["-m", "tests.faults", *sys.argv[1:]])
    try:
        sys.exit(faults.main(standalone_mode=False) if inside is None else inside)
    except (Unusable, click.ClickException) as error:
        sys.exit(f"make faults: {error}")
