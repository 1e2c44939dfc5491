# SPDX-License-Identifier: Apache-2.0
"""A provider goes on with what it has, whatever its source returns or raises, and says so."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import EventDetails, ProviderEvent, ProviderEventDetails
from openfeature.exception import ErrorCode
from openfeature.provider import ProviderStatus

from edgeproof.impl.edge.reader import ConfigUnavailable
from edgeproof.impl.flags.provider import EdgeFlagProvider
from edgeproof.impl.flags.sources import Heard
from edgeproof.impl.snapshot import Snapshot
from tests.impl.flags.examples import flag

BOUND: Final = 90.0


def config(value: int) -> dict[str, Any]:
    return {"limit": flag(default_variation="a", variations={"a": value})}


def good(version: int, age: float = 0.0) -> Heard:
    return Heard(Snapshot(version, 0, config(version)), age)


cyclic: dict[str, Any] = {}
cyclic["a"] = cyclic

RETURNED: Final[dict[str, Any]] = {
    "nothing": None,
    "no word of an age": Snapshot(8, 0, config(8)),
    "no snapshot": Heard(None),  # type: ignore[arg-type]
    "a config that is nothing": Heard(Snapshot(8, 0, None)),  # type: ignore[arg-type]
    "a config that is a list": Heard(Snapshot(8, 0, [])),  # type: ignore[arg-type]
    "a config that is a text": Heard(Snapshot(8, 0, "limit")),  # type: ignore[arg-type]
    "a config whose names are numbers": Heard(Snapshot(8, 0, {1: flag()})),  # type: ignore[dict-item]
    "a config that JSON cannot say": Heard(Snapshot(8, 0, {"limit": {1, 2}})),
    "a config with what is no number": Heard(Snapshot(8, 0, {"limit": float("nan")})),
    "a config without end": Heard(Snapshot(8, 0, cyclic)),
    "a version that is a text": Heard(Snapshot("8", 0, config(8))),  # type: ignore[arg-type]
    "a version that is nothing": Heard(Snapshot(None, 0, config(8))),  # type: ignore[arg-type]
    "a version that is true": Heard(Snapshot(True, 9, config(8))),
    "an era that is nothing": Heard(Snapshot(8, None, config(8))),  # type: ignore[arg-type]
    "an age that is nothing": Heard(Snapshot(8, 0, config(8)), None),  # type: ignore[arg-type]
    "an age that is no number": good(8, float("nan")),
    "an age without end": good(8, float("inf")),
    "an age below 0": good(8, -1.0),
}
RAISED: Final[dict[str, BaseException]] = {
    str(type(error).__name__): error
    for error in (
        ConfigUnavailable("out of reach"), ValueError("no config"), OSError("gone"), KeyError("config"), MemoryError(),
        RecursionError(), AssertionError(), StopIteration(), SystemExit(1), KeyboardInterrupt(), GeneratorExit(),
        asyncio.CancelledError(),
    )
}  # fmt: skip
LEAVE_THE_CALLER: Final = ("SystemExit", "KeyboardInterrupt", "GeneratorExit", "CancelledError")
"""What is meant for whoever evaluates, where the source is asked in their thread."""


class Edge:
    """A source that gives, in turn, what it is told to, and a clock."""

    def __init__(self) -> None:
        self.answer: Any = good(7)
        self.now = 0.0
        self.looks = 0

    def __call__(self) -> Heard:
        self.looks += 1
        if isinstance(self.answer, BaseException):
            raise self.answer
        answer: Heard = self.answer
        return answer

    def time(self) -> float:
        return self.now


@pytest.fixture
def edge() -> Iterator[Edge]:
    yield Edge()
    api.clear_providers()
    api.shutdown()


def client_of(provider: EdgeFlagProvider) -> OpenFeatureClient:
    api.set_provider(provider)
    client = api.get_client()
    wait_for(lambda: client.get_provider_status() is not ProviderStatus.NOT_READY)
    return client


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        threading.Event().wait(0.005)
    raise AssertionError("it did not come about within 10 s")


# --- whatever a source returns or raises


@pytest.mark.parametrize("answer", [*RETURNED.values(), *RAISED.values()], ids=[*RETURNED, *RAISED])
def test_the_thread_that_looks_outlives_it_and_takes_the_next_config(edge: Edge, answer: Any) -> None:
    client = client_of(EdgeFlagProvider(edge, "acct-1", refresh=0.002, bound=BOUND, clock=edge.time))
    edge.answer, edge.now = answer, BOUND + 1
    looks = edge.looks
    wait_for(lambda: edge.looks >= looks + 3)
    wait_for(lambda: client.get_provider_status() is ProviderStatus.STALE)
    assert client.get_integer_value("limit", 0) == 7
    edge.answer = good(9)
    wait_for(lambda: client.get_integer_value("limit", 0) == 9)
    wait_for(lambda: client.get_provider_status() is ProviderStatus.READY)


@pytest.mark.parametrize("answer", [*RETURNED.values(), *RAISED.values()], ids=[*RETURNED, *RAISED])
def test_whoever_evaluates_is_told_the_last_good_config_and_that_it_is_one(edge: Edge, answer: Any) -> None:
    client = client_of(EdgeFlagProvider(edge, "acct-1", clock=edge.time))
    assert "config_source" not in client.get_integer_details("limit", 0).flag_metadata
    edge.answer, edge.now = answer, 5.0
    if type(answer).__name__ not in LEAVE_THE_CALLER:
        details = client.get_integer_details("limit", 0)
        assert (details.value, details.error_code) == (7, None)
        assert details.flag_metadata["config_source"] == (
            "last_good" if isinstance(answer, ValueError) or not isinstance(answer, Exception) else "fallback"
        )
        assert details.flag_metadata["age_s"] == 5.0
    edge.answer = good(9)
    details = client.get_integer_details("limit", 0)
    assert (details.value, "config_source" in details.flag_metadata) == (9, False)


@pytest.mark.parametrize("answer", RETURNED.values(), ids=RETURNED)
def test_a_start_with_it_is_an_error_and_the_next_config_is_taken(edge: Edge, answer: Any) -> None:
    edge.answer = answer
    client = client_of(EdgeFlagProvider(edge, "acct-1", refresh=0.002))
    assert client.get_provider_status() is ProviderStatus.ERROR
    assert client.get_integer_details("limit", 1).error_code == ErrorCode.PROVIDER_NOT_READY
    edge.answer = good(8)
    wait_for(lambda: client.get_provider_status() is ProviderStatus.READY)
    assert client.get_integer_value("limit", 1) == 8


def test_what_the_location_says_of_its_copy_is_passed_on(edge: Edge) -> None:
    client = client_of(EdgeFlagProvider(edge, "acct-1", clock=edge.time))
    for source in ("last_good", "fallback"):
        edge.answer = Heard(Snapshot(7, 0, config(7)), 4.0, source)
        assert client.get_integer_details("limit", 0).flag_metadata["config_source"] == source
    edge.answer = Heard(Snapshot(7, 0, config(7)), 0.0, "memo")
    assert "config_source" not in client.get_integer_details("limit", 0).flag_metadata


def test_the_event_says_why(edge: Edge) -> None:
    client = client_of(EdgeFlagProvider(edge, "acct-1", bound=BOUND, clock=edge.time))
    heard: list[EventDetails] = []
    client.add_handler(ProviderEvent.PROVIDER_STALE, heard.append)
    edge.answer, edge.now = None, BOUND + 1
    client.get_integer_value("limit", 0)
    wait_for(lambda: len(heard) == 1)
    assert heard[0].metadata == {
        "config_version": 7, "config_era": 0, "age_s": 91.0, "staleness_bound_s": 181.0, "config_source": "last_good",
    }  # fmt: skip
    assert heard[0].message == "ValueError: the source does not say a config"


# --- old data


@pytest.mark.parametrize("refresh", [None, 0.002])
def test_old_data_after_a_failed_start_is_stale_and_new_data_ready(edge: Edge, refresh: float | None) -> None:
    edge.answer = ConfigUnavailable("out of reach")
    client = client_of(EdgeFlagProvider(edge, "acct-1", refresh=refresh, bound=BOUND, clock=edge.time))
    assert client.get_provider_status() is ProviderStatus.ERROR
    edge.answer = good(7, BOUND + 1)
    if refresh is None:
        client.get_integer_value("limit", 0)
    wait_for(lambda: client.get_provider_status() is ProviderStatus.STALE)
    assert client.get_integer_value("limit", 0) == 7
    edge.answer = good(7)
    client.get_integer_value("limit", 0)
    wait_for(lambda: client.get_provider_status() is ProviderStatus.READY)


@pytest.mark.parametrize("refresh", [None, 0.05, 1000.0])
def test_a_start_with_old_data_does_not_stay_ready(edge: Edge, refresh: float | None) -> None:
    edge.answer = good(7, BOUND + 1)
    client = client_of(EdgeFlagProvider(edge, "acct-1", refresh=refresh, bound=BOUND, clock=edge.time))
    assert client.get_integer_value("limit", 0) == 7
    wait_for(lambda: client.get_provider_status() is ProviderStatus.STALE)


# --- looks that are under way together, and looks that outlive their provider


class Hesitant(EdgeFlagProvider):
    """A provider that is interrupted just before it tells that it is stale."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.about_to_tell, self.go_on = threading.Event(), threading.Event()

    def emit(self, event: ProviderEvent, details: ProviderEventDetails) -> None:
        if event is ProviderEvent.PROVIDER_STALE:
            self.about_to_tell.set()
            self.go_on.wait(10)
        super().emit(event, details)


def test_two_threads_tell_what_has_happened_in_the_order_in_which_it_happened(edge: Edge) -> None:
    provider = Hesitant(edge, "acct-1", bound=BOUND, clock=edge.time)
    client = client_of(provider)
    edge.answer, edge.now = good(7), BOUND + 1
    edge.answer = ConfigUnavailable("out of reach")
    stale = threading.Thread(target=client.get_integer_value, args=("limit", 0))
    stale.start()
    assert provider.about_to_tell.wait(10)
    edge.answer = good(8)
    assert client.get_integer_value("limit", 0) == 8, "nobody waits for a thread that tells of something"
    provider.go_on.set()
    stale.join(10)
    wait_for(lambda: client.get_provider_status() is ProviderStatus.READY)


@pytest.mark.parametrize("older_last", [True, False])
def test_of_two_looks_the_newer_config_stays_whichever_comes_last(edge: Edge, older_last: bool) -> None:
    first, second = threading.Event(), threading.Event()
    answers = iter([good(7), good(7), good(8)] if older_last else [good(7), good(8), good(7)])
    lock = threading.Lock()

    def source() -> Heard:
        with lock:
            answer = next(answers, good(8))
            edge.looks += 1
            mine = edge.looks
        if mine == 2:
            first.set()
            second.wait(10)
        return answer

    client = client_of(EdgeFlagProvider(source, "acct-1"))
    told: list[int] = []
    slow = threading.Thread(target=lambda: told.append(client.get_integer_value("limit", 0)))
    slow.start()
    assert first.wait(10)
    told.append(client.get_integer_value("limit", 0))
    second.set()
    slow.join(10)
    assert told == ([8, 8] if older_last else [7, 8])
    assert client.get_integer_value("limit", 0) == 8


@pytest.mark.parametrize("fails", [True, False])
def test_a_look_that_ends_late_says_nothing_against_one_that_was_begun_after_it(edge: Edge, fails: bool) -> None:
    asked, answered = threading.Event(), threading.Event()

    def source() -> Heard:
        edge.looks += 1
        if edge.looks == 2:
            asked.set()
            answered.wait(10)
            if fails:
                raise ConfigUnavailable("out of reach")
        return good(7)

    client = client_of(EdgeFlagProvider(source, "acct-1", refresh=1000.0, clock=edge.time))
    provider = client.provider
    assert isinstance(provider, EdgeFlagProvider)
    slow = threading.Thread(target=provider._look, args=(provider._session,))
    slow.start()
    assert asked.wait(10)
    edge.now = 1.0
    provider._look(provider._session)
    answered.set()
    slow.join(10)
    metadata = client.get_integer_details("limit", 0).flag_metadata
    assert metadata == {"config_version": 7, "config_era": 0, "age_s": 0.0}


def test_a_look_that_outlives_its_provider_changes_nothing_where_every_evaluation_looks() -> None:
    asked, answered = threading.Event(), threading.Event()
    looks = itertools.count(1)

    def source() -> Heard:
        number = next(looks)
        if number == 2:
            asked.set()
            answered.wait(10)
        if number > 2:
            raise ConfigUnavailable("shut down")
        return good(number)

    provider = EdgeFlagProvider(source, "acct-1")
    provider.initialize(EvaluationContext())
    slow = threading.Thread(target=provider.resolve_integer_details, args=("limit", 0))
    slow.start()
    assert asked.wait(10)
    provider.shutdown()
    answered.set()
    slow.join(10)
    assert provider.resolve_integer_details("limit", 0).error_code == ErrorCode.PROVIDER_NOT_READY


def test_a_provider_that_is_started_twice_looks_once_and_stops_when_it_is_told_to(edge: Edge) -> None:
    before = set(threading.enumerate())
    provider = EdgeFlagProvider(edge, "acct-1", refresh=0.002)
    provider.initialize(EvaluationContext())
    provider.initialize(EvaluationContext())
    wait_for(lambda: len(set(threading.enumerate()) - before) == 1)
    provider.shutdown()
    wait_for(lambda: set(threading.enumerate()) <= before)
