# SPDX-License-Identifier: Apache-2.0
"""What was shown once of each case, pinned: whoever loses some of it is told so, and `verify` fails.

A pin says what the search and the proofs found of one property, as they find the same with every run; samples are not
pinned. The pins of a design are a file in `designs/pins/`, or beside a design of somebody's own, which `edgeproof pin`
writes.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from attrs import asdict, evolve, frozen

from edgeproof.model.designs import DESIGNS
from edgeproof.model.machine import DesignError
from edgeproof.model.strict_json import strict_json
from edgeproof.properties import designs
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.covers import any_number, sizes, states
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.evidence import HOLDS, Case, Conclusion, Evidence, Status, Verdict
from edgeproof.properties.own import adopted
from edgeproof.properties.regular import read_at_most
from edgeproof.properties.timelock import TIME_DIVERGES
from edgeproof.properties.witnessed import hazards_on, hazards_used

__all__ = [
    "FOLDER",
    "SURE",
    "Pin",
    "Pins",
    "conceded",
    "dump_pins",
    "held_to_pins",
    "lost",
    "pin_of",
    "pins_file",
    "pins_for",
    "pins_of",
    "unasked",
]

_LARGEST: Final = 16 * 2**20
"""Of a file of pins, in bytes."""

FOLDER: Final = Path(designs.__path__[0]) / "pins"
"""Where the pins are, a file for each design of ours."""
SURE: Final = ("explore", "prove")
"""The engines that find the same with every run."""


@frozen
class Pin:
    """What is known of one property of a case.

    `by` are the engines that say so, `covers` for how much. A violation is shown in so many `steps`, with these
    `hazards` striking. `reached` is how late, in ticks, a reader is told something in the worst run of a bound.
    """

    verdict: Verdict
    by: tuple[str, ...]
    covers: str = ""
    steps: int | None = None
    hazards: tuple[str, ...] = ()
    reached: int | None = None


Pins = Mapping[str, Mapping[str, Pin]]
"""By case and property."""


def pin_of(conclusion: Conclusion) -> Pin | None:
    """What there is to pin; None where neither search nor proof decides."""
    found = sorted((e for e in conclusion.evidence if e.engine in SURE), key=lambda e: SURE.index(e.engine))
    for one in found:
        if one.verdict is Verdict.VIOLATED and one.witness is not None:
            return Pin(one.verdict, (one.engine,), "", len(one.witness.events), hazards_used(one.witness))
    held = [e for verdict in HOLDS for e in found if e.verdict is verdict]
    if not held:
        return None
    reached = next((int(e.measures["reached"]) for e in held if "reached" in e.measures), None)
    # What the search saw of a case is pinned once, where all else may be proved.
    seen = [e.bound for e in held if e.property == TIME_DIVERGES and states(e.bound)]
    return Pin(held[0].verdict, _engines(held), (seen or [held[0].bound])[0], reached=reached)


def pins_of(conclusions: Iterable[Conclusion]) -> dict[str, dict[str, Pin]]:
    """All that there is to pin."""
    found: dict[str, dict[str, Pin]] = {}
    for one in conclusions:
        if (pin := pin_of(one)) is not None:
            found.setdefault(one.case.name, {})[one.property] = pin
    return found


def lost(pinned: Pin, now: Pin | None, engines: Collection[str]) -> tuple[str, ...]:
    """What of a pin these engines have not shown again, in words. What only others show is not missed."""
    asked = [one for one in pinned.by if one in engines]
    silent = [one for one in asked if now is None or one not in now.by]
    if silent or now is None:
        return tuple(f"{one} decided it before: {pinned.verdict}" for one in silent)
    if len(asked) < len(pinned.by):
        both = states(pinned.covers) and states(now.covers)
        return tuple(_other_states(pinned, now)) if both else ()
    if now.verdict not in _as_good_as(pinned):
        return (f"it was {pinned.verdict} before",)
    return tuple(_less(pinned, now))


def held_to_pins(conclusions: Iterable[Conclusion], engines: Collection[str]) -> list[Conclusion]:
    """The conclusions, with whatever shows less than its pin, or something that the case is not about, failing."""
    return [_held_to_pin(one, engines) for one in conclusions]


def unasked(cases: Collection[Case], conclusions: Iterable[Conclusion], engines: Collection[str]) -> list[Conclusion]:
    """What is pinned of designs all of whose cases were looked at, and was asked of none: each such row fails."""
    asked = {(one.case.name, one.property) for one in conclusions}
    return [
        Conclusion(
            case, name, Verdict.UNKNOWN, Status.WEAKER, (), f"it was {pin.verdict} before, and nobody asks it now"
        )
        for design in dict.fromkeys(case.design for case in cases)
        if all(case in cases for case in scoreboard(design))
        for case, of in _pinned_cases(design)
        for name, pin in of.items()
        if (case.name, name) not in asked and any(engine in engines for engine in pin.by)
    ]


def _pinned_cases(design: str) -> Iterator[tuple[Case, Mapping[str, Pin]]]:
    """The cases that pins are of, also those that are gone."""
    known = {case.name: case for case in scoreboard(design)}
    for name, of in pins_for(design).items():
        yield known.get(name, Case(name, design, {}, tuple(of))), of


def conceded(case: Case, property_id: str) -> str:
    """Why less may be shown of a property now than its pin says, by the design's dossier."""
    return dossier_of(case.design).conceded.get((case.name, property_id), "")


def pins_for(design: str) -> Pins:
    """The pins of a design; none where it has no file. Raises DesignError for a file that holds something else."""
    file = pins_file(design)
    if file is None or not file.is_file():
        return {}
    return _pins_in(file, file.stat().st_mtime_ns)


def pins_file(design: str) -> Path | None:
    """Where the pins of a design are: of one of somebody's own beside it. None where there is no place for them."""
    if design not in adopted():
        return FOLDER / f"{design}.json" if design in DESIGNS else None
    beside = adopted()[design].file
    return None if beside is None else beside.with_name(f"{design}.pins.json")


@cache
def _pins_in(file: Path, _written: int) -> Pins:
    try:
        cases = strict_json(read_at_most(file, _LARGEST).decode())
        return {case: {name: _read(one) for name, one in pins.items()} for case, pins in cases.items()}
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise DesignError(f"{file} is no file of pins: {error}") from error


def dump_pins(pins: Pins) -> str:
    """A pin a line, so that a change reads as one."""
    cases = (f"  {json.dumps(case)}: {{\n{_lines(of)}\n  }}" for case, of in pins.items())
    return "{\n" + ",\n".join(cases) + "\n}\n"


def _held_to_pin(one: Conclusion, engines: Collection[str]) -> Conclusion:
    pins = pins_for(one.case.design)
    if one.status is not Status.AS_EXPECTED or not pins:
        return one
    if one.case.name not in pins:
        unpinned = one.case in scoreboard(one.case.design) and pin_of(one) is not None
        return (
            evolve(one, status=Status.WEAKER, reason="of its case nothing is pinned: `edgeproof pin`")
            if unpinned
            else one
        )
    pinned = pins[one.case.name].get(one.property)
    missed = () if pinned is None else lost(pinned, pin_of(one), engines)
    if beside := _beside_the_point(one):
        missed = (*missed, beside)
    return evolve(one, status=Status.WEAKER, reason="; ".join((*missed, one.reason)).rstrip("; ")) if missed else one


def _beside_the_point(one: Conclusion) -> str:
    """Where a case has hazards, and what is broken in it is broken without any of them, unless its dossier says so."""
    dossier, on = dossier_of(one.case.design), hazards_on(instance_of(one.case))
    own = one.property in one.case.expected and one.property not in dossier.anomalies
    pin = pin_of(one) if own and on else None
    if pin is None or pin.verdict is not Verdict.VIOLATED or pin.hazards:
        return ""
    if one.property in dossier.regardless.get(one.case.name, ()):
        return ""
    return f"the shortest trace needs none of {', '.join(on)}: it does not show what the case is about"


def _less(pinned: Pin, now: Pin) -> Iterator[str]:
    """What is as true as it was, and shown for less."""
    if _as_good_as(pinned)[0] is not now.verdict:
        return
    small = sizes(now.covers)
    for name, size in sizes(pinned.covers).items():
        if small.get(name, size) < size:
            yield f"{name} was {size:g}, and is {small[name]:g}"
    yield from _other_states(pinned, now)
    for sort in any_number(pinned.covers):
        if sort not in any_number(now.covers):
            yield f"it was for any number of {sort}"
    if (pinned.steps or 0) < (now.steps or 0):
        yield f"it took {pinned.steps} steps to show, and takes {now.steps}"
    if gone := [one for one in pinned.hazards if one not in now.hazards]:
        yield f"the shortest trace needed {', '.join(gone)}"
    if (pinned.reached or 0) > (now.reached or 0):
        yield f"a run reached {pinned.reached} ticks of the bound, and now {now.reached or 'none does'}"


def _other_states(pinned: Pin, now: Pin) -> Iterator[str]:
    """More of them is no less evidence, but of another design than the one that was pinned."""
    if states(pinned.covers) != states(now.covers):
        yield f"there were {states(pinned.covers):,} states, and there are {states(now.covers):,} now"


def _as_good_as(pinned: Pin) -> tuple[Verdict, ...]:
    """The verdict, and those that say more."""
    return (pinned.verdict, Verdict.PROVED) if pinned.verdict is Verdict.HOLDS_TO_BOUND else (pinned.verdict,)


def _engines(found: Iterable[Evidence]) -> tuple[str, ...]:
    return tuple(sorted(e.engine for e in found))


def _lines(pins: Mapping[str, Pin]) -> str:
    return ",\n".join(f"    {json.dumps(name)}: {json.dumps(_said(pin))}" for name, pin in pins.items())


def _said(pin: Pin) -> dict[str, Any]:
    return {name: value for name, value in asdict(pin).items() if value not in ("", (), None)}


def _read(said: Mapping[str, Any]) -> Pin:
    lists = {name: tuple(map(str, said[name])) for name in ("by", "hazards") if name in said}
    numbers = [said[name] for name in ("steps", "reached") if name in said]
    if any(type(one) is not int or one < 0 for one in numbers):
        raise ValueError(f"steps and reached are whole numbers, not {numbers!r}")
    if not lists.get("by") or not set(lists["by"]) <= set(SURE):
        raise ValueError(f"by lists some of {', '.join(SURE)}, not {said.get('by')!r}")
    return Pin(**{**said, **lists, "verdict": Verdict(said["verdict"]), "covers": str(said.get("covers", ""))})
