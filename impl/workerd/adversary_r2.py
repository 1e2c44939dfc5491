# SPDX-License-Identifier: Apache-2.0
"""R2 behind the real binding: the bucket of `impl.manifest.blobs` with faults, and the wire form of its operations.

What is asked for is JSON: in the header cf-r2-request of a GET (get, head, list), or the first cf-r2-metadata-size
bytes of a PUT's body (put, delete). So is what is said of an object, ahead of its bytes (observed on workerd
1.20261117.1).
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from edgeproof.impl.manifest.blobs import Bucket
from edgeproof.impl.workerd.adversary import Fault

__all__ = ["R2_ERROR", "R2Bucket", "answer_r2"]

R2_ERROR: Final = "cf-r2-error"
_SIZE: Final = "cf-r2-metadata-size"
_PAGE: Final = 1000


class _Headers(Protocol):
    def get(self, name: str, /) -> str | None: ...


class R2Bucket(Bucket):
    """A bucket whose requests can be told to fail."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__(now)
        self._faults: dict[str, deque[Fault]] = {}

    def inject(self, method: str, *faults: Fault) -> None:
        """Let these happen to the next requests of an HTTP method: PUT (put, delete) or GET (get, head, list)."""
        with self._lock:
            self._faults.setdefault(method, deque()).extend(faults)

    def fault_for(self, method: str) -> Fault | None:
        """What is to happen to a request that has just come in."""
        with self._lock:
            waiting = self._faults.get(method)
            return waiting.popleft() if waiting else None


def answer_r2(bucket: R2Bucket, headers: _Headers, body: bytes) -> tuple[int, dict[str, str], bytes]:
    """Serve one request of the binding: status, headers and body of the reply."""
    size = headers.get(_SIZE)
    asked = json.loads(headers.get("cf-r2-request") or "{}") if size is None else json.loads(body[: int(size)])
    value = b"" if size is None else body[int(size) :]
    method = asked["method"]
    if method == "put":
        custom = {pair["k"]: pair["v"] for pair in asked.get("customFields", ())}
        try:
            one = bucket.put(asked["object"], value, custom, asked.get("httpFields", {}))
        except ValueError as error:
            return _refusal(400, 10020, str(error))
        return _described(one.described())
    if method == "delete":
        bucket.delete(*asked.get("objects", [asked.get("object")]))
        return 200, {}, b""
    if method == "list":
        return _listed(bucket, asked)
    found = bucket.get(asked["object"])
    if found is None:
        return _refusal(404, 10007, "The specified key does not exist.")
    return _described(found.described(), b"" if method == "head" else _part(found.value, asked))


def _listed(bucket: R2Bucket, asked: Mapping[str, Any]) -> tuple[int, dict[str, str], bytes]:
    limit = min(int(asked.get("limit", _PAGE)), _PAGE)
    after = asked.get("cursor") or asked.get("startAfter") or ""
    page, more = bucket.list(asked.get("prefix", ""), limit, after)
    said: dict[str, Any] = {"objects": [one.described() for one in page], "truncated": more, "delimitedPrefixes": []}
    return _described({**said, "cursor": page[-1].key} if more else said)


def _part(value: bytes, asked: Mapping[str, Any]) -> bytes:
    within = asked.get("range")
    if within is None:
        return value
    if "suffix" in within:
        return value[-int(within["suffix"]) :]
    start = int(within.get("offset", 0))
    return value[start : start + int(within["length"])] if "length" in within else value[start:]


def _described(said: Mapping[str, Any], value: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    text = json.dumps(said).encode()
    return 200, {_SIZE: str(len(text))}, text + value


def _refusal(status: int, code: int, message: str) -> tuple[int, dict[str, str], bytes]:
    return status, {R2_ERROR: json.dumps({"message": message, "version": 1, "v4code": code})}, b""
