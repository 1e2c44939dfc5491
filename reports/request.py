# SPDX-License-Identifier: Apache-2.0
"""What is asked, turned into cases: every word of it is checked before any engine starts."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve

from edgeproof.model.designs import DESIGNS, load
from edgeproof.model.machine import DesignError, Instance
from edgeproof.properties.cases import ad_hoc, scoreboard
from edgeproof.properties.catalogue import CATALOGUE, askable
from edgeproof.properties.evidence import Case, Verdict
from edgeproof.properties.pattern import PATTERN
from edgeproof.reports.asked import Choices, Request
from edgeproof.reports.designs import design_named, designs_named
from edgeproof.reports.errors import Unusable, one_line
from edgeproof.reports.words import hazards_of, of_roles, options_of, pair, unknown, whole_number

__all__ = ["Request", "outside_case", "select_case", "select_cases"]

EXPECTABLE = (Verdict.VIOLATED, Verdict.UNKNOWN, Verdict.VACUOUS)


def select_cases(request: Request) -> tuple[Case, ...]:
    """The cases that a request means. Raises Unusable with one line that says what there is to choose from."""
    request = evolve(request, designs=designs_named(request.designs))
    for one in request.properties:
        if one not in CATALOGUE:
            unknown("property", one, list(CATALOGUE))
    words = (*request.options, *request.hazards, *request.numbers, *request.expected)
    if request.cases and words:
        raise Unusable(
            "--case names a case of the scoreboard; it does not go with --option, --hazard, --set or --expect"
        )
    cases = (_ad_hoc(request),) if words else _named(request)
    return _restricted(cases, request.properties) if request.properties else cases


def select_case(design: str, choices: Choices) -> Case:
    """The one configuration of a design that is meant. Raises Unusable."""
    design = design_named(design)
    if choices == Choices():
        return ad_hoc(design, {}, {})
    cases = () if choices.case is None else (choices.case,)
    (case,) = select_cases(Request((design,), cases, choices.options, choices.hazards, choices.numbers))
    return case


def outside_case(request: Request) -> Case:
    """The case as which a deployment is judged: its options, and every property that the pattern has (or those that
    were named, among which may be some that it denies).

    Raises Unusable for words that make no sense from outside.
    """
    for option, words in (("--case", request.cases), ("--hazard", request.hazards), ("--set", request.numbers)):
        if words:
            raise Unusable(f"{option} is for systems that can be driven step by step; a deployment takes --option")
    if other := [one for one in request.designs if one != PATTERN]:
        raise Unusable(f"a deployment is judged as {PATTERN}, not as {other[0]}")
    for one in request.properties:
        if one not in CATALOGUE:
            unknown("property", one, list(CATALOGUE))
    speaking = askable(Instance.of(load(PATTERN)))
    named = request.properties or [one for one in speaking if not CATALOGUE[one].anomaly]
    ids = tuple(one for one in speaking if one in named)
    expected = {one: Verdict.VIOLATED for one in ids if CATALOGUE[one].anomaly} | _expectations(request)
    if stray := [one for one in expected if one not in ids]:
        raise Unusable(f"--expect {stray[0]}: --property leaves it out")
    return Case("outside", PATTERN, options_of(load(PATTERN), request.options), ids, expected)


def _named(request: Request) -> tuple[Case, ...]:
    cases = {case.name: case for design in request.designs or DESIGNS for case in scoreboard(design)}
    for name in request.cases:
        if name not in cases:
            unknown("case", name, list(cases))
    return tuple(case for case in cases.values() if not request.cases or case.name in request.cases)


def _ad_hoc(request: Request) -> Case:
    if len(request.designs) > 1:
        raise Unusable("a case of your own is of one design: give --design once")
    design = request.designs[0] if request.designs else PATTERN
    machine = load(design)
    constants: dict[str, int | str | bool] = {
        **options_of(machine, request.options),
        **hazards_of(machine, request.hazards),
    }
    for text in request.numbers:
        name, number = pair("--set", text)
        numbers = of_roles(machine, "sort", "count", "duration")
        if name not in numbers:
            unknown("number", name, numbers)
        constants[name] = whole_number(machine, name, number)
    expected = _expectations(request)
    try:
        case = ad_hoc(design, constants, expected)
    except DesignError as error:
        raise Unusable(one_line(error)) from error
    for name in expected:
        if name not in case.properties:
            raise Unusable(f"--expect {name}: this configuration cannot put it to the test")
    return case


def _expectations(request: Request) -> dict[str, Verdict]:
    expected: dict[str, Verdict] = {}
    for text in request.expected:
        name, verdict = pair("--expect", text)
        if name not in CATALOGUE:
            unknown("property", name, list(CATALOGUE))
        if verdict not in EXPECTABLE:
            raise Unusable(
                f"--expect {name} takes {', '.join(EXPECTABLE)}, not {verdict!r}; to hold is what is expected anyway"
            )
        expected[name] = Verdict(verdict)
    return expected


def _restricted(cases: Sequence[Case], wanted: Sequence[str]) -> tuple[Case, ...]:
    """The cases with the wanted properties only; a case that has none of them is left out."""
    kept = tuple(
        evolve(
            case,
            properties=tuple(one for one in case.properties if one in wanted),
            expected={one: verdict for one, verdict in case.expected.items() if one in wanted},
        )
        for case in cases
        if set(case.properties) & set(wanted)
    )
    if missing := [one for one in wanted if not any(one in case.properties for case in kept)]:
        raise Unusable(f"nothing in what was asked puts {missing[0]} to the test")
    return kept
