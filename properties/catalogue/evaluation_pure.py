# SPDX-License-Identifier: Apache-2.0
"""`evaluation-pure`: an answer depends on the config and on who asks, and on nothing else."""

from __future__ import annotations

from edgeproof.model.expr import exists, for_all, implies
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


PROPERTY = Property(
    "evaluation-pure",
    "Same config, same person, same answer, wherever they ask.",
    "Flagship, percentage rollouts: somebody without the attribute is assigned at random at every evaluation.",
    needs=("served", "on"),
    state=lambda s: for_all(
        s.Pop, lambda p: for_all(s.Pop, lambda q: implies(s.served[p] == s.served[q], s.on[p] == s.on[q]))
    ),
    tested=lambda s: exists(
        s.Pop,
        lambda p: exists(s.Pop, lambda q: (p != q) & (s.served[p] > 0) & (s.served[p] == s.served[q]) & s.on[p]),
    ),
    applies=lambda instance: instance.number("Pop") > 1,
)
