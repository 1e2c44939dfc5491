# SPDX-License-Identifier: Apache-2.0
"""How late a reader of `do_kv_manifest` can be told.

As in `do_kv`, but that an attempt stores the missing parts (U) before it puts the manifest (D), and that a reader,
having the manifest, takes up to L to collect its parts. A commit that finds a delete of the collector's under way waits
for that instead of an older attempt, which is no longer.
"""

from __future__ import annotations

from edgeproof.model.expr import TRUE, Expr
from edgeproof.model.machine import State
from edgeproof.properties.bounds.term import Term, total

__all__ = ["publish_bound", "terms"]


def terms(s: State) -> tuple[Term, ...]:
    """The summands in the order in which a write on its way to a reader can meet them."""
    may_fail: Expr = s.put_fails | s.put_ambiguous | s.crash
    attempt = s.U + s.D
    return (
        Term("U + D", "an older attempt is under way", attempt, TRUE),
        Term("S", "the alarm fires", s.S, TRUE),
        Term("F*(U + D + R)", "failed attempts and the delays after them", s.F * (attempt + s.R), may_fail),
        Term("U + D", "the attempt that succeeds: parts, then the manifest", attempt, TRUE),
        Term("T", "a location serves its cached manifest", s.T, TRUE),
        Term("L", "a reader collects the parts", s.L, TRUE),
    )


def publish_bound(s: State) -> Expr:
    """How long after its commit a write can be missing from KV's central store."""
    return total(terms(s)[:-2])
