# SPDX-License-Identifier: Apache-2.0
"""What is read, where, and by whom: locations of their own, fields within an answer, values as they were written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from edgeproof.impl.target.client import Answer as HttpAnswer
from edgeproof.impl.target.client import Client, Limits, Request
from edgeproof.impl.target.driver import Driver
from edgeproof.impl.target.events import recorded
from edgeproof.impl.target.extract import MISSING, NotSaidError, at_pointer, extractor, version_in
from edgeproof.impl.target.programs import Budget, Step
from edgeproof.impl.target.wire import heard_read
from edgeproof.reports.target.file import read_description
from edgeproof.reports.target.judging import lacking, reasons_in
from tests.outside.front import BEARER, Answer, Front, served
from tests.target.driving import describe, described, taken
from tests.target.servers import answers, misbehaving


class Elsewhere(Front):
    """A location on a host of its own, a copy behind, that keeps what bearers it was sent."""

    def __init__(self, home: Front) -> None:
        super().__init__()
        self.home = home
        self.bearers: set[str | None] = set()
        self.copy: dict[str, Answer] = {}

    def answer(self, method: str, path: str, bearer: str | None, body: Any) -> Answer:
        self.bearers.add(bearer)
        old, self.copy[path] = (
            self.copy.get(path, self.home.read("nothing")),
            self.home.answer(method, path, None, body),
        )
        return old


def test_a_second_location_is_held_against_the_first_and_is_sent_no_bearer(tmp_path: Path) -> None:
    home = Front()
    elsewhere = Elsewhere(home)
    with served(home) as address, served(elsewhere) as other:
        path = describe(tmp_path, address)
        table = f'[read.far]\nbase = "{other}"\nrequest = "GET /edge/{{unit}}"\nversion = "json:/version"\n'
        path.write_text(path.read_text(encoding="utf-8") + table, encoding="utf-8")
        one = read_description(path)
        near, far = Step("read", at="edge"), Step("read", at="far")
        run = Driver(one.target, one.bearer).take((Step("write"), near, far))
    assert not lacking(one.target, one.promise, "cross-pop-monotonic")
    found = reasons_in(one.target, one.promise, run, recorded(one.target, run), ["cross-pop-monotonic"])
    assert "client at far was told version 0" in found["cross-pop-monotonic"]
    assert home.authorized > 0
    assert elsewhere.bearers == {None}


def test_values_that_do_not_come_back_as_they_went_are_found(tmp_path: Path) -> None:
    class Trims(Front):
        """Whatever is around a text is thought to be a mistake."""

        def apply(self, unit: Any, body: dict[str, Any]) -> None:
            changes = {name: value.strip() for name, value in body["changes"].items()}
            super().apply(unit, {**body, "changes": changes})

    with served(Trims()) as address:
        one = evolve(described(tmp_path, address), bearer=BEARER)
        found = [
            reasons_in(one.target, one.promise, run, recorded(one.target, run), ["no-partial-read"])
            for run in taken(one, Budget(10, 0), bound=False)
        ]
    assert any(found)
    assert not all(found), "most of what is drawn has nothing around it"


def test_a_header_that_says_two_things_says_nothing() -> None:
    with misbehaving(answers('HTTP/1.1 200 OK\nETag: "1"\nETag: "2"\nX-Rev: 7\nX-Rev: 7')) as address:
        answer = Client(Limits()).send(Request("GET", address, "/", {}, None, False))
    assert extractor("header:X-Rev").of(answer) == "7"
    with pytest.raises(NotSaidError, match="has the header ETag more than once, and not the same each time"):
        extractor("header:ETag").of(answer)


def told(body: str, **headers: str) -> HttpAnswer:
    return HttpAnswer(200, headers, body.encode())


def test_fields_may_be_more_than_their_values_and_isolates_may_be_named(tmp_path: Path) -> None:
    own = 'content = "json:/flags"\nvalue = "/to"\nreader = "header:X-Isolate"'
    more = {'content = "json:/config"\n\n[read.strong]': f"{own}\n\n[read.strong]"}
    target = read_description(describe(tmp_path, "http://127.0.0.1:1", **more)).target
    answer = told(
        '{"version": 3, "flags": {"first": {"to": [1]}, "second": {}, "of-others": 7}}', **{"x-isolate": "i-4"}
    )
    heard = heard_read(target, target.reads["edge"], answer, ("first", "second"))
    assert (heard.version, heard.content, heard.reader) == (3, {"first": [1]}, "i-4")


@pytest.mark.parametrize(
    ("place", "found"),
    [("json:/", {"a~/b": [7]}), ("json:/a~0~1b/0", 7), ("header:ETag", "x"), ("header:X", 'a "b"')],
)
def test_where_something_stands_is_a_pointer_or_a_header(place: str, found: Any) -> None:
    answer = told('{"a~/b": [7]}', etag='W/"x"', x='a "b"')
    assert extractor(place).of(answer) == found


def test_what_is_not_there_is_said() -> None:
    assert at_pointer({"a": [1]}, "/a/1") is at_pointer({"a": [1]}, "/a/-1") is at_pointer(7, "/a") is MISSING
    for place in ("header:Y", "json:/b"):
        with pytest.raises(NotSaidError, match="has no"):
            extractor(place).of(told("{}"))
    for body in ('{"v": 1, "v": 2}', '{"a": {"v": 1, "\\u0076": 1}}'):
        with pytest.raises(NotSaidError, match="is JSON that has an object with a name that is there twice"):
            extractor("json:/v").of(told(body))
    none_of_them: list[Any] = [None, True, 1.5, [], "", "x" * 201, "a\r\nX-Evil: 1", "\x1b[2J", "\ud800"]
    for wrong in none_of_them:
        with pytest.raises(NotSaidError):
            version_in(wrong, numbers=False)
    for number in (-1, 2**53, "1.0", "²"):
        with pytest.raises(NotSaidError):
            version_in(number, numbers=True)
