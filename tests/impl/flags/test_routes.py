# SPDX-License-Identifier: Apache-2.0
"""The HTTP routes of the flags, in virtual time: the control plane, and the edge that hears of it a little later."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edgeproof.impl.documents import flag_documents
from edgeproof.impl.flags.context import of_query
from edgeproof.impl.flags.document import problems
from edgeproof.impl.flags.routes import MAX_BODY, Request, Response, Routes
from edgeproof.impl.flags.service import FlagOptions, FlagService
from edgeproof.impl.runtime import SimulatedRuntime
from tests.impl.flags.examples import flag, rule

TOKEN = "a-token"
ONE = '"1"'


class House:
    """An account's service in virtual time."""

    def __init__(self, **options: Any) -> None:
        self.world = SimulatedRuntime()
        self.instance = self.world.instance()
        self.service = FlagService(self.instance, FlagOptions(**options))
        self.routes = Routes(self.service, TOKEN, lambda: 0.5)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        path, _, query = path.partition("?")
        given = {"authorization": f"Bearer {TOKEN}", "edgeproof-actor": "ana"}
        given |= {name.lower().replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        task = self.instance.spawn(self.routes.respond(Request(method, path, query, given, data)))
        self.world.run_until(self.world.time)
        return task.outcome()

    def wait(self, seconds: float) -> None:
        self.world.run_until(self.world.time + seconds)


@pytest.fixture
def house() -> House:
    house = House(pops=("lis", "sin"))
    assert house.ask("POST", "/apps", {"name": "shop"}).status == 201
    return house


def test_apps_are_created_once_and_listed(house: House) -> None:
    assert house.ask("POST", "/apps", {"name": "blog"}).body == {"result": {"id": "blog", "name": "blog"}}
    assert house.ask("POST", "/apps", {"name": "blog"}).status == 409
    assert [one["name"] for one in house.ask("GET", "/apps").body["result"]] == ["blog", "shop"]
    assert house.ask("GET", "/apps/blog").status == 200
    for name in ("", "a/b", "a:b", ".", "..", 7, None):
        assert house.ask("POST", "/apps", {"name": name}).status == 400


def test_a_flag_is_created_read_replaced_and_deleted(house: House) -> None:
    created = house.ask("POST", "/apps/shop/flags", flag())
    assert (created.status, created.headers["ETag"], created.body["version"]) == (201, ONE, 1)
    assert house.ask("GET", "/apps/shop/flags/f").body == created.body
    replaced = house.ask("PUT", "/apps/shop/flags/f", flag(enabled=False), If_Match=ONE)
    assert (replaced.status, replaced.headers["ETag"]) == (200, '"2"')
    gone = house.ask("DELETE", "/apps/shop/flags/f", If_Match='"2"')
    assert gone.body == {"result": {"key": "f"}, "version": 3}
    assert house.ask("GET", "/apps/shop/flags/f").status == 404
    told = house.ask("GET", "/apps/shop/flags/f/changelog?limit=2").body["changes"]
    assert [one["event"] for one in told] == ["delete", "update"]
    assert told[1]["diff"] == {"enabled": {"from": True, "to": False}}
    older = house.ask("GET", "/apps/shop/flags/f/changelog?before=2").body["changes"]
    assert [one["event"] for one in older] == ["create"]


def test_a_page_has_a_cursor_and_the_last_one_none(house: House) -> None:
    for key in ("b", "a", "c"):
        house.ask("POST", "/apps/shop/flags", flag(key=key))
    page = house.ask("GET", "/apps/shop/flags?limit=2").body
    assert ([one["key"] for one in page["result"]], page["cursor"]) == (["a", "b"], "b")
    assert house.ask("GET", "/apps/shop/flags?limit=2&cursor=b").body["cursor"] is None


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("POST", "/apps/shop/flags", flag(), {"Authorization": "Bearer another"}, 401),
        ("GET", "/apps/shop/flags", None, {"Authorization": f"Basic {TOKEN}"}, 401),
        ("GET", "/apps/shop/definitions", None, {"Authorization": ""}, 401),
        ("POST", "/apps/shop/flags", flag(), {}, 409),
        ("POST", "/apps/shop/flags", flag(key="g"), {"Edgeproof-Actor": ""}, 400),
        ("POST", "/apps/shop/flags", b"{", {}, 400),
        ("POST", "/apps/shop/flags", b'{"key": NaN}', {}, 400),
        ("POST", "/apps/shop/flags", b'{"key": [{"deep": -1e999}]}', {}, 400),
        ("POST", "/apps/shop/evaluate", b'{"flagKey": "f", "context": {"n": 1%s}}' % (b"0" * 400), {}, 400),
        ("POST", "/apps/shop/flags", flag(key="g"), {"Edgeproof-Actor": "ana\x1b[2J"}, 400),
        ("GET", "/apps/../flags", None, {}, 404),
        ("POST", "/apps/shop/flags", b"\xff", {}, 400),
        ("POST", "/apps/shop/flags", b"[" * 100_000, {}, 400),
        ("POST", "/apps/shop/flags", [], {}, 400),
        ("POST", "/apps/shop/flags", b" " * (MAX_BODY + 1), {}, 413),
        ("PUT", "/apps/shop/flags/f", flag(), {}, 428),
        ("PUT", "/apps/shop/flags/f", flag(), {"If-Match": "*"}, 428),
        ("PUT", "/apps/shop/flags/f", flag(), {"If-Match": 'W/"1"'}, 428),
        ("PUT", "/apps/shop/flags/f", flag(), {"If-Match": '"7"'}, 412),
        ("PUT", "/apps/shop/flags/g", flag(), {"If-Match": ONE}, 400),
        ("PUT", "/apps/shop/flags/g", flag(key="g"), {"If-Match": ONE}, 404),
        ("DELETE", "/apps/shop/flags/f", None, {"If-Match": '"7"'}, 412),
        ("PATCH", "/apps/shop/flags/f", None, {}, 405),
        ("GET", "/apps/gone/flags", None, {}, 404),
        ("GET", "/apps/shop", None, {}, 200),
        ("GET", "/nothing", None, {}, 404),
        ("GET", "/apps/shop/flags?limit=0", None, {}, 400),
        ("GET", "/apps/shop/flags?limit=x", None, {}, 400),
        ("POST", "/apps/shop/batch", {"changes": {"f": None}}, {}, 428),
        ("POST", "/apps/shop/batch", {"changes": {"f": None}, "expected": {"f": 9}}, {}, 409),
        ("POST", "/apps/shop/batch", {"changes": {"f": None}, "expected": {"f": "1"}}, {}, 400),
        ("POST", "/apps/shop/batch", {"changes": {}, "more": 1}, {}, 400),
        ("GET", "/apps/shop/evaluate", None, {}, 400),
        ("POST", "/apps/shop/evaluate", {"flagKey": "f", "context": []}, {}, 400),
        ("GET", "/apps/shop/evaluate?flagKey=f", None, {"Edgeproof-Pop": "nowhere"}, 400),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_with_a_reason(
    house: House, method: str, path: str, body: Any, headers: dict[str, str], status: int
) -> None:
    house.ask("POST", "/apps/shop/flags", flag())
    said = house.ask(method, path, body, **headers)
    assert said.status == status
    if status >= 400:
        assert said.headers["Content-Type"] == "application/problem+json"
        assert (said.body["status"], TOKEN in str(said.body)) == (status, False)
        assert house.service.app("shop").unit.store.version() == 1


def test_what_is_wrong_with_a_flag_is_told_with_its_place(house: House) -> None:
    wrong = flag(rule([{"attribute": "a", "operator": "like", "value": 1}]), enabled=1)
    said = house.ask("POST", "/apps/shop/flags", wrong)
    assert (said.status, [one["path"] for one in said.body["errors"]]) == (
        400,
        ["/enabled", "/rules/0/conditions/0/operator"],
    )


def test_the_edge_evaluates_what_was_published(house: House) -> None:
    house.ask("POST", "/apps/shop/flags", flag(rule([{"attribute": "plan", "operator": "equals", "value": "pro"}])))
    house.wait(1)
    path = "/apps/shop/evaluate"
    pro = house.ask("GET", f"{path}?flagKey=f&plan=pro", Authorization="")
    assert pro.body == {
        "flagKey": "f",
        "value": "yes",
        "variant": "y",
        "reason": "TARGETING_MATCH",
        "era": 0,
        "version": 1,
    }
    free = house.ask("POST", path, {"flagKey": "f", "context": {"plan": "free"}})
    assert (free.status, free.body["reason"]) == (200, "DEFAULT")
    unknown = house.ask("GET", f"{path}?flagKey=g")
    assert (unknown.status, unknown.body["errorCode"]) == (404, "FLAG_NOT_FOUND")
    whole = house.ask("POST", path, {"context": {"plan": "pro"}}).body
    assert whole == {
        "flags": {"f": {"value": "yes", "variant": "y", "reason": "TARGETING_MATCH"}},
        "era": 0,
        "version": 1,
    }


def test_a_query_says_numbers_and_truth_values_where_a_text_can_be_nothing_else() -> None:
    said = of_query("flagKey=f&a=7&b=007&c=1e3&d=-0.5&e=&f=Infinity&g=true&h=True&targetingKey=42&a=8")
    assert said == ("f", {"a": 8, "b": "007", "c": "1e3", "d": -0.5, "e": "", "f": "Infinity", "g": True, "h": "True",
                          "targetingKey": "42"})  # fmt: skip


def test_a_change_is_at_every_location_within_the_cache_ttl_and_the_alarm(house: House) -> None:
    house.ask("POST", "/apps/shop/flags", flag())
    house.wait(1)
    seen = {pop: house.ask("GET", "/apps/shop/evaluate?flagKey=f", Edgeproof_Pop=pop).body for pop in ("lis", "sin")}
    assert {one["reason"] for one in seen.values()} == {"STATIC"}
    house.ask("PUT", "/apps/shop/flags/f", flag(enabled=False), If_Match=ONE)
    house.wait(1)
    stale = house.ask("GET", "/apps/shop/evaluate?flagKey=f", Edgeproof_Pop="lis").body
    assert (stale["reason"], stale["version"]) == ("STATIC", 1)
    house.wait(60)
    for pop in ("lis", "sin"):
        assert house.ask("GET", "/apps/shop/evaluate?flagKey=f", Edgeproof_Pop=pop).body["reason"] == "DISABLED"


def test_a_location_that_is_cut_off_says_how_old_its_answer_is(house: House) -> None:
    house.ask("POST", "/apps/shop/flags", flag())
    house.wait(1)
    asked = ("/apps/shop/evaluate?flagKey=f", "/apps/shop/definitions")
    assert [house.ask("GET", path).headers["Age"] for path in asked] == ["0", "0"]
    house.service.app("shop").edges["lis"].location.reachable = False
    house.wait(100.5)
    assert [house.ask("GET", path).headers["Age"] for path in asked] == ["101", "101"]
    again = house.ask("GET", "/apps/shop/definitions", If_None_Match='"0.1"')
    assert (again.status, again.headers["Age"]) == (304, "101")
    unknown = house.ask("GET", "/apps/shop/evaluate?flagKey=f", Edgeproof_Pop="sin")
    assert unknown.headers["Age"] == "0"


def test_a_location_to_which_kv_gives_no_config_goes_on_and_says_so(house: House) -> None:
    house.ask("POST", "/apps/shop/flags", flag())
    house.wait(61)
    assert "Cache-Status" not in house.ask("GET", "/apps/shop/definitions").headers
    location = house.service.app("shop").edges["lis"].location
    house.service._kv.put("config:app:shop", b'{"config":')
    location.cache.copies.clear()
    house.wait(5)
    for path in ("/apps/shop/definitions", "/apps/shop/evaluate?flagKey=f"):
        told = house.ask("GET", path)
        assert (told.status, told.body["version"], told.headers["Age"]) == (200, 1, "5")
        assert told.headers["Cache-Status"] == "isolate; hit; detail=last_good"
    location.evict()
    assert house.ask("GET", "/apps/shop/definitions").status == 503


def test_definitions_are_told_once_per_version(house: House) -> None:
    house.ask("POST", "/apps/shop/flags", flag())
    house.wait(1)
    first = house.ask("GET", "/apps/shop/definitions")
    assert (first.headers["ETag"], list(first.body["flags"])) == ('"0.1"', ["f"])
    again = house.ask("GET", "/apps/shop/definitions", If_None_Match='"0.1"')
    assert (again.status, again.body) == (304, None)


def test_the_documented_full_replace_is_there_for_who_asks_for_it() -> None:
    house = House(blind=True)
    house.ask("POST", "/apps", {"name": "shop"})
    house.ask("POST", "/apps/shop/flags", flag())
    assert house.ask("PUT", "/apps/shop/flags/f", flag(enabled=False)).status == 200
    assert house.ask("PUT", "/apps/shop/flags/f", flag(enabled=False), If_Match="*").status == 200
    assert house.ask("PUT", "/apps/shop/flags/f", flag(), If_Match=ONE).status == 412
    assert house.ask("DELETE", "/apps/shop/flags/f").status == 200


def test_a_bug_is_an_internal_error_and_not_a_dead_connection(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.service, "names", lambda: 1 / 0)
    assert house.ask("GET", "/apps").status == 500


def test_documents_that_look_real_are_flags() -> None:
    assert [problems(one) for one in flag_documents(3, 300).values()] == [()] * 300


def test_pages_of_any_origin_may_evaluate_and_nothing_else(house: House) -> None:
    asked = house.ask("OPTIONS", "/apps/shop/evaluate", Authorization="")
    assert (asked.status, asked.body) == (204, None)
    assert asked.headers["Access-Control-Allow-Methods"] == "GET, POST"
    assert asked.headers["Access-Control-Allow-Headers"] == "Content-Type"
    for path, status in (("/apps/shop/evaluate?flagKey=f", 404), ("/apps/shop/evaluate", 400)):
        said = house.ask("GET", path, Authorization="")
        assert (said.status, said.headers["Access-Control-Allow-Origin"]) == (status, "*")
    for method in ("OPTIONS", "GET"):
        assert "Access-Control-Allow-Origin" not in house.ask(method, "/apps/shop/flags").headers
