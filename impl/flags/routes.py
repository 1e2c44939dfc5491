# SPDX-License-Identifier: Apache-2.0
"""The HTTP routes of the flags, without a network: a request is data, and so is the response.

The routes, bodies and refusals are those of the Worker (`impl/worker/flags/routes.js`), and beyond them the list of
apps. Refusals are application/problem+json (RFC 9457); a flag's version is its ETag.
"""

from __future__ import annotations

import hmac
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from math import ceil, isinf
from typing import Any, Final, NoReturn
from unicodedata import category
from urllib.parse import parse_qsl

from attrs import evolve, field, frozen

from edgeproof.impl.durable.storage_errors import OutOfMemory, StorageError
from edgeproof.impl.edge.reader import ConfigUnavailable, Reading
from edgeproof.impl.flags import control as control_plane
from edgeproof.impl.flags.changes import FlagChange
from edgeproof.impl.flags.context import of_query
from edgeproof.impl.flags.control import ANY, PAGE, Expected, FlagInvalid, StoredFlag
from edgeproof.impl.flags.document import is_key
from edgeproof.impl.flags.evaluation import Draw, Evaluation
from edgeproof.impl.flags.service import App, AppExists, FlagService, UnknownApp

__all__ = ["MAX_BODY", "OUT_OF_MEMORY", "Request", "Response", "Routes"]

MAX_BODY: Final = 900_000
"""Bytes of a request's body."""

_MAX_DEPTH: Final = 100
"""Levels of objects and lists in a body, as the Worker has it."""

_ANY_ORIGIN: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Age, Cache-Status",
}
"""What is open to anybody is open to the pages of anybody (Fetch, section 3.3)."""

_LOG: Final = logging.getLogger(__name__)

_TITLES: Final = {
    400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict",
    412: "Precondition Failed", 413: "Content Too Large", 428: "Precondition Required", 500: "Internal Server Error",
    503: "Service Unavailable",
}  # fmt: skip


@frozen
class Request:
    """What came in; headers have small letters."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(factory=dict)
    body: bytes = b""


@frozen
class Response:
    """What goes out: JSON, or nothing at all."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(factory=dict)


class _Refused(Exception):
    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        said = {"type": "about:blank", "title": _TITLES[status], "status": status, "detail": detail, **more}
        self.response = Response(status, said, {"Content-Type": "application/problem+json", **(headers or {})})


def _unstored(request: Request, error: StorageError) -> Response:
    """What is said, here and to the client, where the files cannot be used."""
    _LOG.warning("%s %s: %s", request.method, request.path, error)
    return _said(error)


def _said(error: StorageError) -> Response:
    if error.passing:
        return _Refused(503, str(error), {"Retry-After": "1"}).response
    return _Refused(500, str(error)).response


OUT_OF_MEMORY: Final = _said(OutOfMemory())
"""Made beforehand, as it is for when nothing can be made."""


_STATUS: Final[Mapping[type[Exception], int]] = {
    control_plane.UnknownFlag: 404,
    UnknownApp: 404,
    control_plane.FlagExists: 409,
    AppExists: 409,
    control_plane.FlagConflict: 412,
    control_plane.Unversioned: 428,
    control_plane.AppFull: 413,
    ConfigUnavailable: 503,
}


class Routes:
    """Answers requests. The control plane needs `token` as a bearer token; `draw` is where chance comes from."""

    def __init__(self, service: FlagService, token: str, draw: Draw) -> None:
        self._service, self._token, self._draw = service, token.encode(), draw

    async def respond(self, request: Request) -> Response:
        """The response, whatever the request; what should never happen is logged, and 500."""
        response = await self._respond(request)
        if any(is_open and re.fullmatch(pattern, request.path) for pattern, _, is_open in _ROUTES):
            return evolve(response, headers={**response.headers, **_ANY_ORIGIN})
        return response

    async def _respond(self, request: Request) -> Response:
        try:
            return await self._route(request)
        except _Refused as refused:
            return refused.response
        except FlagInvalid as error:
            errors = [{"path": one.path, "message": one.message} for one in error.problems]
            return _Refused(400, "the flag is not what it should be", errors=errors).response
        except tuple(_STATUS) as error:
            status = _STATUS[type(error)]
            if status == 412 and request.method == "POST":
                status = 409  # a batch has no If-Match that could have failed
            return _Refused(status, str(error), {"Retry-After": "1"} if status == 503 else None).response
        except StorageError as error:
            return _unstored(request, error)
        except MemoryError:
            return OUT_OF_MEMORY
        except Exception:
            _LOG.exception("%s %s failed", request.method, request.path)
            return _Refused(
                500, "the request failed; a write may have been made: ask, or repeat it with its key"
            ).response

    async def _route(self, request: Request) -> Response:
        for pattern, methods, is_open in _ROUTES:
            match = re.fullmatch(pattern, request.path)
            if match is None:
                continue
            method = "GET" if request.method == "HEAD" else request.method
            if is_open and method == "OPTIONS":
                return Response(204, None, _preflight(methods))
            if method not in methods:
                raise _Refused(405, f"there is {', '.join(methods)} here", {"Allow": ", ".join(methods)})
            if not is_open:
                self._authorize(request)
            return await methods[method](self, request, *match.groups())
        raise _Refused(404, "there is nothing here")

    def _authorize(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.encode(errors="replace"), self._token):
            raise _Refused(401, "the control plane needs a bearer token", {"WWW-Authenticate": "Bearer"})

    # --- the control plane

    async def _create_app(self, request: Request) -> Response:
        said = _json(request, ("name",))
        if not isinstance(said.get("name"), str):
            raise _Refused(400, "an app has a name")
        try:
            return Response(201, {"result": _app(self._service.create(said["name"]))})
        except ValueError as error:
            raise _Refused(400, str(error)) from error

    async def _list_apps(self, request: Request) -> Response:
        return Response(200, {"result": [_app(self._service.app(name)) for name in self._service.names()]})

    async def _get_app(self, request: Request, app: str) -> Response:
        return Response(200, {"result": _app(self._service.app(app))})

    async def _create_flag(self, request: Request, app: str) -> Response:
        made = self._app(app).control.create(_json(request), _actor(request), _idempotency_key(request))
        return _shown(made, 201)

    async def _put_flag(self, request: Request, app: str, key: str) -> Response:
        control, document = self._app(app).control, _json(request)
        return _shown(control.update(key, document, _actor(request), _seen(request), _idempotency_key(request)))

    async def _delete_flag(self, request: Request, app: str, key: str) -> Response:
        control = self._app(app).control
        version = control.delete(key, _actor(request), _seen(request), _idempotency_key(request))
        return Response(200, {"result": {"key": key}, "version": version})

    async def _get_flag(self, request: Request, app: str, key: str) -> Response:
        return _shown(self._app(app).control.get(key))

    async def _list_flags(self, request: Request, app: str) -> Response:
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        page = self._app(app).control.page(_whole(query, "limit", PAGE, 1, PAGE), query.get("cursor", ""))
        result = [{**one.flag, "version": one.version} for one in page.flags]
        return Response(200, {"result": result, "cursor": page.cursor})

    async def _get_changelog(self, request: Request, app: str, key: str) -> Response:
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        limit, before = _whole(query, "limit", PAGE, 1, PAGE), _whole(query, "before", 2**53, 0, 2**53)
        changes = self._app(app).control.changelog(key, limit, before)
        return Response(200, {"changes": [_change(one) for one in changes]})

    async def _post_batch(self, request: Request, app: str) -> Response:
        said = _json(request, ("changes", "expected"))
        changes, expected = said.get("changes"), said.get("expected", {})
        if not isinstance(changes, dict) or not isinstance(expected, dict):
            raise _Refused(400, "changes and expected are objects")
        for key, version in expected.items():
            if type(version) is not int or version < 0:
                raise _Refused(400, f"the version of {key} is not a whole number from 0 on")
        for key in changes:
            if not is_key(key):
                raise _Refused(400, "a flag's key has 1 to 64 of A-Za-z0-9_-")
        control = self._app(app).control
        try:
            version = control.batch(changes, expected, _actor(request), _idempotency_key(request))
        except FlagInvalid:
            raise
        except ValueError as error:
            raise _Refused(400, str(error)) from error
        return Response(200, {"version": version})

    # --- the edge

    async def _get_definitions(self, request: Request, app: str) -> Response:
        edge = self._app(app).edges[self._pop(request)]
        reading, _ = await edge.find()
        snapshot = reading.snapshot
        headers = {"ETag": f'"{snapshot.era}.{snapshot.version}"', **_about(reading)}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(304, None, headers)
        return Response(200, {"flags": snapshot.config, "era": snapshot.era, "version": snapshot.version}, headers)

    async def _get_evaluation(self, request: Request, app: str) -> Response:
        key, context = of_query(request.query)
        if key is None:
            raise _Refused(400, "flagKey says which flag")
        return await self._evaluate(request, app, key, context)

    async def _post_evaluation(self, request: Request, app: str) -> Response:
        said = _json(request, ("flagKey", "context"))
        key, context = said.get("flagKey"), said.get("context", {})
        if not isinstance(context, dict) or not isinstance(key, str | None):
            raise _Refused(400, "flagKey is a text, and context is an object")
        return await self._evaluate(request, app, key, context)

    async def _evaluate(self, request: Request, app: str, key: str | None, context: Mapping[str, Any]) -> Response:
        """One flag, or all of one config."""
        edge = self._app(app).edges[self._pop(request)]
        reading, evaluator = await edge.find()
        snapshot = reading.snapshot
        label = {"era": snapshot.era, "version": snapshot.version}
        if key is None:
            flags = {one: _evaluation(evaluator.evaluate(one, context, self._draw)) for one in snapshot.config}
            return Response(200, {"flags": flags, **label}, _about(reading))
        found = evaluator.evaluate(key, context, self._draw)
        status = 404 if found.error == "FLAG_NOT_FOUND" else 200
        return Response(status, {"flagKey": key, **_evaluation(found), **label}, _about(reading))

    def _app(self, name: str) -> App:
        return self._service.app(name)

    def _pop(self, request: Request) -> str:
        """The location that the request has reached, which here a header says."""
        pops = self._service.options.pops
        pop = request.headers.get("edgeproof-pop", pops[0])
        if pop not in pops:
            raise _Refused(400, f"a location is one of {', '.join(pops)}")
        return pop


_Handler = Callable[..., Awaitable[Response]]
_SEGMENT = r"((?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]{1,128})"
_ROUTES: Final[tuple[tuple[str, Mapping[str, _Handler], bool], ...]] = (
    ("/apps", {"GET": Routes._list_apps, "POST": Routes._create_app}, False),
    (f"/apps/{_SEGMENT}", {"GET": Routes._get_app}, False),
    (f"/apps/{_SEGMENT}/flags", {"GET": Routes._list_flags, "POST": Routes._create_flag}, False),
    (
        f"/apps/{_SEGMENT}/flags/{_SEGMENT}",
        {"GET": Routes._get_flag, "PUT": Routes._put_flag, "DELETE": Routes._delete_flag},
        False,
    ),
    (f"/apps/{_SEGMENT}/flags/{_SEGMENT}/changelog", {"GET": Routes._get_changelog}, False),
    (f"/apps/{_SEGMENT}/batch", {"POST": Routes._post_batch}, False),
    (f"/apps/{_SEGMENT}/definitions", {"GET": Routes._get_definitions}, False),
    (f"/apps/{_SEGMENT}/evaluate", {"GET": Routes._get_evaluation, "POST": Routes._post_evaluation}, True),
)
"""A path, what can be done there, and whether anybody may."""


def _preflight(methods: Mapping[str, _Handler]) -> dict[str, str]:
    """What a browser asks before it lets a page send JSON."""
    return {
        "Access-Control-Allow-Methods": ", ".join(methods),
        "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Max-Age": "86400",
    }


def _json(request: Request, members: tuple[str, ...] | None = None) -> dict[str, Any]:
    """The object in the body; with `members`, no others than these."""
    if len(request.body) > MAX_BODY:
        raise _Refused(413, f"a body has at most {MAX_BODY} bytes")
    try:
        said = json.loads(
            request.body.decode(), parse_constant=_no_constant, parse_float=_double, parse_int=_whole_double
        )
    except (ValueError, RecursionError) as error:
        raise _Refused(400, "the body is not JSON in UTF-8") from error
    if not isinstance(said, dict):
        raise _Refused(400, "the body is not a JSON object")
    if _is_deeper(said, _MAX_DEPTH):
        raise _Refused(400, f"the body is nested more than {_MAX_DEPTH} deep")
    if members is not None and not said.keys() <= set(members):
        raise _Refused(400, f"the body has {' and '.join(members)}, nothing else")
    return said


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(one, levels - 1) for one in inside)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}")


def _double(digits: str) -> float:
    number = float(digits)
    if isinf(number):
        raise _Refused(400, "the body has a number that no double can hold")
    return number


def _whole_double(digits: str) -> int:
    # In JavaScript there are no whole numbers beyond the doubles.
    _double(digits)
    return int(digits)


def _actor(request: Request) -> str:
    said = _text(request.headers.get("edgeproof-actor", ""), "the header Edgeproof-Actor")
    if any(category(one) == "Cc" for one in said):
        raise _Refused(400, "the header Edgeproof-Actor has a control character")
    return said


def _idempotency_key(request: Request) -> str | None:
    said = request.headers.get("idempotency-key")
    return None if said is None else _text(said, "the header Idempotency-Key")


def _text(said: str, what: str) -> str:
    if not 1 <= len(said.encode(errors="replace")) <= 1024 or "\0" in said:
        raise _Refused(400, f"{what} has 1 to 1024 bytes of UTF-8")
    return said


def _seen(request: Request) -> Expected:
    """The version that the writer has seen, as the flag's ETag said it."""
    said = request.headers.get("if-match")
    if said is None or said == "*":
        return None if said is None else ANY
    match = re.fullmatch(r'"([1-9][0-9]{0,14})"', said)
    if match is None:
        raise _Refused(428, "If-Match says which version of the flag is meant, as its ETag did")
    return int(match[1])


def _whole(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    said = query.get(name)
    if said is None:
        return default
    if not re.fullmatch("[0-9]{1,16}", said) or not least <= int(said) <= most:
        raise _Refused(400, f"{name} is not a whole number from {least} to {most}")
    return int(said)


def _about(reading: Reading) -> dict[str, str]:
    """Whole seconds since KV last said what the location tells, rounded up, and what stood in for KV (RFC 9211)."""
    status = {} if reading.source == "kv" else {"Cache-Status": f"isolate; hit; detail={reading.source}"}
    return {"Age": str(ceil(reading.age)), **status}


def _app(app: App) -> dict[str, Any]:
    return {"id": app.name, "name": app.name}


def _shown(stored: StoredFlag, status: int = 200) -> Response:
    return Response(status, {"result": stored.flag, "version": stored.version}, {"ETag": f'"{stored.version}"'})


def _change(change: FlagChange) -> dict[str, Any]:
    about = {
        "flag_key": change.flag_key,
        "event": change.event,
        "version": change.version,
        "actor": change.actor,
        "at": round(change.at * 1000),
    }
    if change.after is None:
        return {**about, "before": change.before}
    return {**about, "after": change.after, **({} if change.diff is None else {"diff": change.diff})}


def _evaluation(found: Evaluation) -> dict[str, Any]:
    if found.error is not None:
        return {"reason": found.reason, "errorCode": found.error}
    return {"value": found.value, "variant": found.variant, "reason": found.reason}
