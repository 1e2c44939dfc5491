# SPDX-License-Identifier: Apache-2.0
"""A table of a TOML file, read name by name: what is missing, of another kind or not known is said in a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from fractions import Fraction
from typing import Any, NoReturn, TypeVar

from attrs import frozen

from edgeproof.reports.durations import parse_duration
from edgeproof.reports.errors import Unusable, one_line

__all__ = ["Table"]

T = TypeVar("T")


@frozen
class Table:
    """What stands in [`name`] of a file."""

    file: str
    name: str
    said: Mapping[str, Any]

    def only(self, *known: str) -> None:
        """Raise Unusable for a name that is none of these."""
        for name in self.said:
            if name not in known:
                close = get_close_matches(name, known, n=1)
                self.refuse(
                    name, f"is not known; {f'did you mean {close[0]}? ' if close else ''}there is {_and(known)}"
                )

    def text(self, name: str, default: str | None = None) -> str:
        """A text; `default` where it is absent, which without a default it may not be."""
        return self._of(str, name, default, "a text")

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        return self._of(bool, name, default, "true or false")

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds."""
        number = self._of(int, name, default, "a whole number")
        if isinstance(number, bool) or not least <= number <= most:
            self.refuse(name, f"is a whole number from {least:,} to {most:,}")
        return number

    def seconds(self, name: str) -> Fraction | None:
        """A duration, None where it is absent."""
        text = self.text(name, "")
        if not text:
            return None
        try:
            return parse_duration(text)
        except Unusable as error:
            self.refuse(name, str(error))

    def seconds_within(self, name: str, default: float, least: float, most: float) -> float:
        """A duration within bounds."""
        found = self.seconds(name)
        if found is not None and not least <= found <= most:
            self.refuse(name, f"is a duration from {least:g} s to {most:g} s")
        return default if found is None else float(found)

    def choice(self, name: str, default: str, choices: Sequence[str]) -> str:
        """One of some words."""
        word = self.text(name, default)
        if word not in choices:
            self.refuse(name, f"is one of {_and(choices)}, not {word!r}")
        return word

    def table(self, name: str) -> Table | None:
        """A table within, None where there is none."""
        within = self._of(dict, name, {}, "a table")
        return Table(self.file, f"{self.name}.{name}".lstrip("."), within) if name in self.said else None

    def tables(self) -> Iterator[tuple[str, Table]]:
        """All that is within, which has to be tables."""
        for name in self.said:
            found = self.table(name)
            assert found is not None
            yield name, found

    def refuse(self, name: str, why: str) -> NoReturn:
        """Raise Unusable: what stands under a name is not what it should be."""
        where = f"{self.name}.{name}".strip(".")
        raise Unusable(one_line(f"{self.file}: {where} {why}"))

    def _of(self, kind: type[T], name: str, default: T | None, what: str) -> T:
        if name not in self.said:
            if default is None:
                self.refuse(name, "is missing")
            return default
        value = self.said[name]
        if not isinstance(value, kind):
            self.refuse(name, f"is {what}")
        return value


def _and(words: Sequence[str]) -> str:
    return ", ".join(words)
