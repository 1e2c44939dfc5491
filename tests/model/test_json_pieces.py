# SPDX-License-Identifier: Apache-2.0
"""JSON is the same wherever it is cut into pieces, is refused for the same reasons, and is never held as a whole."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.model.json_pieces import JsonError, JsonPieces
from edgeproof.model.strict_json import strict_json

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


def cut(text: str, places: Sequence[int]) -> Iterator[str]:
    """A text in pieces, some of which may be empty."""
    at = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return (text[first:last] for first, last in pairwise(at))


def taken(pieces: Iterator[str]) -> dict[str, Any]:
    """An object, and the elements of the lists among its members one by one."""
    text = JsonPieces(pieces, 10_000)
    found = {name: [*text.elements()] if text.begins("[") else text.value() for name in text.members()}
    text.end()
    return found


@given(st.dictionaries(st.text(max_size=9), values, max_size=5), st.lists(st.integers(0, 999)), st.booleans())
def test_an_object_is_the_same_wherever_it_is_cut(given: dict[str, Any], places: list[int], spaced: bool) -> None:
    text = json.dumps(given, indent=1 if spaced else None)
    assert repr(taken(cut(text, places))) == repr(json.loads(text))


@given(st.text('{}[]",:0123456789.-+eE \\untrfalsxNI', max_size=20), st.lists(st.integers(0, 99), max_size=4))
def test_what_is_refused_as_a_whole_is_refused_in_pieces(text: str, places: list[int]) -> None:
    text = '{"a": ' + text
    try:
        whole = strict_json(text)
    except ValueError:
        with pytest.raises(JsonError):
            taken(cut(text, places))
    else:
        assert repr(taken(cut(text, places))) == repr(whole)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", r"'{' is needed, at character 1"),
        ('{"a": 1, "a": 2}', "'a' stands twice in one object"),
        ('{"a": [{"b": 1, "b": 2}]}', "'b' stands twice in one object"),
        ('{"a": 1} 2', "something follows, at character 10"),
        ('{"a": 1,\n  }', "Expecting value, at character 12"),
        ("{1: 1}", "the name of a member is a text"),
        ('{"a": "' + "x" * 10_001, "a value has more than 10,000 characters"),
        ('{"a": ' + "[" * 5_000 + "}", "nested too deeply"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_in_the_whole_text(text: str, why: str) -> None:
    with pytest.raises(JsonError, match=why):
        taken(cut(text, range(0, len(text), 7)))


def test_of_a_long_list_no_more_is_held_than_an_element() -> None:
    element, count = json.dumps(["x" * 1_000] * 10), 1_000
    pieces = (f"{'[' if number == 0 else ','}{element}" for number in range(count))
    tracemalloc.start()
    try:
        assert sum(1 for _ in JsonPieces(chain(pieces, "]"), 20_000).elements()) == count
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(element) * count / 20
