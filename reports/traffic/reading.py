# SPDX-License-Identifier: Apache-2.0
"""A history as it was asked for: which files are one history, and what reads them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from edgeproof.reports.errors import Unusable, one_line

if TYPE_CHECKING:
    from edgeproof.properties.traffic.facts import Ask

__all__ = ["Reading", "Recorded", "named_history", "read_history"]


@frozen
class Reading:
    """The words of the command line that say what is read, and how."""

    history: tuple[str, ...]
    mapping: Path | None
    times: str | None
    strict: bool
    engine: str
    master: str | None
    memory: str

    @property
    def title(self) -> str:
        """The history's name, in a line."""
        first = one_line(self.history[0])
        return first if len(self.history) == 1 else f"{first} and {len(self.history) - 1} more"


@frozen
class Recorded:
    """A history to be asked, and its malformed lines."""

    ask: Ask
    malformed: Any


def named_history(reading: Reading) -> tuple[str, ...]:
    """What was named as a history. Raises Unusable where nothing was."""
    if not reading.history:
        raise Unusable("name a history: a file, a directory, or a pattern such as 'logs/*.jsonl'")
    return reading.history


def read_history(reading: Reading) -> Recorded:
    """Read a history. Raises Unusable, ValueError and OSError for what cannot be used."""
    from edgeproof.properties.intake import ColumnMapping, load, read_mapping
    from edgeproof.properties.traffic.executors import on_executors
    from edgeproof.properties.traffic.facts import at_once, gather

    sources = [Path(source) for source in named_history(reading)]
    columns = ColumnMapping() if reading.mapping is None else read_mapping(reading.mapping)
    if reading.times is not None:
        columns = columns.stating(reading.times)
    loaded = load(_backend(reading), sources, columns, strict=reading.strict)
    ask = on_executors(loaded.events) if reading.engine == "spark" else at_once(gather(loaded.events))
    return Recorded(ask, loaded.malformed)


def _backend(reading: Reading) -> Any:
    from edgeproof.properties.traffic.backends import open_duckdb, open_spark

    if reading.engine == "spark":
        return open_spark(reading.master or "local[*]")
    if reading.master is not None:
        raise Unusable("--master is Spark's: add --engine spark")
    return open_duckdb(reading.memory)
