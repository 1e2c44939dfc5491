# SPDX-License-Identifier: Apache-2.0
"""What a program says while it runs and when it recovers, and what it owes after a power cut.

A running program says `ACK token` when what the token stands for is durable, and may say `SENT token` before that. A
recovery says `HAS token` for each that it finds, in the order in which they came. A token is the rest of a line. Other
lines mean nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeAlias, get_args

from attrs import frozen

from edgeproof.properties.engines.crash.syscalls.recording import Line

__all__ = ["SHOWS", "Promise", "PromiseError", "Shows", "found_in", "promised"]

Shows: TypeAlias = Literal["all", "any-order", "newest"]
SHOWS: Final[tuple[Shows, ...]] = get_args(Shows)
"""What a recovery shows: `all` tokens in their order; all, in `any-order`, as concurrent writers have none; only the
`newest`, as each takes the place of the one before."""

_ACKNOWLEDGED, _SENT, _FOUND = "ACK ", "SENT ", "HAS "


class PromiseError(Exception):
    """A program that does not keep to this; the message says how."""


@frozen
class Promise:
    """All tokens in the order in which they were first named, and after how many operations which were acknowledged.

    `calls` are how many calls have said the acknowledgements.
    """

    shows: Shows
    tokens: tuple[str, ...]
    acknowledged: tuple[tuple[str, int], ...]
    calls: int = 0

    def until(self, done: int) -> tuple[str, ...]:
        """What was acknowledged once so many operations were done."""
        return tuple(token for token, at in self.acknowledged if at <= done)

    def broken(self, acknowledged: Iterable[str], found: Sequence[str]) -> str:
        """What is wrong if this is found where that was acknowledged; "" if nothing is."""
        places = {token: place for place, token in enumerate(self.tokens)}
        if unknown := [token for token in found if token not in places]:
            return f"{unknown[0]!r} is there, which was never written"
        if twice := [token for token, times in Counter(found).items() if times > 1]:
            return f"{twice[0]!r} is there twice"
        if self.shows == "newest":
            return self._broken_newest([places[token] for token in acknowledged], [places[token] for token in found])
        if lost := [token for token in acknowledged if token not in found]:
            return f"{lost[0]!r} was acknowledged, and is not there"
        if self.shows == "all":
            for place, token in enumerate(found):
                if token != self.tokens[place]:
                    return f"{token!r} is there where {self.tokens[place]!r} has to be, which came before"
        return ""

    def _broken_newest(self, acknowledged: Sequence[int], found: Sequence[int]) -> str:
        if len(found) > 1:
            return f"{len(found)} are there, not only the newest"
        least = max(acknowledged, default=-1)
        if max(found, default=-1) >= least:
            return ""
        there = f"{self.tokens[found[0]]!r} is there, which is older" if found else "nothing is there"
        return f"{self.tokens[least]!r} was acknowledged, and {there}"


def promised(lines: Iterable[Line], shows: Shows) -> Promise:
    """What a program has promised. Raises PromiseError for a token that is acknowledged twice, or empty."""
    tokens: dict[str, None] = {}
    acknowledged: dict[str, int] = {}
    calls = set()
    for line in lines:
        token = _after(line.text, _SENT)
        if token is None and (token := _after(line.text, _ACKNOWLEDGED)) is not None:
            if token in acknowledged:
                raise PromiseError(f"{token!r} is acknowledged twice: every acknowledgement needs a token of its own")
            acknowledged[token] = line.done
            calls.add(line.call)
        if token is not None:
            tokens.setdefault(token)
    return Promise(shows, tuple(tokens), tuple(acknowledged.items()), len(calls))


def found_in(said: str) -> tuple[str, ...]:
    """The tokens that a recovery has found. Raises PromiseError."""
    return tuple(token for line in said.splitlines() if (token := _after(line, _FOUND)) is not None)


def _after(line: str, word: str) -> str | None:
    if not line.startswith(word):
        return None
    if not (token := line[len(word) :].strip()):
        raise PromiseError(f"a line that says {word.strip()} has no token")
    return token
