# SPDX-License-Identifier: Apache-2.0
"""Rounds of changes to three flags, and what locations tell of them.

A round changes the flags in one batch: `left` and `right` come to have the number of the round as their value, and
`risky` is on in odd rounds only. Locations evaluate all flags of the app at once, which is on one config.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from threading import Event, Thread
from typing import Any

from attrs import frozen

from edgeproof.impl.workerd.client import Client, WorkerdError, asked
from tests.workerd.flags_deployment import FlagDeployment, flag

__all__ = ["Told", "Writer", "ask", "batch", "round_of"]


def round_of(number: int) -> dict[str, Any]:
    """The flags as they are in a round."""
    sides = {key: flag(key, variations={"off": number}) for key in ("left", "right")}
    everybody = {"priority": 1, "conditions": [], "serve_variation": "on"}
    return {**sides, "risky": flag("risky", everybody, enabled=number % 2 == 1)}


def batch(number: int, version: int) -> dict[str, Any]:
    """What makes a round of the one before, whose version is `version`."""
    flags = round_of(number)
    return {"changes": flags, "expected": dict.fromkeys(flags, version)}


@frozen
class Told:
    """What a location said to somebody, between two moments."""

    location: int
    invoke: float
    returned: float
    version: int
    values: Mapping[str, Any]

    @property
    def mixed(self) -> bool:
        """Whether the flags are those of different rounds."""
        left = self.values.get("left")
        return left != self.values.get("right") or (left is not None and (left % 2 == 1) != self.values["risky"])


def ask(deployment: FlagDeployment, location: int) -> Told:
    """Evaluate everything at a location."""
    invoke = time.monotonic()
    front = Client(deployment.edge(location).port, {})
    said = asked(front.do("POST", "/apps/a/evaluate", {"context": {"targetingKey": "u"}}))
    values = {key: one["value"] for key, one in said["flags"].items()}
    return Told(location, invoke, time.monotonic(), said["version"], values)


class Writer(Thread):
    """Makes one round after another; a write is sent again with its key until it is acknowledged."""

    def __init__(self, deployment: FlagDeployment, over: Event) -> None:
        super().__init__(daemon=True)
        self._deployment, self._over = deployment, over
        self.commits: list[dict[str, Any]] = []
        """In the recorded format, one for each round."""
        self.version = 0
        self.failed: Exception | None = None

    def run(self) -> None:
        try:
            while not self._over.wait(0.15):
                self._round(len(self.commits) + 1)
        except WorkerdError as error:
            self.failed = error

    def _round(self, number: int) -> None:
        invoke = time.monotonic()
        version = self._acknowledged(number)
        about = {"kind": "commit", "unit": "a", "invoke": invoke, "version": number, "era": 0}
        if version is None:
            self.commits.append({**about, "return": None, "outcome": "unknown"})
        else:
            self.version = version
            self.commits.append({**about, "return": time.monotonic(), "outcome": "ok"})

    def _acknowledged(self, number: int) -> int | None:
        while not self._over.is_set():
            try:
                reply = self._deployment.ask(
                    "POST", "/apps/a/batch", batch(number, self.version), Idempotency_Key=f"round-{number}"
                )
                return int(asked(reply)["version"])
            except (OSError, http.client.HTTPException):
                self._over.wait(0.01)
        return None
