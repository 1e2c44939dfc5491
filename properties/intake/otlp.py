# SPDX-License-Identifier: Apache-2.0
"""OTLP/JSON as records: spans, the events on them, and logs, each with its attributes, its scope's and its resource's.

What has the attribute `edgeproof.kind` is an event of a history without a mapping; `edgeproof.unit`,
`edgeproof.version` and so on are the other columns. `invoke` and `return` are a span's start and end, or a log's time,
and the outcome is unknown where a span's status is an error. With a mapping any attribute may be any column. Source:
opentelemetry-proto, its trace.proto and logs.proto and their JSON encoding (64-bit integers are strings; 0 is no time).
Names are in lowerCamelCase; ProtoJSON lets a writer keep those of the .proto files (`start_time_unix_nano`), which are
read as the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from edgeproof.properties.intake.mapping import SKIP, ColumnMapping
from edgeproof.properties.intake.row import COLUMNS

__all__ = ["EXPORTS", "MARKED", "is_export", "records"]

PREFIX: Final = "edgeproof."

MARKED: Final = ColumnMapping(
    columns={
        **{column: (PREFIX + column,) for column in COLUMNS},
        "invoke": ("startTimeUnixNano", "timeUnixNano", "observedTimeUnixNano"),
        "return": ("endTimeUnixNano", "timeUnixNano", "observedTimeUnixNano"),
        "outcome": (PREFIX + "outcome", "status.code"),
    },
    times={"invoke": "ns", "return": "ns"},
    values={
        "kind": {"": SKIP},
        "outcome": {
            **dict.fromkeys(("", "0", "1", "STATUS_CODE_UNSET", "STATUS_CODE_OK"), "ok"),
            **dict.fromkeys(("2", "STATUS_CODE_ERROR"), "unknown"),
        },
    },
)
"""What is an event without a mapping, and what the shape says where a mapping does not."""

_SIGNALS: Final = (("resourceSpans", "scopeSpans", "spans"), ("resourceLogs", "scopeLogs", "logRecords"))
EXPORTS: Final = ("resourceSpans", "resource_spans", "resourceLogs", "resource_logs")
"""What an export has, whatever else is in it."""

_TIMES: Final = ("startTimeUnixNano", "endTimeUnixNano", "timeUnixNano", "observedTimeUnixNano")

_WORD: Final = re.compile("_([a-z])")
_CAPITAL: Final = re.compile("[A-Z]")

Record = dict[str, Any]


def is_export(said: Mapping[str, Any]) -> bool:
    """Whether an object is an export of spans or of logs, and not an event."""
    return any(name in said for name in EXPORTS)


def records(said: Mapping[str, Any]) -> Iterator[Record | ValueError]:
    """Every span, event of a span, and log of an export, or what is wrong with it."""
    for resources, scopes, leaves in _SIGNALS:
        try:
            for resource in _listed(said, resources):
                of_resource = _attributes(resource.get("resource"))
                for scope in _listed(resource, scopes):
                    context = {**of_resource, **_attributes(scope.get("scope"))}
                    for one in _listed(scope, leaves):
                        yield from _leaf(one, {**context, "resource": of_resource})
        except ValueError as error:
            yield error


def _leaf(one: Mapping[str, Any], context: Record) -> Iterator[Record | ValueError]:
    try:
        record = _record(one, context)
        yield record
        for event in _listed(one, "events"):
            # An event is itself: what the span says of its own kind and time is not said of it.
            yield _record(event, context)
    except ValueError as error:
        yield error


def _record(one: Mapping[str, Any], context: Record) -> Record:
    """A span or a log: its fields by their names, its attributes beside them and under `attributes`."""
    attributes = _attributes(one)
    named = {_camel(name): value for name, value in one.items()}
    fields = {name: value for name, value in named.items() if name not in ("attributes", "kind", "events", "links")}
    for name in _TIMES:
        time = _nanoseconds(fields.pop(name), name) if name in fields else 0
        if time:
            fields[name] = time
    if "body" in fields:
        fields["body"] = _value(fields["body"])
    return {**context, **fields, **attributes, "attributes": attributes}


def _nanoseconds(value: Any, name: str) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20 and int(value) < 2**64:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64:
        return value
    raise ValueError(f"`{name}` is a whole number of nanoseconds, not {value!r:.40}")


def _attributes(owner: Any) -> Record:
    """The attributes of a span, a scope or a resource."""
    if owner is None:
        return {}
    if not isinstance(owner, dict):
        raise ValueError("a resource is an object")
    return {str(one.get("key")): _value(one.get("value")) for one in _listed(owner, "attributes")}


def _value(value: Any) -> Any:
    """A value of OTLP as JSON has it: scalars, lists and objects of such; what is none as it is."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((name, content),) = value.items()
    kind = _camel(name)
    if kind == "intValue" and isinstance(content, str) and content.removeprefix("-").isdecimal() and len(content) < 21:
        return int(content)
    if kind == "arrayValue":
        return [_value(one) for one in _listed(content or {}, "values")]
    if kind == "kvlistValue":
        return {str(one.get("key")): _value(one.get("value")) for one in _listed(content or {}, "values")}
    return content


def _camel(name: str) -> str:
    return _WORD.sub(lambda found: found[1].upper(), name) if "_" in name else name


@cache
def _snake(name: str) -> str:
    return _CAPITAL.sub(lambda found: f"_{found[0].lower()}", name)


def _listed(owner: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    listed = owner.get(name, owner.get(_snake(name))) if isinstance(owner, Mapping) else 0
    if listed is None:
        return []
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise ValueError(f"`{name}` is a list of objects")
    return listed
