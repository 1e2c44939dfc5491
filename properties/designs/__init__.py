# SPDX-License-Identifier: Apache-2.0
"""What is said of each design: one dossier per design, found by the design's name.

The dossier of the design `do_kv` is the `DOSSIER` in `do_kv.py` here. There is no list of them: the one of designs, in
`edgeproof.model.designs`, is enough. Reading a dossier loads no engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from edgeproof.model.designs import DESIGNS
from edgeproof.properties.designs.dossier import Dossier

__all__ = ["adopt_dossier", "dossier_of", "part_with_dossiers"]

_ADOPTED: Final[dict[str, Dossier]] = {}


def dossier_of(design: str) -> Dossier:
    """What is said of a design: nothing, where it has no dossier here and none was adopted with it."""
    return _ADOPTED[design] if design in _ADOPTED else _ours(design)


def adopt_dossier(design: str, dossier: Dossier) -> None:
    """This is said of a design of somebody's own."""
    _ADOPTED[design] = dossier


def part_with_dossiers(designs: Iterable[str]) -> None:
    """Forget what was said of adopted designs."""
    for design in designs:
        del _ADOPTED[design]


@cache
def _ours(design: str) -> Dossier:
    module = f"{__name__}.{design}"
    if design not in DESIGNS or find_spec(module) is None:
        return Dossier()
    found: Dossier = import_module(module).DOSSIER
    return found
