# SPDX-License-Identifier: Apache-2.0
"""Files that nobody should have to read, and every place of the command line where one may be given."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from edgeproof.model.trace import dump_trace
from edgeproof.properties.engines.crash.syscalls.witness import Witness, dump_witness
from edgeproof.properties.engines.interleave.schedule import Schedule, dump_schedule
from edgeproof.reports.report import report_document
from edgeproof.reports.view import arrange
from tests.properties.histories import clean, text
from tests.reports import examples
from tests.target.driving import describe

__all__ = ["NO_FILES", "ODD", "PLACES", "READERS", "UNREADABLE", "Reader"]

NOWHERE: Final = "http://127.0.0.1:9"
"""An address at which nobody listens."""

FILE: Final = "{file}"


@frozen
class Reader:
    """A command that reads a file where its words say FILE, what that is called, and what would be a good one."""

    words: tuple[str, ...]
    file: str
    good: Callable[[Path], str]

    def command(self, path: Path) -> list[str]:
        """The words, with the path of a file."""
        return [word.replace(FILE, str(path)) for word in self.words]


def _trace(_: Path) -> str:
    return dump_trace(examples.overtaken())


def _report(_: Path) -> str:
    return json.dumps(report_document(arrange(examples.good_ledger(), "out")))


def _power_cut(_: Path) -> str:
    return dump_witness(Witness("all", ("one",), ("one",), {"log": b"one"}, "'one' is not there"))


def _schedule(_: Path) -> str:
    return dump_schedule(Schedule("push", 1, ("release of 2",), "", ""))


def _toml(folder: Path) -> str:
    return describe(folder, NOWHERE, "store").read_text(encoding="utf-8")


def _history(_: Path) -> str:
    return "".join(text(clean()))


READERS: Final = {
    "show": Reader(("show", FILE), "t.itf.json", _trace),
    "replay": Reader(("replay", FILE), "t.itf.json", _trace),
    "diff, old": Reader(("diff", FILE, "good.json"), "r.json", _report),
    "diff, new": Reader(("diff", "good.json", FILE), "r.json", _report),
    "verify --base": Reader(("verify", "--base", FILE), "r.json", _report),
    "verify --target": Reader(("verify", "--target", FILE), "edgeproof.toml", _toml),
    "verify --bearer-file": Reader(("verify", "--system", NOWHERE, "--bearer-file", FILE), "token", lambda _: "secret"),
    "target check": Reader(("target", "check", FILE), "edgeproof.toml", _toml),
    "target init": Reader(
        ("target", "init", NOWHERE, "--openapi", FILE, "--out", "new.toml"), "o.json", lambda _: '{"paths": {}}'
    ),
    "interleave --replay": Reader(("interleave", "--replay", FILE), "s.json", _schedule),
    "mutate --edits": Reader(
        ("mutate", "--design", "levels", "--tell", "--edits", FILE), "e.json", lambda _: '{"edits": []}'
    ),
    "mutate --resume": Reader(
        ("mutate", "--design", "levels", "--tell", "--resume", FILE), "mutants.jsonl", lambda _: "[]"
    ),
    "crash --replay": Reader(("crash", "--recover", "true", "--replay", FILE), "cut.json", _power_cut),
    "check --mapping": Reader(
        ("check", "good.jsonl", "--mapping", FILE), "m.toml", lambda _: '[columns]\nunit = "unit"'
    ),
    "check --mapping, JSON": Reader(("check", "good.jsonl", "--mapping", FILE), "m.json", lambda _: '{"columns": {}}'),
}
"""Files that are read as a whole."""

PLACES: Final = READERS | {
    "check": Reader(("check", FILE), "h.jsonl", _history),
    "learn": Reader(("learn", FILE), "h.jsonl", _history),
    "check --explore": Reader(("check", "--explore", FILE), "h.jsonl", _history),
    "follow": Reader(("follow", FILE, "--idle", "0s"), "h.jsonl", _history),
}
"""All that are read, those that are read piece by piece as well."""


def _nothing(path: Path) -> None:
    """There is no such file."""


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(65 * 2**20)


NO_FILES: Final[dict[str, Callable[[Path], Any]]] = {
    "nothing": _nothing,
    "a folder": Path.mkdir,
    "a FIFO that nobody writes into": os.mkfifo,
    "a stream without an end": lambda path: path.symlink_to("/dev/zero"),
    "a stream of chance": lambda path: path.symlink_to("/dev/urandom"),
    "a link to nowhere": lambda path: path.symlink_to("gone"),
    "a link to itself": lambda path: path.symlink_to(path.name),
}
"""What may lie where a file should."""

UNREADABLE: Final[dict[str, Callable[[Path], Any]]] = {
    "65 MiB": _sparse,
    "nothing in it": lambda path: path.write_bytes(b""),
    "no UTF-8": lambda path: path.write_bytes(b"{\xff\xfe}"),
    "gzip, a thousand times smaller": lambda path: path.write_bytes(gzip.compress(bytes(10**6))),
    "NUL": lambda path: path.write_bytes(b'{"a\x00": 1}'),
    "lists in lists": lambda path: path.write_text("[" * 100_000),
    "objects in objects": lambda path: path.write_text('{"a":' * 100_000),
    "tables in tables": lambda path: path.write_text("a = " + "{a = " * 30_000),
    "names of names": lambda path: path.write_text("a." * 100_000 + "a = 1"),
    "a million digits": lambda path: path.write_text("9" * 10**6),
    "a text of ten million letters": lambda path: path.write_text('"' + "x" * 10**7 + '"'),
    "escapes": lambda path: path.write_text("\x1b[2J\x1b]0;owned\x07\u202e\u2028::error::no\r\n"),
}
"""What no reader can make anything of."""

ODD: Final[dict[str, str]] = {
    "a name twice": '"x": 1, "x": 2',
    "NaN": '"x": NaN',
    "Infinity": '"x": [-Infinity]',
    "thousands of digits": f'"x": {"9" * 5000}',
    "half a surrogate pair": '"\\ud800": "\\udfff"',
    "escapes": '"\\u001b[2J\\u202e": "::stop-commands::x\\n::error::no"',
    "a hundred thousand names": ", ".join(f'"n{n}": {n}' for n in range(100_000)),
    "a long text": f'"x": "{"y" * 10**6}"',
}
"""Members that stand before those that a file of JSON should have."""
