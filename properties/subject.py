# SPDX-License-Identifier: Apache-2.0
"""What somebody asks about: a configuration of a design, of ours or of their own, and the properties asked of it.

The functions of `import edgeproof` make one of their arguments and hand its parts to the engines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final, TypeAlias

from attrs import frozen

from edgeproof.model.designs import load
from edgeproof.model.machine import Design, DesignError, Instance, Machine
from edgeproof.properties.cases import scoreboard
from edgeproof.properties.catalogue import CATALOGUE, Property, applicable
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.designs.dossier import Constants, Lemmas
from edgeproof.properties.evidence import Case, Verdict
from edgeproof.properties.wellformed import check_design, check_lemmas, check_properties

__all__ = ["AnyDesign", "Subject", "configured", "subject_of"]

AnyDesign: TypeAlias = str | type[Design] | Machine | Instance
"""A design by its name, as the class of one's own, as it was read, or with its constants fixed already."""

_WORDS: Final = (
    *("budget", "case", "effort", "expected", "lemmas", "limits", "partial", "plan", "properties", "require"),
    *("settings", "system"),
)
"""What the functions take beside constants: a design whose constant has such a name is given as an Instance."""


@frozen
class Subject:
    """A configuration, what is asked of it, the candidate invariants of its design, and what a ledger calls it."""

    instance: Instance
    properties: tuple[Property, ...]
    lemmas: Lemmas
    case: Case


def subject_of(
    design: AnyDesign,
    constants: Constants,
    *,
    properties: Iterable[Property | str] | None = None,
    lemmas: Lemmas | None = None,
    expected: Mapping[str, Verdict] | None = None,
    case: str | None = None,
) -> Subject:
    """What is asked of a configuration: every property of the catalogue that it can put to the test, or those given.

    With `case` it is that of this name on the design's scoreboard, with what is expected of it. A property of the
    catalogue may be given by its id. The known anomalies of a design of ours are expected to be violated, as is
    whatever `expected` says of others. Its lemmas are used unless others are given.

    Raises DesignError for a design, a constant or a property that does not exist or does not fit the others.
    """
    named = None if case is None else _named(design, case, constants)
    instance = configured(design, constants if named is None else named.constants)
    dossier = dossier_of(instance.machine.name)
    asked = tuple(_asked(instance, applicable(instance) if properties is None else properties))
    check_design(instance)
    check_properties(instance.machine, asked)
    if lemmas is not None:
        check_lemmas(instance.machine, lemmas)
    ids = tuple(one.id for one in asked)
    for name in expected or {}:
        if name not in ids:
            hint = _hint(name, ids)
            raise DesignError(
                f"{name!r} is expected to be something, and is not asked: {hint}what is asked is {_listed(ids)}"
            )
    expectations = {one: Verdict.VIOLATED for one in ids if one in dossier.anomalies}
    if named is not None:
        expectations |= {name: verdict for name, verdict in named.expected.items() if name in ids}
    expectations |= {name: Verdict(verdict) for name, verdict in (expected or {}).items()}
    design_name = instance.machine.name
    asked_as = Case(case or design_name, design_name, _chosen(instance), ids, expectations)
    return Subject(instance, asked, dossier.lemmas if lemmas is None else lemmas, asked_as)


def configured(design: AnyDesign, constants: Constants) -> Instance:
    """The instance of a design with these constants, or the given instance but for them. Raises DesignError."""
    if isinstance(design, Instance):
        return design.with_(**constants)
    machine = design if isinstance(design, Machine) else load(design)
    for word in _WORDS:
        if word in machine.rigids:
            raise DesignError(f"{machine.name} has a constant called {word!r}, which has a meaning of its own here: "
                              "give an Instance of it")  # fmt: skip
    for name in constants:
        close = get_close_matches(name, [*_WORDS, *machine.rigids], n=1)
        if name not in machine.rigids and close and close[0] in _WORDS:
            raise DesignError(f"{machine.name} has no constant {name!r}; did you mean {close[0]!r}?")
    return Instance.of(machine, **constants)


def _named(design: AnyDesign, case: str, constants: Constants) -> Case:
    """The case of that name. Raises DesignError where there is none, or where constants are given as well."""
    if constants:
        raise DesignError(f"the case {case!r} has its own constants: {_listed(constants)} cannot be given beside it")
    machine = (
        design if isinstance(design, Machine) else design.machine if isinstance(design, Instance) else load(design)
    )
    cases = {one.name: one for one in scoreboard(machine.name)} if dossier_of(machine.name).cases else {}
    if case not in cases:
        raise DesignError(f"{machine.name} has no case {case!r}; {_hint(case, cases)}it has {_listed(cases)}")
    return cases[case]


def _asked(instance: Instance, properties: Iterable[Property | str]) -> Iterable[Property]:
    s, seen = instance.machine.state(), set[str]()
    for given in properties:
        one = _of_the_catalogue(given) if isinstance(given, str) else given
        if one.id in seen:
            raise DesignError(f"{one.id!r} is asked twice")
        if missing := [name for name in one.needs if name not in s]:
            raise DesignError(f"{one.id} speaks of {_listed(missing)}, which {instance.machine.name} does not declare")
        seen.add(one.id)
        yield one


def _of_the_catalogue(name: str) -> Property:
    if name not in CATALOGUE:
        raise DesignError(f"there is no property {name!r}; {_hint(name, CATALOGUE)}there is {_listed(CATALOGUE)}")
    return CATALOGUE[name]


def _chosen(instance: Instance) -> Constants:
    """The constants that differ from the design's defaults."""
    return {name: value for name, value in instance.values.items() if value != instance.machine.rigids[name].default}


def _hint(name: str, known: Iterable[str]) -> str:
    """The nearest right name, if one is near."""
    close = get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]!r}? " if close else ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"
