# SPDX-License-Identifier: Apache-2.0
"""A first description of a deployment from its OpenAPI document: which operation writes, and which ones read.

It is a guess by names and schemas, to be looked over; `edgeproof target check` tries it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import frozen

from edgeproof.reports.target.draft import Draft, DraftRead

__all__ = ["draft_from"]

_VERSIONS: Final = ("version", "revision", "rev", "generation", "sequence", "seq")
_CONTENTS: Final = ("config", "flags", "values", "data", "content", "fields", "settings")
_UNITS: Final = ("unit", "app", "tenant", "namespace", "project", "environment", "org", "zone")
_SAID: Final[Mapping[str, str]] = {
    "changes": "{changes}",
    "value": "{value}",
    "expected_version": "{expected}",
    "base_version": "{expected}",
    "if_match": "{expected}",
    "idempotency_key": "{key}",
    "request_id": "{key}",
    "actor": "edgeproof",
    "author": "edgeproof",
}
"""What members of a body are filled with."""
_DEEPEST: Final = 20
"""References that are followed in a row."""


@frozen
class Operation:
    """One operation: the members of what it takes and gives, the headers that we know how to fill, whether its answer
    has an entity tag, and whether it needs a token.
    """

    method: str
    path: str
    takes: Mapping[str, Any]
    gives: Mapping[str, Any]
    headers: tuple[str, ...]
    tags: bool
    guarded: bool


def draft_from(base: str, document: Any) -> Draft | None:
    """The description that a document suggests; None where nothing in it writes, or nothing reads."""
    operations = list(_operations(document)) if isinstance(document, dict) else []
    writes = [one for one in operations if one.method in ("PUT", "POST", "PATCH") and _version(one)]
    for write in sorted(writes, key=_rank, reverse=True):
        reads = [one for one in operations if one.method == "GET" and _version(one) and _same_unit(one, write)]
        if reads:
            return _draft(base, write, reads)
    return None


def _draft(base: str, write: Operation, reads: list[Operation]) -> Draft:
    strong = next((one for one in reads if one.guarded), None)
    edge = next((one for one in reads if one is not strong), None)
    chosen = {"edge": edge, "strong": strong}
    headers = {name: '"{expected}"' if name.lower() == "if-match" else "{key}" for name in write.headers}
    return Draft(
        base=base,
        bearer_file="token.txt" if any(one.guarded for one in (write, *reads)) else "",
        versions="opaque" if _version(write) == "header:ETag" else "counting",
        write=f"{write.method} {_path(write.path)}",
        headers=headers,
        body=_body(write.takes),
        version=_version(write),
        reads={name: _read(one) for name, one in chosen.items() if one is not None},
    )


def _read(one: Operation) -> DraftRead:
    found = next((name for name in _CONTENTS if name in one.gives), "")
    return DraftRead(f"GET {_path(one.path)}", _version(one), f"json:/{found}" if found else "")


def _rank(one: Operation) -> int:
    """How much of what can be filled in an operation has a place for."""
    return sum(name in _SAID for name in one.takes) + len(one.headers)


def _version(one: Operation) -> str:
    """Where an operation's answer says which version it is; "" if it does not."""
    named = next((name for name in _VERSIONS if name in one.gives), "")
    return f"json:/{named}" if named else "header:ETag" if one.tags else ""


def _same_unit(read: Operation, write: Operation) -> bool:
    """Whether a read names nothing that the write does not."""
    return set(_parameters(read.path)) <= set(_parameters(write.path))


def _parameters(path: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", path)


def _path(path: str) -> str:
    names = {name: "{unit}" if name.lower() in _UNITS else "{field}" for name in _parameters(path)}
    return re.sub(r"\{(\w+)\}", lambda found: names[found[1]], path)


def _body(takes: Mapping[str, Any]) -> Any:
    known = {name: _SAID[name] for name in takes if name in _SAID}
    return known if any(value in ("{value}", "{changes}") for value in known.values()) else "json"


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, item in _table(document.get("paths")).items():
        shared = _list(_table(item).get("parameters"))
        for method, one in _table(item).items():
            said = _table(one)
            if "responses" not in said:
                continue
            answer = next(
                (_at(document, a) for s, a in _table(said["responses"]).items() if str(s).startswith("2")), {}
            )
            parameters = [_at(document, p) for p in (*shared, *_list(said.get("parameters")))]
            headers = [str(p.get("name")) for p in parameters if p.get("in") == "header"]
            known = tuple(name for name in headers if name.lower() in ("if-match", "idempotency-key"))
            gives, tags = _members(document, answer), any(h.lower() == "etag" for h in _table(answer.get("headers")))
            guarded = bool(said.get("security", document.get("security")))
            takes = _members(document, _at(document, said.get("requestBody")))
            yield Operation(method.upper(), str(path), takes, gives, known, tags, guarded)


def _members(document: Mapping[str, Any], of: Mapping[str, Any]) -> Mapping[str, Any]:
    """The members of the JSON object that a body or an answer has."""
    kinds = _table(of.get("content"))
    bodies = [_table(kind) for name, kind in kinds.items() if str(name).endswith("json")]
    return _table(_at(document, bodies[0].get("schema")).get("properties")) if bodies else {}


def _at(document: Mapping[str, Any], said: Any) -> Mapping[str, Any]:
    """A part of the document, where it is only named there, too."""
    found = _table(said)
    for _ in range(_DEEPEST):
        if not isinstance(found.get("$ref"), str):
            return found
        target: Any = document
        for part in found["$ref"].removeprefix("#/").split("/"):
            target = _table(target).get(part)
        found = _table(target)
    return {}


def _table(said: Any) -> Mapping[str, Any]:
    return said if isinstance(said, dict) else {}


def _list(said: Any) -> list[Any]:
    return said if isinstance(said, list) else []
