# SPDX-License-Identifier: Apache-2.0
"""What runs on a system came to: what it performed, what it showed, what that decided; and whether that is enough.

A system that holds as far as it goes may go nowhere. So whatever is missing is named here, and a test can say how much
there has to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Final, TypeAlias

from attrs import frozen

from edgeproof.model.machine import DesignError, Instance, specialise
from edgeproof.properties.engines.fuzz.run import LOCKSTEP, Tally
from edgeproof.properties.engines.fuzz.sight import followed
from edgeproof.properties.evidence import HOLDS, Conclusion, Verdict

__all__ = ["Coverage", "Required", "came_to_by", "check_required", "coverage_of", "shortfalls"]

Required: TypeAlias = Mapping[str, int | Iterable[str]]
"""What runs have to come to at least: of `actions`, `variables` and `properties` how many, or which by name."""

_KINDS: Final = {"actions": "performed", "variables": "compared", "properties": "decided"}


@frozen
class Coverage:
    """What runs came to. Every list is in the order of the design.

    `performed` says of each action that the configuration allows how often it was, and `hazards` which of them are
    faults. Of those never performed, `impossible` are what the system said it does not know, and `unmet` what the model
    allowed in no state of the runs. `shown` are the variables that were compared after every step, `hidden` the others,
    but for those that the suite follows by itself. `decided` gives the verdict on each property that the runs decided,
    and `open` why they did not decide the others.
    """

    performed: Mapping[str, int]
    hazards: tuple[str, ...]
    impossible: tuple[str, ...]
    unmet: tuple[str, ...]
    shown: tuple[str, ...]
    hidden: tuple[str, ...]
    decided: Mapping[str, str]
    open: Mapping[str, str]
    transitions: int
    steps: int
    runs: int


def coverage_of(instance: Instance, tally: Tally, conclusions: Sequence[Conclusion]) -> Coverage:
    """What the runs of a tally came to on an instance, with what was concluded from them."""
    possible = specialise(instance.machine, instance.values).actions
    names = [one.name for one in possible]
    shown, aside = tally.shown or (), followed(instance.machine)
    properties = [one for one in conclusions if one.property != LOCKSTEP]
    decided = {one.property: str(one.verdict) for one in properties if one.verdict in (*HOLDS, Verdict.VIOLATED)}
    return Coverage(
        performed={name: tally.fired.get(name, 0) for name in names},
        hazards=tuple(one.name for one in possible if one.hazard),
        impossible=tuple(name for name in names if name in tally.impossible),
        unmet=tuple(name for name in names if name not in tally.offered and not tally.fired.get(name)),
        shown=tuple(name for name in instance.machine.variables if name in shown),
        hidden=tuple(name for name in instance.machine.variables if name not in shown and name not in aside),
        decided=decided,
        open={
            one.property: f"{one.verdict}: {one.evidence[0].reason}"
            for one in properties
            if one.property not in decided
        },
        transitions=len(tally.transitions),
        steps=tally.steps,
        runs=tally.runs,
    )


def check_required(required: Required, instance: Instance, properties: Iterable[str]) -> None:
    """Raise DesignError, with the nearest right name, for a minimum that no run could come to."""
    there = {
        "actions": [one.name for one in specialise(instance.machine, instance.values).actions],
        "variables": list(instance.machine.variables),
        "properties": list(properties),
    }
    for kind, least in required.items():
        if kind not in there:
            raise DesignError(f"nothing called {kind!r} can be required{_close(kind, there)}")
        if isinstance(least, int):
            if not 0 <= least <= len(there[kind]):
                raise DesignError(f"{least} {kind} are required, and there are {len(there[kind])}")
            continue
        for name in _names(least):
            if name not in there[kind]:
                raise DesignError(f"{name!r} is required, which is none of the {kind}{_close(name, there[kind])}")


def came_to_by(coverage: Coverage) -> dict[str, int]:
    """The minimum that these runs just come to."""
    return {kind: len(names) for kind, names in _came(coverage).items()}


def shortfalls(coverage: Coverage, required: Required) -> Iterator[str]:
    """What was required and did not come about, a line each."""
    came = _came(coverage)
    for kind, least in required.items():
        if isinstance(least, int):
            if len(came[kind]) < least:
                yield f"{least} {kind} are to be {_KINDS[kind]}, and {len(came[kind])} were"
        elif missing := [name for name in _names(least) if name not in came[kind]]:
            yield f"{', '.join(missing)}: not {_KINDS[kind]}, and required"


def _came(coverage: Coverage) -> dict[str, list[str]]:
    return {
        "actions": [name for name, times in coverage.performed.items() if times],
        "variables": list(coverage.shown),
        "properties": list(coverage.decided),
    }


def _names(given: Iterable[str]) -> list[str]:
    # A single name is meant as one, and not as its letters.
    return [given] if isinstance(given, str) else list(given)


def _close(name: str, known: Iterable[str]) -> str:
    known = list(known)
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; there is {', '.join(known)}"
