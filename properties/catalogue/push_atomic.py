# SPDX-License-Identifier: Apache-2.0
"""`push-atomic`: all refs of a push, or none."""

from __future__ import annotations

from edgeproof.model.expr import exists, for_all, implies
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


PROPERTY = Property(
    "push-atomic",
    "Whoever looks sees all refs of a push moved, or none of them.",
    "git push --atomic; Durable Objects: what is written without waiting in between is one transaction.",
    needs=("over_both", "main_won", "side_won"),
    state=lambda s: for_all(s.Pop, lambda p: implies(s.over_both[p], s.main_won[p] == s.side_won[p])),
    tested=lambda s: exists(s.Pop, lambda p: s.over_both[p] & (s.main_won[p] | s.side_won[p])),
)
