# SPDX-License-Identifier: Apache-2.0
"""What shows that a program loses something: the files that a power cut has left, and what it owes of them.

A file of JSON. It holds no command: whoever looks at it again says which recovery is to be run.
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Final, cast

from attrs import asdict, frozen

from edgeproof.properties.engines.crash.disk import Files
from edgeproof.properties.engines.crash.syscalls.folder import LARGEST
from edgeproof.properties.engines.crash.syscalls.promise import SHOWS, Promise, Shows

__all__ = ["Fate", "Witness", "WitnessError", "dump_witness", "load_witness"]

_FORMAT: Final = 1


class WitnessError(ValueError):
    """A text that holds no witness; the message says why."""


@frozen
class Fate:
    """What became of an operation that was not sure: it was kept, kept in part, or lost."""

    number: int
    operation: str
    fate: str


@frozen
class Witness:
    """The files after a power cut, what was written and acknowledged before it, and what is wrong then.

    The power goes after so many operations `done`, the last of which is `after`; `fates` are of those that were not
    sure.
    """

    shows: Shows
    tokens: tuple[str, ...]
    acknowledged: tuple[str, ...]
    files: Files
    why: str
    done: int = 0
    of: int = 0
    after: str = ""
    fates: tuple[Fate, ...] = ()

    @property
    def promise(self) -> Promise:
        """What the program owes."""
        return Promise(self.shows, self.tokens, ())


def dump_witness(witness: Witness) -> str:
    """A witness as JSON."""
    files = {name: b64encode(content).decode() for name, content in witness.files.items()}
    return json.dumps({"power cut": _FORMAT, **asdict(witness), "files": files}, indent=1) + "\n"


def load_witness(text: str) -> Witness:
    """The witness in a text. Raises WitnessError where there is none."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WitnessError("it is no JSON document") from error
    if not isinstance(given, dict) or given.get("power cut") != _FORMAT:
        raise WitnessError(f'it is no power cut of a program: it does not say "power cut": {_FORMAT}')
    if given.get("shows") not in SHOWS:
        raise WitnessError(f'"shows" is one of {", ".join(SHOWS)}')
    fates = given.get("fates", [])
    if not isinstance(fates, list) or not all(isinstance(one, dict) for one in fates):
        raise WitnessError('"fates" is a list of objects')
    return Witness(
        cast(Shows, given["shows"]),
        _texts(given, "tokens"),
        _texts(given, "acknowledged"),
        _files(given.get("files")),
        *(_text(given, "why"), _number(given, "done"), _number(given, "of"), _text(given, "after")),
        tuple(Fate(_number(one, "number"), _text(one, "operation"), _text(one, "fate")) for one in fates),
    )


def _files(given: Any) -> Files:
    if not isinstance(given, dict):
        raise WitnessError('"files" is an object')
    files = {}
    for name, content in given.items():
        path = PurePosixPath(name)
        if not path.parts or path.is_absolute() or {"..", "\0"} & {*path.parts, *name}:
            raise WitnessError(f"{name!r} is no file in a folder")
        try:
            files[name] = b64decode(content, validate=True)
        except (TypeError, ValueError, binascii.Error) as error:
            raise WitnessError(f"{name!r} has no content in base64") from error
    if sum(map(len, files.values())) > LARGEST:
        raise WitnessError(f"the files have more than {LARGEST >> 20} MB")
    if missing := sorted({f"{above}/" for name in files for above in _above(name)} - files.keys()):
        raise WitnessError(f"{missing[0]!r} is not there, and has something in it")
    return files


def _above(name: str) -> list[str]:
    return [str(one) for one in PurePosixPath(name).parents if str(one) != "."]


def _texts(given: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = given.get(name)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise WitnessError(f'"{name}" is a list of texts')
    return tuple(value)


def _text(given: Mapping[str, Any], name: str) -> str:
    if not isinstance(value := given.get(name), str):
        raise WitnessError(f'"{name}" is a text')
    return value


def _number(given: Mapping[str, Any], name: str) -> int:
    if not isinstance(value := given.get(name), int):
        raise WitnessError(f'"{name}" is a whole number')
    return value
