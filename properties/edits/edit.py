# SPDX-License-Identifier: Apache-2.0
"""An edit of an implementation's source: one text replaced by another, as somebody's slip would."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from attrs import frozen

__all__ = ["ROOT", "Edit", "EditError", "edited"]

ROOT: Final = Path(__file__).resolve().parents[2]
"""The folder that `impl` is in."""


class EditError(ValueError):
    """An edit does not fit the source that it is of."""


@frozen
class Edit:
    """A slip by name: in `file` (below ROOT) the text `old`, which occurs once, has become `new`.

    `slip` says in a sentence what is wrong then. `cases` are those in whose runs it has to be found, in the order in
    which they are tried. One that no run finds says in `survives` why, and what does find it.
    """

    name: str
    file: str
    old: str
    new: str
    slip: str
    cases: tuple[str, ...]
    survives: str = ""

    @property
    def module(self) -> str:
        """The Python module that is edited; "" where the source is none of Python."""
        return f"edgeproof.{self.file.removesuffix('.py').replace('/', '.')}" if self.file.endswith(".py") else ""


def edited(edit: Edit, source: str) -> str:
    """The source with the edit made. Raises EditError where its old text does not occur exactly once."""
    if (times := source.count(edit.old)) != 1:
        raise EditError(f"{edit.name}: {edit.file} has {times} of {edit.old!r}, not one")
    return source.replace(edit.old, edit.new)
