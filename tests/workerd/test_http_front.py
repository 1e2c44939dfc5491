# SPDX-License-Identifier: Apache-2.0
"""Requests that nobody should send, and many that somebody might, over the Worker's HTTP front."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.impl.edge.kv import KVNamespace, Limits
from edgeproof.impl.workerd.adversary import Adversary, SuiteClock
from edgeproof.impl.workerd.adversary_http import Door
from edgeproof.impl.workerd.client import Client
from edgeproof.impl.workerd.config import Bindings
from edgeproof.impl.workerd.processes import Processes
from tests.workerd.openapi import OPENAPI, check

TOKEN: Final = "a-token"
REQUESTS: Final = 1000


@pytest.fixture(scope="module")
def front(workerd: Path) -> Iterator[Client]:
    clock = SuiteClock()
    door = Door(Adversary(KVNamespace(clock, limits=Limits(write_spacing=0)), clock, 1))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    processes = Processes(Bindings({}, TOKEN, main="index.js"), 0, door.address, headers)
    yield processes.store
    processes.close()
    door.close()


def state(front: Client, unit: str) -> tuple[Any, Any]:
    return front.get(f"/units/{unit}").said, front.get(f"/units/{unit}/changelog?limit=1000").said


def test_a_write_a_read_and_the_changelog(front: Client) -> None:
    body = {"changes": {"__proto__": {"a": [None]}, "é": 1.5}, "actor": "ana", "idempotency_key": "k"}
    assert front.do("PUT", "/units/w/config", body).said == {"version": 1, "repeated": False}
    assert front.do("PUT", "/units/w/config", body).said == {"version": 1, "repeated": True}
    second = {"changes": {"é": None}, "removed": ["__proto__"], "actor": "bo", "expected_version": 1}
    assert front.do("PUT", "/units/w/config", second).said == {"version": 2, "repeated": False}
    stale = front.do("PUT", "/units/w/config", second)
    assert (stale.status, stale.said["detail"]) == (409, "the current version is 2")
    snapshot, log = state(front, "w")
    assert snapshot == {"config": {"é": None}, "era": 0, "version": 2}
    said = [{name: value for name, value in one.items() if name != "at"} for one in log["changes"]]
    assert said == [
        {"version": 1, "field": "__proto__", "actor": "ana", "new": {"a": [None]}, "idempotency_key": "k"},
        {"version": 1, "field": "é", "actor": "ana", "new": 1.5, "idempotency_key": "k"},
        {"version": 2, "field": "__proto__", "actor": "bo", "old": {"a": [None]}},
        {"version": 2, "field": "é", "actor": "bo", "old": 1.5, "new": None},
    ]
    assert front.do("POST", "/units/w/restore", {"version": 1}).status == 200
    assert front.get("/units/w").said == {"config": {"__proto__": {"a": [None]}, "é": 1.5}, "era": 1, "version": 1}
    assert front.get("/openapi.json").said == OPENAPI


def test_a_restore_goes_any_way_back_and_the_changelog_is_told_from_any_version_on(front: Client) -> None:
    for number in (1, 2, 3):
        front.do("PUT", "/units/b/config", {"changes": {"a": number}, "actor": "ana"})
    told = front.get("/units/b/changelog?since=1").said["changes"]
    assert [one["version"] for one in told] == [2, 3]
    assert front.do("POST", "/units/b/restore", {"version": 1, "actor": "ana"}).status == 400, "and nothing else"
    assert front.do("POST", "/units/b/restore", {"version": 1}).said == {"version": 1}
    assert front.get("/units/b").said == {"config": {"a": 1}, "era": 1, "version": 1}
    assert front.do("POST", "/units/b/restore", {"version": 0}).said == {"version": 0}
    assert front.get("/units/b").said == {"config": {}, "era": 2, "version": 0}


@pytest.mark.parametrize("token", [None, "", "Bearer", "Bearer a-toke", "Bearer a-token2", "Basic a-token", "a-token"])
def test_the_control_plane_needs_its_token_and_the_edge_does_not(front: Client, token: str | None) -> None:
    stranger = Client(front.port, {} if token is None else {"Authorization": token})
    for method, path in (
        ("PUT", "/units/s/config"),
        ("GET", "/units/s"),
        ("GET", "/units/s/changelog"),
        ("POST", "/units/s/restore"),
    ):
        reply = stranger.do(method, path, None if method == "GET" else {"changes": {"a": 1}, "actor": "x"})
        assert (reply.status, reply.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert stranger.get("/edge/s").status == 200
    assert front.get("/units/s").said["version"] == 0


def test_without_a_token_in_the_environment_nobody_is_let_in(workerd: Path) -> None:
    processes = Processes(Bindings({}, "", main="index.js"), 0, "127.0.0.1:1", {"Authorization": "Bearer "})
    try:
        assert processes.store.get("/units/u").status == 401
    finally:
        processes.close()


def test_a_body_over_the_limit_is_refused_and_one_at_the_limit_is_not(front: Client) -> None:
    def body(size: int) -> bytes:
        head, tail = b'{"actor":"x","changes":{"a":"', b'"}}'
        return head + b"v" * (size - len(head) - len(tail)) + tail

    before = state(front, "big")
    over = front.do("PUT", "/units/big/config", body(900_001))
    assert (over.status, over.said["title"]) == (413, "Content Too Large")
    connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=10)
    chunks = iter([body(900_001)])
    connection.request("PUT", "/units/big/config", chunks, front.headers, encode_chunked=True)
    assert connection.getresponse().status == 413, "whatever is said of its length"
    connection.close()
    assert state(front, "big") == before
    assert front.do("PUT", "/units/big/config", body(900_000)).status == 200


@pytest.mark.parametrize("levels", [101, 10_000, 400_000])
def test_a_body_that_is_nested_too_deep_is_refused(front: Client, levels: int) -> None:
    def body(levels: int) -> bytes:
        lists = levels - 2
        return b'{"actor":"x","changes":{"a":' + b"[" * lists + b"]" * lists + b"}}"

    reply = front.do("PUT", "/units/deep/config", body(levels))
    assert (reply.status, front.get("/units/deep").said["version"]) == (400, 0)
    assert front.do("PUT", f"/units/deep-{levels}/config", body(100)).status == 200


@pytest.mark.parametrize("number", ["1e999", "-1e309", "1" + 400 * "0"])
def test_a_number_that_no_double_can_hold_is_refused_at_any_depth(front: Client, number: str) -> None:
    for value in (number, f'{{"deep": [0, {number}]}}'):
        reply = front.do("PUT", "/units/n/config", f'{{"actor":"x","changes":{{"a":{value}}}}}'.encode())
        assert (reply.status, front.get("/units/n").said["version"]) == (400, 0)
    assert front.do("PUT", "/units/n/config", {"actor": "x\x1b[2J", "changes": {"a": 1}}).status == 400


def test_a_config_that_would_not_fit_into_kv_is_refused_as_a_whole(front: Client) -> None:
    for n in range(27):
        assert front.do("PUT", "/units/huge/config", {"changes": {f"f{n}": "v" * 899_900}, "actor": "x"}).status == 200
    for n in range(2):
        body = {"changes": {"a": 1, f"g{n}": "v" * 800_000}, "actor": "x"}
        reply = front.do("PUT", "/units/huge/config", body)
    assert (reply.status, reply.said["title"]) == (413, "Content Too Large")
    assert "a" not in front.get("/units/huge").said["config"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404), ("GET", "/units", 404), ("DELETE", "/units/u", 405), ("GET", "/units/u/config", 405),
        ("GET", "/units/", 400), ("GET", "/units/%ff", 400), ("GET", "/units/a%2Fb", 400), ("GET", "/edge/a%20b", 400),
        ("GET", "/units/" + "u" * 129, 400), ("GET", "/units/u/changelog?limit=0", 400),
        ("GET", "/edge/", 400), ("GET", "/units/u/changelog?since=-1", 400), ("PUT", "/edge/u", 405),
        ("GET", "/units/u/changelog?since=x", 400), ("GET", "/units/u/changelog?since=", 400),
        ("GET", "/units/u/changelog?since=0x10", 400), ("GET", "/units/u/changelog?since=1e1", 400),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_as_a_problem(front: Client, method: str, path: str, status: int) -> None:
    reply = front.do(method, path, b"" if method == "PUT" else None)
    assert (reply.status, reply.said["status"]) == (status, status)
    assert reply.headers["Content-Type"] == "application/problem+json"


NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)
GOOD = st.fixed_dictionaries(
    {"changes": st.dictionaries(NAMES, JSON, min_size=1, max_size=4), "actor": NAMES},
    optional={"expected_version": st.integers(0, 9), "idempotency_key": st.sampled_from(["a", "b", "c"])},
)
ODD = st.fixed_dictionaries(
    {},
    optional={
        "changes": JSON | st.dictionaries(st.text(), JSON, max_size=3),
        "removed": JSON | st.lists(st.text(), max_size=3),
        "actor": JSON,
        "expected_version": JSON,
        "idempotency_key": JSON,
        "version": st.integers(0, 5),
        "other": JSON,
    },
)
RESTORE = st.fixed_dictionaries({"version": st.integers(-1, 9)})
BODIES = GOOD | ODD | RESTORE | JSON | st.binary(max_size=40)
PATHS = st.sampled_from(["/units/{unit}/config"] * 3 + ["/units/{unit}/restore"])
COUNTED = count()
KNOWN: dict[str, tuple[Any, Any]] = {}
"""What the last example saw of a unit is what the next one finds."""


def doubles(value: Any) -> Any:
    """A JSON value as JavaScript has it: every number a double."""
    if isinstance(value, dict):
        return {name: doubles(one) for name, one in value.items()}
    if isinstance(value, list):
        return [doubles(one) for one in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@given(path=PATHS, body=BODIES)
@settings(max_examples=REQUESTS, deadline=None)
def test_no_request_fails_inside_or_is_done_by_half(front: Client, path: str, body: Any) -> None:
    unit = f"any-{next(COUNTED) // 25}"
    before = KNOWN.get(unit) or state(front, unit)
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    method = "PUT" if path.endswith("config") else "POST"
    reply = front.do(method, path.replace("{unit}", unit), data)
    check(method, path, reply)
    after = KNOWN[unit] = state(front, unit)
    if reply.status != 200 or reply.said.get("repeated"):
        assert after == before, "a request that was refused has changed something"
    elif method == "PUT":
        changes, removed = body.get("changes", {}), body.get("removed", [])
        config = {**before[0]["config"], **changes}
        expected = {name: value for name, value in config.items() if name not in removed}
        assert doubles(after[0]["config"]) == doubles(expected)
        assert after[0]["version"] == before[0]["version"] + 1 == reply.said["version"]
        new = {one["field"]: one.get("new") for one in after[1]["changes"] if one["version"] == after[0]["version"]}
        assert doubles(new) == doubles({**changes, **dict.fromkeys(removed)})
    else:
        assert (after[0]["version"], after[0]["era"]) == (body["version"], before[0]["era"] + 1)
        assert after[1]["changes"] == [one for one in before[1]["changes"] if one["version"] <= body["version"]]
