# SPDX-License-Identifier: Apache-2.0
"""Every design, by name: a new design is one new file here and one new line in `DESIGNS`."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from typing import Final

from edgeproof.model.designs.artifacts_repo import ArtifactsRepo
from edgeproof.model.designs.artifacts_tokens import ArtifactsTokens
from edgeproof.model.designs.do_kv import DoKv
from edgeproof.model.designs.do_kv_backoff import DoKvBackoff
from edgeproof.model.designs.do_kv_content import DoKvContent
from edgeproof.model.designs.do_kv_fills import DoKvFills
from edgeproof.model.designs.do_kv_in_flight import DoKvInFlight
from edgeproof.model.designs.do_kv_lost_alarms import DoKvLostAlarms
from edgeproof.model.designs.do_kv_manifest import DoKvManifest
from edgeproof.model.designs.do_kv_per_key import DoKvPerKey
from edgeproof.model.designs.do_kv_regional import DoKvRegional
from edgeproof.model.designs.do_kv_restores import DoKvRestores
from edgeproof.model.designs.do_only import DoOnly
from edgeproof.model.designs.flagship import Flagship
from edgeproof.model.designs.global_push import GlobalPush
from edgeproof.model.designs.kv_only import KvOnly
from edgeproof.model.designs.levels import Levels
from edgeproof.model.machine import Design, DesignError, Machine, read_design

__all__ = ["DESIGNS", "adopt_design", "load", "part_with_designs"]

DESIGNS: Final[dict[str, type[Design]]] = {
    "do_kv": DoKv,
    "do_kv_regional": DoKvRegional,
    "do_kv_in_flight": DoKvInFlight,
    "do_kv_fills": DoKvFills,
    "do_kv_lost_alarms": DoKvLostAlarms,
    "do_kv_backoff": DoKvBackoff,
    "do_kv_restores": DoKvRestores,
    "do_kv_content": DoKvContent,
    "do_kv_per_key": DoKvPerKey,
    "do_kv_manifest": DoKvManifest,
    "do_only": DoOnly,
    "kv_only": KvOnly,
    "artifacts_tokens": ArtifactsTokens,
    "artifacts_repo": ArtifactsRepo,
    "flagship": Flagship,
    "global_push": GlobalPush,
    "levels": Levels,
}


def adopt_design(name: str, design: type[Design]) -> None:
    """Make a design of somebody's own known by a name. Raises DesignError for a name that another design has."""
    if DESIGNS.setdefault(name, design) is not design:
        raise DesignError(f"there is a design {name!r} already: give the class another name")


def part_with_designs(names: Iterable[str]) -> None:
    """Forget designs that were adopted."""
    for name in names:
        del DESIGNS[name]


def load(design: str | type[Design]) -> Machine:
    """The machine of a design: of one of `DESIGNS` by its name, or of a class of one's own, whose name it has.

    Raises DesignError for a name that is not in `DESIGNS`, and for a class of one's own that takes one of those; and
    what `read_design` raises for a class that cannot be read.
    """
    if isinstance(design, str):
        if design not in DESIGNS:
            close = get_close_matches(design, DESIGNS, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise DesignError(f"there is no design {design!r}; {hint}there is {', '.join(DESIGNS)}")
        return _read(DESIGNS[design], design)
    name = next((name for name, one in DESIGNS.items() if one is design), design.__name__)
    if DESIGNS.get(name, design) is not design:
        raise DesignError(f"there is a design {name!r} already: give the class another name")
    return _read(design, name)


@cache
def _read(design: type[Design], name: str) -> Machine:
    return read_design(design, name)
