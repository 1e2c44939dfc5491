# SPDX-License-Identifier: Apache-2.0
"""An `edgeproof.toml` to begin with, from what somebody said or a document suggests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, frozen

__all__ = ["Draft", "DraftRead", "text_of"]


@frozen
class DraftRead:
    """One way of reading; `content` may be empty."""

    request: str
    version: str
    content: str = ""


@frozen
class Draft:
    """What the file is to say; what is empty is left out."""

    base: str
    write: str
    version: str
    reads: Mapping[str, DraftRead]
    body: Any = "json"
    headers: Mapping[str, str] = field(factory=dict)
    versions: str = "counting"
    bearer_file: str = ""
    bound: str = ""


def text_of(draft: Draft) -> str:
    """The text of the file."""
    return "\n".join(_lines(draft)) + "\n"


def _lines(draft: Draft) -> Iterator[str]:
    yield "# What edgeproof has to know of this deployment. `edgeproof target check` tries each line once."
    yield from ("", "[target]", f"base = {_toml(draft.base)}")
    if draft.bearer_file:
        yield f"bearer_file = {_toml(draft.bearer_file)}"
    yield f"versions = {_toml(draft.versions)} # counting (1, 2, 3), increasing (numbers with gaps), opaque (texts)"
    yield from ("", "[write]", f"request = {_toml(draft.write)}")
    if draft.headers:
        yield f"headers = {_toml(draft.headers)}"
    yield f"body = {_toml(draft.body)}"
    yield f"version = {_toml(draft.version)}"
    for name, read in draft.reads.items():
        yield from ("", f"[read.{name}]", f"request = {_toml(read.request)}", f"version = {_toml(read.version)}")
        if read.content:
            yield f"content = {_toml(read.content)}"
        else:
            yield '# content = "json:/"      where the config stands'
    yield from ("", "[promise]")
    yield f"bound = {_toml(draft.bound)}" if draft.bound else '# bound = "90s"           how stale a read may be'
    yield '# reader = "guarded"      if a reader never goes back'


def _toml(value: Any) -> str:
    """A text, or a table of such in a line. JSON's texts are TOML's as well."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_toml(name)} = {_toml(one)}" for name, one in value.items()) + " }"
    return json.dumps(value)
