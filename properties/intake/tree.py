# SPDX-License-Identifier: Apache-2.0
"""What lies in a folder, and what a pattern matches: nothing passed over in silence, and no circle gone round.

Links are followed. One that leads nowhere might have been a folder of logs, so it is an error wherever it lies.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from edgeproof.properties.regular import IrregularError, is_folder

__all__ = ["files_in", "has_magic", "matching"]


def files_in(folder: Path) -> list[Path]:
    """Whatever is no folder, at any depth, in the order of names; what is reached by several ways, once.

    Raises OSError for a part that cannot be read, IrregularError for a link that leads nowhere or in a circle.
    """
    return sorted(path for path, inner in _tree(folder) if not inner)


def has_magic(path: Path) -> bool:
    """Whether a path is a pattern."""
    return glob.has_magic(str(path))


def matching(pattern: Path) -> list[Path]:
    """What a pattern matches: `*` stands for anything in a name, `**` for any depth. Raises as `files_in` does."""
    parts = pattern.parts
    fixed = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    return sorted(set(_expanded(Path(*parts[:fixed]), parts[fixed:])))


def _tree(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Everything below a folder, each with whether it is a folder."""
    status = folder.stat()
    seen = {(status.st_dev, status.st_ino)}
    waiting: list[tuple[Path, tuple[Path, ...]]] = [(folder, (folder.resolve(),))]
    while waiting:
        place, above = waiting.pop()
        for name in _names(place):
            path = place / name
            inner = is_folder(path)
            if inner:
                real = path.resolve()
                if real in above:
                    raise IrregularError(f"{path} leads back to {real}, in which it lies: a circle")
                status = path.stat()
                if (status.st_dev, status.st_ino) in seen:
                    continue
                seen.add((status.st_dev, status.st_ino))
                waiting.append((path, (*above, real)))
            yield path, inner


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError as error:
        raise OSError(f"{folder} cannot be read: {error.strerror}") from error


def _expanded(place: Path, parts: Sequence[str]) -> Iterator[Path]:
    if not parts:
        yield place
        return
    head, rest = parts[0], parts[1:]
    if head == "**":
        for folder in [place, *(path for path, inner in _tree(place) if inner)]:
            yield from _expanded(folder, rest or ("*",))
    elif not glob.has_magic(head):
        if os.path.lexists(place / head):
            yield from _expanded(place / head, rest)
    elif place.is_dir():
        for name in _names(place):
            if fnmatchcase(name, head) and (head.startswith(".") or not name.startswith(".")):
                yield from _expanded(place / name, rest)
