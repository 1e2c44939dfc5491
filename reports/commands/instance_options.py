# SPDX-License-Identifier: Apache-2.0
"""The options that `export` and `cover` share: which configuration of a design is meant."""

from __future__ import annotations

from typing import Final

import click

from edgeproof.reports.asked import Choices
from edgeproof.reports.commands.records import as_record

__all__ = ["CHOICES"]

CHOICES: Final = as_record(
    "choices",
    Choices,
    click.option("--case", metavar="NAME", help="A case of the design's scoreboard instead of its defaults."),
    click.option("--option", "options", multiple=True, metavar="NAME=CHOICE", help="Choose an option; repeatable."),
    click.option("--hazard", "hazards", multiple=True, metavar="NAME", help="Switch a hazard on; repeatable."),
    click.option("--set", "numbers", multiple=True, metavar="NAME=NUMBER", help="Set a number; repeatable."),
)
"""A configuration of one design; the body gets the `choices`."""
