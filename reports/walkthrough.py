# SPDX-License-Identifier: Apache-2.0
"""A walk through the flag service on the real clock: an app, three locations, a kill switch, and the recorded history.

Everything is real but the distance: a store on a file, its alarm, KV with a cache per location, and an OpenFeature
client at each. What happens is recorded, for the history to be checked against the proved bound.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, Final, TypeVar

from attrs import field, frozen
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import EventDetails, ProviderEvent
from openfeature.flag_evaluation import FlagEvaluationDetails

from edgeproof.impl.durable.replicator import Backoff, Timing
from edgeproof.impl.edge.centre import SqliteCentre
from edgeproof.impl.edge.kv import Limits
from edgeproof.impl.flags.control import FlagConflict
from edgeproof.impl.flags.provider import EdgeFlagProvider
from edgeproof.impl.flags.service import App, FlagOptions, FlagService
from edgeproof.impl.flags.sources import Heard, Source, reader_source
from edgeproof.impl.history import Event, Recorder, digest_of, merge, now
from edgeproof.impl.live.network import ReplicatorRuntime, WatchedCentre
from edgeproof.impl.live.options import UNIT
from edgeproof.impl.pattern.deployment import Choices
from edgeproof.impl.snapshot import to_json

__all__ = ["CONSTANTS", "FLAGS", "POPS", "Told", "Walk", "walk"]

T = TypeVar("T")

POPS: Final = ("ams", "gru", "sin")

_PUT_TIMEOUT, _RETRY, _CACHE_TTL, _LATE = 1.0, 1.0, 2.0, 1.0

CONSTANTS: Final[Mapping[str, int | str | bool]] = {
    "reader": "guarded",
    "negative_cache": True,
    "F": 0,
    "S": int(1000 * _LATE),
    "D": int(1000 * _PUT_TIMEOUT),
    "R": int(1000 * (_RETRY + _LATE)),
    "T": int(1000 * _CACHE_TTL),
    "Pop": len(POPS),
}
"""The service in the words of the pattern's design, times in milliseconds."""

_CHOICES: Final = Choices(
    reader="guarded",
    epoch=True,
    cache_ttl=_CACHE_TTL,
    timing=Timing(_PUT_TIMEOUT, Backoff(_RETRY, _RETRY)),
    limits=Limits(write_spacing=0, min_cache_ttl=0),
)

FLAGS: Final[tuple[dict[str, Any], ...]] = (
    {
        "key": "new-checkout",
        "description": "The checkout on one page.",
        "enabled": True,
        "default_variation": "off",
        "variations": {"on": True, "off": False},
        "rules": [
            {
                "priority": 1,
                "conditions": [{"attribute": "email", "operator": "ends_with", "value": "@example.com"}],
                "serve_variation": "on",
            },
            {"priority": 2, "conditions": [], "serve_variation": "on", "rollout": {"percentage": 50}},
        ],
    },
    {
        "key": "payment-provider",
        "description": "Who takes the money.",
        "enabled": True,
        "default_variation": "first",
        "variations": {"first": "northbank", "second": "southpay"},
        "rules": [
            {
                "priority": 1,
                "conditions": [{"attribute": "country", "operator": "in", "value": ["BR", "PT"]}],
                "serve_variation": "second",
                "rollout": {"percentage": 30, "attribute": "accountId"},
            },
        ],
    },
    {
        "key": "search-limits",
        "description": "What one search may cost.",
        "enabled": True,
        "default_variation": "normal",
        "variations": {"normal": {"results": 50, "timeout_ms": 800}},
        "rules": [],
    },
)

PEOPLE: Final = (
    EvaluationContext("user-1", {"email": "ana@example.com", "country": "PT", "accountId": "acme"}),
    EvaluationContext("user-9", {"email": "bo@example.org", "country": "BR", "accountId": "iron"}),
    EvaluationContext("user-3", {"email": "cy@example.org", "country": "JP", "accountId": "rose"}),
)

Told = Callable[[str, list[str]], None]
"""Is told of a step: what is done, and what came of it."""


@frozen
class Walk:
    """What the walk came to: after how many seconds each location had seen the switch, and where the history is."""

    seen: Mapping[str, float]
    history: Path
    events: int


def walk(directory: Path, history: Path, bound: float, told: Told) -> Walk:
    """Walk. `directory` is empty and keeps the databases; `bound` is how many seconds a change may take to be seen. A
    location that has not seen the switch a second after that is missing from what is seen. Raises OSError for files
    that cannot be written.
    """
    recorder = Recorder(directory / "events.part")
    origin = now()
    try:
        with _House(directory, recorder) as house:
            _create(house, told)
            with _clients(house, recorder, bound) as clients:
                _evaluate(clients, told)
                _refuse(house, told)
                seen = _spread(clients, _kill(house, told), bound + 1, told)
                _told_of(house, told)
    finally:
        recorder.close()
    counts = merge([directory / "events.part"], lambda event: event, history, origin)
    return Walk(seen, history, sum(counts.values()))


class _House:
    """The service in an event loop of its own, and who changes its flags."""

    def __init__(self, directory: Path, recorder: Recorder) -> None:
        self.recorder = recorder
        self.loop = asyncio.new_event_loop()
        self._thread = Thread(target=self.loop.run_forever, daemon=True)
        centre = WatchedCentre(SqliteCentre(directory / "kv.sqlite"))
        self._runtime = ReplicatorRuntime(recorder, centre, lambda: ("", 0.0))
        self._service = FlagService(self._runtime, FlagOptions(pops=POPS, choices=_CHOICES), directory, centre)

    def __enter__(self) -> _House:
        self._thread.start()
        self.app: App = self.do(lambda: self._service.create("shop"))
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def do(self, work: Callable[[], T]) -> T:
        """Do something where the service runs."""

        async def done() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(done(), self.loop).result()

    def commit(self, change: Callable[[], T]) -> T:
        """Change flags, and record it."""
        invoke = now()
        result = self.do(change)
        snapshot = self.do(self.app.unit.store.snapshot)
        digest = digest_of(snapshot.config)
        self.recorder.record(Event("commit", UNIT, invoke, now(), "ok", snapshot.version, snapshot.era, digest))
        return result

    async def _end(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self._service.close()


@frozen
class _Client:
    """An OpenFeature client at a location, and the flags that it has been told have changed."""

    pop: str
    flags: OpenFeatureClient
    changed: list[str] = field(factory=list)

    def hear(self, event: EventDetails) -> None:
        """A change is told."""
        self.changed.extend(event.flags_changed or ())


@contextmanager
def _clients(house: _House, recorder: Recorder, bound: float) -> Iterator[list[_Client]]:
    """An OpenFeature client at every location."""

    def recorded(pop: str, source: Source) -> Source:
        def ask() -> Heard:
            invoke = now()
            heard = source()
            snapshot = heard.snapshot
            digest = digest_of(snapshot.config)
            event = Event("read", UNIT, invoke, now(), "ok", snapshot.version, snapshot.era, digest, pop, pop)
            recorder.record(event)
            return heard

        return ask

    clients = []
    try:
        for pop in POPS:
            time.sleep(0.5)  # so that the locations' copies are of different ages
            location = house.app.edges[pop].location
            source = recorded(pop, reader_source(lambda location=location: location.reader, house.loop))  # type: ignore[misc]
            api.set_provider_and_wait(EdgeFlagProvider(source, "local", bound=bound), domain=pop)
            client = _Client(pop, api.get_client(pop))
            client.flags.add_handler(ProviderEvent.PROVIDER_CONFIGURATION_CHANGED, client.hear)
            clients.append(client)
        yield clients
    finally:
        api.clear_providers()


def _create(house: _House, told: Told) -> None:
    made = [house.commit(lambda flag=flag: house.app.control.create(flag, "ana")) for flag in FLAGS]  # type: ignore[misc]
    lines = [f"{one.flag['key']}, version {one.version}: {_rules(one.flag)}" for one in made]
    while (alarm := house.do(house.app.unit.store.alarm)) is not None and alarm.reason != "beat":
        time.sleep(0.02)
    told(
        "An app called shop gets its flags, by ana",
        [*lines, "the app's Durable Object has them, and has put them to KV"],
    )


def _rules(flag: Mapping[str, Any]) -> str:
    """What a flag serves, and to whom."""
    served = []
    for rule in flag["rules"]:
        rollout = rule.get("rollout")
        share = "" if rollout is None else f" to {rollout['percentage']} % of everybody"
        if rollout is not None and "attribute" in rollout:
            share = f" to {rollout['percentage']} % by {rollout['attribute']}"
        tests = [f"{one['attribute']} {one['operator']} {to_json(one['value'])}" for one in rule["conditions"]]
        served.append(f"{rule['serve_variation']}{share}{' if ' if tests else ''}{' and '.join(tests)}")
    return "; ".join(
        [*served, f"else {flag['default_variation']}" if served else f"always {flag['default_variation']}"]
    )


def _evaluate(clients: Sequence[_Client], told: Told) -> None:
    lines = []
    for client, person in zip(clients, PEOPLE, strict=True):
        checkout = client.flags.get_boolean_details("new-checkout", False, person)
        payment = client.flags.get_string_details("payment-provider", "northbank", person)
        lines.append(f"{client.pop}, {_who(person)}: {_answer(checkout)}, {_answer(payment)}")
    limits = clients[0].flags.get_object_details("search-limits", {}, PEOPLE[0])
    said = limits.flag_metadata
    lines.append(f"{clients[0].pop}, {_who(PEOPLE[0])}: {_answer(limits)}")
    lines.append(
        f"the last answer came with: config version {said['config_version']}, read {said['age_s']:.1f} s ago, "
        f"superseded {said['staleness_bound_s']:.1f} s ago at most"
    )
    told("Three people ask, each at another location, through the OpenFeature client there", lines)


def _who(person: EvaluationContext) -> str:
    return f"{person.targeting_key} ({person.attributes['email']}, {person.attributes['country']})"


def _answer(details: FlagEvaluationDetails[Any]) -> str:
    return f"{details.flag_key} = {to_json(details.value)} ({details.reason})"


def _refuse(house: _House, told: Told) -> None:
    control = house.app.control
    changed = {**FLAGS[1], "default_variation": "second"}
    stored = house.commit(lambda: control.update("payment-provider", changed, "ana", 2))
    try:
        house.do(lambda: control.update("payment-provider", {**FLAGS[1], "enabled": False}, "bo", 2))
    except FlagConflict as conflict:
        told(
            "Two people have version 2 of a flag before them, and save it",
            [f"ana is first: version {stored.version}", f"bo is refused: {conflict}"],
        )


def _kill(house: _House, told: Told) -> float:
    """Turn a flag off; gives when that was done."""
    off = {**FLAGS[0], "enabled": False}
    stored = house.commit(lambda: house.app.control.update("new-checkout", off, "bo", 1))
    thrown = now()
    told("The kill switch: bo turns new-checkout off", [f"version {stored.version}, acknowledged"])
    return thrown


def _spread(clients: Sequence[_Client], thrown: float, asking: float, told: Told) -> dict[str, float]:
    """After how many seconds each location says so. Everybody goes on asking for as long as a copy is served."""
    seen: dict[str, float] = {}
    lines = []
    asked, until = 0, thrown + asking
    while now() < until:
        for client in clients:
            asked += 1
            answer = client.flags.get_boolean_details("new-checkout", False, PEOPLE[0])
            if answer.reason == "DISABLED" and client.pop not in seen:
                seen[client.pop] = now() - thrown
                lines.append(f"{client.pop}, after {seen[client.pop]:.2f} s: {_answer(answer)}{_heard(client)}")
                until = min(until, now() + _CACHE_TTL) if len(seen) == len(clients) else until
        time.sleep(0.02)
    told(
        f"Everybody goes on asking; a location serves its copy of the config for {_CACHE_TTL:g} s",
        [*lines, f"{asked} evaluations"],
    )
    return seen


def _heard(client: _Client) -> str:
    """That the client was told of the change; its handlers run in threads of their own."""
    until = now() + 1
    while "new-checkout" not in client.changed and now() < until:
        time.sleep(0.001)
    return ", and its client hears that it has changed" if "new-checkout" in client.changed else ""


def _told_of(house: _House, told: Told) -> None:
    changes = house.do(lambda: house.app.control.changelog("new-checkout"))
    told(
        "The changelog of new-checkout",
        [f"version {one.version}: {one.event} by {one.actor}{_difference(one.diff)}" for one in reversed(changes)],
    )


def _difference(diff: Mapping[str, Mapping[str, Any]] | None) -> str:
    changed = [f"{name} from {to_json(one['from'])} to {to_json(one['to'])}" for name, one in (diff or {}).items()]
    return f", {', '.join(changed)}" if changed else ""
