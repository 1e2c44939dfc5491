# SPDX-License-Identifier: Apache-2.0
"""What is said of the outbox: how old a change can be that KV's centre does not tell yet, whatever the outbox is doing.

A late put may undo a change that KV's centre told already; then the heartbeat tells it again.
"""

from __future__ import annotations

from edgeproof.model.expr import TIME, TRUE, Expr, implies, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.designs.dossier import Lemmas, Term
from edgeproof.properties.designs.parts.alarm import Change, Says, at_lease, at_retry, at_sync, attempts, publication

__all__ = ["ages", "change", "holds_the_lease", "terms"]


def terms(s: State, undone: Expr, may_fail: Expr) -> tuple[Term, ...]:
    """How long KV's centre may not tell a change, in the order in which the change can meet the terms.

    It may find an older put in flight (D), then waits for the alarm (S); F attempts fail, each after D, with R until
    the next; the successful one takes D. Where a put that nobody waits for any more may land late (its instance is
    superseded, or has given it up), and the change be `undone` by it, the heartbeat repairs that: at the latest D + Z
    after the change the late put lands, over a newer one that landed a moment before; that one is confirmed within D,
    as if nothing had happened, and H later the next put is due. A put that is given up is followed by another one no
    later than one whose instance is superseded: R after D, as the lease.
    """
    return (
        Term("D", "an older put is in flight", s.D, TRUE),
        Term("Z", "a put that nobody waits for lands late", s.Z, undone),
        Term("D", "the put that it overtook is confirmed all the same", s.D, undone),
        Term("H", "the heartbeat is due", s.H, undone),
        *publication(s, ("D", s.D), may_fail, "the put that succeeds"),
    )


def holds_the_lease(s: State) -> Expr:
    """As long as a put is under way the alarm is leased for it, since it began."""
    return implies(s.sending != "idle", (s.alarm == "lease") & (s.armed == s.sending_for))


def change(behind: Says, since: Says, undone: Says) -> Change:
    """A change that KV's centre is `behind` with, `since` when, and that a late put may have `undone`."""
    return Change(behind, since, ready=lambda s: _repaired(s, undone) + _late(s, undone, s.H))


def ages(behind: Says, since: Says, undone: Says, carried: Says = lambda s: TRUE) -> Lemmas:
    """How old a change is at most while KV's centre is `behind`, for each thing that the outbox may be doing.

    `since` is its age; `undone` says that a late put may undo it, `carried` that the put under way carries it.
    """
    one = change(behind, since, undone)
    return {
        "behind-at-sync": at_sync(one),
        "behind-at-beat": lambda s: implies(
            behind(s) & (s.alarm == "beat"),
            ite(undone(s), since(s) <= _repaired(s, undone) + s.armed, since(s) + s.H <= s.armed),
        ),
        "behind-in-flight": lambda s: implies(
            behind(s) & (s.sending == "flying") & carried(s),
            since(s) <= one.start(s) + attempts(s) + s.sending_for,
        ),
        "behind-though-landed": lambda s: implies(
            behind(s) & (s.sending == "landed"), since(s) <= s.D + _late(s, undone, s.Z) + s.sending_for
        ),
        "behind-at-retry": at_retry(one),
        "behind-at-lease": at_lease(one),
    }


def _late(s: State, undone: Says, value: Expr) -> Expr:
    """A term that counts only where a late put may undo the change."""
    return ite(undone(s), value, lift(0, TIME))


def _repaired(s: State, undone: Says) -> Expr:
    """When a change that a late put has undone waits for the heartbeat at the latest."""
    return s.D + _late(s, undone, s.Z + s.D)
