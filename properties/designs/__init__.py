# SPDX-License-Identifier: Apache-2.0
"""What is said of each design: one dossier per design, found by the design's name.

The dossier of the design `do_kv` is the `DOSSIER` in `do_kv.py` here. There is no list of them: the one of designs, in
`edgeproof.model.designs`, is enough. Reading a dossier loads no engine.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec

from edgeproof.model.designs import DESIGNS
from edgeproof.properties.designs.dossier import Dossier

__all__ = ["dossier_of"]


@cache
def dossier_of(design: str) -> Dossier:
    """What is said of a design: nothing, where it has no dossier here, as a design that is not one of ours has none."""
    module = f"{__name__}.{design}"
    if design not in DESIGNS or find_spec(module) is None:
        return Dossier()
    found: Dossier = import_module(module).DOSSIER
    return found
