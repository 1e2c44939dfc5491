# SPDX-License-Identifier: Apache-2.0
"""The blocks of a page of docs, as they are meant to be run: files that are written and changed, code, commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

__all__ = ["Block", "blocks"]

_FENCE = re.compile(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", re.M | re.S)


@frozen
class Block:
    """A block: its language, what stands after that, and its text.

    `python FILE` is the file, `python FILE +` more of it, `python FILE s/` a change of it: what is there, a line `---`,
    and what is put in its place. `python` alone is run, and prints what the `output` after it says. Of a `console` each
    line that begins with `$ ` is a command, and those below it stand in its output, in this order.
    """

    language: str
    about: str
    text: str

    def apply(self, folder: Path) -> None:
        """Write or change the file that the block is about."""
        name, _, how = self.about.partition(" ")
        path = folder / name
        if how == "s/":
            old, new = self.text.split("---\n")
            text = path.read_text(encoding="utf-8")
            assert text.count(old.rstrip("\n")) == 1, f"{name} has no single {old!r}"
            path.write_text(text.replace(old.rstrip("\n"), new.rstrip("\n")), encoding="utf-8")
        else:
            before = path.read_text(encoding="utf-8") if how == "+" else ""
            path.write_text(before + ("\n" if before and not self.text.startswith("\n") else "") + self.text, "utf-8")

    def commands(self) -> Iterator[tuple[str, list[str]]]:
        """The commands of a console, each with the lines that it prints, among others."""
        for part in self.text.split("$ ")[1:]:
            command, *said = part.splitlines()
            yield command, [line for line in said if line.strip()]


def blocks(page: Path) -> list[Block]:
    """All blocks of a page that say what they are."""
    return [Block(*found.groups()) for found in _FENCE.finditer(page.read_text(encoding="utf-8"))]
