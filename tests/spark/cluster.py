# SPDX-License-Identifier: Apache-2.0
"""A cluster of Spark: a master and two workers, a process each, on this machine's loopback, and sessions with it."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from edgeproof.properties.traffic.backends import find_spark, open_spark
from tests.processes import started

__all__ = ["opened", "running"]

SECONDS: Final = 120
"""How long a cluster may take to come up."""

_SHORT_LIVED: Final = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Options of Java: nothing here runs for long enough to win back what the better compiler takes."""

LOCAL: Final = {
    "spark.executor.cores": "1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    # Whichever worker is free may have a task: to wait for the one that has its rows takes longer than to send them.
    "spark.locality.wait": "0",
    # What fails here fails for good.
    "spark.task.maxFailures": "1",
}


@contextmanager
def running(place: Path, memory: str = "768m") -> Iterator[str]:
    """The URL of a cluster's master, once both its workers have registered, which have so much memory each.

    Raises BackendError where Spark is not there.
    """
    home = find_spark()
    url = f"spark://127.0.0.1:{_free_port()}"
    start = ["bash", str(home / "bin" / "spark-class")]
    here = ["--host", "127.0.0.1"]
    command = [*start, "org.apache.spark.deploy.master.Master", *here, "--port", url.rpartition(":")[2]]
    with _daemon(command, place / "master") as log:
        _wait_for(log, "New state: ALIVE", 1)
        worker = [*start, "org.apache.spark.deploy.worker.Worker", *here, "--cores", "1", "--memory", memory, url]
        with _daemon(worker, place / "worker-1"), _daemon(worker, place / "worker-2"):
            _wait_for(log, "Registering worker", 2)
            yield url


@contextmanager
def opened(master: str, settings: Mapping[str, str]) -> Iterator[Any]:
    """A session with a cluster. Its Java process would live on in ours, for the next session."""
    session = open_spark(master, {**LOCAL, **settings})
    context = session.sparkContext
    java = context._gateway.proc
    try:
        yield session
    finally:
        session.stop()
        context._gateway.shutdown()
        type(context)._gateway = type(context)._jvm = None
        end(java)


@contextmanager
def _daemon(command: list[str], place: Path) -> Iterator[Path]:
    """A daemon of Spark that writes to its log, and is ended."""
    place.mkdir(parents=True)
    log = place / "log"
    settings = {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "128m"}
    options = {"SPARK_DAEMON_JAVA_OPTS": _SHORT_LIVED, "SPARK_LAUNCHER_OPTS": _SHORT_LIVED}
    folders = {"SPARK_WORKER_DIR": str(place), "SPARK_LOCAL_DIRS": str(place)}
    ports = {"SPARK_MASTER_WEBUI_PORT": "0", "SPARK_WORKER_WEBUI_PORT": "0"}
    environment = {**os.environ, **settings, **options, **folders, **ports}
    with (
        log.open("wb") as out,
        started(command, cwd=place, env=environment, stdout=out, stderr=subprocess.STDOUT) as process,
    ):
        try:
            yield log
        finally:
            end(process)


def end(process: subprocess.Popen[str]) -> None:
    """End a process in good order, or else by force."""
    process.terminate()
    try:
        process.wait(SECONDS)
    finally:
        process.kill()


def _wait_for(log: Path, words: str, times: int) -> None:
    until = time.monotonic() + SECONDS
    while log.read_text(errors="replace").count(words) < times:
        assert time.monotonic() < until, log.read_text(errors="replace")[-2000:]
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
