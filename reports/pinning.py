# SPDX-License-Identifier: Apache-2.0
"""What the pins of a design would be if they were written now, and what that changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from attrs import evolve, frozen

from edgeproof.impl.references import ReferenceSystems
from edgeproof.properties.cases import scoreboard
from edgeproof.properties.evidence import Case
from edgeproof.properties.pins import SURE, Pin, Pins, conceded, dump_pins, lost, pins_file, pins_for, pins_of
from edgeproof.properties.verify import PLANS, Progress, verify
from edgeproof.reports.errors import Unusable
from edgeproof.reports.files import write_text

__all__ = ["Pinning", "Turn", "found_now", "turns", "write"]


@frozen
class Turn:
    """One pin that is new, gone or another; of one that is `weaker`, the dossier's `reason`, if it has one."""

    case: str
    property: str
    weaker: bool
    what: str
    reason: str = ""


@frozen
class Pinning:
    """The pins of a design as they are found now, and what that changes."""

    design: str
    pins: Pins
    turns: tuple[Turn, ...]


def found_now(names: Sequence[str], seed: int, notify: Callable[[Progress], None]) -> list[Pinning]:
    """Search and prove the cases of some designs."""
    plan = evolve(PLANS["quick"], seed=seed, engines=SURE)
    cases = [case for design in names for case in scoreboard(design)]
    ledger = verify(cases, plan, ReferenceSystems, notify)
    pins = pins_of(ledger.conclusions)
    return [_pinning(design, [case for case in cases if case.design == design], pins) for design in names]


def turns(cases: Sequence[Case], old: Pins, new: Pins) -> Iterator[Turn]:
    """What differs between two sets of pins; a case that is gone is weaker, and one that is new is not."""
    for name in old.keys() - {case.name for case in cases}:
        yield Turn(name, "*", weaker=True, what="there is no such case any more")
    for case in cases:
        before, after = old.get(case.name, {}), new.get(case.name, {})
        for one in {**before, **after}:
            if before.get(one) != after.get(one):
                yield _turn(case, one, before.get(one), after.get(one))


def write(pinning: Pinning) -> None:
    """Write the file of a design's pins. Raises Unusable where it cannot be written."""
    file = pins_file(pinning.design)
    if file is None:
        raise Unusable(f"{pinning.design} is in no file that its pins could be beside")
    write_text(file, dump_pins(pinning.pins))


def _pinning(design: str, cases: Sequence[Case], found: Pins) -> Pinning:
    pins = {case.name: found.get(case.name, {}) for case in cases}
    return Pinning(design, pins, tuple(turns(cases, pins_for(design), pins)))


def _turn(case: Case, one: str, old: Pin | None, new: Pin | None) -> Turn:
    missed = () if old is None else lost(old, new, SURE)
    what = "; ".join(missed) or ("new" if old is None else "more is shown, or other numbers are used")
    return Turn(case.name, one, bool(missed), what, conceded(case, one))
