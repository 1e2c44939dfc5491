# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from edgeproof.properties.intake.parse import parse_row
from tests.properties.histories import commit, digest, fault, publish, read, text

SCHEMA = Draft202012Validator(
    json.loads(resources.files("edgeproof.properties").joinpath("history.schema.json").read_text())
)

LINES = (commit(1, 1, 2), commit(None, 1), publish(3, 1.5, 2), read(0, 1, 1), fault("crash", 0, 1, pop="lis"))
COLUMNS = tuple(sorted(set().union(*LINES)))
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        0,
        1,
        1.0,
        2.5,
        -1,
        2**53,
        2**63,
        1e300,
        "",
        "ok",
        "read",
        "publish",
        "kv",
        digest(4),
        "X" * 64,
        [],
        {},
    ]
)


def accepted(line: str) -> bool:
    try:
        parse_row(1, line)
    except ValueError:
        return False
    return True


@given(
    line=st.sampled_from(LINES),
    changes=st.dictionaries(st.sampled_from(COLUMNS), VALUES, max_size=3),
    gone=st.sets(st.sampled_from(COLUMNS), max_size=2),
)
def test_what_is_read_is_what_the_schema_describes(
    line: dict[str, Any], changes: dict[str, Any], gone: set[str]
) -> None:
    mutated = {name: value for name, value in {**line, **changes}.items() if name not in gone}
    described = SCHEMA.is_valid(mutated)
    if described and mutated.get("return") is not None:
        described = mutated["invoke"] <= mutated["return"]  # what JSON Schema cannot say
    assert accepted(json.dumps(mutated)) == described


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "Expecting property name"),
        ("[]", "not an object"),
        ('{"kind": "write"}', "`kind` is one of"),
        (text([read(1, 2, 1)])[0], "`return` is before `invoke`"),
        (text([read(2**63, 1, 2)])[0], "`version` is a whole number"),
        (text([read(1, float("nan"), 2)])[0], "NaN is no number of JSON"),
        (text([read(1, 1, 2, digest="abc")])[0], "`digest` is 64"),
        (text([read(1, 1, 2, pop=None)])[0], "a read needs `pop`"),
        ('{"a":' * 100_000, "recursion"),
    ],
)
def test_a_malformed_line_says_what_is_wrong(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_row(1, line)
