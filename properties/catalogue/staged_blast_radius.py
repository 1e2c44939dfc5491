# SPDX-License-Identifier: Apache-2.0
"""`staged-blast-radius`: a new version stays where it is being tried."""

from __future__ import annotations

from edgeproof.model.expr import Expr, exists, for_all, implies
from edgeproof.model.machine import State
from edgeproof.properties.catalogue.forms import nowhere_else
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


def _stays_in_its_stages(s: State) -> Expr:
    newest = for_all(s.Pop, lambda p: implies((s.good < s.config) & (s.held[p] == s.config), s.stage_of[p] <= s.stage))
    return newest & nowhere_else(s, lambda p: s.held_bad[p], lambda p, q: s.stage_of[p] == s.stage_of[q])


PROPERTY = Property(
    "staged-blast-radius",
    "A new version runs only where its stage has come, and a bad one goes no further than the stage where it shows.",
    "Cloudflare after its outages of November and December 2025: configuration goes out in stages, gated by health.",
    needs=("config", "good", "stage", "stage_of", "held", "held_bad"),
    state=_stays_in_its_stages,
    tested=lambda s: exists(s.Pop, lambda p: s.held_bad[p]),
)
