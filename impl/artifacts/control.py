# SPDX-License-Identifier: Apache-2.0
"""The control plane of repositories and tokens, without a network: paths, bodies and error codes as Artifacts has them.

Answers have the envelope of Cloudflare's API, version 4. A token is told once, when it is minted.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from attrs import frozen

from edgeproof.impl.artifacts.service import ArtifactService, Kept, RepoExists, UnknownRepo
from edgeproof.impl.durable.storage_errors import StorageError
from edgeproof.impl.tokens.table import STATES
from edgeproof.impl.tokens.tokens import SCOPES, Credential, TokenRecord, TokenTtlError

__all__ = ["MAX_BODY", "Answer", "Asked", "Control"]

MAX_BODY: Final = 65_536
"""Bytes of a request's body."""

_PER_PAGE: Final = {"repos": (50, 200), "tokens": (30, 100)}
"""How many are listed by default, and at most."""
_DAY: Final = 86_400


@frozen
class Asked:
    """A request to the control plane; headers have small letters."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@frozen
class Answer:
    """A status, and a document in JSON."""

    status: int
    document: Mapping[str, Any]


class _Refused(Exception):
    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.answer = Answer(status, _envelope(None, [{"code": code, "message": message}]))


class Control:
    """Answers whoever has the bearer token of the control plane. Tokens of repositories are none."""

    def __init__(self, service: ArtifactService, bearer: str, url: str) -> None:
        """`url` is where Git clients find the service."""
        self._service, self._bearer, self._url = service, bearer.encode(), url

    async def respond(self, asked: Asked) -> Answer:
        """The answer, whatever is asked. Raises what should never happen."""
        try:
            return await self._route(asked)
        except _Refused as refused:
            return refused.answer
        except UnknownRepo as error:
            return _Refused(404, 10200, str(error)).answer
        except RepoExists as error:
            return _Refused(409, 10201, str(error)).answer
        except TokenTtlError as error:
            return _Refused(400, error.code, str(error)).answer
        except (StorageError, OSError) as error:
            return _Refused(500, 10400, str(error)).answer

    async def _route(self, asked: Asked) -> Answer:
        base = f"/v1/api/namespaces/{self._service.options.namespace}"
        if not asked.path.startswith(base + "/"):
            raise _Refused(404, 10200, "there is nothing here")
        scheme, _, bearer = asked.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(bearer.encode(errors="replace"), self._bearer):
            raise _Refused(401, 10000, "the control plane needs its bearer token")
        for pattern, methods in _ROUTES:
            match = re.fullmatch(pattern, asked.path.removeprefix(base))
            if match is not None:
                if asked.method not in methods:
                    raise _Refused(405, 10405, f"there is {', '.join(methods)} here")
                return await methods[asked.method](self, asked, *match.groups())
        raise _Refused(404, 10200, "there is nothing here")

    # --- repositories

    async def _create(self, asked: Asked) -> Answer:
        name = _text(_object(asked), "name")
        return await self._made(lambda: self._service.create(name))

    async def _fork(self, asked: Asked, source: str) -> Answer:
        name = _text(_object(asked), "name")
        return await self._made(lambda: self._service.fork(source, name))

    async def _made(self, make: Callable[[], Kept]) -> Answer:
        try:
            kept = make()
        except ValueError as error:
            raise _Refused(400, 10100, str(error)) from error
        credential = await self._service.mint(kept.name, "write", _DAY)
        return Answer(201, _envelope({**self._described(kept), "token": credential.text}))

    async def _list(self, asked: Asked) -> Answer:
        limit = _limit(asked, "limit", *_PER_PAGE["repos"])
        after, search = asked.query.get("cursor", ""), asked.query.get("search", "")
        found = [one for one in self._service.repos() if one.name > after and search in one.name]
        cursor = found[limit - 1].name if len(found) > limit else None
        listed = _envelope([self._described(one) for one in found[:limit]])
        return Answer(200, {**listed, "result_info": {"cursor": cursor}})

    async def _get(self, asked: Asked, name: str) -> Answer:
        return Answer(200, _envelope(self._described(self._service.repo(name))))

    async def _delete(self, asked: Asked, name: str) -> Answer:
        self._service.delete(name)
        return Answer(202, _envelope({"name": name}))

    # --- tokens

    async def _mint(self, asked: Asked) -> Answer:
        said = _object(asked)
        repo, scope, ttl = _text(said, "repo"), said.get("scope", "write"), said.get("ttl", _DAY)
        if scope not in SCOPES:
            raise _Refused(400, 10100, f"a scope is {' or '.join(SCOPES)}")
        if type(ttl) is not int:
            raise _Refused(400, 10103, "a ttl is a whole number of seconds")
        credential = await self._service.mint(repo, scope, ttl)
        return Answer(201, _envelope(_minted(credential, scope)))

    async def _list_tokens(self, asked: Asked, name: str) -> Answer:
        state = asked.query.get("state", "active")
        if state not in (*STATES, "all"):
            raise _Refused(400, 10100, f"a state is {', '.join(STATES)} or all")
        per_page, page = _limit(asked, "per_page", *_PER_PAGE["tokens"]), _limit(asked, "page", 1, 10**6)
        records = self._service.repo(name).tokens.list(state)
        now = self._service.now()
        listed = [_listed(one, now) for one in records[(page - 1) * per_page : page * per_page]]
        return Answer(200, {**_envelope(listed), "result_info": {"page": page, "total_count": len(records)}})

    async def _revoke(self, asked: Asked, id: str) -> Answer:
        if not await self._service.revoke(id):
            raise _Refused(404, 10200, "there is no such token that is not revoked")
        return Answer(200, _envelope({"id": id}))

    def _described(self, kept: Kept) -> dict[str, Any]:
        with kept.git.view() as view:
            head = view.head()
        remote = f"{self._url}/git/{self._service.options.namespace}/{kept.name}.git"
        branch = head.removeprefix(b"refs/heads/").decode(errors="replace")
        return {"name": kept.name, "remote": remote, "default_branch": branch}


_Handler = Callable[..., Awaitable[Answer]]
_SEGMENT = r"([A-Za-z0-9][A-Za-z0-9._-]{0,127})"
_ROUTES: Final[tuple[tuple[str, Mapping[str, _Handler]], ...]] = (
    ("/repos", {"GET": Control._list, "POST": Control._create}),
    (f"/repos/{_SEGMENT}", {"GET": Control._get, "DELETE": Control._delete}),
    (f"/repos/{_SEGMENT}/fork", {"POST": Control._fork}),
    (f"/repos/{_SEGMENT}/tokens", {"GET": Control._list_tokens}),
    ("/tokens", {"POST": Control._mint}),
    (f"/tokens/{_SEGMENT}", {"DELETE": Control._revoke}),
)


def _envelope(result: Any, errors: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"result": result, "success": not errors, "errors": errors or [], "messages": []}


def _minted(credential: Credential, scope: str) -> dict[str, Any]:
    return {
        "id": credential.digest[:16],
        "plaintext": credential.text,
        "scope": scope,
        "expires_at": credential.expires,
    }


def _listed(record: TokenRecord, now: float) -> dict[str, Any]:
    return {"id": record.id, "scope": record.scope, "state": record.state(now), "expires_at": record.expires}


def _object(asked: Asked) -> dict[str, Any]:
    if len(asked.body) > MAX_BODY:
        raise _Refused(413, 10100, f"a body has at most {MAX_BODY} bytes")
    try:
        said = json.loads(asked.body)
    except (ValueError, RecursionError) as error:
        raise _Refused(400, 10100, "the body is not JSON in UTF-8") from error
    if not isinstance(said, dict):
        raise _Refused(400, 10100, "the body is not a JSON object")
    return said


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str):
        raise _Refused(400, 10100, f"{name} is a text")
    return value


def _limit(asked: Asked, name: str, default: int, most: int) -> int:
    said = asked.query.get(name)
    if said is None:
        return default
    if not re.fullmatch("[0-9]{1,9}", said) or not 1 <= int(said) <= most:
        raise _Refused(400, 10100, f"{name} is a whole number from 1 to {most}")
    return int(said)
