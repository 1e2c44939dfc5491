# SPDX-License-Identifier: Apache-2.0
"""What is said of links: where none breaks, no location is cut off."""

from __future__ import annotations

from typing import Final

from edgeproof.model.expr import for_all
from edgeproof.properties.designs.dossier import Lemmas

__all__ = ["UNBROKEN"]

UNBROKEN: Final[Lemmas] = {"nobody-is-cut-off": lambda s: for_all(s.Pop, lambda p: ~s.cut[p])}
