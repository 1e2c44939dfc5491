# SPDX-License-Identifier: Apache-2.0
"""`edgeproof flags serve` as a process of its own, over a folder that outlives it, and what it has acknowledged."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import frozen

from edgeproof.impl.workerd.runtime import die_with
from tests.impl.flags.examples import flag

__all__ = ["APP", "Answer", "Refused", "Service", "within"]

APP: Final = "shop"
PATIENCE: Final = 20.0
"""Seconds for whatever should come about by itself."""

_MAIN: Final = "import sys; from edgeproof.reports.cli import main; sys.exit(main(sys.argv[1:]))"
_SHIFTED: Final = "import time; real = time.time; time.time = lambda: real() + {seconds}\n"


class Refused(Exception):
    """The service did not start: what it said, and its exit status."""


@frozen
class Answer:
    """What a request was answered: a status, 0 for no answer at all, and what it says."""

    status: int
    says: str
    seconds: float


class Service:
    """One app of flags. `acknowledged` has the version of every flag whose write was answered with one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.acknowledged: dict[str, int] = {}
        self._process: subprocess.Popen[str] | None = None
        self._place = ""
        self._written = 0

    @property
    def database(self) -> Path:
        """The file of the app."""
        return self.folder / f"app-{APP}.sqlite"

    @property
    def pid(self) -> int:
        """Of the process."""
        assert self._process is not None
        return self._process.pid

    def start(self, clock: float = 0.0) -> None:
        """Start it, with a clock that is so many seconds ahead. Raises Refused."""
        begin = _SHIFTED.format(seconds=clock) if clock else ""
        words = ["flags", "serve", "--port", "0", "--cache-ttl", "100ms", "--json", "--directory", str(self.folder)]
        self._process = subprocess.Popen(
            [sys.executable, "-c", begin + _MAIN, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONFAULTHANDLER": "1"},
            preexec_fn=partial(die_with, os.getpid()),  # noqa: PLW1509 (it takes no lock)
        )
        assert self._process.stdout is not None
        lines: list[str] = []
        while line := self._process.stdout.readline():
            lines.append(line)
            if line == "}\n":
                break
        said = json.loads("".join(lines) or '{"error": "it said nothing"}')
        if "error" in said:
            raise Refused(f"{said['error']} (exit status {self._process.wait()})")
        self._place = urlsplit(said["url"]).netloc

    def restarted(self) -> Service:
        """Itself, ended in good order and started again."""
        self.stop()
        self.start()
        return self

    def stop(self) -> str:
        """End it in good order; what it has printed on standard error. Stopping what has stopped is fine."""
        if self._process is None:
            return ""
        self._process.terminate()
        try:
            _, printed = self._process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGABRT)
            raise TimeoutError(f"it does not end: {self._process.communicate()[1]}") from None
        self._process = None
        return printed

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        patience: float = PATIENCE,
    ) -> Answer:
        """One request on a connection of its own."""
        began = time.monotonic()
        connection = http.client.HTTPConnection(self._place, timeout=patience)
        bearer = (self.folder / "bearer").read_text(encoding="ascii").strip()
        given = {"Authorization": f"Bearer {bearer}", "Edgeproof-Actor": "ana", **(headers or {})}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), given)
            response = connection.getresponse()
            status, says = response.status, response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            status, says = 0, str(error)
        finally:
            connection.close()
        return Answer(status, says, time.monotonic() - began)

    def open_app(self) -> None:
        """Make the app."""
        answer = self.ask("POST", "/apps", {"name": APP})
        assert answer.status == 201, answer

    def write(self, **more: Any) -> Answer:
        """Add a flag: one commit."""
        self._written += 1
        key = f"f{self._written}"
        answer = self.ask("POST", f"/apps/{APP}/flags", flag(key=key, **more), {"Idempotency-Key": key})
        if answer.status == 201:
            self.acknowledged[key] = json.loads(answer.says)["version"]
        return answer

    def published(self) -> bool:
        """Whether the locations tell what was acknowledged last."""
        answer = self.ask("GET", f"/apps/{APP}/definitions")
        found = json.loads(answer.says)["version"] if answer.status == 200 else 0
        return bool(found >= max(self.acknowledged.values()))

    def lost(self) -> int:
        """How many acknowledged writes are not there, or twice, or at another version than was said."""
        found: dict[str, int] = {}
        cursor = ""
        while True:
            answer = self.ask("GET", f"/apps/{APP}/flags?cursor={cursor}")
            assert answer.status == 200, answer
            page = json.loads(answer.says)
            found |= {one["key"]: one["version"] for one in page["result"]}
            if page["cursor"] is None:
                break
            cursor = page["cursor"]
        return sum(found.get(key) != version for key, version in self.acknowledged.items())


def within(check: Callable[[], bool], seconds: float = PATIENCE) -> float:
    """How long it took until something was so, asked again and again. Raises TimeoutError."""
    began = time.monotonic()
    while not check():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"it did not come about within {seconds:g} s")
        time.sleep(0.02)
    return time.monotonic() - began
