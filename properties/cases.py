# SPDX-License-Identifier: Apache-2.0
"""The scoreboard: the cases of a design, with what is expected of each."""

from __future__ import annotations

from collections.abc import Mapping

from edgeproof.model.designs import load
from edgeproof.model.machine import DesignError, Instance
from edgeproof.properties.catalogue import CATALOGUE, Property, applicable
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.designs.dossier import Constants
from edgeproof.properties.evidence import Case, Verdict

__all__ = ["ad_hoc", "engines_for", "for_runs", "instance_of", "kept_in", "scoreboard", "with_room"]


def scoreboard(design: str) -> tuple[Case, ...]:
    """The named cases of a design. Raises DesignError for a design without any."""
    machine, dossier = load(design), dossier_of(design)
    if not dossier.cases:
        raise DesignError(f"{design} has no scoreboard")
    cases = []
    for name, constants, violated, because in dossier.cases:
        ids = applicable(Instance.of(machine, **constants))
        expected = {i: Verdict.VIOLATED for i in ids if i in violated or i in dossier.anomalies}
        cases.append(Case(name, design, constants, ids, expected, because))
    return tuple(cases)


def ad_hoc(design: str, constants: Constants, expected: Mapping[str, Verdict]) -> Case:
    """A case for any configuration: everything must hold but what is `expected` otherwise and the known anomalies.

    Raises DesignError for an unknown design, constant or property.
    """
    instance = Instance.of(load(design), **constants)
    ids = applicable(instance)
    unknown = [name for name in expected if name not in CATALOGUE]
    if unknown:
        raise DesignError(f"there is no property {unknown[0]!r}; there is {', '.join(CATALOGUE)}")
    anomalies = {i: Verdict.VIOLATED for i in ids if i in dossier_of(design).anomalies}
    return Case("ad-hoc", design, constants, ids, {**anomalies, **expected})


def engines_for(case: Case) -> tuple[str, ...]:
    """The engines that have something to say of a case."""
    return dossier_of(case.design).engines


def instance_of(case: Case) -> Instance:
    """The instance that a case speaks of."""
    return Instance.of(load(case.design), **case.constants)


def for_runs(case: Case) -> Instance:
    """The same with room for long runs."""
    return with_room(instance_of(case))


def with_room(instance: Instance) -> Instance:
    """The instance with the room that its design's runs need, where it has less."""
    room = dossier_of(instance.machine.name).room
    return instance.with_(**{name: max(least, instance.number(name)) for name, least in room.items()})


def kept_in(instance: Instance) -> tuple[Property, ...]:
    """The properties that must hold of an instance, with room for runs or not: what no case expects to be violated."""
    design = instance.machine.name
    named = scoreboard(design) if dossier_of(design).cases else ()
    same = (case for case in named if instance.values in (instance_of(case).values, for_runs(case).values))
    violated = next((set(case.expected) for case in same), set(dossier_of(design).anomalies))
    return tuple(CATALOGUE[name] for name in applicable(instance) if name not in violated)
