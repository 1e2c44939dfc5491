# SPDX-License-Identifier: Apache-2.0
"""Where events lie within a record: in the messages of a log's envelope, or in an export of OpenTelemetry.

A record that has a `kind`, or a `unit` and a `version`, as the mapping says, is looked at itself. Otherwise its shape
says what it is an envelope of; there, what has none of these is another's line, and passed over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from edgeproof.properties.intake.flag_events import FLAG_EVENTS, is_flag_event
from edgeproof.properties.intake.mapping import ColumnMapping
from edgeproof.properties.intake.otlp import MARKED, is_export
from edgeproof.properties.intake.otlp import records as records_of_export
from edgeproof.properties.intake.parse import check_once, parse_object
from edgeproof.properties.intake.paths import at, inside, is_value, json_in
from edgeproof.properties.intake.row import COLUMNS

__all__ = ["ENTRY", "ENVELOPE", "Unfolded", "is_envelope", "objects_in", "unfolded"]

ENVELOPE: Final = "envelope"
ENTRY: Final = "entry"
"""What a message gets beside its own columns: the record that it lay in, and the part of it that held the message."""

_LOGS: Final = (
    "logs.message",  # `wrangler tail`, and Tail Workers
    "Logs.Message",  # Cloudflare's Logpush, of Workers trace events
    "logEvents.message",  # Amazon CloudWatch
    *(
        "message",
        "Message",
        "msg",
        "log",
        "line",
        "body",
        "textPayload",
    ),  # containers, Vector, Loki, Google Cloud, OTLP
)
"""Where messages are, some of them text: whoever has the first name of such a path is an envelope."""

_OBJECTS: Final = (
    *("jsonPayload", "_source", "hits.hits._source", "payload", "event", "data", "record"),
    *("records", "rows", "results", "events"),
)
"""Where an object is, or several, or JSON as text: of Google Cloud, Elasticsearch, Splunk, queues, databases."""

_DEPTH: Final = 4
"""Of envelopes in envelopes."""

Record = Mapping[str, Any]
Unfolded = tuple[Record, tuple[ColumnMapping, ...]]
"""A record that may be an event, and the mappings that say what is in it, one after the other; without any it has our
columns."""


def unfolded(said: Record, own: tuple[ColumnMapping, ...]) -> Iterator[Unfolded | ValueError]:
    """The records within one, which may be events, or what is wrong with them. `own` is the user's mapping, if any."""
    if not is_export(said):
        yield from _opened(said, own, own, 0)
        return
    for record in records_of_export(said):
        if isinstance(record, ValueError):
            yield record
        else:
            known = (FLAG_EVENTS, MARKED) if is_flag_event(record) else (MARKED,)
            yield from _opened(record, own, (*own, *known), 0)


def objects_in(said: Record, depth: int = 0) -> Iterator[Record]:
    """Every object that may be an event under some mapping: the messages of an envelope, or what is none itself."""
    if is_export(said):
        yield from (record for record in records_of_export(said) if not isinstance(record, ValueError))
        return
    path = _envelope(said) if depth < _DEPTH else None
    messages = [] if path is None else [one for one in _messages(said, path, ()) if not isinstance(one, ValueError)]
    if not messages:
        yield said
    for message in messages:
        yield from objects_in(message, depth + 1)


def is_envelope(names: Collection[str]) -> bool:
    """Whether columns of such names may hold messages."""
    return any(path.partition(".")[0] in names for path in (*_LOGS, *_OBJECTS))


def _opened(
    record: Record, own: tuple[ColumnMapping, ...], mappings: tuple[ColumnMapping, ...], depth: int
) -> Iterator[Unfolded | ValueError]:
    each = own[0].each if own and depth == 0 else None
    telling = _is_telling(record, mappings)
    path = each or (None if telling or depth >= _DEPTH else _envelope(record))
    if path is not None:
        for message in _messages(record, path, own[0].names if own else COLUMNS):
            if isinstance(message, ValueError):
                yield message
            else:
                yield from _opened(message, own, own, depth + 1)
    elif depth == 0 or telling:
        yield record, mappings


def _is_telling(record: Record, mappings: Sequence[ColumnMapping]) -> bool:
    """Whether a record has a `kind`, or a `unit` and a `version`."""
    if not mappings:
        return "kind" in record or ("unit" in record and "version" in record)
    return any(
        _tells(record, mapping, ("kind",)) or _tells(record, mapping, ("unit", "version")) for mapping in mappings
    )


def _tells(record: Record, mapping: ColumnMapping, columns: Sequence[str]) -> bool:
    return all(any(is_value(at(record, path)) for path in mapping.paths(column)) for column in columns)


def _envelope(record: Record) -> str | None:
    for path in _LOGS:
        if isinstance(record.get(path.partition(".")[0]), str | list | Mapping):
            return path
    return next((path for path in _OBJECTS if _holds_objects(record.get(path.partition(".")[0]))), None)


def _holds_objects(value: Any) -> bool:
    said = json_in(value) if isinstance(value, str) else value
    return isinstance(said, Mapping) or (isinstance(said, list) and any(isinstance(one, Mapping) for one in said))


def _messages(record: Record, path: str, names: Collection[str]) -> Iterator[Record | ValueError]:
    """The objects at a path, each with what it lay in, or what is wrong with what should be one."""
    for value, holder in inside(record, path):
        try:
            message = _message(value, names)
        except ValueError as error:
            yield error
        else:
            if message is not None:
                yield {ENVELOPE: record, ENTRY: holder, **message}


def _message(value: Any, names: Collection[str]) -> Record | None:
    """The object that a message is, or has behind some words; None for one that has none."""
    if isinstance(value, Mapping):
        return value
    if not isinstance(value, str) or "{" not in value:
        return None
    start = value.index("{")
    try:
        said = parse_object(value[start : value.rindex("}") + 1] if "}" in value else value[start:])
    except ValueError as error:
        if value[:start].strip():
            return None
        raise ValueError(f"a message is cut off, or no JSON: {error}") from None
    check_once(said, names)
    return said
