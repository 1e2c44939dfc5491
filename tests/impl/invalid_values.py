# SPDX-License-Identifier: Apache-2.0
"""Values that are no config, each wrong in a way of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edgeproof.impl.snapshot import Snapshot, to_kv

__all__ = ["GOOD", "INVALID", "ODD"]

GOOD: Final = to_kv(Snapshot(7, 1, {"a": "é", "b": [1, {"c": None}]}))[0]
"""What was published before."""

INVALID: Final[Mapping[str, bytes]] = {
    "nothing": b"",
    "a truncated value": GOOD[:-1],
    "half of it": GOOD[: len(GOOD) // 2],
    "one and a half": GOOD + GOOD[: len(GOOD) // 2],
    "no JSON": b"<html>502 Bad Gateway</html>",
    "no UTF-8": b'{"config":{"a":"\xff"},"era":1,"version":8}',
    "a byte order mark": b'\xef\xbb\xbf{"config":{},"era":1,"version":8}',
    "UTF-16": '{"config":{},"era":1,"version":8}'.encode("utf-16"),
    "null": b"null",
    "a number": b"5",
    "a text": b'"config"',
    "a list": b"[1,1,{}]",
    "a list in a list, and so on": b"[" * 100_000,
    "an object without anything": b"{}",
    "no config": b'{"era":1,"version":8}',
    "a config that is null": b'{"config":null,"era":1,"version":8}',
    "a config that is a list": b'{"config":[["a",1]],"era":1,"version":8}',
    "a config that is a text": b'{"config":"","era":1,"version":8}',
    "no era": b'{"config":{},"version":8}',
    "no version": b'{"config":{},"era":1}',
    "a version that is null": b'{"config":{},"era":1,"version":null}',
    "a version that is true": b'{"config":{},"era":1,"version":true}',
    "a version that is a text": b'{"config":{},"era":1,"version":"8"}',
    "a version that is no whole number": b'{"config":{},"era":1,"version":8.5}',
    "a version below 0": b'{"config":{},"era":1,"version":-8}',
    "a version without end": b'{"config":{},"era":1,"version":1e999}',
    "a version that no double counts": b'{"config":{},"era":1,"version":9007199254740992}',
    "an era that is a text": b'{"config":{},"era":"2","version":8}',
    "a number that JSON has not": b'{"config":{"a":NaN},"era":1,"version":8}',
    "members with one quote": b"{'config':{},'era':1,'version':8}",
}

ODD: Final[Mapping[str, bytes]] = {
    "spaces": b' { "config" : { } ,\n"era":0, "version" : 3 } ',
    "numbers as JavaScript may write them": b'{"config":{},"era":0.0,"version":3e0}',
    "more than is asked for": b'{"config":{"a":1},"era":0,"version":3,"changelog":[]}',
    "a member twice": b'{"config":{"a":1},"era":0,"version":2,"version":3}',
    "names that mean something to JavaScript": b'{"config":{"constructor":2,"hasOwnProperty":3},"era":0,"version":3}',
    "a lone surrogate": b'{"config":{"a":"\\ud800"},"era":0,"version":3}',
    "the largest version": b'{"config":{},"era":9007199254740991,"version":9007199254740991}',
    "version 0": b'{"config":{},"era":2,"version":0}',
}
"""Values that are configs all the same."""
