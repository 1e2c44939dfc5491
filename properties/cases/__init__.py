# SPDX-License-Identifier: Apache-2.0
"""The scoreboard: configurations of a design, with what the pattern or the platform promises or denies of each.

An expectation comes from the pattern's description or the platform's documentation, not from a run. What the machine
finds is compared with it, and a difference is a failure, whichever of the two is wrong. One file per design, one line
in `BOARDS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edgeproof.model.designs import load
from edgeproof.model.machine import DesignError, Instance
from edgeproof.properties.cases import (
    artifacts_tokens,
    do_kv,
    do_kv_manifest,
    do_kv_per_key,
    do_kv_regional,
    do_only,
    flagship,
    global_push,
    kv_only,
    levels,
)
from edgeproof.properties.cases.board import Board, Constants
from edgeproof.properties.catalogue import CATALOGUE, applicable
from edgeproof.properties.evidence import Case, Verdict

__all__ = ["BOARDS", "ad_hoc", "engines_for", "for_runs", "instance_of", "scoreboard"]

BOARDS: Final[Mapping[str, Board]] = {
    "do_kv": do_kv.BOARD,
    "do_kv_regional": do_kv_regional.BOARD,
    "do_kv_per_key": do_kv_per_key.BOARD,
    "do_kv_manifest": do_kv_manifest.BOARD,
    "do_only": do_only.BOARD,
    "kv_only": kv_only.BOARD,
    "artifacts_tokens": artifacts_tokens.BOARD,
    "flagship": flagship.BOARD,
    "global_push": global_push.BOARD,
    "levels": levels.BOARD,
}


def scoreboard(design: str) -> tuple[Case, ...]:
    """The named cases of a design. Raises DesignError for a design without any."""
    machine = load(design)
    if design not in BOARDS:
        raise DesignError(f"{design} has no scoreboard")
    board = BOARDS[design]
    cases = []
    for name, constants, violated, because in board.rows:
        ids = applicable(Instance.of(machine, **constants))
        expected = {i: Verdict.VIOLATED for i in ids if i in violated or i in board.anomalies}
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
    known = BOARDS[design].anomalies if design in BOARDS else ()
    anomalies = {i: Verdict.VIOLATED for i in ids if i in known}
    return Case("ad-hoc", design, constants, ids, {**anomalies, **expected})


def engines_for(case: Case) -> tuple[str, ...]:
    """The engines that have something to say of a case."""
    return BOARDS.get(case.design, Board(())).engines


def instance_of(case: Case) -> Instance:
    """The instance that a case speaks of."""
    return Instance.of(load(case.design), **case.constants)


def for_runs(case: Case) -> Instance:
    """The same with room for long runs."""
    instance = instance_of(case)
    board = BOARDS.get(case.design, Board(()))
    room = {name: max(least, instance.number(name)) for name, least in board.room.items()}
    return instance.with_(**room)
