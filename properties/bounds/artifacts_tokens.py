# SPDX-License-Identifier: Apache-2.0
"""How long a revoked token is still accepted, and how long a new one is refused.

Both follow the change through the outbox as any other: it may find an older put in flight (D), then waits for the alarm
(S); F attempts fail, each after D, with R until the next; the successful one takes D. Then a location serves its copy
for T: a copy of the token, or (where absence is cached) of its absence or of the absence of its mark.

Where a put of a superseded instance may land late, it brings a revoked token back until the heartbeat repairs it, as in
`do_kv`. A mark has a key of its own, which nothing takes back.
"""

from __future__ import annotations

from edgeproof.model.expr import TRUE, Expr
from edgeproof.model.interpret import evaluate
from edgeproof.model.machine import Instance, State
from edgeproof.properties.bounds.term import Term, total

__all__ = ["new_token_bound", "new_token_formula", "publish_bound", "terms"]


def terms(s: State) -> tuple[Term, ...]:
    """The summands in the order in which a revocation on its way to a location can meet them."""
    undone: Expr = s.put_late & (s.revoke != "mark")
    return (
        Term("D", "an older put is in flight", s.D, TRUE),
        Term("Z", "a superseded instance's put lands late", s.Z, undone),
        Term("D", "the put that it overtook is confirmed all the same", s.D, undone),
        Term("H", "the heartbeat is due", s.H, undone),
        *_attempts(s),
        Term("T", "a location serves its cached copy", s.T, TRUE),
    )


def publish_bound(s: State) -> Expr:
    """How long after the revocation KV's centre may still not tell it."""
    return total(terms(s)[:-1])


def new_token_bound(s: State) -> Expr:
    """How long after its minting a token may still be refused somewhere."""
    return total(_for_new_tokens(s))


def new_token_formula(instance: Instance) -> str:
    """That bound as text, such as `D + S + D + T`."""
    parts = _for_new_tokens(instance.machine.state())
    return " + ".join(term.formula for term in parts if evaluate(instance, term.present, {}))


def minted_in_kv(s: State) -> Expr:
    """How long after its minting a token may still be missing from KV's centre: no late put takes it away."""
    return total(_for_new_tokens(s)[:-1])


def _for_new_tokens(s: State) -> tuple[Term, ...]:
    cached: Expr = s.negative_cache
    return (
        Term("D", "an older put is in flight", s.D, TRUE),
        *_attempts(s),
        Term("T", "a location serves its cached copy of nothing", s.T, cached),
    )


def _attempts(s: State) -> tuple[Term, ...]:
    may_fail: Expr = s.put_fails | s.crash | s.put_late
    return (
        Term("S", "the alarm fires", s.S, TRUE),
        Term("F*(D + R)", "failed attempts and the delays after them", s.F * (s.D + s.R), may_fail),
        Term("D", "the put that succeeds", s.D, TRUE),
    )
