# SPDX-License-Identifier: Apache-2.0
"""The reference's control plane and the Worker's: the same conversations over HTTP, and the same answers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from edgeproof.impl.flags.http import FlagServer
from edgeproof.impl.workerd.client import Client, Reply
from tests.impl.flags import generate
from tests.workerd.flags_deployment import TOKEN, FlagDeployment, flag

CONVERSATIONS: Final = 60
LENGTH: Final = 25
KEYS: Final = ("a", "b", "__proto__")

Line = tuple[str, str, Any, dict[str, str]]
"""Method, path below the app, body, and more headers."""


@pytest.fixture(scope="module")
def both(workerd: Path) -> Iterator[tuple[FlagDeployment, Client]]:
    with FlagDeployment() as worker, FlagServer(TOKEN) as reference:
        port = urlsplit(reference.url).port
        assert port is not None
        yield worker, Client(port, worker.headers)


def line(random: Random, version: int) -> Line:
    """Something to say, mostly about the flags that are there."""
    key = random.choices(KEYS, (4, 4, 1))[0]
    seen = {"If-Match": f'"{random.randint(max(version - 2, 1), version + 1)}"'}
    repeated = {"Idempotency-Key": f"k{random.randrange(40)}"} if random.random() < 0.2 else {}
    headers = {**seen, **repeated}
    document = written(random, key)
    match random.randrange(10):
        case 0 | 1:
            return "POST", "flags", document, headers
        case 2 | 3 | 4:
            return "PUT", f"flags/{key}", document, headers if random.random() < 0.9 else {}
        case 5:
            return "DELETE", f"flags/{key}", None, headers
        case 6 | 7:
            changes = {one: random.choice((None, written(random, one))) for one in random.sample(KEYS, 2)}
            expected = {one: random.choice((0, version, version - 1)) for one in KEYS if random.random() < 0.9}
            return "POST", "batch", {"changes": changes, "expected": expected}, headers
        case 8:
            return "POST", random.choice(("flags", "batch")), generate.beyond(random), headers
    flags = random.choice(("flags", "flags?limit=1", "flags?cursor=a"))
    return "GET", random.choice((flags, f"flags/{key}", f"flags/{key}/changelog?limit=3")), None, {}


def written(random: Random, key: str) -> Any:
    """A flag under that key, sometimes one that is refused."""
    one: dict[str, Any] = flag(key, enabled=random.random() < 0.5)
    if random.random() < 0.5:
        one |= {"rules": random.choice(list(generate.CONFIG.values()))["rules"], "description": None}
        one["rules"] = [{**rule, "serve_variation": "on"} for rule in one["rules"]]
    if random.random() < 0.1:
        one[random.choice((*one, "other"))] = generate.beyond(random)
    return one


def told(reply: Reply) -> Any:
    """A reply without what may be said in other words, or depends on the clock."""
    tags = [value for name, value in reply.headers.items() if name.lower() == "etag"]
    return reply.status, tags, without(reply.said)


def without(said: Any) -> Any:
    if isinstance(said, list):
        return [without(one) for one in said]
    if not isinstance(said, dict):
        return float(said) if type(said) is int else said
    return {name: without(one) for name, one in said.items() if name not in ("updated_at", "at", "detail", "message")}


def test_the_reference_and_the_worker_say_the_same(both: tuple[FlagDeployment, Client]) -> None:
    worker, reference = both
    random, statuses = Random(0), Counter[int]()
    for number in range(CONVERSATIONS):
        app, version = f"app-{number}", 1
        assert reference.do("POST", "/apps", {"name": app}).status == 201
        asking = Client(reference.port, {})
        for _ in range(LENGTH):
            method, path, body, headers = line(random, version)
            asking.headers = {**worker.headers, **headers}
            said = worker.ask(method, f"/apps/{app}/{path}", body, **headers)
            expected = asking.do(method, f"/apps/{app}/{path}", body)
            assert told(said) == told(expected), (method, path, json.dumps(body), headers)
            statuses[said.status] += 1
            if isinstance(said.said, dict):
                version = said.said.get("version", version)
    print(dict(sorted(statuses.items())))
    assert {200, 201, 400, 404, 409, 412, 428} <= set(statuses)


ODD: Final[tuple[tuple[str, str, Any, dict[str, str]], ...]] = (
    ("POST", "flags", b'{"key": "a", "variations": {"on": {"deep": [1e999]}}}', {}),
    ("POST", "evaluate", b'{"flagKey": "a", "context": {"n": -1e999}}', {}),
    ("POST", "batch", b'{"changes": {}, "expected": {"a": 1%s}}' % (b"0" * 400), {}),
    ("POST", "evaluate", b'{"flagKey": "a", "context": {"n": %s}}' % (b"[" * 98 + b"]" * 98), {}),
    ("POST", "evaluate", b'{"flagKey": "a", "context": {"n": %s}}' % (b"[" * 99 + b"]" * 99), {}),
    ("OPTIONS", "evaluate", None, {}),
    ("OPTIONS", "flags", None, {}),
    ("GET", "evaluate", None, {}),
    ("GET", "evaluate?flagKey=a", None, {"Origin": "https://shop.example"}),
)


def test_both_refuse_what_they_cannot_keep_and_let_pages_of_any_origin_evaluate(
    both: tuple[FlagDeployment, Client],
) -> None:
    worker, reference = both
    assert reference.do("POST", "/apps", {"name": "odd"}).status == 201
    asking = Client(reference.port, {})
    for method, path, body, headers in ODD:
        asking.headers = {**worker.headers, **headers}
        said = worker.ask(method, f"/apps/odd/{path}", body, **headers)
        expected = asking.do(method, f"/apps/odd/{path}", body)
        assert (told(said), shared(said)) == (told(expected), shared(expected)), (method, path)
    asking.headers = {**worker.headers, "Edgeproof-Actor": "ana\x1b[2J"}
    assert asking.do("POST", "/apps/odd/flags", flag("a")).status == 400
    assert worker.ask("POST", "/apps/odd/flags", flag("a"), **{"Edgeproof-Actor": "ana\x1b[2J"}).status == 400


def shared(reply: Reply) -> dict[str, str]:
    """What a browser is told of who may read it."""
    return {name: value for name, value in reply.headers.items() if name.startswith("Access-Control-")}
