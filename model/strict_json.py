# SPDX-License-Identifier: Apache-2.0
"""JSON that others wrote: what says one thing, in numbers that JSON has, or a ValueError in words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

__all__ = ["DECODER", "strict_json", "strictly"]

T = TypeVar("T")


class _OddError(ValueError):
    """JSON of a kind that another reader may read otherwise."""


def strict_json(text: str) -> Any:
    """The value that a text of JSON says. Raises ValueError for what is none, and for what readers do not agree on: a
    name that stands twice in one object, NaN and infinities, numbers of thousands of digits, nesting beyond measure.
    """
    return strictly(lambda: DECODER.decode(text))


def strictly(decode: Callable[[], T]) -> T:
    """What DECODER makes of something. Raises ValueError as `strict_json` does."""
    try:
        return decode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except (json.JSONDecodeError, _OddError):
        raise
    except ValueError as error:  # of an integer with more digits than Python reads
        raise ValueError("a number has too many digits") from error


def _object(members: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        ((twice, _),) = Counter(name for name, _ in members).most_common(1)
        raise _OddError(f"{twice!r:.80} stands twice in one object")
    return found


def _constant(name: str) -> Any:
    raise _OddError(f"{name} is no number of JSON")


DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)
"""Refuses what `strict_json` does; what it raises is for `strictly` to say."""
