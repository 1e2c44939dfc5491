# SPDX-License-Identifier: Apache-2.0
"""The real runtime behind the `System` interface: the Worker of `impl/worker` in workerd, driven action by action.

What is real: the Durable Object with its SQLite storage, input and output gates and alarm, the KV binding, the HTTP
front, isolates. A crash is kill -9 of the store's process and a start over its directory; an eviction is the same for
a location's. What the suite stands behind is KV (`impl.workerd.adversary`): it holds every put until the model says
what becomes of it, and every location has caches of its own there.

Time is the suite's. The Worker is told it with every request, and it lies far ahead of the real time, so that an alarm
stays in the real storage, neither early nor late, until the model lets it fire; then it is set to the real now, and the
runtime fires it. Two things are played: the platform's retry of a handler that throws, which would wait for real
seconds (`impl/worker/driven.js`; a test in real time compares the two), and an alarm that the platform has lost, which
is one that is no longer let fire (another test has the runtime lose one). A reply counts as under way while it lies
unread in its socket. Nothing sleeps: every action ends with an event that it waits for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import count, cycle
from typing import Any, Final

from attrs import frozen

from edgeproof.impl.driven.base import Linked
from edgeproof.impl.driven.client import FIELDS, Client
from edgeproof.impl.driven.content import LATELY, Texts, copy_text, counted_from, ticks_of
from edgeproof.impl.driven.setup import TICK
from edgeproof.impl.durable.front import WriteRequest
from edgeproof.impl.durable.store import WriteResult
from edgeproof.impl.pattern.backoff import BackoffSystem
from edgeproof.impl.pattern.beside import NOBODY
from edgeproof.impl.pattern.deployment import Choices
from edgeproof.impl.pattern.lost_alarms import WATCHDOG, LostAlarmsSystem
from edgeproof.impl.pattern.restores import RestoresSystem
from edgeproof.impl.pattern.setup import WAITS, choices_of
from edgeproof.impl.snapshot import REMOVED, Snapshot, to_kv
from edgeproof.impl.system import ActionImpossible, ActionUnknown, Contents, Observation, Setup, Writes
from edgeproof.impl.workerd.adversary import Adversary, Answer, Held, Place, SuiteClock
from edgeproof.impl.workerd.adversary_http import Door
from edgeproof.impl.workerd.client import Call, Reply, WorkerdError, asked
from edgeproof.impl.workerd.client import Client as Http
from edgeproof.impl.workerd.config import Bindings, bindings_of
from edgeproof.impl.workerd.edge import Edge
from edgeproof.impl.workerd.observation import observe
from edgeproof.impl.workerd.processes import Edits, Processes

__all__ = ["WorkerdSystem"]

_TOKEN: Final = "the-suite"
_WATCHED: Final = (LostAlarmsSystem.design, RestoresSystem.design)
"""The designs in which alarms may be lost."""
_OPTIONS: Final = {**dict.fromkeys(_WATCHED, WATCHDOG), BackoffSystem.design: WAITS}
"""The options that a design has beyond those of the pattern."""
_RUNS: Final = 250
"""Runs before the processes are made anew: they grow by every unit that they have seen."""
_FAILURES: Final = (Answer(503), Answer(429), Answer(500), Answer(dropped=True))
"""How a put can fail, in turns."""


@frozen
class _Held:
    """What the store holds, and the status that it said so under."""

    as_of: str = ""
    config: str = ""
    changelog: str = ""
    later: str = ""


class WorkerdSystem(Linked):
    """One unit per run, on processes that are shared by the runs; `edits` break the Worker's sources on purpose."""

    def __init__(self, edits: Edits | None = None) -> None:
        self._edits = edits
        self._processes: Processes | None = None
        self._shape: object = None
        self._served = count(1)
        self._runs = count(1)
        self._door: Door | None = None
        self._clock = SuiteClock()
        self._headers: dict[str, str] = {"Authorization": f"Bearer {_TOKEN}", "Content-Type": "application/json"}
        self.kills = 0
        """How often the store's process was killed, over all runs."""

    # --- the System interface

    def start(self, setup: Setup) -> None:
        """Begin a new run from nothing. Raises ValueError for a setup that the system does not know, and
        RuntimeMissingError.
        """
        self._may_lose = setup.design in _WATCHED
        choices = self._choices(setup)
        self._put_timeout = choices.timing.put_timeout
        # A request has the alarm looked after, which changes nothing unless the alarm may be overdue.
        self._asks_openly = not self._may_lose
        self._watched = choices.timing.watchdog is not None
        pops = setup.sizes.get("Pop", 2)
        self._inline, self._disjoint = choices.publisher == "inline", "disjoint_caches" in setup.hazards
        self._forget_run()
        namespace = choices.namespace(self._clock)
        self.kv = Adversary(namespace, self._clock, pops)
        self.kv.holding = True
        shared = setup.options.get("kv_key") == "shared"
        self._alone = not shared and not self._inline and choices.ack == "gated"
        self._beside: tuple[str, ...] = NOBODY[:3]
        self.unit = f"unit-{next(self._runs)}"
        self.key = "config" if shared else f"config:{self.unit}"
        self.neighbour_key = "config" if shared else "config:neighbour"
        self.neighbour: bytes | None = None
        if not shared:
            self.neighbour, metadata = to_kv(Snapshot(1, 0, dict.fromkeys(FIELDS, 1)))
            self.kv.put(self.neighbour_key, self.neighbour, metadata=metadata)
        self.client = Client(keyed=setup.options.get("retries", "keyed") == "keyed")
        self._before, self._began = 0, self._clock.now()
        self._texts, self._held = Texts(), _Held()
        self.reply: Call | None = None
        self.puts: list[Held] = []
        self.strays: list[Held | None] = [None] * setup.sizes.get("Put", 2)
        self.lost: tuple[int, str] | None = None
        """The alarm that the platform lost last: when it is due, and why. One that is armed anew is another."""
        self._calls: dict[int, Call] = {}
        self._failures = cycle(_FAILURES)
        self._start_processes(bindings_of(setup, _TOKEN), pops)
        self.edge = Edge(self.kv.places, self._running, self.unit)

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        """Make one action of the model happen. Alarms are lost in runs of the designs that are about that."""
        if action in ("alarm_stuck", "poke") and not self._may_lose:
            raise ActionUnknown(f"in do_kv there is no {action}")
        with self.client.anew():
            super().perform(action, arguments)
        # Another alarm may be due when the lost one was, for the same reason.
        if self.lost is not None and self._alarm() != self.lost:
            self.lost = None

    def observe(self) -> Observation:
        """What can be seen now, by the names of the model's variables, and `partial`."""
        self.puts += self.kv.arrivals()
        status = self._status()
        # Whoever is answered although its put is under way has heard.
        for slot in [slot for slot, call in self._calls.items() if call.arrived(0)]:
            self._hear(self._calls.pop(slot).reply())
        return counted_from(self._before, observe(self, status))

    def write_from(self, writes: Writes) -> None:
        """Write these from now on, those before the run at once."""
        self.client.write_from(writes)
        self._before = writes.before
        for _ in range(writes.before):
            self._asked(self._send(self.client.request()).reply())
        if writes.before:
            self._at_door("disarm")

    def contents(self) -> Contents:
        """What is held now, by the names of the model's variables."""
        held = self._store_texts()
        text, copies = self._texts.of, [one.cache.copies.get(self.key) for one in self.kv.places]
        return {
            "config": held.config,
            "logged": held.changelog,
            "later": held.later,
            "answers": json.dumps(self.client.answers),
            "beside": self._beside,
            "sent": self.puts[0].value.decode() if self.puts else None,
            "carries": tuple(None if held is None else held.value.decode() for held in self.strays),
            "kv": copy_text(self.kv.namespace.read_centre(self.key)),
            "cache": tuple(None if copy is None else copy_text(copy.entry) for copy in copies),
            "kept": tuple(text(one) for one in self.edge.kept),
            "served": tuple(text(one) for one in self.edge.told),
        }

    def _store_texts(self) -> _Held:
        """Config and changelog as the front tells them; the same until the store's own status is another."""
        status = self._status()
        as_of = json.dumps([status["version"], status["era"], status["config"], status["logged"]])
        if self._held.as_of != as_of:
            if self._asks_openly:
                config = self._asked(self._store.get(f"/units/{self.unit}"))
            else:
                config = {name: status[name] for name in ("config", "era", "version")}
            changelog, later = self._changelog(0), self._changelog(max(0, status["version"] - LATELY))
            self._held = _Held(as_of, json.dumps(config), changelog, later)
        return self._held

    def _changelog(self, since: int) -> str:
        if self._asks_openly:
            entries = self._asked(self._store.get(f"/units/{self.unit}/changelog?since={since}&limit=1000"))["changes"]
        else:
            entries = self._at_door("entries", str(since))
        return json.dumps([self._entry(one) for one in entries])

    def _entry(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """An entry of the changelog, its time in ticks since the run began."""
        about = {name: value for name, value in said.items() if name != "idempotency_key"}
        about["at"] = ticks_of(said["at"] / 1000 - self._began)
        return about if "idempotency_key" not in said else {**about, "key": said["idempotency_key"]}

    def close(self) -> None:
        """Kill the processes. Closing twice is fine, and `start` starts others."""
        self._forget_run()
        self._end_processes()
        if self._door is not None:
            self._door.close()
            self._door = None

    # --- starting and dying

    def _choices(self, setup: Setup) -> Choices:
        """How the setup is understood. Raises ValueError and SystemUnavailable."""
        more = _OPTIONS.get(setup.design)
        return choices_of(setup, "do_kv") if more is None else choices_of(setup, setup.design, more)

    def _start_processes(self, bindings: Bindings, pops: int) -> None:
        if self._door is None:
            self._door = Door()
        self._door.adversary = self.kv
        self._tell_time()
        if self._processes is None or self._shape != (bindings, pops) or next(self._served) > _RUNS:
            self._end_processes()
            self._processes = Processes(bindings, pops, self._door.address, self._headers, self._edits)
            self._shape, self._served = (bindings, pops), count(1)

    def _end_processes(self) -> None:
        if self._processes is not None:
            self._processes.close()
            self._processes = None

    def _forget_run(self) -> None:
        """Let go of whatever the last run left waiting."""
        if not hasattr(self, "kv"):
            return
        for call in (self.reply, *self._calls.values()):
            if call is not None:
                call.drop()
        for held in (*self.puts, *self.strays, *self.kv.arrivals()):
            if held is not None:
                held.drop()

    def _do_crash(self) -> None:
        self._crash()
        # The puts of inline requests are gone with the requests that waited for them; those of zombies are not.
        for slot in self._calls:
            self._stray(slot).drop()
        self._calls.clear()

    def _crash(self) -> None:
        if self.reply is not None:
            self.reply.drop()
            self.reply = None
        self._running.kill_store()
        self.kills += 1
        for held in self.puts:
            held.drop()
        self.puts = []
        # The new instance starts now, not when it is asked something.
        self._at_door("tell")

    # --- writing

    def _do_write(self) -> None:
        self._write()

    def _do_acknowledge(self) -> None:
        self._acknowledge()

    def _do_acknowledge_early(self) -> None:
        self._write()
        self._acknowledge()

    def _write(self) -> None:
        if self.client.outstanding is not None or self._taken():
            raise ActionImpossible("the client waits for its write")
        request = self.client.request()
        self.client.outstanding = request
        self.reply = self._send(request)
        if not self.reply.arrived():
            raise WorkerdError("the write is not answered")
        self._await_put()

    def _acknowledge(self) -> None:
        if self.reply is None:
            raise ActionImpossible("no reply is under way")
        call, self.reply = self.reply, None
        self._hear(call.reply())

    def _do_commit_late(self) -> None:
        if not self._at_door("release"):
            raise ActionImpossible("no write waits")
        self._await_put()

    def _do_retry(self) -> None:
        request = self.client.outstanding
        if request is None or self.reply is not None:
            raise ActionImpossible("no write has lost its reply")
        self._hear(self._send(request).reply())
        self._await_put()

    def _do_write_refused(self) -> None:
        if self._version() == 0:
            raise ActionImpossible("no version is old yet")
        reply = self._send(self.client.refused(self._version())).reply()
        if reply.status == 409:
            self.client.hear_refused(int(reply.said["detail"].removeprefix("the current version is ")))
        else:
            self.client.hear_again(_result(self._asked(reply)))
        request = self.client.beside() if self._alone else None
        if request is not None:
            self._write_beside(request)

    def _write_beside(self, request: WriteRequest) -> None:
        """Somebody writes to another unit. Its alarm is not of the run, and nothing of it is published."""
        unit = f"{self.unit}-beside"
        answer = self._asked(self._send(request, unit).reply())
        self._at_door("disarm", unit=unit)
        config = self._asked(self._store.get(f"/units/{unit}"))
        entries = self._asked(self._store.get(f"/units/{unit}/changelog?limit=1000"))["changes"]
        changelog = json.dumps([self._entry(one) for one in entries])
        self._beside = (json.dumps(config), changelog, json.dumps([answer]))

    def _do_uncaught(self) -> None:
        self._at_door("strike", FIELDS[1])
        reply = self._send(self.client.request()).reply()
        if reply.status == 200 and not self._at_door("release"):
            raise ActionImpossible("the write was over before the exception could strike")

    def _do_write_inline(self, slot: int) -> None:
        if not self._inline or self.strays[slot] is not None:
            raise ActionImpossible("no request with a put of its own can take this slot")
        call = self._send(self.client.request())
        self.strays[slot] = self.kv.arrival()
        self._calls[slot] = call

    def _send(self, request: WriteRequest, unit: str = "") -> Call:
        said: dict[str, Any] = {
            "changes": {name: value for name, value in request.changes.items() if value is not REMOVED},
            "removed": [name for name, value in request.changes.items() if value is REMOVED],
            "actor": request.actor,
        }
        if request.expected_version is not None:
            said["expected_version"] = request.expected_version
        if request.idempotency_key is not None:
            said["idempotency_key"] = request.idempotency_key
        return self._store.send("PUT", f"/units/{unit or self.unit}/config", said)

    def _hear(self, reply: Reply) -> None:
        self.client.hear(_result(self._asked(reply)))

    def _taken(self) -> bool:
        return bool(self._status()["taken"])

    def _version(self) -> int:
        return int(self._status()["version"])

    def _status(self) -> Mapping[str, Any]:
        said: Mapping[str, Any] = self._asked(self._store.get(f"/_/status/{self.unit}"))
        return said

    # --- publishing

    def _do_fire(self) -> None:
        if self.puts:
            raise ActionImpossible("a put is in flight")
        self._let_fire("fire")
        self.puts.append(self.kv.arrival())

    def _let_fire(self, door: str) -> None:
        if self.lost is not None and self._alarm() == self.lost:
            raise ActionImpossible("the platform has lost the alarm")
        if not self._at_door(door):
            raise ActionImpossible("no alarm is due, or its handler is at work")

    def _do_alarm_stuck(self) -> None:
        alarm = self._alarm()
        if alarm == self.lost:
            raise ActionImpossible("no alarm is armed that the platform could lose")
        self.lost = alarm

    def _do_poke(self) -> None:
        if not self._watched:
            raise ActionImpossible("there is no watchdog")
        self._at_door("look")
        self._await_put()

    def _alarm(self) -> tuple[int, str] | None:
        status = self._status()
        return None if status["alarm"] is None else (status["alarm"], status["reason"])

    def _await_put(self) -> None:
        """A request that finds the alarm dead puts by itself, and is answered before its put has arrived."""
        if not self.puts and self._status()["publishing"]:
            self.puts.append(self.kv.arrival())

    def _do_put_lands(self) -> None:
        held = self._put(applied=False)
        held.land()
        if held.error is not None:
            raise held.error

    def _do_put_confirmed(self) -> None:
        self._answer(self._put(applied=True), Answer())

    def _do_put_fails(self) -> None:
        held = self._put(applied=False)
        if self._expire(held):
            self._let_go(held)
            held.drop()
        else:
            self._answer(held, next(self._failures))

    def _expire(self, held: Held) -> bool:
        """Let the Worker's own time-out strike, if the put has waited for as long as it may."""
        if self._clock.now() - held.since < self._put_timeout:
            return False
        if not self._at_door("expire"):
            raise WorkerdError("a put that hangs is still waited for when its time is up")
        return True

    def _do_put_ambiguous(self) -> None:
        self._answer(self._put(applied=True), next(self._failures))

    def _do_put_late(self, slot: int) -> None:
        held = self._straying(slot)
        self.puts.remove(held)
        self.strays[slot] = held
        self._crash()

    def _do_put_given_up(self, slot: int) -> None:
        held = self._straying(slot)
        if self._expire(held):
            self._let_go(held)
        else:
            self._answer(held, Answer(dropped=True))
        self.strays[slot] = held

    def _do_stray_lands(self, slot: int) -> None:
        held = self._stray(slot)
        held.land()
        if held.error is not None:
            raise held.error
        held.settle(Answer())
        if slot in self._calls:
            self._hear(self._calls.pop(slot).reply())

    def _do_stray_vanishes(self, slot: int) -> None:
        self._stray(slot).drop()

    def _do_inline_put_fails(self, slot: int) -> None:
        if slot not in self._calls:
            raise ActionImpossible("no request waits for the put in this slot")
        held = self._stray(slot)
        if not self._expire(held):
            held.settle(next(self._failures))
        reply = self._calls.pop(slot).reply()
        held.drop()
        if reply.status != 500:
            raise WorkerdError(f"an inline put that failed is answered {reply}")

    def _do_rollback(self) -> None:
        self._restore(self._version() - 1)

    def _restore(self, version: int) -> None:
        reply = self._store.do("POST", f"/units/{self.unit}/restore", {"version": version})
        if reply.status in (400, 409):
            raise ActionImpossible(f"{reply.said}")
        # Whoever restores tells the clients what has become of their writes.
        self.client.acked = self._asked(reply)["version"]
        # What is armed anew is another alarm, also where one of this very moment was lost.
        self.lost = None

    def _answer(self, held: Held, answer: Answer) -> None:
        """Answer the replicator's put, and wait until its handler is done with it."""
        # The handler goes on by the clock: it has to know the time before it has the answer.
        self._at_door("tell")
        self.puts.remove(held)
        held.settle(answer)
        self._at_door("settle")

    def _let_go(self, held: Held) -> None:
        """Wait until the handler is done with a put that its time-out has struck."""
        self.puts.remove(held)
        self._at_door("settle")

    def _straying(self, slot: int) -> Held:
        """The put on its way, which the slot is free for."""
        held = self._put(applied=False)
        if self.strays[slot] is not None:
            raise ActionImpossible("the slot is taken")
        return held

    def _put(self, applied: bool) -> Held:
        self.puts += self.kv.arrivals()
        for held in self.puts:
            if held.applied == applied:
                return held
        raise ActionImpossible(f"the replicator has no put that is {'applied' if applied else 'on its way'}")

    def _stray(self, slot: int) -> Held:
        held = self.strays[slot]
        if held is None:
            raise ActionImpossible("no put in this slot")
        self.strays[slot] = None
        return held

    # --- reading, and time

    def _do_read(self, pop: int, cache: int) -> None:
        if pop != cache and not self._disjoint:
            raise ActionImpossible("a location reads through its own cache")
        self.edge.read(pop, cache)

    def _do_refresh(self, cache: int) -> None:
        self.edge.refresh(cache, self.key)

    def _do_evict(self, pop: int) -> None:
        self.edge.evict(pop)

    @property
    def links(self) -> Sequence[Place]:
        """Whose way to KV's centre can be cut."""
        return self.kv.places

    def _do_tick(self, delay: float = 1) -> None:
        self._clock.advance(TICK * delay)
        self._tell_time()
        if any(self._clock.now() <= held.since + self._put_timeout for held in (*self.puts, *self.strays) if held):
            # Too little time was given to a put that is given up before it has taken as long as it may.
            self._at_door("expire", "overdue")

    # --- asking

    @property
    def _running(self) -> Processes:
        assert self._processes is not None, "start first"
        return self._processes

    @property
    def _store(self) -> Http:
        return self._running.store

    def _tell_time(self) -> None:
        self._headers["edgeproof-now"] = str(round(self._clock.now() * 1000))

    def _at_door(self, door: str, argument: str = "", unit: str = "") -> Any:
        path = f"/_/{door}/{unit or self.unit}" + (f"/{argument}" if argument else "")
        return self._asked(self._store.do("POST", path))

    def _asked(self, reply: Reply) -> Any:
        try:
            return asked(reply)
        except WorkerdError as error:
            raise WorkerdError(f"{error}; its log ends: {self._running.log()}") from error


def _result(said: Mapping[str, Any]) -> WriteResult:
    return WriteResult(said["version"], said["repeated"])
