# SPDX-License-Identifier: Apache-2.0
"""Whether replies of the Worker are those that its OpenAPI document has."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

import jsonschema

from edgeproof.impl.workerd.client import Reply
from edgeproof.impl.workerd.config import WORKER

__all__ = ["OPENAPI", "check", "check_path"]

OPENAPI: Final = json.loads((WORKER / "openapi.json").read_text(encoding="utf-8"))


def check(method: str, path: str, reply: Reply) -> None:
    """The reply is one that the document has for this path of it. Raises AssertionError, ValidationError."""
    operation = OPENAPI["paths"][path][method.lower()]
    assert str(reply.status) in operation["responses"], reply
    contents = operation["responses"][str(reply.status)].get("content")
    if contents is None:
        assert reply.said is None
        return
    (kind, content), *_ = contents.items()
    assert reply.headers["Content-Type"].split(";")[0] == kind
    _validator(json.dumps(content["schema"])).validate(reply.said)


def check_path(method: str, url: str, reply: Reply) -> None:
    """The same for the URL of a request, where the document has its path and method."""
    for path, operations in OPENAPI["paths"].items():
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))
        if re.fullmatch(pattern, urlsplit(url).path) and method.lower() in operations:
            check(method, path, reply)


@cache
def _validator(schema: str) -> jsonschema.Draft202012Validator:
    described: dict[str, Any] = {**json.loads(schema), "components": OPENAPI["components"]}
    return jsonschema.Draft202012Validator(described)
