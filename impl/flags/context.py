# SPDX-License-Identifier: Apache-2.0
"""Contexts as the evaluator takes them, out of what people send: a query, or an OpenFeature context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final
from urllib.parse import parse_qsl

from openfeature.evaluation_context import EvaluationContext

from edgeproof.impl.flags.coercion import number_of, text_of

__all__ = ["ContextError", "of_openfeature", "of_query"]

TARGETING_KEY: Final = "targetingKey"

_PLAIN: Final = frozenset((str, bool, int, float, type(None)))

MAX_DEPTH: Final = 32
"""Levels of nested objects and lists in a context; what is deeper can only be a cycle."""


class ContextError(ValueError):
    """A context holds what is no JSON."""


def of_query(query: str) -> tuple[str | None, dict[str, Any]]:
    """The flag's key, None if it is not said, and the context: numbers and truth values where a text can be nothing
    else (007 and 1e3 may be names as well). Of what is said twice the last one counts.
    """
    said = dict(parse_qsl(query, keep_blank_values=True))
    key = said.pop("flagKey", None)
    return key, {name: text if name == TARGETING_KEY else _coerced(text) for name, text in said.items()}


def of_openfeature(context: EvaluationContext | None) -> dict[str, Any]:
    """The attributes, with the targeting key among them. An instant becomes a timestamp; one without a zone is UTC's.

    Raises ContextError for values that are no JSON, and cycles.
    """
    if context is None:
        return {}
    # Most values are plain, and a call for each would take longer than the evaluation itself.
    attributes = {
        name: value if type(value) in _PLAIN else _json(value, 1)
        for name, value in context.attributes.items()
        if type(name) is str or _is_name(name)
    }
    if context.targeting_key is not None:
        attributes[TARGETING_KEY] = str(context.targeting_key)
    return attributes


def _coerced(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    number = number_of(text)
    return number if isfinite(number) and text_of(number) == text else text


def _json(value: object, depth: int) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, datetime):
        aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        return aware.isoformat().replace("+00:00", "Z")
    if depth > MAX_DEPTH:
        raise ContextError(f"a context is nested at most {MAX_DEPTH} deep")
    if isinstance(value, Mapping):
        return {name: _json(one, depth + 1) for name, one in value.items() if _is_name(name)}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [_json(one, depth + 1) for one in value]
    raise ContextError(f"a context has no {type(value).__name__}")


def _is_name(name: object) -> bool:
    if not isinstance(name, str):
        raise ContextError(f"an attribute's name is a text, not a {type(name).__name__}")
    return True
