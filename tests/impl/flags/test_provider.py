# SPDX-License-Identifier: Apache-2.0
"""The provider behind the real OpenFeature SDK: its types, reasons, events, and that it never raises."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import EventDetails, ProviderEvent
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import FlagEvaluationDetails, Reason
from openfeature.provider import ProviderStatus

from edgeproof.impl.edge.reader import ConfigUnavailable
from edgeproof.impl.flags.context import of_openfeature
from edgeproof.impl.flags.provider import EdgeFlagProvider
from edgeproof.impl.flags.sources import Heard
from edgeproof.impl.snapshot import Snapshot
from tests.impl.flags.examples import flag, rule

PRO = {"attribute": "plan", "operator": "equals", "value": "pro"}
CONFIG = {
    "checkout": flag(rule([PRO], "on"), default_variation="off", variations={"on": True, "off": False}),
    "colour": flag(rule([], "red", percentage=50), default_variation="blue", variations={"red": "r", "blue": "b"}),
    "limit": flag(default_variation="a", variations={"a": 3}),
    "whole": flag(default_variation="a", variations={"a": 3.0}),
    "ratio": flag(default_variation="a", variations={"a": 0.25}),
    "layout": flag(default_variation="a", variations={"a": {"columns": [1, 2]}}),
    "off": flag(enabled=False, default_variation="a", variations={"a": True}),
    "broken": flag(default_variation="gone"),
}
ERRORS = (ProviderStatus.ERROR, ProviderStatus.FATAL)


class Edge:
    """What the edge says, and a clock."""

    def __init__(self) -> None:
        self.snapshot = Snapshot(7, 0, CONFIG)
        self.error: Exception | None = None
        self.now = self.age = 0.0

    def __call__(self) -> Heard:
        if self.error is not None:
            raise self.error
        return Heard(self.snapshot, self.age)

    def says(self, version: int, era: int = 0, **changed: Any) -> None:
        self.snapshot = Snapshot(version, era, {**CONFIG, **changed})


@pytest.fixture
def edge() -> Iterator[Edge]:
    yield Edge()
    api.clear_providers()
    api.shutdown()


def client_of(edge: Edge, **options: Any) -> OpenFeatureClient:
    provider = EdgeFlagProvider(edge, "acct-1", clock=lambda: edge.now, random=Random(1), **options)
    api.set_provider(provider)
    client = api.get_client()
    wait_for(lambda: client.get_provider_status() is not ProviderStatus.NOT_READY)
    return client


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        threading.Event().wait(0.005)
    raise AssertionError("it did not come about within 5 s")


def test_every_type_is_resolved_with_its_reason_and_variant(edge: Edge) -> None:
    client = client_of(edge)
    checkout = client.get_boolean_details("checkout", False, EvaluationContext("user-1", {"plan": "pro"}))
    assert (checkout.value, checkout.variant, checkout.reason) == (True, "on", Reason.TARGETING_MATCH)
    assert client.get_boolean_details("checkout", True).reason == Reason.DEFAULT
    colour = client.get_string_details("colour", "x", EvaluationContext("user-1"))
    assert (colour.value, colour.reason) in (("r", Reason.SPLIT), ("b", Reason.DEFAULT))
    assert client.get_integer_details("limit", 0).reason == Reason.STATIC
    assert (client.get_integer_value("limit", 0), client.get_integer_value("whole", 0)) == (3, 3)
    assert isinstance(client.get_integer_value("whole", 0), int)
    assert (client.get_float_value("ratio", 0.0), client.get_float_value("limit", 0.0)) == (0.25, 3.0)
    assert isinstance(client.get_float_value("limit", 0.0), float)
    assert client.get_object_value("layout", {}) == {"columns": [1, 2]}


@pytest.mark.parametrize(
    ("resolve", "default", "flags"),
    [
        ("boolean", False, ("colour", "limit", "ratio", "layout")),
        ("string", "x", ("off", "limit", "ratio", "layout")),
        ("integer", 9, ("off", "colour", "ratio", "layout")),
        ("float", 9.5, ("off", "colour", "layout")),
        ("object", {"x": 1}, ("off", "colour", "limit", "ratio")),
    ],
)
def test_a_value_of_another_type_gives_the_default(edge: Edge, resolve: str, default: Any, flags: tuple[str]) -> None:
    client = client_of(edge)
    for key in flags:
        details = getattr(client, f"get_{resolve}_details")(key, default)
        assert (details.value, details.reason, details.error_code) == (
            default,
            Reason.ERROR,
            ErrorCode.TYPE_MISMATCH,
        )


def test_an_unknown_flag_and_one_that_says_nothing_give_the_default(edge: Edge) -> None:
    client = client_of(edge)
    unknown, broken = client.get_string_details("gone", "mine"), client.get_string_details("broken", "mine")
    assert (unknown.value, unknown.error_code) == ("mine", ErrorCode.FLAG_NOT_FOUND)
    assert (broken.value, broken.error_code) == ("mine", ErrorCode.PARSE_ERROR)
    assert unknown.error_message == "gone, in version 7 of the config"


def test_a_disabled_flag_gives_its_default_variation_or_if_asked_to_the_callers_default(edge: Edge) -> None:
    documented = client_of(edge).get_boolean_details("off", False)
    assert (documented.value, documented.variant, documented.reason) == (True, "a", Reason.DISABLED)
    as_the_sdks = client_of(edge, disabled="caller's default").get_boolean_details("off", False)
    assert (as_the_sdks.value, as_the_sdks.variant, as_the_sdks.reason) == (False, None, Reason.DISABLED)


def test_who_changes_an_object_changes_no_flag(edge: Edge) -> None:
    client = client_of(edge)
    mine: Any = client.get_object_value("layout", {})
    mine["columns"].append(3)
    assert client.get_object_value("layout", {}) == {"columns": [1, 2]}


def test_an_evaluation_says_its_version_its_age_and_its_bound(edge: Edge) -> None:
    client = client_of(edge, bound=90.0, refresh=1000.0)
    edge.now = 4.0
    said = client.get_integer_details("limit", 0).flag_metadata
    assert said == {"config_version": 7, "config_era": 0, "age_s": 4.0, "staleness_bound_s": 94.0}
    assert "staleness_bound_s" not in client_of(edge).get_integer_details("limit", 0).flag_metadata


def test_before_the_first_config_there_is_the_default_and_an_error_and_afterwards_ready(edge: Edge) -> None:
    edge.error = ConfigUnavailable("the centre cannot be reached")
    client = client_of(edge)
    assert client.get_provider_status() in ERRORS
    details = client.get_integer_details("limit", 1)
    assert (details.value, details.error_code) == (1, ErrorCode.PROVIDER_NOT_READY)
    edge.error = None
    assert client.get_integer_value("limit", 1) == 3
    wait_for(lambda: client.get_provider_status() is ProviderStatus.READY)


def test_the_last_good_config_is_kept_and_told_to_be_stale_and_then_ready_again(edge: Edge) -> None:
    client = client_of(edge, bound=90.0)
    heard: queue.Queue[str] = queue.Queue()
    client.add_handler(ProviderEvent.PROVIDER_STALE, lambda event: heard.put("stale"))
    edge.error, edge.now = ConfigUnavailable("gone"), 89.0
    assert client.get_integer_value("limit", 0) == 3
    assert client.get_provider_status() is ProviderStatus.READY
    edge.now = 91.0
    details = client.get_integer_details("limit", 0)
    assert (details.value, details.flag_metadata["age_s"]) == (3, 91.0)
    assert heard.get(timeout=5) == "stale"
    assert client.get_provider_status() is ProviderStatus.STALE
    client.add_handler(ProviderEvent.PROVIDER_READY, lambda event: heard.put("ready"))
    edge.error = None
    assert client.get_integer_details("limit", 0).flag_metadata["age_s"] == 0.0
    assert heard.get(timeout=5) == "ready"
    assert client.get_provider_status() is ProviderStatus.READY


def test_a_location_that_is_cut_off_from_kv_makes_the_provider_stale_although_it_answers(edge: Edge) -> None:
    client = client_of(edge, bound=90.0)
    edge.now, edge.age = 50.0, 50.0
    assert client.get_integer_details("limit", 0).flag_metadata["staleness_bound_s"] == 140.0
    edge.now, edge.age = 100.0, 100.0
    assert client.get_integer_details("limit", 0).flag_metadata["age_s"] == 100.0
    wait_for(lambda: client.get_provider_status() is ProviderStatus.STALE)
    client.get_integer_value("limit", 0)
    assert client.get_provider_status() is ProviderStatus.STALE
    edge.age = 1.0
    client.get_integer_value("limit", 0)
    wait_for(lambda: client.get_provider_status() is ProviderStatus.READY)


def test_a_source_that_hangs_makes_the_provider_stale_too(edge: Edge) -> None:
    client = client_of(edge, refresh=1000.0, stale_after=10.0)
    edge.now = 11.0
    client.get_integer_value("limit", 0)
    wait_for(lambda: client.get_provider_status() is ProviderStatus.STALE)


def test_a_change_is_told_with_the_keys_of_the_flags_that_changed(edge: Edge) -> None:
    client = client_of(edge, refresh=0.01)
    heard: queue.Queue[EventDetails] = queue.Queue()
    client.add_handler(ProviderEvent.PROVIDER_CONFIGURATION_CHANGED, heard.put)
    edge.says(8, limit=flag(default_variation="a", variations={"a": 4}), new=flag())
    event = heard.get(timeout=5)
    assert (event.flags_changed, event.provider_name) == (["limit", "new"], "edgeproof")
    assert event.metadata["config_version"] == 8
    assert client.get_integer_value("limit", 0) == 4
    assert heard.empty()


def test_a_config_that_is_older_than_one_it_has_seen_is_never_taken(edge: Edge) -> None:
    client = client_of(edge)
    edge.says(6, limit=flag(default_variation="a", variations={"a": 4}))
    assert client.get_integer_value("limit", 0) == 3
    edge.says(2, era=1, limit=flag(default_variation="a", variations={"a": 5}))
    assert client.get_integer_value("limit", 0) == 5, "a restore takes versions back, and its era says so"


def test_a_look_of_a_session_that_has_ended_changes_nothing() -> None:
    reached, released = threading.Event(), threading.Event()
    config = [Snapshot(1, 0, CONFIG)]

    def slow() -> Heard:
        if len(config) == 1:
            return Heard(config[0])
        reached.set()
        released.wait(5)
        return Heard(config[1])

    provider = EdgeFlagProvider(slow, "acct-1", refresh=0.001)
    provider.initialize(EvaluationContext())
    config.append(Snapshot(9, 0, {}))
    assert reached.wait(5)
    provider.shutdown()
    released.set()
    threading.Event().wait(0.05)
    assert provider.resolve_integer_details("limit", 1).error_code == ErrorCode.PROVIDER_NOT_READY


def test_an_event_loop_goes_on_while_a_client_in_it_waits_for_the_source(edge: Edge) -> None:
    released = threading.Event()
    in_time: list[bool] = []

    def slow() -> Heard:
        if api.get_client().get_provider_status() is ProviderStatus.READY:
            in_time.append(released.wait(2))
        return edge()

    api.set_provider_and_wait(EdgeFlagProvider(slow, "acct-1"))
    client = api.get_client()

    async def both() -> FlagEvaluationDetails[int]:
        answer = asyncio.create_task(client.get_integer_details_async("limit", 0))
        await asyncio.sleep(0)
        released.set()
        return await answer

    details = asyncio.run(both())
    assert (details.value, in_time) == (3, [True]), "nobody but the loop could have released it"


@pytest.mark.parametrize("options", [{}, {"refresh": 1000.0}], ids=["a look at every evaluation", "looks in a thread"])
def test_asynchronous_clients_are_told_the_same(edge: Edge, options: dict[str, Any]) -> None:
    client = client_of(edge, **options)
    kinds: list[tuple[str, str, Any]] = [
        ("boolean", "off", False), ("string", "gone", "mine"), ("integer", "whole", 0), ("float", "colour", 1.0),
        ("object", "layout", {}),
    ]  # fmt: skip
    for kind, key, default in kinds:
        told = asyncio.run(getattr(client, f"get_{kind}_details_async")(key, default))
        expected = getattr(client, f"get_{kind}_details")(key, default)
        assert told == expected


@pytest.mark.parametrize("options", [{"refresh": 0}, {"disabled": "whatever"}])
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"seconds from one look|a disabled flag gives"):
        EdgeFlagProvider(Edge(), "acct-1", **options)


def test_a_context_is_taken_as_json() -> None:
    when = datetime(2026, 1, 1, tzinfo=UTC)
    given_: Any = {
        "at": when,
        "there": when.astimezone(timezone(timedelta(hours=1))),
        "naive": when.replace(tzinfo=None),
        "tags": ("a", ["b"]),
        "org": {"id": 7},
        "targetingKey": "not this one",
    }
    assert of_openfeature(EvaluationContext("user-1", given_)) == {
        "at": "2026-01-01T00:00:00Z",
        "there": "2026-01-01T01:00:00+01:00",
        "naive": "2026-01-01T00:00:00Z",
        "tags": ["a", ["b"]],
        "org": {"id": 7},
        "targetingKey": "user-1",
    }
    assert of_openfeature(None) == of_openfeature(EvaluationContext()) == {}


class Hostile:
    """A value that resists."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no")

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        raise RuntimeError("no")

    def __repr__(self) -> str:
        return "Hostile()"


class Texts(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError("no")


endless: list[Any] = []
endless.append(endless)
odd = st.sampled_from([Hostile(), object(), endless, b"x", {1: 2}, {1}, float("nan"), 10**400, Texts("x"), "\ud800"])
attributes = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.datetimes() | odd,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)
names = st.sampled_from(["plan", "targetingKey", "a", "a.b"]) | st.text(max_size=3) | st.integers(0, 1)


@given(
    key=st.sampled_from([*CONFIG, "gone", ""]) | st.text(max_size=3),
    targeting=st.none() | st.text(max_size=3) | odd,
    attributes=st.dictionaries(names, attributes, max_size=3),
    resolve=st.sampled_from([("boolean", True), ("string", "x"), ("integer", 1), ("float", 1.5), ("object", {"x": 1})]),
)
def test_whatever_the_context_the_client_never_raises(
    key: str, targeting: Any, attributes: Any, resolve: tuple[str, Any]
) -> None:
    name, default = resolve
    if api.get_provider_metadata().name != "edgeproof":
        client_of(Edge())
    client = api.get_client()
    details = getattr(client, f"get_{name}_details")(key, default, EvaluationContext(targeting, attributes))
    assert type(details.value) is type(default)
    assert details.reason in set(Reason)
    if details.error_code is not None:
        assert details.value == default
    else:
        assert details.value in CONFIG[key]["variations"].values()
        assert details.flag_metadata["config_version"] == 7
