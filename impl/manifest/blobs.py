# SPDX-License-Identifier: Apache-2.0
"""Blobs: a bucket with R2's semantics, and the two places where parts of large configs can be kept, R2 and KV.

R2 is strongly consistent: a read sees the last write or delete, wherever it comes from (R2 consistency page). KV is
not: a location answers from its cache, also that a key is absent. The bucket in memory is the one behind the suite's
HTTP door as well (`impl.workerd.adversary_r2`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Final, Protocol

from attrs import field, frozen

from edgeproof.impl.edge.kv import KVLocation, KVNamespace, KVUnreachable, Usage

__all__ = ["Bucket", "KVParts", "PartReader", "PartStore", "R2Object", "R2Parts"]

_PAGE: Final = 1000
_MAX_KEY: Final = 1024
"""Bytes (R2 limits page)."""


@frozen
class R2Object:
    """One version of an object; times are milliseconds."""

    key: str
    value: bytes
    version: str
    uploaded: int
    custom: Mapping[str, str] = field(factory=dict)
    http: Mapping[str, str] = field(factory=dict)

    def described(self) -> dict[str, Any]:
        """As the binding wants to read it."""
        md5 = hashlib.md5(self.value, usedforsecurity=False).hexdigest()
        return {
            "name": self.key,
            "version": self.version,
            "size": str(len(self.value)),
            "etag": md5,
            "uploaded": str(self.uploaded),
            "httpFields": dict(self.http),
            "customFields": [{"k": k, "v": v} for k, v in self.custom.items()],
            "checksums": {"0": md5},
            "storageClass": "Standard",
        }


class Bucket:
    """Objects by key; a read sees the last write, wherever it comes from."""

    def __init__(self, now: Callable[[], float]) -> None:
        """`now` gives seconds."""
        self._now = now
        self.objects: dict[str, R2Object] = {}
        self._writes = 0
        self.usage = Usage()
        self._lock = Lock()

    def put(
        self, key: str, value: bytes, custom: Mapping[str, str] | None = None, http: Mapping[str, str] | None = None
    ) -> R2Object:
        """Write an object. Raises ValueError for a key that is too long."""
        if not 1 <= len(key.encode()) <= _MAX_KEY:
            raise ValueError(f"a key has 1 to {_MAX_KEY} bytes")
        with self._lock:
            self._writes += 1
            one = R2Object(key, value, f"v{self._writes}", int(self._now() * 1000), custom or {}, http or {})
            self.objects[key] = one
            self.usage.written += len(value)
        return one

    def get(self, key: str) -> R2Object | None:
        """The object of a key, as it was last written; None if there is none."""
        with self._lock:
            return self.objects.get(key)

    def delete(self, *keys: str) -> None:
        """Remove objects; those that are absent are removed all the same."""
        with self._lock:
            for key in keys:
                self.objects.pop(key, None)

    def list(self, prefix: str = "", limit: int = _PAGE, cursor: str = "") -> tuple[list[R2Object], bool]:
        """Objects in the order of their keys after `cursor`, and whether there are more."""
        with self._lock:
            keys = sorted(key for key in self.objects if key.startswith(prefix) and key > cursor)
            return [self.objects[key] for key in keys[:limit]], len(keys) > limit


class PartStore(Protocol):
    """Where parts are, as the Durable Object sees it. Each operation is one call over the network."""

    def put(self, name: str, value: bytes) -> None:
        """Write a part. Raises KVError, ValueError and OSError."""

    def delete(self, name: str) -> None:
        """Remove a part; one that is absent is removed all the same."""

    def has(self, name: str) -> bool:
        """Whether the part is there, as far as can be told from where the object runs."""


class PartReader(Protocol):
    """Where parts are, as a location sees it."""

    def get(self, name: str) -> bytes | None:
        """A part; None if it is not there. Raises KVUnreachable."""


class R2Parts:
    """Parts in a bucket, for the object and for a location; `reachable` says whether the bucket answers now."""

    def __init__(self, bucket: Bucket, reachable: Callable[[], bool] = lambda: True) -> None:
        self._bucket, self._reachable = bucket, reachable

    def put(self, name: str, value: bytes) -> None:
        """Write a part."""
        self._bucket.put(name, value)

    def delete(self, name: str) -> None:
        """Remove a part."""
        self._bucket.delete(name)

    def has(self, name: str) -> bool:
        """Whether the part is there."""
        return self._bucket.get(name) is not None

    def get(self, name: str) -> bytes | None:
        """A part; None if it is not there."""
        if not self._reachable():
            raise KVUnreachable(f"the bucket cannot be reached, and {name!r} is nowhere else")
        self._bucket.usage.fetches += 1
        found = self._bucket.get(name)
        return None if found is None else found.value


class KVParts:
    """Parts under KV keys of their own. Writes go to the centre, reads through a location and its caches."""

    def __init__(self, namespace: KVNamespace, location: KVLocation, *, cache_ttl: float) -> None:
        self._namespace, self._location, self._cache_ttl = namespace, location, cache_ttl

    def put(self, name: str, value: bytes) -> None:
        """Write a part."""
        self._namespace.put(name, value)

    def delete(self, name: str) -> None:
        """Remove a part."""
        self._namespace.delete(name)

    def has(self, name: str) -> bool:
        """Whether the location knows the part. Asking leaves the answer in its cache, also that the part is absent."""
        return self.get(name) is not None

    def get(self, name: str) -> bytes | None:
        """A part; None if it is, or was up to `cache_ttl` seconds ago, not there."""
        found = self._location.get(name, cache_ttl=self._cache_ttl)
        return None if found is None else found.value
