# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from edgeproof.model.strict_json import strict_json


def test_json_is_read_as_python_reads_it() -> None:
    said = {"a": [1, -2.5, 10**4000, True, None, "\ud800"], "": {"a": {}}}
    assert strict_json(json.dumps(said)) == said


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Expecting value"),
        ('{"a": 1, "b": 2, "a": 3}', "'a' stands twice in one object"),
        ('[{"b": {"a": NaN}}]', "NaN is no number of JSON"),
        ("[-Infinity]", "-Infinity is no number of JSON"),
        ("9" * 1_000_000, "a number has too many digits"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ('["\x00"]', "Invalid control character"),
    ],
)
def test_what_readers_do_not_agree_on_is_refused_in_few_words(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        strict_json(text)
    assert len(str(caught.value)) < 100
