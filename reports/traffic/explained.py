# SPDX-License-Identifier: Apache-2.0
"""How a cluster of Spark would check a history: its plan, without running it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeproof.reports.errors import counted
from edgeproof.reports.traffic.reading import Reading, cluster_of

if TYPE_CHECKING:
    from edgeproof.reports.consoles import Terminal

__all__ = ["explain_check"]


def explain_check(terminal: Terminal, reading: Reading) -> int:
    """Print Spark's physical plan for a history, and how many tasks its two stages have; returns the exit status.

    Raises Unusable, ValueError and OSError for what cannot be used.
    """
    cluster = cluster_of(reading)
    splits, parts, plan = len(cluster.splits), cluster.parts, cluster.plan()
    if terminal.as_json:
        terminal.document({"splits": splits, "parts": parts, "plan": plan})
        return 0
    said = f"{counted(splits, 'split')} to be read, and {counted(parts, 'part')} of the units to be judged"
    terminal.out.print(f"{plan.strip()}\n{said}", soft_wrap=True)
    return 0
