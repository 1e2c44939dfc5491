# SPDX-License-Identifier: Apache-2.0
"""A run on the real clock of the Worker on the real runtime: workerd processes, in front of a KV that has bad days.

The store is one process, every location another. Writers and readers come through the Worker's HTTP front. KV is the
suite's (`impl.workerd.adversary`): puts are recorded as they begin and end there, and what goes wrong with them goes
wrong there. A crash is kill -9 of the store's process and an eviction that of a location's, each with a start
afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random
from threading import Lock
from typing import Any, Final

from attrs import evolve, field, frozen

from edgeproof.impl.documents import flag_documents
from edgeproof.impl.edge.kv import KVError, KVNamespace
from edgeproof.impl.edge.reader import ConfigUnavailable
from edgeproof.impl.history import Event, Recorder, digest_of, now
from edgeproof.impl.live.network import FaultPlan
from edgeproof.impl.live.options import UNIT, LiveOptions, Paths
from edgeproof.impl.live.pop import Isolate, Told
from edgeproof.impl.live.process import Child, LiveError
from edgeproof.impl.live.truth import Truth
from edgeproof.impl.live.writers import Wire
from edgeproof.impl.snapshot import REMOVED, ChangelogEntry, Snapshot, from_kv, to_json
from edgeproof.impl.workerd.adversary import Adversary, Answer
from edgeproof.impl.workerd.adversary_http import Door
from edgeproof.impl.workerd.client import Client, Reply, WorkerdError, asked
from edgeproof.impl.workerd.config import Bindings
from edgeproof.impl.workerd.processes import Edits, Processes

__all__ = ["WorkerdSite"]

MAX_BODY: Final = 900_000
"""Bytes of a request that the Worker takes."""
_PAGE: Final = 1000


class WallClock:
    """The machine's own time, as workerd has it."""

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        return time.time()


@frozen
class Address:
    """Where the processes listen, which changes with every start of one: they are looked up in a file."""

    ports: Path
    token: str = field(repr=False)

    def client(self, name: str) -> Client:
        """Talks to a process by its name. Raises OSError while there is none."""
        port = json.loads(self.ports.read_text(encoding="utf-8"))[name]
        return Client(port, {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})


class FrontWire:
    """The control plane's way to the store: the HTTP front."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._client: Client | None = None

    async def ask(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """A request in the words of `impl.live.store`, and its answer in them."""
        return await asyncio.to_thread(self._write if request["op"] == "write" else self._since, request)

    def drop(self) -> None:
        """Look the port up anew."""
        if self._client is not None:
            self._client.close()
        self._client = None

    def _write(self, request: dict[str, Any]) -> dict[str, Any] | None:
        body = {
            "changes": request["set"],
            "removed": request["remove"],
            "actor": request["actor"],
            "expected_version": request["expected"],
            "idempotency_key": request["key"],
        }
        reply = self._do("PUT", f"/units/{UNIT}/config", body)
        if reply.status >= 500:
            return None
        if reply.status != 200:
            return {"refused": f"{reply.status}: {reply.said['detail']}"}
        return {"version": reply.said["version"], "repeated": reply.said["repeated"]}

    def _since(self, request: dict[str, Any]) -> dict[str, Any] | None:
        version, changed = request["version"], dict[str, Any]()
        reply = self._do("GET", f"/units/{UNIT}/changelog?since={version}&limit={_PAGE}")
        if reply.status != 200:
            return None
        for change in reply.said["changes"]:
            version, changed[change["field"]] = change["version"], change.get("new", REMOVED)
        return {
            "version": version,
            "set": {name: value for name, value in changed.items() if value is not REMOVED},
            "remove": [name for name, value in changed.items() if value is REMOVED],
        }

    def _do(self, method: str, path: str, body: object = None) -> Reply:
        try:
            self._client = self._client or self._address.client("store")
            return self._client.do(method, path, body)
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error


class FrontIsolate:
    """A location's isolate, asked over HTTP. Where an answer was served from does not show."""

    def __init__(self, address: Address, name: str) -> None:
        self._address, self._name = address, name
        self._client: Client | None = None

    async def read(self) -> Told | None:
        """Ask for the unit's config."""
        return Told(await asyncio.to_thread(self._read))

    def evict(self) -> bool:
        """Not from here."""
        return False

    def _read(self) -> Snapshot:
        try:
            self._client = self._client or self._address.client(self._name)
            # A request of its own: one on a kept connection would be sent again to a process that has taken over.
            reply = self._client.do("GET", f"/edge/{UNIT}")
        except (OSError, http.client.HTTPException) as error:
            self._client = None
            raise ConfigUnavailable(f"no answer: {error}") from error
        if reply.status != 200:
            raise ConfigUnavailable(f"answered {reply.status}")
        try:
            return Snapshot(int(reply.said["version"]), int(reply.said["era"]), dict(reply.said["config"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a config: {str(reply.said)[:80]}") from error


class LiveKV(Adversary):
    """KV in real time: every put is recorded, and fares as a plan has it."""

    def __init__(self, namespace: KVNamespace, options: LiveOptions, recorder: Recorder) -> None:
        super().__init__(namespace, WallClock(), options.pops)
        self._options, self._recorder = options, recorder
        self._failed = 0
        self._life = 0
        self._now = Lock()
        self._plan = FaultPlan(options, Random(f"{options.seed}/puts"), self._may_fail)
        self.calm = True
        """Whether no put was cut off since the last one that succeeded."""

    def crash(self) -> None:
        """The store's process was killed: its puts under way will not land, unless they are to land late."""
        with self._now:
            self._life += 1
            self.calm = False

    def write(self, method: str, key: str, value: bytes, act: Callable[[], None]) -> Answer:
        """Serve one put. An answer may be given after whoever asked has given up, or has gone."""
        snapshot = from_kv(value)
        digest = digest_of(snapshot.config)
        with self._now:
            fault, delay = self._plan.draw()
            self._failed += fault == "put-late"  # now, as others are begun before it lands
            life = self._life
            began = Event("publish", UNIT, now(), None, "unknown", snapshot.version, snapshot.era)
            number = self._recorder.record(began)
        time.sleep(delay)
        with self._now:
            gone = life != self._life and fault != "put-late"
            answer = Answer(dropped=True) if gone else self._served(fault, act)
            applied = not gone and fault != "put-fails" and answer.status != 429
            ended = evolve(began, returned=now(), digest=digest if applied else None)
            if fault:
                done = "fail" if gone else "ok"
                self._recorder.record(evolve(ended, kind="fault", outcome=done, note=fault))
            self._recorder.record(evolve(ended, **self._outcome(fault, gone, answer)), replaces=number)
            return answer

    def _served(self, fault: str, act: Callable[[], None]) -> Answer:
        if fault == "put-fails":
            return Answer(503, "the put was refused")
        try:
            act()
        except KVError as error:
            return Answer(error.status, str(error))
        return Answer(503, "the answer was lost") if fault == "put-ambiguous" else Answer()

    def _outcome(self, fault: str, gone: bool, answer: Answer) -> dict[str, Any]:
        """How a put ended, as whoever put it was told, which also counts for what may still fail."""
        if gone:
            self._failed += 1
            return {"outcome": "fail", "note": "the store was killed, and its put with it"}
        if fault == "put-late":
            return {"outcome": "unknown", "note": "timed out"}
        if answer.status == 200:
            self._failed, self.calm = 0, True
            return {"outcome": "ok"}
        self._failed += 1
        return {"outcome": "unknown" if fault == "put-ambiguous" else "fail", "note": answer.text}

    def _may_fail(self, late: int) -> bool:
        return self._options.may_fail(self._failed, late)


class WorkerdSite:
    """The Worker on workerd; `edits` break its sources on purpose."""

    name = "workerd"
    evicts = True

    def __init__(self, options: LiveOptions, paths: Paths, edits: Edits | None = None) -> None:
        """Raises ValueError for what the Worker cannot do, and RuntimeMissingError."""
        _check(options)
        self._options, self._edits = options, edits
        self._recorder = Recorder(paths.part("kv"))
        self._disk = paths.data / "workerd"
        self._address = Address(paths.data / "ports", secrets.token_urlsafe(16))
        self._bindings = _bindings(options, self._address.token)
        self.wire: Callable[[], Wire] = partial(FrontWire, self._address)
        self.isolate: Callable[[str], Isolate] = partial(FrontIsolate, self._address)
        choices = options.choices()
        self._kv = LiveKV(choices.namespace(WallClock(), None, options.parts), options, self._recorder)
        self._door: Door | None = None
        self._processes: Processes | None = None
        self._truth: Truth | None = None

    @property
    def children(self) -> list[Child]:
        """None of ours: workerd's processes are looked after here."""
        return []

    def start(self) -> None:
        """Start the store's process and every location's. Raises RuntimeMissingError."""
        self._door = Door(self._kv)
        headers = {"Authorization": f"Bearer {self._address.token}"}
        self._processes = Processes(
            self._bindings, self._options.pops, self._door.address, headers, self._edits, self._disk
        )
        self._tell_ports()

    def check(self) -> None:
        """Raise LiveError if a process has ended."""
        if self._processes is not None and (name := self._processes.ended()):
            raise LiveError(f"{name} died: {self._processes.log()[-500:]}")

    def calm(self) -> bool:
        """What KV has seen."""
        return self._kv.calm

    def ask(self) -> None:
        """A read at the edge of a unit that nobody writes to, in the store's own process: through it, KV and back."""
        self._address.client("store").do("GET", "/edge/nobody")

    def crash(self, recorder: Recorder) -> None:
        """Kill -9 the store's process, and start another."""
        assert self._processes is not None
        invoke = now()
        self._kv.crash()
        self._processes.kill_store()
        self._tell_ports()
        recorder.record(Event("fault", UNIT, invoke, now(), "ok", note="crash"))

    def evict(self, pop: str, recorder: Recorder) -> None:
        """Kill -9 a location's process, and start another."""
        assert self._processes is not None
        invoke = now()
        self._processes.kill_location(int(pop.removeprefix("pop-")) - 1)
        self._tell_ports()
        recorder.record(Event("fault", UNIT, invoke, now(), "ok", pop=pop, reader=pop, note="evict"))

    def stop(self, grace: float) -> None:
        """Ask the store how it all was, and kill the processes."""
        if self._processes is not None:
            # Where it does not answer, there is no truth to be had.
            with contextlib.suppress(OSError, http.client.HTTPException, WorkerdError):
                self._truth = _told(self._processes.store)
            self._processes.close()
            self._processes = None
        if self._door is not None:
            self._door.close()
            self._door = None

    def truth(self) -> Truth:
        """What it said when it was asked. Raises LiveError if it did not."""
        if self._truth is None:
            raise LiveError("the store did not say in the end what it holds")
        return self._truth

    def truth_left(self) -> Truth:
        """What its process says, started once more over its disk, before a KV that takes nothing any more."""
        door = Door()
        try:
            headers = {"Authorization": f"Bearer {self._address.token}"}
            processes = Processes(self._bindings, 0, door.address, headers, self._edits, self._disk)
            try:
                return _told(processes.store)
            finally:
                processes.close()
        finally:
            door.close()

    def _tell_ports(self) -> None:
        assert self._processes is not None
        ports = {"store": self._processes.store.port}
        ports |= {f"pop-{n + 1}": self._processes.location(n).port for n in range(self._options.pops)}
        unfinished = self._address.ports.with_suffix(".part")
        unfinished.write_text(json.dumps(ports), encoding="utf-8")
        unfinished.replace(self._address.ports)


def _bindings(options: LiveOptions, token: str) -> Bindings:
    heart: dict[str, str | float] = (
        {} if options.heartbeat is None else {"repair": "heartbeat", "heartbeat": options.heartbeat}
    )
    words: dict[str, str | float] = {
        "reader": options.reader,
        "put_timeout": options.put_timeout,
        "sync_delay": options.sync_delay,
        # One retry delay: the doubling would leave the bound that the run is held to.
        "retry_base": options.retry_delay,
        "retry_cap": options.retry_delay,
        "write_spacing": options.write_spacing,
        "cache_ttl": options.cache_ttl,
        "memo_ttl": options.memo_ttl,
    }
    return Bindings({**words, **heart}, token, main="index.js")


def _check(options: LiveOptions) -> None:
    if options.cache_ttl < 1 or options.cache_ttl != int(options.cache_ttl):
        raise ValueError(f"on workerd the cache TTL is a whole number of seconds from 1, not {options.cache_ttl:g}")
    for name in ("retry_delay", "memo_ttl"):
        if not getattr(options, name) > 0:
            raise ValueError(f"on workerd the {name.replace('_', ' ')} must be more than 0")
    size = options.size or len(to_json(flag_documents(options.seed, options.flags)))
    if size > MAX_BODY - 10_000:
        raise ValueError(f"the first write would have {size} bytes, and the Worker takes {MAX_BODY}: fewer --flags")


def _told(store: Client) -> Truth:
    """The whole changelog, page by page, and the config."""
    config: dict[str, Any] = asked(store.get(f"/units/{UNIT}"))["config"]
    entries: list[ChangelogEntry] = []
    while True:
        since = entries[-1].version if entries else 0
        page: Sequence[Mapping[str, Any]] = asked(store.get(f"/units/{UNIT}/changelog?since={since}&limit={_PAGE}"))[
            "changes"
        ]
        if not page:
            return Truth.told(entries, config)
        entries += [
            ChangelogEntry(
                one["version"], one["field"], one.get("old", REMOVED), one.get("new", REMOVED), one["actor"],
                one["at"] / 1000, one.get("idempotency_key"),
            )
            for one in page
        ]  # fmt: skip
