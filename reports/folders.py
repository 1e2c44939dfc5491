# SPDX-License-Identifier: Apache-2.0
"""Where a run's reports go unless it is said: a folder for each thing that is asked, and a link to the last one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Final

from edgeproof.reports.errors import Unusable

__all__ = ["LATEST", "REPORTS", "folder_of", "point_latest"]

REPORTS: Final = "reports/out"
LATEST: Final = "latest"

_SHOWN: Final = 3
_LONG: Final = 60


def folder_of(names: Iterable[str], asked: object) -> str:
    """The folder of a run: named by what it is about, and by a digest of all that was `asked`.

    The same question has the same folder, so that its reports name the same paths; another question leaves them alone.
    Raises Unusable where something else has the name of the link.
    """
    link = Path(REPORTS) / LATEST
    if link.exists() and not link.is_symlink():
        raise Unusable(f"{link} is in the way of the link to the last run's reports: move it")
    about = [*names]
    shown = "-".join(about) if len(about) <= _SHOWN else f"{len(about)}-cases"
    name = re.sub(r"[^A-Za-z0-9]+", "-", shown).strip("-")[:_LONG] or "run"
    return str(Path(REPORTS) / f"{name}-{sha256(repr(asked).encode()).hexdigest()[:6]}")


def point_latest(out: str) -> None:
    """Let `latest` lead to a run's folder, if that is one of those in `reports/out`."""
    if Path(out).parent != Path(REPORTS):
        return
    link = Path(REPORTS) / LATEST
    fresh = link.with_name(f".{LATEST}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(Path(out).name, target_is_directory=True)
    fresh.replace(link)
