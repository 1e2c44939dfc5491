# SPDX-License-Identifier: Apache-2.0
"""Workers KV: one central store, a cache per location, no compare-and-set, and the documented limits.

A put goes to the centre and to no cache. A location serves its own copy for as long as the reader's `cacheTtl` allows,
and asks the centre for another after that. Value and metadata of a key travel together. Facts without another source
are from the Workers KV pages "How KV works", "Read key-value pairs", "Write key-value pairs" and "Limits".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any, Final

from attrs import define, evolve, frozen

from edgeproof.impl.edge.centre import Centre, DictCentre, KVEntry
from edgeproof.impl.runtime import Clock
from edgeproof.impl.snapshot import to_json

__all__ = [
    "DEFAULT_CACHE_TTL",
    "Copy",
    "Fetch",
    "KVError",
    "KVLimitError",
    "KVLocation",
    "KVNamespace",
    "KVPage",
    "KVThrottled",
    "KVUnreachable",
    "Limits",
    "LocationCache",
    "Usage",
]

DEFAULT_CACHE_TTL: Final = 60.0
"""Seconds that a location serves its copy if the reader does not say."""


class KVError(Exception):
    """KV refused; `status` is the HTTP status behind the refusal."""

    status = 500


class KVLimitError(KVError):
    """The request can never succeed: something in it is over a limit, or malformed. 400, 413 or 414."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class KVThrottled(KVError):
    """Too many writes to one key; the same put may succeed a second later. Nothing has changed."""

    status = 429


class KVUnreachable(KVError):
    """The location has no copy that it may serve, and cannot reach the centre."""

    status = 503


@frozen
class Limits:
    """What KV refuses. Sizes are in bytes, times in seconds; at the limit itself everything still works."""

    key: int = 512
    value: int = 25 * 1024 * 1024
    metadata: int = 1024
    """Of JSON text in UTF-8."""
    min_expiration_ttl: float = 60
    min_cache_ttl: float = 30
    """60 before 2026-01-30 (changelog)."""
    list_page: int = 1000
    write_spacing: float = 1
    """At least this long between two writes to one key; 0 lifts the limit."""


@frozen(slots=True)
class KVPage:
    """One page of keys in order, and the cursor of the next one, None at the end."""

    keys: Sequence[tuple[str, KVEntry]]
    cursor: str | None


@frozen(slots=True)
class Copy:
    """What a cache holds of one key: the entry, or None for a key that was absent, and when it was fetched."""

    entry: KVEntry | None
    fetched_at: float


@define(slots=True)
class Usage:
    """What locations have fetched from the centre, in requests, and the bytes of the values that were put."""

    fetches: int = 0
    written: int = 0


@frozen(slots=True)
class Fetch:
    """A question for a key that is under way: when it was asked, and how many answers for the key had come by then."""

    key: str
    asked_at: float
    answered: int


class LocationCache:
    """One cache. A location has one, or several of which a read is served by any.

    `overlap` says what is kept where an answer finds that another has come since its question. "newest": what was put
    last, and neither where nobody can say. "neither". "latest": the answer, as if it had not been overtaken.
    """

    def __init__(self, overlap: str = "newest") -> None:
        if overlap not in _OVERLAPS:
            raise ValueError(f"of overlapping answers a cache keeps {', '.join(_OVERLAPS)}, not {overlap!r}")
        self._either = _OVERLAPS[overlap]
        self.copies: dict[str, Copy] = {}
        """By key; a copy stays here when it is too old to be served."""
        self._answered: dict[str, int] = {}
        self._lock = Lock()

    def begin(self, key: str, now: float) -> Fetch:
        """Somebody asks what is behind the cache for a key."""
        return Fetch(key, now, self._answered.get(key, 0))

    def end(self, fetch: Fetch, entry: KVEntry | None, *, negative_caching: bool) -> None:
        """The answer has come: keep it, unless what is kept may be newer; absence only with `negative_caching`."""
        # A copy is as old as its question: from then on the centre may hold something newer.
        copy = Copy(entry, fetch.asked_at) if entry is not None or negative_caching else None
        with self._lock:
            answered = self._answered.get(fetch.key, 0)
            self._answered[fetch.key] = answered + 1
            if answered != fetch.answered:
                copy = self._either(copy, self.copies.get(fetch.key))
            if copy is None:
                self.copies.pop(fetch.key, None)
            else:
                self.copies[fetch.key] = copy

    def fresh(self, key: str, now: float, cache_ttl: float) -> Copy | None:
        """The copy that may be served: not older than `cache_ttl` seconds, and not past its own expiry."""
        copy = self.copies.get(key)
        if copy is None or now - copy.fetched_at > cache_ttl:
            return None
        # A key's expiration beats cacheTtl.
        if copy.entry is not None and copy.entry.expired(now):
            return None
        return copy


class KVNamespace:
    """The centre, as writers see it."""

    def __init__(
        self,
        clock: Clock,
        centre: Centre | None = None,
        *,
        limits: Limits = Limits(),
        negative_caching: bool = True,
    ) -> None:
        self._clock = clock
        self._centre: Centre = DictCentre() if centre is None else centre
        self.limits = limits
        self.negative_caching = negative_caching
        """Whether a location caches that a key is absent, as the platform does."""
        self.usage = Usage()

    def put(
        self,
        key: str,
        value: bytes | str,
        *,
        metadata: Any = None,
        expiration_ttl: float | None = None,
        expiration: float | None = None,
    ) -> None:
        """Write a key at the centre; whoever comes last wins.

        `expiration_ttl` is in seconds from now, `expiration` in seconds of the namespace's clock. Raises KVLimitError
        and KVThrottled.
        """
        data = value.encode() if isinstance(value, str) else value
        self._check_key(key)
        if len(data) > self.limits.value:
            raise KVLimitError(413, f"a value of {len(data)} bytes exceeds the limit of {self.limits.value}")
        described = None if metadata is None else self._metadata(metadata)
        now = self._clock.now()
        expires_at = self._expiry(now, expiration_ttl, expiration)
        self._write(key, KVEntry(data, described, now, expires_at), now)
        self.usage.written += len(data)

    def delete(self, key: str) -> None:
        """Remove a key at the centre; copies of it live on. A key that is absent is deleted all the same."""
        self._check_key(key)
        self._write(key, None, self._clock.now())

    def read_centre(self, key: str) -> KVEntry | None:
        """What the centre holds; only a cache that misses gets to see it."""
        entry = self._centre.read(key)
        return None if entry is None or entry.expired(self._clock.now()) else entry

    def list(self, *, prefix: str = "", limit: int = 1000, cursor: str | None = None) -> KVPage:
        """The keys that start with `prefix`, in the order of their UTF-8 bytes, at most `limit` of them."""
        if not 1 <= limit <= self.limits.list_page:
            raise KVLimitError(400, f"a page has 1 to {self.limits.list_page} keys, not {limit}")
        after = "" if cursor is None else _key_of(cursor)
        found = self._centre.page(prefix, after, limit + 1, self._clock.now())
        page = found[:limit]
        return KVPage(page, _cursor_at(page[-1][0]) if len(found) > limit else None)

    def check_cache_ttl(self, seconds: float) -> None:
        """Raise KVLimitError for a `cacheTtl` below the minimum."""
        if seconds < self.limits.min_cache_ttl:
            raise KVLimitError(
                400, f"a cacheTtl of {seconds:g} s is below the minimum of {self.limits.min_cache_ttl:g}"
            )

    def _write(self, key: str, entry: KVEntry | None, now: float) -> None:
        if not self._centre.write(key, entry, now, self.limits.write_spacing):
            raise KVThrottled(f"429 Too Many Requests: {key!r} takes a write every {self.limits.write_spacing:g} s")

    def _check_key(self, key: str) -> None:
        if key in ("", ".", ".."):
            raise KVLimitError(400, f"{key!r} is not a key")
        size = len(key.encode())
        if size > self.limits.key:
            raise KVLimitError(414, f"a key of {size} bytes of UTF-8 exceeds the limit of {self.limits.key}")

    def _metadata(self, metadata: Any) -> str:
        # to_json escapes what is not ASCII; the limit counts UTF-8.
        text = to_json(metadata)
        size = len(text) if "\\u" not in text else _utf8_size(metadata)
        if size > self.limits.metadata:
            raise KVLimitError(413, f"metadata of {size} bytes of JSON exceeds the limit of {self.limits.metadata}")
        return text

    def _expiry(self, now: float, ttl: float | None, at: float | None) -> float | None:
        if ttl is None and at is None:
            return None
        left = ttl if ttl is not None else (at or 0.0) - now
        if left < self.limits.min_expiration_ttl:
            raise KVLimitError(
                400, f"an expiration {left:g} s from now is below the minimum of {self.limits.min_expiration_ttl:g}"
            )
        return now + left


class KVLocation:
    """KV as a reader at one location sees it: its caches first, then the centre if it can be reached."""

    def __init__(
        self,
        namespace: KVNamespace,
        clock: Clock,
        choose: Callable[[], LocationCache],
        reachable: Callable[[], bool] = lambda: True,
        behind: Callable[[str], KVEntry | None] | None = None,
        *,
        dated: str = "asked",
    ) -> None:
        """`choose` gives the cache that serves the next read; `reachable` says whether the centre answers now.

        `behind` is what a cache that misses asks for a key: the centre if it is None, or a tier in between. `dated`
        says what the age of a copy counts from: "asked", the question, or "answered", as if answers took no time.
        """
        if dated not in ("asked", "answered"):
            raise ValueError(f"a copy is as old as when it was asked or answered, not {dated!r}")
        self._namespace, self._clock = namespace, clock
        self._choose, self._reachable = choose, reachable
        self._behind = behind or namespace.read_centre
        self._dated = dated

    def get(self, key: str, *, cache_ttl: float = DEFAULT_CACHE_TTL) -> KVEntry | None:
        """The entry of a key, possibly as it was up to `cache_ttl` seconds ago; None if it is, or was, absent.

        A lower `cache_ttl` than last time counts for a copy that is cached already. Raises KVUnreachable, KVLimitError.
        """
        self._namespace.check_cache_ttl(cache_ttl)
        cache = self._choose()
        copy = cache.fresh(key, self._clock.now(), cache_ttl)
        if copy is not None:
            return copy.entry
        return self.fetch(key, cache)

    def refresh(self, key: str, cache: LocationCache) -> None:
        """Fetch a key anew although its copy may still be fresh, as a location does in the background with hot keys.

        Raises KVUnreachable, and LookupError if the cache has no copy of the key.
        """
        self._finish(self.renew(key, cache), cache)

    def fetch(self, key: str, cache: LocationCache) -> KVEntry | None:
        """Ask what is behind the caches for a key, and keep the answer in `cache`. Raises KVUnreachable."""
        return self._finish(self.ask(key, cache), cache)

    def renew(self, key: str, cache: LocationCache) -> Fetch:
        """The first step of a refresh, which goes on like any fetch. Raises KVUnreachable and LookupError."""
        if key not in cache.copies:
            raise LookupError(f"{key!r} is not cached here")
        return self.ask(key, cache)

    def ask(self, key: str, cache: LocationCache) -> Fetch:
        """The first step of a fetch: a question for `cache` leaves the location. Raises KVUnreachable."""
        if not self._reachable():
            raise KVUnreachable(f"the centre cannot be reached, and no copy of {key!r} may be served")
        self._namespace.usage.fetches += 1
        return cache.begin(key, self._clock.now())

    def look_up(self, key: str) -> KVEntry | None:
        """The second: what is behind the caches answers with what it has now."""
        return self._behind(key)

    def keep(self, fetch: Fetch, entry: KVEntry | None, cache: LocationCache) -> None:
        """The third: the answer is there, perhaps long after, and `cache` keeps it or not."""
        if self._dated == "answered":
            fetch = evolve(fetch, asked_at=self._clock.now())
        cache.end(fetch, entry, negative_caching=self._namespace.negative_caching)

    def _finish(self, fetch: Fetch, cache: LocationCache) -> KVEntry | None:
        entry = self.look_up(fetch.key)
        self.keep(fetch, entry, cache)
        return entry


def _newest(came: Copy | None, kept: Copy | None) -> Copy | None:
    """The newer of two copies whose questions were under way together; None where nobody can say, to ask anew.

    Only values say when they were written: of a value and its absence either may be the older one.
    """
    if came is None or kept is None:
        return None
    if _told(came) == _told(kept):
        return kept
    if came.entry is None or kept.entry is None or came.entry.written_at == kept.entry.written_at:
        return None
    return came if came.entry.written_at > kept.entry.written_at else kept


def _neither(came: Copy | None, kept: Copy | None) -> None:
    """Neither, to ask anew."""


def _latest(came: Copy | None, kept: Copy | None) -> Copy | None:
    """The one that came last, which may be the older one."""
    return came


_OVERLAPS: Final[Mapping[str, Callable[[Copy | None, Copy | None], Copy | None]]] = {
    "newest": _newest,
    "neither": _neither,
    "latest": _latest,
}


def _told(copy: Copy) -> tuple[bytes, str | None, float | None] | None:
    """What a reader is told of a copy, whichever put it is from."""
    entry = copy.entry
    return None if entry is None else (entry.value, entry.metadata, entry.expires_at)


def _utf8_size(metadata: Any) -> int:
    return len(json.dumps(metadata, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass"))


def _cursor_at(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode()


def _key_of(cursor: str) -> str:
    try:
        return base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode()
    except ValueError as error:
        raise KVLimitError(400, f"{cursor!r} is not a cursor") from error
