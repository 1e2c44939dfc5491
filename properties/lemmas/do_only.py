# SPDX-License-Identifier: Apache-2.0
"""Why `do_only` is never stale: nobody was ever told anything newer than the config, which is what is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from edgeproof.model.expr import Expr, for_all, implies
from edgeproof.model.machine import State

__all__ = ["LEMMAS"]

LEMMAS: Final[Mapping[str, Callable[[State], Expr]]] = {
    "log-follows-config": lambda s: s.logged == s.config,
    "acked-is-committed": lambda s: s.acked <= s.config,
    "served-is-committed": lambda s: for_all(s.Pop, lambda p: s.served[p] <= s.config),
    "watched-is-committed": lambda s: implies(s.watching, (s.watched <= s.config) & (s.watched > 0)),
    "nobody-is-cut-off": lambda s: for_all(s.Pop, lambda p: ~s.cut[p]),
    "the-object-is-up": lambda s: ~s.down,
}
