# SPDX-License-Identifier: Apache-2.0
"""JSON that is longer than one may want to hold: an object by its members, and a list by its elements.

    for name in json.members():
        if name == "states":
            for state in json.elements(): ...
        else:
            ... = json.value()
    json.end()

Of the text no more is kept than what is being read. Each value is strict JSON, as in `strict_json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from edgeproof.model.strict_json import DECODER, strictly

__all__ = ["JsonError", "JsonPieces"]

_SPACE: Final = re.compile(r"[ \t\n\r]*")


class JsonError(ValueError):
    """A text is no JSON, or none that readers agree on; the message says where."""


class JsonPieces:
    """Reads a text that comes in pieces. Everything here raises JsonError.

    `most` is how many characters a value may have that is taken as a whole.
    """

    def __init__(self, pieces: Iterable[str], most: int) -> None:
        self._pieces, self._most = iter(pieces), most
        self._text, self._at = "", 0
        self._gone = 0
        """Characters before those of `_text`."""

    def begins(self, first: str) -> bool:
        """Whether what comes next begins with this character."""
        return self._next() == first

    def members(self) -> Iterator[str]:
        """The names of an object's members; whoever asks for the next one has taken the value of the last."""
        names: set[str] = set()
        for _ in self._inside("{", "}"):
            name = self.value()
            if not isinstance(name, str):
                raise self._error("the name of a member is a text")
            if name in names:
                raise self._error(f"{name!r:.80} stands twice in one object")
            names.add(name)
            self._take(":")
            yield name

    def elements(self) -> Iterator[Any]:
        """The elements of a list."""
        for _ in self._inside("[", "]"):
            yield self.value()

    def value(self) -> Any:
        """The next value, whatever it is."""
        self._next()
        while True:
            try:
                value, end = strictly(lambda: DECODER.raw_decode(self._text, self._at))
            except json.JSONDecodeError as error:
                if self._more():  # it may be whole then
                    continue
                raise self._error(error.msg, error.pos) from error
            except ValueError as error:
                raise self._error(str(error)) from error
            # A number goes on with the next piece, perhaps.
            if end < len(self._text) or not self._more():
                self._at = end
                return value

    def end(self) -> None:
        """Nothing comes after what was read."""
        if self._next():
            raise self._error("something follows")

    def _inside(self, first: str, last: str) -> Iterator[None]:
        self._take(first)
        if self._next() == last:
            self._at += 1
            return
        while True:
            yield
            if self._next() == last:
                self._at += 1
                return
            self._take(",")

    def _take(self, wanted: str) -> None:
        if self._next() != wanted:
            raise self._error(f"{wanted!r} is needed")
        self._at += 1

    def _next(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            assert found is not None
            self._at = found.end()
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _more(self) -> bool:
        """Read on, and forget what is behind; False at the end of the text."""
        left = self._text[self._at :]
        if len(left) > self._most:
            raise self._error(f"a value has more than {self._most:,} characters")
        come: list[str] = []
        # As much again as there is: what is read many times over would be long then.
        while sum(map(len, come)) <= len(left) and (piece := next(self._pieces, None)) is not None:
            come.append(piece)
        if not any(come):
            return False
        self._gone, self._at = self._gone + self._at, 0
        self._text = "".join([left, *come])
        return True

    def _error(self, what: str, at: int | None = None) -> JsonError:
        return JsonError(f"{what}, at character {self._gone + (self._at if at is None else at) + 1:,}")
