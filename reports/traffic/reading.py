# SPDX-License-Identifier: Apache-2.0
"""A history as it was asked for: which files are one history, and what reads them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from edgeproof.reports.errors import Unusable, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.properties.intake import ColumnMapping
    from edgeproof.properties.traffic.executors import Cluster
    from edgeproof.properties.traffic.facts import Ask

__all__ = ["Reading", "Recorded", "Watched", "cluster_of", "named_history", "read_files", "read_history"]


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
class Watched:
    """The words of the command line that say which file is watched, and what its lines mean."""

    history: str
    mapping: Path | None
    times: str | None
    strict: bool


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
    from edgeproof.properties.intake import stated_mapping

    if reading.engine == "spark":
        cluster = cluster_of(reading)
        return Recorded(cluster.ask, cluster.malformed_lines)
    if reading.master is not None:
        raise Unusable("--master is Spark's: add --engine spark")
    mapping = stated_mapping(reading.mapping, reading.times)
    return read_files(_paths(reading), mapping, reading.memory, strict=reading.strict)


def read_files(paths: Sequence[Path], mapping: ColumnMapping, memory: str = "4GB", *, strict: bool) -> Recorded:
    """Read some files as one history, on this machine. Raises as `read_history` does."""
    from edgeproof.properties.intake import load
    from edgeproof.properties.traffic.backends import open_duckdb
    from edgeproof.properties.traffic.facts import at_once, gather

    loaded = load(open_duckdb(memory), paths, mapping, strict=strict)
    return Recorded(at_once(gather(loaded)), loaded.malformed)


def cluster_of(reading: Reading) -> Cluster:
    """A history on a cluster of Spark, which has not been asked yet. Raises as `read_history` does."""
    from edgeproof.properties.intake import stated_mapping
    from edgeproof.properties.traffic.backends import open_spark
    from edgeproof.properties.traffic.executors import on_cluster

    if reading.engine != "spark":
        raise Unusable("--explain is Spark's: add --engine spark")
    paths, mapping = _paths(reading), stated_mapping(reading.mapping, reading.times)
    return on_cluster(open_spark(reading.master or "local[*]"), paths, mapping, strict=reading.strict)


def _paths(reading: Reading) -> list[Path]:
    return [Path(source) for source in named_history(reading)]
