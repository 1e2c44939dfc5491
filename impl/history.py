# SPDX-License-Identifier: Apache-2.0
"""The recorded format: what happened in a run, one event per line of JSON.

Times are seconds of one clock that all recorders share (CLOCK_MONOTONIC within a machine); each event lies somewhere
between `invoke` and `return`. A digest is the SHA-256 of a config's canonical JSON text, so that what a reader was told
can be compared with what was committed without keeping either; version 0 is the empty config, `{}`.

While a run goes on, every process writes a part of its own through a `Recorder`; `merge` makes one history of them.
"""

from __future__ import annotations

import hashlib
import json
import marshal
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from attrs import asdict, frozen

from edgeproof.impl.snapshot import Config, from_kv, to_json

__all__ = ["EMPTY_DIGEST", "Digests", "Event", "Recorder", "digest_of", "digest_of_value", "merge", "now"]

now = time.monotonic
"""The clock of every recorded time."""


@frozen(slots=True)
class Event:
    """One line. What does not apply, or is not known, is None.

    `kind` is commit, publish, read or fault; `outcome` ok, fail (it did not happen) or unknown. `returned` (`return` in
    the file) is None where nobody saw it end. `source` says where a read was served from: memo (the isolate's memory),
    cache, kv (the centre), fallback (the isolate's memory, KV being out of reach), last_good (the same, what KV has
    being no config) or store. `note` names a fault, or says why an outcome is not ok, or a read not from KV. `key` is a
    commit's idempotency key, `base` the version that it was made on top of.
    """

    kind: str
    unit: str
    invoke: float
    returned: float | None
    outcome: str
    version: int | None = None
    era: int | None = None
    digest: str | None = None
    pop: str | None = None
    reader: str | None = None
    source: str | None = None
    note: str | None = None
    key: str | None = None
    base: int | None = None


def digest_of(config: Config) -> str:
    """The digest of a config."""
    return hashlib.sha256(to_json(config).encode()).hexdigest()


EMPTY_DIGEST: Final = digest_of({})
"""Of version 0."""

_TAIL: Final = re.compile(rb',"era":[0-9]+,"version":[0-9]+}')


def digest_of_value(value: bytes) -> str:
    """The digest of the config in a KV value. Raises ValueError for a value that is not one."""
    end = value.rfind(b',"era":')
    if value.startswith(b'{"config":') and _TAIL.fullmatch(value, max(end, 0)):
        # Published values are canonical JSON, in which the config's own text stands as it is.
        return hashlib.sha256(memoryview(value)[10:end]).hexdigest()
    return digest_of(from_kv(value).config)


class Digests:
    """Digests of configs of which one is often the same as the one before."""

    def __init__(self) -> None:
        self._seen = b""
        self._digest = ""

    def of(self, config: Config) -> str:
        """The digest of a config; far quicker for the same content again."""
        # Equal bytes mean equal content, down to the difference between true and 1. Format 2 has no back references.
        seen = hashlib.sha256(marshal.dumps(dict(config), 2)).digest()
        if seen != self._seen:
            self._seen, self._digest = seen, digest_of(config)
        return self._digest


class Recorder:
    """Writes the events of one process to its part. A line that is written survives the process."""

    def __init__(self, path: Path) -> None:
        # Unbuffered, so that a killed process loses nothing but what it had not come to write.
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._count = 0

    def record(self, event: Event, *, replaces: int | None = None) -> int:
        """Write an event, or write it anew once more is known of it; gives a number to name it by."""
        number = self._count if replaces is None else replaces
        self._count += replaces is None
        line = json.dumps({"number": number, "event": asdict(event)}, separators=(",", ":"))
        left = memoryview(line.encode() + b"\n")
        while left:  # a disk that becomes full takes the beginning, and says so of the rest
            left = left[os.write(self._file, left) :]
        return number

    def close(self) -> None:
        """Close the part."""
        os.close(self._file)


def merge(
    parts: Iterable[Path], complete: Callable[[Event], Event], history: Path, origin: float | None = 0.0
) -> Counter[str]:
    """Write the history of a run from its parts, by the time of `invoke`; counts the events by kind and outcome.

    `complete` is given each event, and adds what was learnt later. `origin` becomes time 0, or the first event does.
    """
    found: list[Event] = []
    counts: Counter[str] = Counter()
    for part in parts:
        latest: dict[int, Event] = {}
        for line in part.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):  # a killed process may leave half a line at the end
                said = json.loads(line)
                latest[said["number"]] = Event(**said["event"])
        for event in latest.values():
            whole = complete(event)
            found.append(whole)
            counts[f"{whole.kind} {whole.outcome}"] += 1
    first = min((event.invoke for event in found), default=0.0) if origin is None else origin
    lines = sorted((event.invoke, _line(event, first)) for event in found)
    unfinished = history.with_name(history.name + ".part")
    with unfinished.open("w", encoding="utf-8") as out:
        out.writelines(line for _, line in lines)
    unfinished.replace(history)
    return counts


def _line(event: Event, origin: float) -> str:
    """The event as it stands in the file, without the columns that do not apply."""
    fields: dict[str, Any] = {}
    for name, value in asdict(event).items():
        if name == "returned":
            fields["return"] = value if value is None else round(value - origin, 6)
        elif value is not None:
            fields[name] = round(value - origin, 6) if name == "invoke" else value
    return json.dumps(fields) + "\n"
