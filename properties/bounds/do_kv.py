# SPDX-License-Identifier: Apache-2.0
"""How late a reader of `do_kv` can be told.

A commit may find an older put in flight (D), then waits for the alarm (S); F attempts fail, each after D, with R until
the next; the successful one takes D; a location then serves its cached copy for T, and an isolate its own for M. Where
a put of a superseded instance may land late, the heartbeat repairs it: at the latest D + Z after the commit it lands,
over a newer one that landed a moment before; that one is confirmed within D, as if nothing had happened, and H later
the next put is due.
"""

from __future__ import annotations

from edgeproof.model.expr import TRUE, Expr
from edgeproof.model.machine import State
from edgeproof.properties.bounds.term import Term, total

__all__ = ["publish_bound", "terms"]


def terms(s: State) -> tuple[Term, ...]:
    """The summands in the order in which a write on its way to a reader can meet them."""
    late: Expr = s.put_late
    may_fail = s.put_fails | s.put_ambiguous | s.crash | late
    always = TRUE
    return (
        Term("D", "an older put is in flight", s.D, always),
        Term("Z", "a superseded instance's put lands late", s.Z, late),
        Term("D", "the put that it overtook is confirmed all the same", s.D, late),
        Term("H", "the heartbeat is due", s.H, late),
        Term("S", "the alarm fires", s.S, always),
        Term("F*(D + R)", "failed attempts and the delays after them", s.F * (s.D + s.R), may_fail),
        Term("D", "the put that succeeds", s.D, always),
        Term("T", "a location serves its cached copy", s.T, always),
        Term("M", "an isolate serves its own copy", s.M, s.reader == "memo"),
    )


def publish_bound(s: State) -> Expr:
    """How long after its commit a write can be missing from KV's central store."""
    return total(terms(s)[:-2])
