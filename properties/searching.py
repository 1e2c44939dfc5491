# SPDX-License-Identifier: Apache-2.0
"""The search, for those who do without it where what it runs on is not installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edgeproof.model.kernel import KernelSource
from edgeproof.model.machine import Instance
from edgeproof.properties.catalogue import Property
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.evidence import Evidence, Verdict
from edgeproof.properties.extras import installed, missing
from edgeproof.properties.possible import POSSIBLE
from edgeproof.properties.timelock import TIME_DIVERGES

__all__ = ["EXPLORE", "can_search", "searched"]

EXPLORE: Final = "explore"


def can_search() -> bool:
    """Whether what the search runs on is installed."""
    return installed("search")


def searched(
    instance: Instance,
    properties: Sequence[Property],
    source: KernelSource,
    limits: Limits,
    facts: Sequence[Property] = (),
) -> list[Evidence]:
    """What the search says of `properties`, of time and of `facts`: of each UNKNOWN where it is not installed.

    It looks at one state of each orbit where elements are alike, as that says the same sooner.
    """
    if not can_search():
        on_time = [TIME_DIVERGES] if instance.machine.clocks else []
        on_facts = [POSSIBLE] if facts else []
        ids = [*on_time, *on_facts, *(one.id for one in properties)]
        return [Evidence(one, EXPLORE, Verdict.UNKNOWN, reason=missing("search")) for one in ids]
    from edgeproof.properties.engines.explore.engine import explore_with_time

    return explore_with_time(instance, properties, source, limits, facts, symmetry=True)
