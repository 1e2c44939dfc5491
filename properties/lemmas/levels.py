# SPDX-License-Identifier: Apache-2.0
"""Why the levels imply each other: nobody has what the store has not committed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from edgeproof.model.expr import Expr, for_all, implies
from edgeproof.model.machine import State

__all__ = ["LEMMAS"]

LEMMAS: Final[Mapping[str, Callable[[State], Expr]]] = {
    "acked-is-committed": lambda s: s.acked <= s.config,
    "at-hand-is-committed": lambda s: for_all(s.Pop, lambda p: s.at_hand[p] <= s.config),
    "served-is-committed": lambda s: for_all(s.Pop, lambda p: s.served[p] <= s.config),
    "watched-is-committed": lambda s: implies(s.watching, s.watched <= s.config),
}
