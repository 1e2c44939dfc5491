# SPDX-License-Identifier: Apache-2.0
"""The tests here run on a cluster of Spark: a master and two workers, a process each, on this machine's loopback. None
outlives the tests, not even if they are killed.

Without Spark or Java each is skipped, and says what to install. Where $CI is set they fail instead: a build must not
lean on tests that did not run.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from edgeproof.properties.traffic.backends import BackendError, find_spark, open_spark
from tests.processes import started

SECONDS: Final = 120
"""How long a cluster may take to come up."""

SHORT_LIVED: Final = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Options of Java: nothing here runs for long enough to win back what the better compiler takes."""

SMALL: Final = {
    "spark.executor.memory": "512m",
    "spark.executor.cores": "1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    # Whichever worker is free may have a task: to wait for the one that has its rows takes longer than to send them.
    "spark.locality.wait": "0",
    # Every query is asked once, of little: to compile each takes far longer than to interpret it, and to plan it
    # again between its stages, or to filter ahead of its joins, longer than to run it as it is.
    "spark.driver.extraJavaOptions": SHORT_LIVED,
    "spark.executor.extraJavaOptions": SHORT_LIVED,
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.optimizer.runtime.bloomFilter.enabled": "false",
}


@pytest.fixture(scope="session")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a cluster's master, once both its workers have registered."""
    try:
        home = find_spark()
    except BackendError as missing:
        if os.environ.get("CI"):
            pytest.fail(f"{missing} ($CI is set, so that this test may not be skipped)")
        pytest.skip(str(missing))
    place = tmp_path_factory.mktemp("spark")
    url = f"spark://127.0.0.1:{_free_port()}"
    port = url.rpartition(":")[2]
    start = ["bash", str(home / "bin" / "spark-class")]
    here = ["--host", "127.0.0.1"]
    command = [*start, "org.apache.spark.deploy.master.Master", *here, "--port", port]
    with _running(command, place / "master") as log:
        _wait_for(log, "New state: ALIVE", 1)
        worker = [*start, "org.apache.spark.deploy.worker.Worker", *here, "--cores", "1", "--memory", "768m", url]
        with _running(worker, place / "worker-1"), _running(worker, place / "worker-2"):
            _wait_for(log, "Registering worker", 2)
            yield url


@pytest.fixture
def backend(master: str) -> Iterator[Any]:
    """A session with the cluster. Its Java process would live on in ours, for the next session."""
    one = open_spark(master, SMALL)
    context = one._session.sparkContext
    java = context._gateway.proc
    yield one
    one._session.stop()
    context._gateway.shutdown()
    type(context)._gateway = type(context)._jvm = None
    end(java)


@contextmanager
def _running(command: list[str], place: Path) -> Iterator[Path]:
    """A daemon of Spark that writes to its log, and is ended."""
    place.mkdir()
    log = place / "log"
    settings = {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "128m"}
    java = {"SPARK_DAEMON_JAVA_OPTS": SHORT_LIVED, "SPARK_LAUNCHER_OPTS": SHORT_LIVED}
    folders = {"SPARK_WORKER_DIR": str(place), "SPARK_LOCAL_DIRS": str(place)}
    ports = {"SPARK_MASTER_WEBUI_PORT": "0", "SPARK_WORKER_WEBUI_PORT": "0"}
    environment = {**os.environ, **settings, **java, **folders, **ports}
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
