# SPDX-License-Identifier: Apache-2.0
"""What a run did, for Hypothesis' own observability: a line of JSON a run, as Tyche and others show them.

Hypothesis writes these lines where it is asked to, by HYPOTHESIS_EXPERIMENTAL_OBSERVABILITY in the environment:
https://hypothesis.readthedocs.io/en/latest/reference/integrations.html#observability
"""

from __future__ import annotations

from collections import Counter

from hypothesis import event
from hypothesis.internal.observability import observability_enabled

from edgeproof.properties.engines.fuzz.run import Run

__all__ = ["observe"]


def observe(run: Run) -> None:
    """Tell of a run that is over which hazards it had, what happened in it, and how often each action did."""
    if not observability_enabled():
        return
    event("hazards", ", ".join(run.kernel.instance.hazards) or "none")
    event("steps", len(run.events))
    event("run", ", ".join(map(str, run.events)))
    for action, times in sorted(Counter(one.action for one in run.events).items()):
        event(f"action {action}", times)
