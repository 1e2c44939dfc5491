# SPDX-License-Identifier: Apache-2.0
"""The options that `bound`, `check` and `follow` share: whose bound it is, and the numbers that it is made of."""

from __future__ import annotations

from typing import Final

import click

from edgeproof.properties.pattern import PATTERN
from edgeproof.reports.commands.common import DURATION
from edgeproof.reports.commands.records import as_record
from edgeproof.reports.settings import Chosen

__all__ = ["DELAYS", "DESIGN", "FAILURES", "HEARTBEAT", "MEMO_TTL", "ZOMBIE_WINDOW"]

DESIGN: Final = as_record(
    "chosen",
    Chosen,
    click.option("--design", default=PATTERN, show_default=True, metavar="NAME", help="The design whose bound it is."),
    click.option("--option", "options", multiple=True, metavar="NAME=CHOICE", help="One of its options; repeatable."),
    click.option("--hazard", "hazards", multiple=True, metavar="NAME", help="One of its hazards; repeatable."),
    click.option("--set", "numbers", multiple=True, metavar="NAME=VALUE", help="Another of its numbers; repeatable."),
)
"""A design and what is chosen of it; the body gets what was `chosen`."""

FAILURES: Final = click.IntRange(0, 1000)
"""How many attempts may fail in a row."""

MEMO_TTL: Final = click.option(
    "--memo-ttl", type=DURATION, help="M: how long an isolate serves its own copy, if it keeps one."
)
HEARTBEAT: Final = click.option(
    "--heartbeat", type=DURATION, help="H: from a confirmed put to the next one, if there is one."
)
ZOMBIE_WINDOW: Final = click.option(
    "--zombie-window", type=DURATION, help="Z: a put that nobody waits for any more lands within this, if it can."
)

DELAYS: Final = (
    click.option(
        "--sync-delay",
        type=DURATION,
        help="S: an alarm fires at most this long after a write. Mostly within 1s, by the platform's word within 1m, "
        "and up to 1s more where KV was put to just before.",
    ),
    click.option("--put-timeout", type=DURATION, help="D: a put has landed, or has failed, within this."),
    click.option("--retry-delay", type=DURATION, help="R: from a failed attempt to the next one."),
    click.option("--cache-ttl", type=DURATION, help="T: how long a location serves its cached copy."),
    MEMO_TTL,
    HEARTBEAT,
    ZOMBIE_WINDOW,
)
"""The durations of a `Numbers`."""
