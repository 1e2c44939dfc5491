# SPDX-License-Identifier: Apache-2.0
"""The options that `bound`, `check` and `follow` share: whose bound it is."""

from __future__ import annotations

from typing import Final

import click

from edgeproof.properties.pattern import PATTERN
from edgeproof.reports.commands.records import as_record
from edgeproof.reports.settings import Chosen

__all__ = ["DESIGN"]

DESIGN: Final = as_record(
    "chosen",
    Chosen,
    click.option("--design", default=PATTERN, show_default=True, metavar="NAME", help="The design whose bound it is."),
    click.option("--option", "options", multiple=True, metavar="NAME=CHOICE", help="One of its options; repeatable."),
    click.option("--hazard", "hazards", multiple=True, metavar="NAME", help="One of its hazards; repeatable."),
    click.option("--set", "numbers", multiple=True, metavar="NAME=VALUE", help="Another of its numbers; repeatable."),
)
"""A design and what is chosen of it; the body gets what was `chosen`."""
