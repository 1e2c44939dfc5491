# SPDX-License-Identifier: Apache-2.0
"""The control plane of the flags and the edge's evaluations, over HTTP on the real runtime."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count
from math import ceil
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.impl.documents import flag_documents
from edgeproof.impl.workerd.client import Client
from tests.workerd.flags_deployment import FlagDeployment, flag
from tests.workerd.openapi import check_path

ONE = '"1"'


@pytest.fixture(scope="module")
def deployed(workerd: Path) -> Iterator[FlagDeployment]:
    with FlagDeployment() as one:
        yield one


@pytest.fixture
def app(deployed: FlagDeployment, numbers: Iterator[int]) -> str:
    return f"app-{next(numbers)}"


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return count()


def without_stamps(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name not in ("updated_at", "updated_by")}


def test_a_flag_is_created_read_replaced_and_deleted(deployed: FlagDeployment, app: str) -> None:
    path = f"/apps/{app}/flags"
    created = deployed.ask("POST", path, flag("dark-mode"))
    assert (created.status, created.headers["ETag"], created.said["version"]) == (201, ONE, 1)
    assert without_stamps(created.said["result"]) == flag("dark-mode")
    assert created.said["result"]["updated_by"] == "ana"
    assert deployed.ask("GET", f"{path}/dark-mode").said == created.said
    replaced = deployed.ask("PUT", f"{path}/dark-mode", flag("dark-mode", enabled=False), If_Match=ONE)
    assert (replaced.status, replaced.said["version"]) == (200, 2)
    gone = deployed.ask("DELETE", f"{path}/dark-mode", If_Match='"2"')
    assert (gone.status, gone.said) == (200, {"result": {"key": "dark-mode"}, "version": 3})
    assert deployed.ask("GET", f"{path}/dark-mode").status == 404


def test_a_flag_that_is_there_is_not_created_again(deployed: FlagDeployment, app: str) -> None:
    assert deployed.ask("POST", f"/apps/{app}/flags", flag("a")).status == 201
    assert deployed.ask("POST", f"/apps/{app}/flags", flag("a")).status == 409
    assert deployed.ask("PUT", f"/apps/{app}/flags/b", flag("b"), If_Match=ONE).status == 404


def test_a_full_replace_loses_no_update_unless_it_is_asked_to(workerd: Path) -> None:
    with FlagDeployment() as guarded, FlagDeployment({"flag_update": "blind"}) as blind:
        for one in (guarded, blind):
            assert one.ask("POST", "/apps/a/flags", flag("f")).status == 201
        mine, yours = flag("f", description="mine"), flag("f", description="yours")
        assert guarded.ask("PUT", "/apps/a/flags/f", mine).status == 428
        assert guarded.ask("PUT", "/apps/a/flags/f", mine, If_Match="*").status == 428
        assert guarded.ask("PUT", "/apps/a/flags/f", mine, If_Match=ONE).status == 200
        stale = guarded.ask("PUT", "/apps/a/flags/f", yours, If_Match=ONE)
        assert (stale.status, stale.said["detail"]) == (412, "the current version of f is 2")
        assert [blind.ask("PUT", "/apps/a/flags/f", one).status for one in (mine, yours)] == [200, 200]
        assert blind.ask("GET", "/apps/a/flags/f").said["result"]["description"] == "yours", "mine is lost"


def test_writers_of_other_flags_are_not_in_each_others_way(deployed: FlagDeployment, app: str) -> None:
    for key in ("a", "b"):
        deployed.ask("POST", f"/apps/{app}/flags", flag(key))
    assert deployed.ask("PUT", f"/apps/{app}/flags/b", flag("b", enabled=False), If_Match='"2"').status == 200
    assert deployed.ask("PUT", f"/apps/{app}/flags/a", flag("a", enabled=False), If_Match=ONE).status == 200


def test_a_write_that_is_repeated_with_its_key_is_made_once(deployed: FlagDeployment, app: str) -> None:
    for _ in range(2):
        reply = deployed.ask("POST", f"/apps/{app}/flags", flag("a"), Idempotency_Key="k")
        assert (reply.status, reply.said["version"]) == (201, 1)


def test_a_batch_is_one_transaction(deployed: FlagDeployment, app: str) -> None:
    path = f"/apps/{app}/batch"
    both = {"changes": {"a": flag("a"), "b": flag("b")}, "expected": {"a": 0, "b": 0}}
    assert deployed.ask("POST", path, both).said == {"version": 1}
    stale = {"changes": {"a": None, "b": flag("b", enabled=False)}, "expected": {"a": 1, "b": 7}}
    assert deployed.ask("POST", path, stale).status == 409
    assert deployed.ask("POST", path, both).status == 409
    assert deployed.ask("POST", path, {"changes": {"c": None}, "expected": {"c": 0}}).status == 404
    assert deployed.ask("POST", path, {"changes": {"a": None}}).status == 428
    assert [one["key"] for one in deployed.ask("GET", f"/apps/{app}/flags").said["result"]] == ["a", "b"]
    swap = {"changes": {"a": None, "c": flag("c")}, "expected": {"a": 1, "c": 0}}
    assert deployed.ask("POST", path, swap).said == {"version": 2}
    assert [one["key"] for one in deployed.ask("GET", f"/apps/{app}/flags").said["result"]] == ["b", "c"]


def test_flags_are_listed_page_by_page_in_the_order_of_their_keys(deployed: FlagDeployment, app: str) -> None:
    keys = [f"flag-{n:03}" for n in range(25)]
    batch = {"changes": {key: flag(key) for key in reversed(keys)}, "expected": dict.fromkeys(keys, 0)}
    assert deployed.ask("POST", f"/apps/{app}/batch", batch).status == 200
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = deployed.ask("GET", f"/apps/{app}/flags?limit=10&cursor={cursor}").said
        found += [one["key"] for one in page["result"]]
        cursor = page["cursor"]
    assert found == keys


def test_the_changelog_says_who_did_what_and_what_became_different(deployed: FlagDeployment, app: str) -> None:
    path = f"/apps/{app}/flags"
    deployed.ask("POST", path, flag("a", description="old"))
    second = {name: value for name, value in flag("a", enabled=False).items() if name != "type"}
    deployed.ask("PUT", f"{path}/a", second, If_Match=ONE, Edgeproof_Actor="bo")
    deployed.ask("DELETE", f"{path}/a", If_Match='"2"')
    changes = deployed.ask("GET", f"{path}/a/changelog").said["changes"]
    assert [(one["event"], one["version"], one["actor"]) for one in changes] == [
        ("delete", 3, "ana"), ("update", 2, "bo"), ("create", 1, "ana"),
    ]  # fmt: skip
    assert changes[1]["diff"] == {"enabled": {"from": True, "to": False}, "description": {"from": "old"}}
    assert without_stamps(changes[1]["after"]) == second
    assert changes[2]["at"] <= changes[1]["at"] <= changes[0]["at"]
    older = deployed.ask("GET", f"{path}/a/changelog?limit=1&before=3").said["changes"]
    assert older == changes[1:2]


def test_the_changelog_tells_all_unless_it_is_capped(workerd: Path) -> None:
    with FlagDeployment() as whole, FlagDeployment({"changelog_cap": 2}) as capped:
        for one in (whole, capped):
            one.ask("POST", "/apps/a/flags", flag("f"))
            for version in range(1, 5):
                reply = one.ask("PUT", "/apps/a/flags/f", flag("f", description=str(version)), If_Match=f'"{version}"')
                assert reply.status == 200
        told = [
            [change["version"] for change in one.ask("GET", "/apps/a/flags/f/changelog").said["changes"]]
            for one in (whole, capped)
        ]
        assert told == [[5, 4, 3, 2, 1], [5, 4]]


@pytest.mark.parametrize(
    ("headers", "method", "path", "status"),
    [
        ({}, "GET", "flags", 401), ({}, "POST", "flags", 401), ({}, "DELETE", "flags/f", 401),
        ({}, "GET", "flags/f/changelog", 401), ({}, "GET", "definitions", 401), ({}, "POST", "batch", 401),
        ({}, "GET", "evaluate?flagKey=f", 404), ({}, "GET", "evaluate", 400), ({}, "POST", "evaluate", 400),
        ({"Authorization": "Bearer a-token"}, "GET", "flags/a.b", 400),
        ({"Authorization": "Bearer a-token"}, "GET", "flags?limit=201", 400),
        ({"Authorization": "Bearer a-token"}, "PATCH", "flags/f", 405),
        ({"Authorization": "Bearer a-token", "If-Match": ONE}, "DELETE", "flags/f", 400),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_as_a_problem(
    deployed: FlagDeployment, headers: dict[str, str], method: str, path: str, status: int
) -> None:
    path = f"/apps/nobody/{path}"
    reply = Client(deployed.store.port, headers).do(method, path, b"" if method == "POST" else None)
    check_path(method, path, reply)
    assert reply.status == status
    if "flagKey" not in path:
        assert reply.headers["Content-Type"] == "application/problem+json"


def test_no_unit_of_the_generic_routes_is_an_app(deployed: FlagDeployment, app: str) -> None:
    deployed.ask("POST", f"/apps/{app}/flags", flag("a"))
    assert deployed.ask("GET", f"/units/{app}").said["version"] == 0
    assert deployed.ask("GET", f"/units/app:{app}").status == 400


# --- the edge


def test_a_location_evaluates_what_kv_has_and_asks_nobody_else(deployed: FlagDeployment, app: str) -> None:
    everybody = {"priority": 1, "conditions": [], "serve_variation": "on"}
    deployed.ask("POST", f"/apps/{app}/flags", flag("a", everybody))
    deployed.published(app, 1)
    kills, before = deployed.processes.kills, deployed.kv.requests
    said = deployed.edge().get(f"/apps/{app}/evaluate?flagKey=a&targetingKey=u").said
    assert said == {
        "flagKey": "a", "value": True, "variant": "on", "reason": "TARGETING_MATCH", "era": 0, "version": 1,
    }  # fmt: skip
    assert deployed.kv.requests - before == 1, "one hop: KV"
    assert deployed.processes.kills == kills
    check_path("GET", f"/apps/{app}/evaluate", deployed.edge().get(f"/apps/{app}/evaluate?flagKey=a"))
    everything = deployed.edge().do("POST", f"/apps/{app}/evaluate", {"context": {"targetingKey": "u"}}).said
    check_path("POST", f"/apps/{app}/evaluate", deployed.edge().do("POST", f"/apps/{app}/evaluate", {}))
    assert everything["flags"] == {"a": {"value": True, "variant": "on", "reason": "TARGETING_MATCH"}}
    assert deployed.edge().get(f"/apps/{app}/evaluate?flagKey=b").status == 404


def test_a_query_is_read_as_numbers_and_truth_values_where_it_can_be_nothing_else(
    deployed: FlagDeployment, app: str
) -> None:
    conditions = [
        {"attribute": "age", "operator": "greater_than", "value": 17},
        {"attribute": "beta", "operator": "equals", "value": True},
        {"attribute": "zip", "operator": "equals", "value": "007"},
    ]
    deployed.ask(
        "POST", f"/apps/{app}/flags", flag("a", {"priority": 1, "conditions": conditions, "serve_variation": "on"})
    )
    deployed.published(app, 1)
    path = f"/apps/{app}/evaluate?flagKey=a&targetingKey=1"
    assert deployed.edge().get(f"{path}&age=18&beta=true&zip=007").said["value"] is True
    assert deployed.edge().get(f"{path}&age=18&beta=true&zip=7").said["value"] is False


@pytest.mark.parametrize(("account", "reason"), [("acct-1", "SPLIT"), ("acct-2", "DEFAULT")])
def test_who_is_in_a_rollout_depends_on_the_account(workerd: Path, account: str, reason: str) -> None:
    # The published buckets of user-42: 25.36 of acct-1, 58.84 of acct-2.
    rule = {"priority": 1, "conditions": [], "serve_variation": "on", "rollout": {"percentage": 25.37}}
    with FlagDeployment({"account": account}) as deployment:
        deployment.ask("POST", "/apps/a/flags", flag("new-checkout", rule))
        deployment.published("a", 1)
        asked = deployment.edge().get("/apps/a/evaluate?flagKey=new-checkout&targetingKey=user-42")
        assert asked.said["reason"] == reason


def test_definitions_are_told_once(deployed: FlagDeployment, app: str) -> None:
    deployed.ask("POST", f"/apps/{app}/flags", flag("a"))
    deployed.published(app, 1)
    first = deployed.edge().get(f"/apps/{app}/definitions")
    check_path("GET", f"/apps/{app}/definitions", first)
    assert (list(first.said["flags"]), first.headers["ETag"]) == (["a"], '"0.1"')
    asking = Client(deployed.edge().port, {**deployed.headers, "If-None-Match": '"0.1"'})
    assert asking.do("GET", f"/apps/{app}/definitions").status == 304


def test_a_location_that_is_cut_off_says_how_old_its_answers_are(workerd: Path) -> None:
    with FlagDeployment({"reader": "guarded"}) as deployment:
        deployment.ask("POST", "/apps/a/flags", flag("f"))
        deployment.published("a", 1)
        began = time.monotonic()
        assert age_of(deployment) <= at_most(began), "KV was asked after the request was sent"
        answered = time.monotonic()
        deployment.kv.places[0].reachable = False
        deployment.clock.advance(61)
        time.sleep(1.1)
        for path in (EVALUATE, "/apps/a/definitions"):
            least = time.monotonic() - answered - TICK
            assert least <= age_of(deployment, path) <= at_most(began)
        deployment.kv.places[0].reachable = True
        began = time.monotonic()
        assert age_of(deployment) <= at_most(began)


EVALUATE: Final = "/apps/a/evaluate?flagKey=f"
TICK: Final = 0.002
"""Seconds; the Worker's clock shows whole milliseconds."""


def at_most(began: float) -> int:
    """The age of what was asked for after that, rounded up as the Worker does."""
    return ceil(time.monotonic() - began + TICK)


def age_of(deployment: FlagDeployment, path: str = EVALUATE) -> int:
    """What the location says of the age of its answer."""
    reply = deployment.edge().get(path)
    assert reply.status == 200
    return int(reply.headers["Age"])


def test_an_app_of_5000_flags_works_and_has_no_room_for_another(deployed: FlagDeployment, app: str) -> None:
    flags = flag_documents(1, 5000)
    keys = sorted(flags)
    for start in range(0, 5000, 500):
        part = keys[start : start + 500]
        batch = {"changes": {key: flags[key] for key in part}, "expected": dict.fromkeys(part, 0)}
        reply = deployed.ask("POST", f"/apps/{app}/batch", batch)
        assert reply.status == 200, reply
    over = deployed.ask("POST", f"/apps/{app}/flags", flag("one-more"))
    assert (over.status, over.said["detail"]) == (413, "an app has at most 5000 flags")
    deployed.published(app, 10)
    told = deployed.edge().get(f"/apps/{app}/definitions").said
    assert (told["version"], sorted(told["flags"])) == (10, keys)
    said = deployed.edge().get(f"/apps/{app}/evaluate?flagKey={keys[4321]}&targetingKey=u").said
    assert said["variant"] in flags[keys[4321]]["variations"]


# --- any sequence of writes does what a dictionary would do

KEYS = st.sampled_from(["a", "b", "c"])
ACTS = st.tuples(st.sampled_from(["create", "replace", "delete", "stale"]), KEYS, st.booleans())
APPS = count()


@given(acts=st.lists(ACTS, min_size=1, max_size=12))
@settings(max_examples=100, deadline=None)
def test_any_sequence_of_writes_does_what_a_dictionary_would_do(
    deployed: FlagDeployment, acts: list[tuple[str, str, bool]]
) -> None:
    path = f"/apps/any-{next(APPS)}/flags"
    held: dict[str, tuple[int, dict[str, Any]]] = {}
    events: dict[str, list[str]] = {"a": [], "b": [], "c": []}
    version = 0
    for act, key, enabled in acts:
        one, seen = flag(key, enabled=enabled), held.get(key, (max(version, 1), {}))[0]
        match act:
            case "create":
                reply, good = deployed.ask("POST", path, one), key not in held
            case "delete":
                reply, good = deployed.ask("DELETE", f"{path}/{key}", If_Match=f'"{seen}"'), key in held
            case "replace":
                reply, good = deployed.ask("PUT", f"{path}/{key}", one, If_Match=f'"{seen}"'), key in held
            case _:
                reply, good = deployed.ask("PUT", f"{path}/{key}", one, If_Match=f'"{seen + 1}"'), False
        assert (reply.status in (200, 201)) == good, (act, reply)
        if good:
            version += 1
            events[key].append({"create": "create", "delete": "delete"}.get(act, "update"))
            if act == "delete":
                del held[key]
            else:
                held[key] = (version, one)
    found = deployed.ask("GET", path).said["result"]
    assert {one["key"]: (one.pop("version"), without_stamps(one)) for one in found} == held
    for key, told in events.items():
        changes = deployed.ask("GET", f"{path}/{key}/changelog").said["changes"]
        assert [one["event"] for one in reversed(changes)] == told


# --- whatever is asked

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["a", "b", "toString", "__proto__", "", "%", "%00", "é", "a.b", "k" * 65])
ODD_FLAGS = st.builds(lambda changed: {**flag("a"), **changed}, st.dictionaries(st.sampled_from(list(flag("a"))), JSON))
ODD_BODIES = (
    ODD_FLAGS
    | JSON
    | st.binary(max_size=20)
    | st.fixed_dictionaries({}, optional={"changes": st.dictionaries(NAMES, ODD_FLAGS | JSON), "expected": JSON})
    | st.fixed_dictionaries({}, optional={"flagKey": NAMES | JSON, "context": JSON})
)
PATHS = st.sampled_from(
    ["flags", "flags/{}", "flags/{}/changelog?before={}", "flags?cursor={}&limit={}", "batch", "definitions",
     "evaluate", "evaluate?flagKey={}&targetingKey={}"]
)  # fmt: skip
ODD_HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "If_Match": st.sampled_from(['"1"', "*", '""', "1", '"-1"', '"99999999999999999999"', "W/x"]),
        "Idempotency_Key": st.sampled_from(["", "k", "k" * 1025]),
        "If_None_Match": st.just('"0.0"'),
        "Edgeproof_Actor": st.sampled_from(["", "a" * 1025]),
    },
)


@given(
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"]),
    path=PATHS,
    names=st.tuples(NAMES, NAMES),
    body=st.none() | ODD_BODIES,
    headers=ODD_HEADERS,
)
@settings(max_examples=1000, deadline=None)
def test_no_request_fails_inside(
    deployed: FlagDeployment, method: str, path: str, names: tuple[str, str], body: Any, headers: dict[str, str]
) -> None:
    path = path.format(*(quote(name, safe="%") for name in names))
    reply = deployed.ask(method, f"/apps/odd/{path}", body, **headers)
    assert reply.status < 500, reply
