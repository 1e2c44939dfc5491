# SPDX-License-Identifier: Apache-2.0
"""How late a reader of `do_kv_per_key` can be told: as of `do_kv`, but a publication is a put per key, two here."""

from __future__ import annotations

from edgeproof.model.expr import TRUE, Expr
from edgeproof.model.machine import State
from edgeproof.properties.bounds.term import Term, total

__all__ = ["publish_bound", "terms"]


def terms(s: State) -> tuple[Term, ...]:
    """The summands in the order in which a write on its way to a reader can meet them."""
    puts: Expr = s.D + s.D
    return (
        Term("2*D", "an older publication is under way, key by key", puts, TRUE),
        Term("S", "the alarm fires", s.S, TRUE),
        Term("F*(2*D + R)", "failed attempts and the delays after them", s.F * (puts + s.R), s.put_fails),
        Term("2*D", "the puts that succeed, key by key", puts, TRUE),
        Term("T", "a location serves its cached copy", s.T, TRUE),
    )


def publish_bound(s: State) -> Expr:
    """How long after its commit a write can be missing from some key in KV's central store."""
    return total(terms(s)[:-1])
