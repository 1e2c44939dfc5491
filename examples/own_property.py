# SPDX-License-Identifier: Apache-2.0
"""A property of one's own, asked of a design that is there: is a write in KV in time, and what if puts fail?

    python examples/own_property.py

It is stated once, and every engine answers. `do_kv` comes with invariants of its own, from which the proof follows.
"""

from __future__ import annotations

import edgeproof
from edgeproof.model import Expr, State, implies


def _waiting_for_too_long(s: State) -> Expr:
    """The write under observation was committed longer ago than an older put, the alarm and its own put take."""
    too_long: Expr = s.watching & (s.D + s.S + s.D < s.since)
    return too_long


PUBLISHED = edgeproof.Property(
    "published-in-time",
    "A write is in KV's central store D + S + D after it was committed, and stays there.",
    "What a dashboard that reads KV directly relies on.",
    state=lambda s: implies(_waiting_for_too_long(s), s.kv >= s.watched),
    tested=_waiting_for_too_long,
)


if __name__ == "__main__":
    print(edgeproof.check("do_kv", properties=[PUBLISHED]))
    print(edgeproof.check("do_kv", properties=[PUBLISHED], put_fails=True))
