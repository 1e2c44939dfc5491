# SPDX-License-Identifier: Apache-2.0
"""Any deployment behind the HTTP front of `impl/worker`, with what can be done and seen from outside and nothing else.

An outsider writes, sends a write again, bases one on an old version, reads at the edge, and asks the store itself
(`GET /units/{unit}` and its changelog are never stale). Crashes, alarms, puts and caches are out of reach: those
actions are unknown here, and what they change is not shown. What is shown are names of the model, told from answers:

`config` and `restored` are the store's version and era. `logged` is the last version up to which replaying the
changelog gives what was written. `torn` is a version of which the store or a reader has shown a config that no write
made. `neighbour_hit`: a second unit, written once at the start, is no longer what it was.

A run writes to fresh units of its own, two each. The bearer goes into a header, and into nothing that is ever shown.
"""

from __future__ import annotations

import http.client
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count, groupby
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import define, frozen

from edgeproof.impl.driven.base import Driven
from edgeproof.impl.driven.client import FIELDS
from edgeproof.impl.system import ActionImpossible, Observation, Setup, SystemUnavailable
from edgeproof.impl.workerd.client import Client, Reply

__all__ = ["FrontError", "HttpSystem", "check_address"]

PATIENCE: Final = 10.0
"""Seconds to wait for an answer."""
_TRIES: Final = 3
_PAGE: Final = 1000
"""Versions that are asked for at once; each has at least one change."""
_PAUSE: Final = 0.5
"""Seconds before a question that got no answer is asked again."""


class FrontError(Exception):
    """The deployment answered what the front never does; the message says to what."""


@frozen
class Told:
    """A config as the store or a reader gives it."""

    version: int
    era: int
    config: Mapping[str, Any]


@define
class Write:
    """A write of the run: what it sets both fields to, and what is known of it."""

    number: int
    version: int | None = None
    """None until somebody has said which version it made."""


NOTHING: Final = Told(0, 0, {})


class HttpSystem(Driven):
    """One deployment; every run is on units of its own, whose names begin with `label`."""

    def __init__(self, address: str, bearer: str, label: str = "edgeproof") -> None:
        """`address` is http(s)://HOST[:PORT][/PATH]. Raises ValueError for anything else, and for a bad bearer."""
        connect, self._path = check_address(address)
        if not bearer or not (bearer.isascii() and bearer.isprintable() and " " not in bearer):
            raise ValueError("a bearer is one word of printable ASCII")
        said = {"Content-Type": "application/json"}
        self._store = Client(0, {**said, "Authorization": f"Bearer {bearer}"}, connect)
        self._edge = Client(0, said, connect)
        self._address = address
        self._label = f"{label}-{secrets.token_hex(4)}"
        self._runs = count(1)
        self._why = ""

    # --- the System interface

    def start(self, setup: Setup) -> None:
        """Begin on fresh units. Raises SystemUnavailable, and ValueError for several locations."""
        if setup.sizes.get("Pop", 1) != 1:
            raise ValueError("an outsider reads at one location: Pop=1")
        self._unit = f"{self._label}-{next(self._runs)}"
        self._numbers = count(1)
        self._writes: list[Write] = []
        self._retries = count()
        self._outstanding: Write | None = None
        self._acked = 0
        self._told, self._failed = NOTHING, False
        self._stored, self._log = NOTHING, list[Mapping[str, Any]]()
        try:
            first = self._snapshot(self._unit)
            if first != NOTHING:
                raise FrontError(f"a unit that nobody has written to has version {first.version}")
            self._settle_neighbour()
        except FrontError as error:
            raise SystemUnavailable(f"{self._address} does not offer the front of impl/worker: {error}") from error

    def observe(self) -> Observation:
        """What can be seen now. Raises FrontError and SystemUnavailable."""
        self._stored = stored = self._snapshot(self._unit)
        self._log = self._changes()
        logged, contents = self._replayed(self._log, stored)
        return {
            "config": stored.version,
            "logged": logged,
            "restored": stored.era,
            "torn": self._torn(stored, contents),
            "request": "none" if self._outstanding is None else "lost",
            "acked": self._acked,
            "served": (self._told.version,),
            "served_era": (self._told.era,),
            "failed": (self._failed,),
            "neighbour_hit": self._neighbour_is_hit(),
        }

    def close(self) -> None:
        """Close the connections. What was written stays: the front deletes no units."""
        self._store.close()
        self._edge.close()

    # --- what an outsider does

    def _do_write(self) -> None:
        """A new write; or again the one that got no answer and was not made, which is then its first application."""
        if self._outstanding is not None and self._made(self._outstanding):
            raise ActionImpossible("a write that was made has lost its answer")
        again = self._outstanding is not None
        self._outstanding = write = self._outstanding or Write(next(self._numbers))
        # Some writes say what they are based on, and are right.
        expected = self._stored.version if write.number % 3 == 0 and not again else None
        self._hear(write, self._put(write, expected))

    def _do_retry(self) -> None:
        """Send a write again that was made: the last one, or the first one of all."""
        if self._outstanding is not None:
            if not self._made(self._outstanding):
                raise ActionImpossible("the write that lost its answer was not made")
            write = self._outstanding
        elif not self._writes:
            raise ActionImpossible("nothing was written yet")
        else:
            write = self._writes[-1 if next(self._retries) % 2 == 0 else 0]
        self._hear(write, self._put(write))

    def _do_write_refused(self) -> None:
        old = self._stored.version - 1
        if old < 0 or self._outstanding is not None:
            raise ActionImpossible("no version is old yet")
        reply = self._put(Write(next(self._numbers)), old)
        if reply is not None and reply.status not in (200, 409):
            raise FrontError(f"a write that expects an old version is answered {reply.status}, not 409")

    def _do_read(self, pop: int, cache: int) -> None:
        reply = self._answer(self._edge, f"/edge/{self._unit}")
        self._failed = reply is None
        if reply is not None:
            self._told = _told(reply, "GET /edge")

    def _put(self, write: Write, expected: int | None = None) -> Reply | None:
        """The answer; None where there is none, and nobody knows whether the write was made."""
        body: dict[str, Any] = {
            "changes": dict.fromkeys(FIELDS, write.number),
            "actor": self._label,
            "idempotency_key": f"{self._unit}/{write.number}",
        }
        if expected is not None:
            body["expected_version"] = expected
        return self._sent(self._unit, body)

    def _sent(self, unit: str, body: Mapping[str, Any]) -> Reply | None:
        try:
            reply = self._store.do("PUT", f"{self._path}/units/{unit}/config", body)
        except (OSError, http.client.HTTPException):
            return None
        self._check_access(reply)
        return None if _unanswered(reply) else reply

    def _hear(self, write: Write, reply: Reply | None) -> None:
        if reply is None:
            return
        if reply.status != 200:
            raise FrontError(f"PUT /units/.../config answers {reply.status} to a good write")
        version = _natural(reply.said, "version", "PUT /units/.../config")
        for other in self._writes:
            if other is not write and other.version == version:
                raise FrontError(f"two writes were both told that they made version {version}")
        if write not in self._writes:
            write.version = version
            self._writes.append(write)
        self._outstanding = None
        self._acked = max(self._acked, version)

    def _made(self, write: Write) -> bool:
        """Whether the write was there when the store was last asked."""
        key = f"{self._unit}/{write.number}"
        return any(change.get("idempotency_key") == key for change in self._log)

    # --- what an outsider sees

    def _replayed(self, changes: Sequence[Mapping[str, Any]], stored: Told) -> tuple[int, dict[int, Mapping[str, Any]]]:
        """Up to which version the changelog gives what was written, and the config of every version until there."""
        known = {one.version: dict.fromkeys(FIELDS, one.number) for one in self._writes}
        config: dict[str, Any] = {}
        contents: dict[int, Mapping[str, Any]] = {0: {}}
        for version, entries in groupby(changes, lambda change: change["version"]):
            sound = version == len(contents)
            for entry in entries:
                name = entry["field"]
                sound = sound and ("old" in entry, entry.get("old")) == (name in config, config.get(name))
                if "new" in entry:
                    config[name] = entry["new"]
                else:
                    config.pop(name, None)
            if not sound or config != known.get(version, config):
                return len(contents) - 1, contents
            contents[version] = dict(config)
        last = len(contents) - 1
        return (last - 1 if last == stored.version and config != stored.config else last), contents

    def _torn(self, stored: Told, contents: Mapping[int, Mapping[str, Any]]) -> int:
        whole = {**contents, **{w.version: dict.fromkeys(FIELDS, w.number) for w in self._writes if w.version}}
        for told in (self._told, stored):
            if told.config != whole.get(told.version, told.config):
                if told.version == 0:
                    raise FrontError("a config of version 0 is not empty")
                return told.version
        return 0

    def _settle_neighbour(self) -> None:
        name = f"{self._unit}-n"
        body = {"changes": dict.fromkeys(FIELDS, "neighbour"), "actor": self._label, "idempotency_key": name}
        reply = next((one for _ in range(_TRIES) if (one := self._sent(name, body)) is not None), None)
        if reply is None or reply.status != 200:
            raise FrontError(f"PUT /units/.../config answers {'nothing' if reply is None else reply.status}")
        self._neighbour = self._snapshot(name)
        if dict(self._neighbour.config) != body["changes"]:
            raise FrontError("a unit does not hold what was just written to it")

    def _neighbour_is_hit(self) -> bool:
        name = f"{self._unit}-n"
        if self._snapshot(name) != self._neighbour:
            return True
        reply = self._answer(self._edge, f"/edge/{name}")
        if reply is None:
            return False
        told = _told(reply, "GET /edge")
        return told.version > 0 and told.config != self._neighbour.config

    def _snapshot(self, unit: str) -> Told:
        return _told(self._strong(f"/units/{unit}"), "GET /units/...")

    def _changes(self) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        while True:
            since = found[-1]["version"] if found else 0
            page = self._strong(f"/units/{self._unit}/changelog?limit={_PAGE}&since={since}").said
            changes = page.get("changes") if isinstance(page, dict) else None
            if not isinstance(changes, list):
                raise FrontError("GET /units/.../changelog does not answer with changes")
            for one in changes:
                if not (isinstance(one, dict) and isinstance(one.get("field"), str)):
                    raise FrontError("GET /units/.../changelog answers with something that is no change")
                if _natural(one, "version", "GET /units/.../changelog") <= since:
                    raise FrontError("GET /units/.../changelog answers with what was not asked for")
            found += changes
            if len(changes) < _PAGE:
                return found

    def _strong(self, path: str) -> Reply:
        reply = self._answer(self._store, path)
        if reply is None:
            raise SystemUnavailable(f"{self._address} does not answer ({self._why}); is it up, and the address right?")
        return reply

    def _answer(self, client: Client, path: str) -> Reply | None:
        """The answer to a GET, asked again where there is none; None where there is none even then."""
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(_PAUSE)
            try:
                reply = client.get(self._path + path)
            except (OSError, http.client.HTTPException) as error:
                self._why = str(error) or type(error).__name__
                continue
            self._why = str(reply.status)
            if client is self._store:
                self._check_access(reply)
            if reply.status == 503 and client is self._edge:
                return None
            if not _unanswered(reply):
                if reply.status != 200:
                    raise FrontError(f"GET {path.partition('?')[0]} answers {reply.status}")
                return reply
        return None

    def _check_access(self, reply: Reply) -> None:
        if reply.status in (401, 403):
            raise SystemUnavailable(f"{self._address} answers {reply.status}: it does not accept this bearer")


def check_address(address: str) -> tuple[Callable[[], http.client.HTTPConnection], str]:
    """How to connect to an address, and the path that its requests begin with. Raises ValueError, saying what is wrong.

    Redirections are not followed, so that the bearer goes nowhere else.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an address is http://HOST or https://HOST, with a port and a path if need be")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError("an address has a host, a port and a path, and nothing else")
    host, port = parts.hostname, parts.port
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return (lambda: kind(host, port, timeout=PATIENCE)), parts.path.rstrip("/")


def _unanswered(reply: Reply) -> bool:
    """Whether this says no more than that it did not work."""
    return reply.status >= 500 or reply.status == 429


def _told(reply: Reply, where: str) -> Told:
    said = reply.said
    config = said.get("config") if isinstance(said, dict) else None
    if not isinstance(config, dict):
        raise FrontError(f"{where} does not answer with a config")
    return Told(_natural(said, "version", where), _natural({"era": 0, **said}, "era", where), config)


def _natural(said: Any, name: str, where: str) -> int:
    number = said.get(name) if isinstance(said, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise FrontError(f"{where} answers without a {name}")
    return number
