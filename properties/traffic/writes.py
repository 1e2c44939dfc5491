# SPDX-License-Identifier: Apache-2.0
"""The identity of a write: its key. However often it was sent, and whichever attempt made it, it is one commit.

An attempt whose answer was lost may have been what a later answer tells of. So an answered commit may have been made
since its write was sent first; and an attempt that learnt no version says nothing more once its write is answered.
Across a restore nobody knows: it may have taken the write back, key and all, and then the next attempt made another.
"""

from __future__ import annotations

import numpy as np

from edgeproof.properties.traffic.coded import OK
from edgeproof.properties.traffic.groups import group, matched
from edgeproof.properties.traffic.lives import NOWHERE, lives
from edgeproof.properties.traffic.table import Floats, Table

__all__ = ["writes"]


def writes(commits: Table, restores: Table) -> Table:
    """Commits that did not fail, `invoke` being when their write was sent first, with the `life` of their unit.

    Attempts of unknown outcome and version are left out where an answer tells what became of their write.
    """
    made = commits.put(invoke=_sent_first(commits))
    made = made.put(life=lives(made, restores))
    if not (commits.key >= 0).any():
        return made
    answered = made.take((made.outcome == OK) & (made.life != NOWHERE) & (made.key >= 0))
    sent = lives(commits.put(returned=commits.invoke), restores)
    told = matched((commits.unit, commits.key, sent), (answered.unit, answered.key, answered.life)) >= 0
    return made.take(~((commits.label < 0) & (commits.key >= 0) & told))


def _sent_first(commits: Table) -> Floats:
    """When the first attempt was sent, under each commit's key, that may have made it."""
    keyed, nameless = commits.key >= 0, commits.label < 0
    lost = group(commits.unit, commits.key)
    lost_at = lost.min(commits.invoke, keyed & nameless)[lost.of]
    told = group(commits.unit, commits.label, commits.key)
    told_at = told.min(commits.invoke)[told.of]
    since: Floats = np.fmin(told_at, lost_at)
    return np.where(keyed & ~nameless & (commits.outcome == OK), since, commits.invoke)
