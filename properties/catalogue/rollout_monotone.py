# SPDX-License-Identifier: Apache-2.0
"""`rollout-monotone`: a ramp drops nobody."""

from __future__ import annotations

from edgeproof.model.expr import exists, for_all, implies
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


PROPERTY = Property(
    "rollout-monotone",
    "A ramp only adds people: who is let in at a percentage is let in at it and above, in every version.",
    "Flagship, percentage rollouts: who is in stays in while the percentage goes up.",
    needs=("served_share", "on"),
    state=lambda s: for_all(
        s.Pop,
        lambda p: for_all(s.Pop, lambda q: implies((s.served_share[p] <= s.served_share[q]) & s.on[p], s.on[q])),
    ),
    tested=lambda s: exists(
        s.Pop, lambda p: exists(s.Pop, lambda q: (s.served_share[p] < s.served_share[q]) & s.on[p])
    ),
    applies=lambda instance: instance.number("Pop") > 1,
)
