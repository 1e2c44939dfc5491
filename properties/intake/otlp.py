# SPDX-License-Identifier: Apache-2.0
"""OTLP/JSON spans as events: what a tracing pipeline keeps of a system that marks its spans.

A span with the attribute `edgeproof.kind` is an event; others are passed over. `edgeproof.unit`, `edgeproof.version`
and so on give the other columns; `invoke` and `return` are the span's start and end. Without `edgeproof.outcome` a span
whose status is an error has an unknown outcome, and any other is ok. Source: opentelemetry-proto, trace.proto and its
JSON encoding (64-bit integers are strings; `unix nano` times; resourceSpans, scopeSpans, spans).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from edgeproof.properties.intake.row import COLUMNS

__all__ = ["is_export", "spans"]

PREFIX: Final = "edgeproof."

_FAILED: Final = (2, "STATUS_CODE_ERROR")


def is_export(said: Mapping[str, Any]) -> bool:
    """Whether an object is an export of spans, and not an event."""
    return "resourceSpans" in said


def spans(said: Mapping[str, Any]) -> Iterator[dict[str, Any] | ValueError]:
    """The columns of every span that is an event, as `parse_fields` takes them, or what is wrong with the span."""
    try:
        for resource in _listed(said, "resourceSpans"):
            of_resource = _attributes(resource.get("resource"))
            for scope in _listed(resource, "scopeSpans"):
                yield from _events(_listed(scope, "spans"), of_resource)
    except ValueError as error:
        yield error


def _events(listed: list[Mapping[str, Any]], of_resource: Mapping[str, Any]) -> Iterator[dict[str, Any] | ValueError]:
    for span in listed:
        try:
            columns = _columns(span, of_resource)
        except ValueError as error:
            yield error
        else:
            if columns is not None:
                yield columns


def _columns(span: Mapping[str, Any], of_resource: Mapping[str, Any]) -> dict[str, Any] | None:
    marked = {**of_resource, **_attributes(span)}
    if PREFIX + "kind" not in marked:
        return None
    columns = {name: marked[PREFIX + name] for name in COLUMNS if PREFIX + name in marked}
    columns["invoke"] = _seconds(span, "startTimeUnixNano")
    columns["return"] = _seconds(span, "endTimeUnixNano")
    status = span.get("status")
    failed = isinstance(status, dict) and status.get("code") in _FAILED
    columns.setdefault("outcome", "unknown" if failed else "ok")
    return columns


def _seconds(span: Mapping[str, Any], name: str) -> float | None:
    """A time in seconds; None where the span has none (0 stands for that)."""
    nanoseconds = _integer(span.get(name, 0), name)
    return nanoseconds / 1e9 if nanoseconds else None


def _integer(value: Any, name: str) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64:
        return value
    raise ValueError(f"`{name}` is a whole number of nanoseconds, not {value!r:.40}")


def _attributes(owner: Any) -> dict[str, Any]:
    """The attributes of a span or a resource: scalars as they are, anything else as what no column takes."""
    if owner is None:
        return {}
    if not isinstance(owner, dict):
        raise ValueError("a resource is an object")
    return {
        str(one.get("key")): _value(one.get("value"))
        for one in _listed(owner, "attributes")
        if str(one.get("key")).startswith(PREFIX)
    }


def _value(value: Any) -> Any:
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((kind, content),) = value.items()
    if kind == "intValue" and isinstance(content, str) and content.removeprefix("-").isdecimal() and len(content) < 21:
        return int(content)
    return content


def _listed(owner: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    listed = owner.get(name)
    if listed is None:
        return []
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise ValueError(f"`{name}` is a list of objects")
    return listed
