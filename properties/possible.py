# SPDX-License-Identifier: Apache-2.0
"""What must be able to happen: facts of a case, of each of which the search has to meet a state, or a step.

A design that can do less than it should breaks no promise: where nothing is ever acknowledged, nothing that was
acknowledged is lost.
"""

from __future__ import annotations

from typing import Final

from edgeproof.model.expr import FALSE, TRUE
from edgeproof.properties.catalogue import Property
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.designs.dossier import Fact
from edgeproof.properties.evidence import Case

__all__ = ["POSSIBLE", "fact_called", "facts_of"]

POSSIBLE: Final = "possible"
"""The id of the verdict on all facts of a case together."""


def facts_of(case: Case) -> list[Property]:
    """What must be able to happen in a case: of each fact, that it never does, for the search to refute."""
    facts = dossier_of(case.design).possible.items()
    return [_never(name, fact) for name, fact in facts if fact.case == case.name]


def fact_called(design: str, about: str) -> Property | None:
    """The fact of a design that a run is about, as above; None where the run is about something else."""
    facts = dossier_of(design).possible
    name = about.removeprefix(f"{POSSIBLE}:")
    return _never(name, facts[name]) if name != about and name in facts else None


def _never(name: str, fact: Fact) -> Property:
    if not fact.happens:
        return Property(f"{POSSIBLE}:{name}", fact.says, "", state=lambda s: ~fact.shows(s))
    return Property(
        f"{POSSIBLE}:{name}",
        fact.says,
        "",
        step=lambda step: ~(fact.shows(step.before) & fact.then(step.after)) if step.action == fact.happens else TRUE,
        tested_step=lambda step: TRUE if step.action == fact.happens else FALSE,
    )
