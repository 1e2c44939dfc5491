# SPDX-License-Identifier: Apache-2.0
"""The options of `verify` that are about a deployment with a file of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click
from attrs import frozen

from edgeproof.reports.commands.records import as_record

__all__ = ["ALLOW_HOST", "TARGET", "Aimed"]


@frozen
class Aimed:
    """The file that describes a deployment, hosts beyond this machine that may be asked, and whether to run faults."""

    target: Path | None = None
    hosts: tuple[str, ...] = ()
    faults: bool = False


ALLOW_HOST: Final = click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="A host beyond this machine that may be asked; repeatable.",
)

TARGET: Final = as_record(
    "aimed",
    Aimed,
    click.option(
        "--target", type=click.Path(path_type=Path), metavar="FILE", help="Describes a deployment: edgeproof.toml."
    ),
    ALLOW_HOST,
    click.option("--faults", is_flag=True, help="Run the commands in the [faults] of the --target now and then."),
)
"""The body gets an `aimed`."""
