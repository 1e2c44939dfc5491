# SPDX-License-Identifier: Apache-2.0
"""The control plane of one app's flags, over the app's store: whoever changes a flag says which version they have seen.

The documented API replaces a whole flag with whatever is put, so that of two editors the second one undoes the first
(REST schema; `wrangler flagship` reads, changes and puts without a version). Here a version is asked for. `blind`
offers the documented behaviour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from attrs import frozen

from edgeproof.impl.durable.front import WriteRequest
from edgeproof.impl.durable.store import ConfigStore, VersionConflict, WriteResult
from edgeproof.impl.flags.changes import FlagChange, changes_of
from edgeproof.impl.flags.document import MAX_BYTES, MAX_FLAGS, Flag, Problem, in_order, is_key, problems
from edgeproof.impl.snapshot import REMOVED, to_json

__all__ = [
    "ANY",
    "AppFull",
    "Expected",
    "FlagConflict",
    "FlagControl",
    "FlagExists",
    "FlagInvalid",
    "FlagPage",
    "StoredFlag",
    "UnknownFlag",
    "Unversioned",
]

PAGE: Final = 200
"""Flags of a page at most, and changes of one."""

MAX_BATCH: Final = 1_000
"""Flags that one write may change."""

ANY: Final = "any"
"""Instead of a version: whatever it is, as long as the flag is there. Only with `blind`."""

Expected = int | Literal["any"] | None
"""The flag's version; 0 for one that is not there; None says nothing."""


class FlagInvalid(ValueError):
    """A document is not what a flag should be; `problems` says where and why. Nothing has changed."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{one.path or 'the flag'}: {one.message}" for one in problems))
        self.problems = problems


class FlagExists(Exception):
    """A flag of this key is there already."""


class UnknownFlag(LookupError):
    """There is no flag of this key."""


class Unversioned(Exception):
    """A change has to say which version of the flag its author has seen."""


class FlagConflict(Exception):
    """The flag has another version than its editor has seen: somebody else has changed it since."""

    def __init__(self, key: str, current: int) -> None:
        super().__init__(f"the current version of {key} is {current}")
        self.key, self.current = key, current


class AppFull(Exception):
    """The app would have more flags, or more bytes, than one may have. Nothing has changed."""


@frozen(slots=True)
class StoredFlag:
    """A flag, and the app's version at which it was changed last."""

    flag: Flag
    version: int


@frozen(slots=True)
class FlagPage:
    """Flags in the order of their keys, and the cursor of the next page, None at the end."""

    flags: tuple[StoredFlag, ...]
    cursor: str | None


class FlagControl:
    """One app's flags. `now` gives seconds since 1970; `write` is what takes writes, the store itself unless given.

    `changelog_cap` is how many changes of a flag are told (200, as documented), None for all; none is ever lost. `look`
    is called by whatever reads or writes: it looks after the alarm.
    """

    def __init__(
        self,
        store: ConfigStore,
        now: Callable[[], float],
        *,
        write: Callable[[WriteRequest], WriteResult] | None = None,
        blind: bool = False,
        changelog_cap: int | None = None,
        look: Callable[[], None] = lambda: None,
    ) -> None:
        self._store, self._now, self._blind, self._cap, self._look = store, now, blind, changelog_cap, look
        self._write = write or self._to_store

    # --- reading

    def get(self, key: str) -> StoredFlag:
        """A flag. Raises UnknownFlag."""
        self._look()
        return self._found(key)

    def page(self, limit: int = PAGE, cursor: str = "") -> FlagPage:
        """The flags whose keys follow `cursor`."""
        self._look()
        names = self._store.names(cursor, limit + 1)
        flags = tuple(self._found(name) for name in names[:limit])
        return FlagPage(flags, names[limit - 1] if len(names) > limit else None)

    def changelog(self, key: str, limit: int = PAGE, before: int | None = None) -> list[FlagChange]:
        """A flag's changes, newest first, those of earlier versions than `before`; deleted flags have theirs, too."""
        self._look()
        told = changes_of(self._store.changelog(name=key))[::-1][: self._cap]
        return [change for change in told if before is None or change.version < before][:limit]

    # --- writing

    def create(self, document: Any, actor: str, idempotency_key: str | None = None) -> StoredFlag:
        """Add a flag. Raises FlagInvalid, FlagExists, AppFull."""
        key = document.get("key") if isinstance(document, dict) else None
        (version, (flag,)) = self._change({str(key): document}, {str(key): 0}, actor, idempotency_key)
        return StoredFlag(flag, version)

    def update(
        self, key: str, document: Any, actor: str, expected: Expected, idempotency_key: str | None = None
    ) -> StoredFlag:
        """Replace a flag as a whole. Raises FlagInvalid, UnknownFlag, FlagConflict, Unversioned, AppFull."""
        (version, (flag,)) = self._change({key: document}, {key: self._seen(expected)}, actor, idempotency_key)
        return StoredFlag(flag, version)

    def delete(self, key: str, actor: str, expected: Expected, idempotency_key: str | None = None) -> int:
        """Remove a flag; gives the app's version afterwards. Raises UnknownFlag, FlagConflict, Unversioned."""
        return self._change({key: None}, {key: self._seen(expected)}, actor, idempotency_key)[0]

    def batch(
        self,
        documents: Mapping[str, Any],
        expected: Mapping[str, Expected],
        actor: str,
        idempotency_key: str | None = None,
    ) -> int:
        """Change several flags in one write, which no reader ever sees half of; None for a flag to remove.

        What is `expected` of flags that do not change has to hold as well. Raises what the others raise, and ValueError
        for too many flags or none.
        """
        if not 1 <= len(documents) <= MAX_BATCH:
            raise ValueError(f"a batch has 1 to {MAX_BATCH} flags, not {len(documents)}")
        seen = {key: expected.get(key, ANY if self._blind else None) for key in {**documents, **expected}}
        if None in seen.values():
            raise Unversioned("expected says the version of every flag, 0 for a new one")
        return self._change(documents, seen, actor, idempotency_key, upsert=True)[0]

    # --- steps

    def _found(self, key: str) -> StoredFlag:
        found = self._store.field(key)
        if found is None:
            raise UnknownFlag(f"there is no flag {key}")
        return StoredFlag(*found)

    def _seen(self, expected: Expected) -> Expected:
        if expected in (None, ANY) and not self._blind:
            raise Unversioned("say which version of the flag you have seen")
        return ANY if expected is None else expected

    def _change(
        self,
        documents: Mapping[str, Any],
        expected: Mapping[str, Expected],
        actor: str,
        idempotency_key: str | None,
        upsert: bool = False,
    ) -> tuple[int, list[dict[str, Any]]]:
        flags = {key: document if document is None else self._prepared(key, document, actor)
                 for key, document in documents.items()}  # fmt: skip
        changes = {key: REMOVED if flag is None else flag for key, flag in flags.items()}
        # What is looked at here holds when the write is made: it is made at the version that was looked at, or refused.
        while True:
            first = None if idempotency_key is None else self._store.version_of(idempotency_key)
            version = self._store.version()
            if first is None:
                for key, seen in expected.items():
                    self._expect(key, seen, gone=key in flags and flags[key] is None, upsert=upsert)
                self._fits(flags)
            request = WriteRequest(changes, actor, version, idempotency_key)
            try:
                result = self._write(request)
            except VersionConflict:
                continue  # somebody wrote to the app since we looked; perhaps to another flag
            self._look()
            return result.version, [flag for flag in flags.values() if flag is not None]

    def _to_store(self, request: WriteRequest) -> WriteResult:
        return self._store.write(
            request.changes,
            actor=request.actor,
            expected_version=request.expected_version,
            idempotency_key=request.idempotency_key,
        )

    def _prepared(self, key: str, document: Any, actor: str) -> dict[str, Any]:
        found = problems(document)
        if isinstance(document, dict) and document.get("key") != key and is_key(document.get("key")):
            found += (Problem("/key", f"{key}, as in the request"),)
        if found:
            raise FlagInvalid(found)
        at = datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {**in_order(document), "updated_at": at, "updated_by": actor}

    def _expect(self, key: str, version: Expected, *, gone: bool, upsert: bool) -> None:
        """Raise unless the flag has that version, and is there if it is to be `gone` afterwards."""
        found = self._store.field(key)
        current = 0 if found is None else found[1]
        if current == 0 and (gone or not (version == 0 or (version == ANY and upsert))):
            raise UnknownFlag(f"there is no flag {key}")
        if version in (current, ANY):
            return
        if version == 0:
            raise FlagExists(f"{key} is there, at version {current}")
        raise FlagConflict(key, current)

    def _fits(self, flags: Mapping[str, Any]) -> None:
        count, size = self._store.size()
        for key, flag in flags.items():
            old = self._store.field(key)
            count += (flag is not None) - (old is not None)
            size += _bytes(key, flag) - (0 if old is None else _bytes(key, old[0]))
        if count > MAX_FLAGS:
            raise AppFull(f"an app has at most {MAX_FLAGS} flags")
        if size > MAX_BYTES:
            raise AppFull(f"an app's flags have at most {MAX_BYTES} bytes of JSON together, not {size}")


def _bytes(key: str, flag: Any) -> int:
    """As the store counts."""
    return 0 if flag is None else len(key) + len(to_json(flag)) + 4
