# SPDX-License-Identifier: Apache-2.0
"""`idempotent-write`: a retry is the same write."""

from __future__ import annotations

from edgeproof.model.expr import FALSE, TRUE, Expr
from edgeproof.model.machine import Instance
from edgeproof.properties.catalogue.property import Property, Step

__all__ = ["PROPERTY"]


def _retried_once(step: Step) -> Expr:
    unchanged: Expr = step.after.config == step.before.config
    return unchanged if step.action == "retry" else TRUE


def _replies_get_lost(instance: Instance) -> bool:
    queued = instance.values["publisher"] == "outbox" and instance.values["ack"] == "gated"
    return queued and bool({"crash", "put_late"} & set(instance.hazards))


PROPERTY = Property(
    "idempotent-write",
    "A retried write is applied once.",
    "HTTP idempotency keys; a client cannot tell a lost reply from a lost request.",
    needs=("config", "publisher", "ack", "retries"),
    step=_retried_once,
    tested_step=lambda step: TRUE if step.action == "retry" else FALSE,
    applies=_replies_get_lost,
)
