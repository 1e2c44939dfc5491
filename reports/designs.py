# SPDX-License-Identifier: Apache-2.0
"""The designs that the command line takes: ours by their names, and those of somebody's own by where they are.

One of somebody's own is code that is run. So it is only taken from the command line, where somebody has typed it, and
never from a trace or another file.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from edgeproof.reports.errors import Unusable, one_line
from edgeproof.reports.words import unknown

__all__ = ["OWN_DESIGN", "design_named", "designs_named"]

OWN_DESIGN: Final = (
    "path/to/design.py, pkg.mod:Class or an entry point of edgeproof.designs: code of your own, which is run"
)
"""How a design of one's own is named, for help texts."""


def design_named(text: str) -> str:
    """The name by which a design is known from here on. Raises Unusable for one that there is not.

    One of somebody's own is loaded and made known, with its properties and its dossier (see `properties/own.py`).
    """
    from edgeproof.model.designs import DESIGNS
    from edgeproof.model.machine import DesignError
    from edgeproof.properties.own import adopt, is_reference

    if text in DESIGNS:
        return text
    if not is_reference(text):
        unknown("design", text, list(DESIGNS))
    try:
        return adopt(text).name
    except DesignError as error:
        raise Unusable(f"{one_line(text)}: {one_line(error)}") from error


def designs_named(texts: Iterable[str]) -> tuple[str, ...]:
    """The same of several, each once."""
    return tuple(dict.fromkeys(map(design_named, texts)))
