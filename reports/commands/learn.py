# SPDX-License-Identifier: Apache-2.0
"""`edgeproof learn`: the numbers of an environment, measured in recorded traffic."""

from __future__ import annotations

from fractions import Fraction

from edgeproof.reports.commands.common import command
from edgeproof.reports.commands.design_options import HEARTBEAT, MEMO_TTL, ZOMBIE_WINDOW
from edgeproof.reports.commands.history_options import READING
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import refused
from edgeproof.reports.traffic.promises import Given
from edgeproof.reports.traffic.reading import Reading

__all__ = ["learn"]

_EXITS = """\b
Exit status:
  0    every number was measured
  2    unusable input; one line on standard error says why
  3    not every number was, or lines were malformed
"""


@command("learn", _EXITS)
@READING
@MEMO_TTL
@HEARTBEAT
@ZOMBIE_WINDOW
def learn(
    terminal: Terminal,
    reading: Reading,
    memo_ttl: Fraction | None,
    heartbeat: Fraction | None,
    zombie_window: Fraction | None,
    seed: int,
) -> int:
    """Measure the smallest S, D, F, R, T that recorded traffic respects, and say which bound they make.

    HISTORY is read as by `edgeproof check`, and the answer ends with the command that checks it against these numbers.
    They describe the past: what an alarm or a put may take at worst is for whoever runs it to say. M, H and Z do not
    show in a history, and are given where the system has them.

    \b
    Examples:
      edgeproof learn reports/out/history.jsonl
      edgeproof learn 'logs/*.parquet' --memo-ttl 10s --json
    """
    from edgeproof.reports.traffic.learnt import learn_numbers, report_lesson

    given = Given(memo_ttl=memo_ttl, heartbeat=heartbeat, zombie_window=zombie_window)
    with refused(ValueError, OSError):
        lesson = learn_numbers(reading, given)
    return report_lesson(terminal, reading, lesson)
