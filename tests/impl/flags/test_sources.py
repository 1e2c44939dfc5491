# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import Message
from http.client import IncompleteRead
from io import BytesIO
from types import TracebackType
from typing import Any

import pytest

from edgeproof.impl.edge.reader import ConfigUnavailable
from edgeproof.impl.flags.sources import Heard, HttpSource
from edgeproof.impl.snapshot import Snapshot

ODD = ["", "null", "[]", "{}", '{"flags":[],"era":0,"version":1}', '{"flags":{},"era":0,"version":"1"}',
       '{"flags":{},"era":0,"version":1e999}', '{"flags":{},"version":1}', "[" * 100_000, "\udcff"]  # fmt: skip


class Reply:
    """What `urlopen` gives."""

    def __init__(self, body: bytes, headers: dict[str, str]) -> None:
        self._body = body
        self.headers = message(headers)

    def read(self) -> bytes:
        if self._body == b"cut off":
            raise IncompleteRead(b"{", 100)
        return self._body

    def __enter__(self) -> Reply:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class Service:
    """Definitions over HTTP, without a network; `meanwhile` happens while an answer is under way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.version = 1
        self.headers: dict[str, str] = {}
        self.body: bytes | None = None
        self.meanwhile: Callable[[], Any] | None = None
        monkeypatch.setattr(urllib.request, "urlopen", self._open)
        self.source = HttpSource("http://localhost:1", "shop", "a-token")

    def _open(self, request: urllib.request.Request, timeout: float) -> Reply:
        version, body = self.version, self.body
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        headers = {"ETag": f'"0.{version}"', **self.headers}
        if request.get_header("If-none-match") == headers["ETag"]:
            raise urllib.error.HTTPError(request.full_url, 304, "Not Modified", message(headers), BytesIO())
        said = json.dumps({"flags": {"n": version}, "era": 0, "version": version}).encode()
        return Reply(said if body is None else body, headers)


def message(headers: dict[str, str]) -> Message:
    made = Message()
    for name, value in headers.items():
        made[name] = value
    return made


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    return Service(monkeypatch)


def heard(version: int) -> Heard:
    return Heard(Snapshot(version, 0, {"n": version}))


def test_nothing_has_changed_is_said_of_what_was_asked_about_and_not_of_what_has_come_since(service: Service) -> None:
    assert service.source() == heard(1)

    def another_thread_hears_of_a_change() -> None:
        service.version = 2
        assert service.source() == heard(2)

    service.meanwhile = another_thread_hears_of_a_change
    assert service.source() == heard(1)
    assert service.source() == heard(2)


def test_an_answer_that_breaks_off_is_none(service: Service) -> None:
    service.body = b"cut off"
    with pytest.raises(ConfigUnavailable, match="does not answer"):
        service.source()


@pytest.mark.parametrize("body", ODD)
def test_what_is_no_definitions_is_not_taken_for_some(service: Service, body: str) -> None:
    service.source()
    service.version, service.body = 2, body.encode(errors="surrogateescape")
    with pytest.raises(ValueError, match="no definitions"):
        service.source()
    service.body = None
    assert service.source() == heard(2)


@pytest.mark.parametrize("source", ["memo", "fallback", "last_good"])
def test_it_passes_on_what_stood_in_for_kv_with_and_without_a_change(service: Service, source: str) -> None:
    service.headers = {"Age": "12", "Cache-Status": f"isolate; hit; detail={source}"}
    for _ in range(2):
        said = service.source()
        assert (said.snapshot.version, said.age, said.source) == (1, 12.0, source)


@pytest.mark.parametrize("status", ["", "isolate; hit", "proxy; hit; detail=memo", "isolate; hit; detail=else"])
def test_another_caches_status_says_nothing_of_the_isolate(service: Service, status: str) -> None:
    service.headers = {"Cache-Status": status}
    assert service.source() == heard(1)
