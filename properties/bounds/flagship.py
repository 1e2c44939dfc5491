# SPDX-License-Identifier: Apache-2.0
"""How late a change of a flag can reach who asks at a location: as of `do_kv`."""

from __future__ import annotations

from edgeproof.model.expr import TRUE, Expr
from edgeproof.model.machine import State
from edgeproof.properties.bounds.term import Term, total

__all__ = ["publish_bound", "terms"]


def terms(s: State) -> tuple[Term, ...]:
    """The summands in the order in which a write on its way to a reader can meet them."""
    return (
        Term("D", "an older put is in flight", s.D, TRUE),
        Term("S", "the alarm fires", s.S, TRUE),
        Term("F*(D + R)", "failed attempts and the delays after them", s.F * (s.D + s.R), s.put_fails),
        Term("D", "the put that succeeds", s.D, TRUE),
        Term("T", "a location serves its cached copy", s.T, TRUE),
    )


def publish_bound(s: State) -> Expr:
    """How long after its commit a write can be missing from KV's central store."""
    return total(terms(s)[:-1])
