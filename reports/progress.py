# SPDX-License-Identifier: Apache-2.0
"""Progress of the engines, while they work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import one_line

if TYPE_CHECKING:
    from edgeproof.properties.verify import Progress

__all__ = ["progress"]


@contextmanager
def progress(terminal: Terminal) -> Iterator[Callable[[Progress], None]]:
    """A bar on standard error where that is a terminal; elsewhere some ten lines, and nothing beside a document."""
    if not terminal.err.is_terminal:
        tenth = -1

        def line(now: Progress) -> None:
            nonlocal tenth
            if now.done * 10 // now.total > tenth and not terminal.as_json:
                terminal.err.print(f"{now.done}/{now.total} {one_line(now.case)}: {now.engine}", soft_wrap=True)
            tenth = now.done * 10 // now.total

        yield line
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        BarColumn(24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=terminal.err, transient=True) as bar:
        task = bar.add_task("starting the engines", total=None)

        def move(now: Any) -> None:
            bar.update(task, total=now.total, completed=now.done, description=one_line(f"{now.case}: {now.engine}"))

        yield move
