# SPDX-License-Identifier: Apache-2.0
"""Where events are read and judged: in this process, by way of DuckDB, or on a cluster of Spark."""

from __future__ import annotations

import os
import shutil
import sys
import weakref
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import ibis

from edgeproof.impl.scratch import OwnedDirectory

__all__ = ["BackendError", "open_duckdb", "open_spark"]

_JAVA: Final = "a Java runtime, version 17 or 21 (on Debian, apt-get install openjdk-17-jre-headless)"

_LIGHT: Final = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

_SETTINGS: Final = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # There is one shuffle, of which it is known beforehand how many parts it has: nothing to be planned again.
    "spark.sql.adaptive.enabled": "false",
    # A row is a packet of events, of some megabytes, and Java only passes it on: nothing that is worth compiling.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "32",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": _LIGHT,
    "spark.executor.extraJavaOptions": _LIGHT,
}


class BackendError(ValueError):
    """What evaluates checks is not there; the message says what to install."""


def open_duckdb(memory: str = "4GB", threads: int | None = None) -> Any:
    """An empty database in memory, which spills what is over `memory` (such as 4GB) to temporary files.

    Raises ValueError for a size that is none.
    """
    import duckdb

    backend = ibis.duckdb.connect()
    directory = OwnedDirectory("duckdb")
    weakref.finalize(backend, directory.cleanup)
    try:
        backend.con.execute("SET memory_limit = $1", [memory])
        backend.con.execute("SET temp_directory = $1", [directory.name])
        # Nothing asks for the order of rows without saying which, and keeping it costs memory.
        backend.con.execute("SET preserve_insertion_order = false")
        backend.con.execute("SET enable_progress_bar = false")
        if threads is not None:
            backend.con.execute("SET threads = $1", [threads])
    except duckdb.Error as error:
        raise ValueError(f"{memory!r} is no size of memory; write it like 4GB or 500MB") from error
    return backend


def find_spark() -> Path:
    """The folder that Spark is in. Raises BackendError that says what to install, where it or Java is missing."""
    found = find_spec("pyspark")
    if found is None or found.origin is None:
        raise BackendError(f"Spark is not installed: pip install 'edgeproof[spark]' (here, make spark), and {_JAVA}")
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java", path=str(Path(home, "bin")) if home else None) is None:
        raise BackendError(f"Spark needs {_JAVA}" + (f"; there is none in JAVA_HOME, {home}" if home else ""))
    return Path(found.origin).parent


def open_spark(master: str = "local[*]", settings: dict[str, str] | None = None) -> Any:
    """A session with a Spark master. Raises BackendError where something is missing, or no master answers."""
    find_spark()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master).appName("edgeproof check")
    for name, value in {**_SETTINGS, **(settings or {})}.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except (PySparkException, Py4JError, OSError) as error:
        raise BackendError(f"Spark did not start with the master {master}: {error}") from error
    session.sparkContext.setLogLevel("ERROR")
    return session
