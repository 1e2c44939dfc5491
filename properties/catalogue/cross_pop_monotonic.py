# SPDX-License-Identifier: Apache-2.0
"""`cross-pop-monotonic`: an anomaly that the pattern has."""

from __future__ import annotations

from edgeproof.model.expr import FALSE, TRUE, exists, for_all
from edgeproof.properties.catalogue.forms import answered, at_once, copy, no_older, reading
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


PROPERTY = Property(
    "cross-pop-monotonic",
    "A client that moves from one location to another never goes back.",
    "Workers KV: locations see a change at different times.",
    needs=("served", "failed"),
    step=at_once(
        answered(
            lambda before, after, p: for_all(
                before.Pop, lambda q: no_older(copy(after, "served", p), copy(before, "served", q))
            )
        ),
        TRUE,
    ),
    tested_step=at_once(
        reading(lambda before, after, p: exists(before.Pop, lambda q: (p != q) & (before.served[q] > 0))), FALSE
    ),
    anomaly=True,
    applies=lambda instance: instance.number("Pop") > 1,
)
