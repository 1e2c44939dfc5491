# SPDX-License-Identifier: Apache-2.0
"""What became of mutants: a matrix, and lines in a file that a later run goes on from."""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import asdict

from edgeproof.model.designs import DESIGNS
from edgeproof.model.strict_json import strict_json
from edgeproof.properties.cases import scoreboard
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.evidence import Status
from edgeproof.properties.mutation.exceptions import reason_for
from edgeproof.properties.mutation.kill import ENGINES, Fate, How, Kill, Standing
from edgeproof.properties.mutation.lemmas import Need
from edgeproof.properties.mutation.shared import words_of
from edgeproof.properties.mutation.sources import facts_asked, fingerprint
from edgeproof.properties.regular import regular
from edgeproof.reports.errors import Unusable, one_line, refused
from edgeproof.reports.files import read_text
from edgeproof.reports.markup import html

__all__ = ["Kept", "edits_in", "markdown", "matrix", "standing", "unexplained"]


class Kept:
    """Fates by design and mutant, each also a line of a file, if one is named.

    `enough` engines have to notice a mutant until no more are asked. Lines of other sources than these are not read:
    what was true of them need not be of these; with `before` they are, where the mutant says what it said, and who is
    known from such a line only is in `of_before`. Nor are those of mutants that passed where other facts were asked
    for, or of which fewer engines were asked. Raises Unusable for another's file, and for what is none.
    """

    def __init__(self, path: str | None, enough: int, before: bool = False) -> None:
        self._path = None if path is None else Path(path)
        self._enough = enough
        self.fates: dict[tuple[str, str], Fate] = {}
        self.of_before: set[tuple[str, str]] = set()
        if self._path is not None and os.path.lexists(self._path):
            with refused(OSError):
                regular(self._path)  # it is also written to
            for number, line in enumerate(read_text(self._path).splitlines(), start=1):
                try:
                    said = strict_json(line)
                    of, facts, asked = said.pop("of"), said.pop("facts"), int(said.pop("enough"))
                    fate = _read(said)
                    if fate.design in DESIGNS and _still(fate, facts) and asked >= enough:
                        self._take(fate, of == fingerprint(fate.design), before)
                except (KeyError, TypeError, ValueError, AttributeError) as error:
                    raise Unusable(f"{path}, line {number}, is no fate of a mutant: {one_line(error)}") from error

    def _take(self, fate: Fate, present: bool, before: bool) -> None:
        one = fate.design, fate.mutant
        if present:
            self.fates[one] = fate
            self.of_before.discard(one)
        elif before and (one not in self.fates or one in self.of_before) and _says_the_same(fate):
            self.fates[one] = fate
            self.of_before.add(one)

    def keep(self, fates: Sequence[Fate]) -> None:
        """Remember fates."""
        self.fates |= {(one.design, one.mutant): one for one in fates}
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(_line(one, self._enough)) + "\n" for one in fates)


def _line(fate: Fate, enough: int) -> dict[str, Any]:
    return {"of": fingerprint(fate.design), "facts": {**facts_asked(fate.design)}, "enough": enough, **asdict(fate)}


def _still(fate: Fate, facts: Mapping[str, str]) -> bool:
    """Whether a fate stands that came about where so many facts were asked for: they are the same, or others have only
    joined. More facts notice more, so that only who passed has to be asked of them.
    """
    now = facts_asked(fate.design)
    passed = standing(fate) in (Standing.UNEXPLAINED, Standing.STATES, Standing.OPEN)
    return facts == now or (not passed and facts.items() <= now.items())


def _says_the_same(fate: Fate) -> bool:
    return words_of(fate.design).get(fate.mutant) == fate.says


def standing(fate: Fate) -> Standing:
    """How a mutant stands, exceptions taken into account."""
    return fate.standing(reason_for(fate.design, fate.says))


def unexplained(fate: Fate) -> bool:
    """Whether a mutant passes, and nobody knows why it should. One that has other states passes, too, where none of the
    cases shows more than that: it is another design, and nothing says that it is a wrong one.
    """
    stands, (cases, equal) = standing(fate), fate.equal
    everywhere = fate.looked == cases - equal
    return stands is Standing.UNEXPLAINED or (stands is Standing.STATES and everywhere)


def edits_in(path: str) -> list[dict[str, Any]]:
    """What came of edits of the implementations, source by source, from the document of `make edits`.

    Raises Unusable where the file holds something else.
    """
    try:
        told = [(one["file"], bool(one["found"]), one["name"]) for one in strict_json(read_text(path))["edits"]]
    except (KeyError, TypeError, ValueError) as error:
        raise Unusable(f"{path} is no document of `make edits`: {one_line(error)}") from error
    rows = []
    for file in dict.fromkeys(file for file, _, _ in told):
        mine = [(found, name) for where, found, name in told if where == file]
        missed = [name for found, name in mine if not found]
        rows.append({"file": file, "edits": len(mine), "found": len(mine) - len(missed), "passes": missed})
    return rows


def matrix(
    fates: Sequence[Fate],
    engines: Sequence[str],
    seed: int,
    profile: str,
    edits: Sequence[Mapping[str, Any]] = (),
    lemmas: Sequence[Need] = (),
    shared: Mapping[str, Mapping[str, int]] | None = None,
    left: Mapping[str, int] | None = None,
    again: Mapping[str, int] | None = None,
    enough: int = 2,
    before: int = 0,
) -> dict[str, Any]:
    """Every mutant with who noticed it by what, counts of their standings by design and by kind of mistake, and who
    noticed what by which property; beside, `edits` of the implementations by source, and what `lemmas` are needed for.

    `shared` says by design how many more mutants are edits of which other design and judged there, and `left` how many
    are not judged yet: `again` of them are shared, and pass where they were judged. After `enough` engines no more were
    asked of a mutant. `before` of the fates are of other sources than these.
    """
    by_design = {name: [one for one in fates if one.design == name] for name in DESIGNS}
    told = {name: of for name, of in by_design.items() if of or name in (shared or {}) or name in (left or {})}
    elsewhere = {name: dict((shared or {}).get(name, {})) for name in told}
    return {
        "seed": seed,
        "profile": profile,
        "enough": enough,
        "again": dict(again or {}),
        "before": before,
        "engines": [*engines],
        "designs": {
            name: _counts(of, sum(elsewhere[name].values()), (left or {}).get(name, 0)) for name, of in told.items()
        },
        "shared": {name: of for name, of in elsewhere.items() if of},
        "noticed": {name: _noticed(of) for name, of in told.items()},
        "operators": {name: _counts(of) for name, of in _by_operator(fates).items()},
        "properties": {design: _properties(design, of) for design, of in told.items()},
        "edits": [*edits],
        "lemmas": [asdict(one) for one in lemmas],
        "mutants": [
            {**asdict(one), "standing": standing(one), "because": reason_for(one.design, one.says)} for one in fates
        ],
    }


def markdown(document: Mapping[str, Any]) -> str:
    """The matrix for people."""
    names = ["mutants", "shared", *(one.value for one in Standing), "not judged"]
    lines = ["# Mutants", "", _row(["design", *names]), _row(["---"] * (len(names) + 1))]
    lines += [_row([f"`{design}`", *(of[name] for name in names)]) for design, of in document["designs"].items()]
    lines += ["", "Who noticed how many by which property, and in how many steps at least:", ""]
    lines += [_row(["design", "property", *ENGINES, "violated", "steps", "by a case"])]
    lines += [_row(["---"] * (len(ENGINES) + 5))]
    for design, of in document["properties"].items():
        lines += [
            _row(
                [f"`{design}`", f"`{name}`", *(one[key] for key in (*ENGINES, "violated", "steps")), one["case"] or "-"]
            )
            for name, one in of.items()
        ]
    never = [
        f"- `{design}`: `{name}`"
        for design, of in document["properties"].items()
        for name, one in of.items()
        if name in CATALOGUE and not (one["violated"] or one["proof"] or one["case"])
    ]
    if never:
        lines += ["", "Violated by no mutant that was looked at, and by no case:", "", *never]
    if spare := [one for one in document["lemmas"] if not one["property"]]:
        lines += ["", "Lemmas without any one of which all is proved that was:", ""]
        lines += [f"- `{one['design']}`: `{one['lemma']}`" for one in spare]
    if document["edits"]:
        lines += ["", "Edits of the implementations, which lockstep looks for:", ""]
        lines += [_row(["source", "edits", "found", "not found"]), _row(["---"] * 4)]
        lines += [
            _row([f"`{one['file']}`", one["edits"], one["found"], ", ".join(one["passes"]) or "-"])
            for one in document["edits"]
        ]
    for title, kind in (("Passes, and nobody knows why it should", Standing.UNEXPLAINED), *_FOOTNOTES):
        told = [one for one in document["mutants"] if one["standing"] == kind]
        if told:
            lines += ["", f"## {title}", ""]
            lines += [f"- `{one['design']}`, {_code(one['says'])}{_why(one)}" for one in told]
    return "\n".join(lines) + "\n"


_FOOTNOTES = (
    ("Not told from the design in the cases that this profile looks at", Standing.OPEN),
    ("Noticed by the number of states only", Standing.STATES),
    ("Excepted", Standing.EXCEPTED),
)


def _why(one: Mapping[str, Any]) -> str:
    return f": {one['because']}" if one["because"] else ""


def _code(says: str) -> str:
    return html(says).replace("|", "\\|").replace("*", "\\*")


def _row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells) + " |"


def _by_operator(fates: Iterable[Fate]) -> dict[str, list[Fate]]:
    found: dict[str, list[Fate]] = defaultdict(list)
    for one in fates:
        found[one.operator].append(one)
    return dict(sorted(found.items()))


def _counts(fates: Sequence[Fate], shared: int = 0, left: int = 0) -> dict[str, int]:
    stands = Counter(standing(one) for one in fates)
    counted = {"mutants": len(fates) + shared + left, "shared": shared}
    return {**counted, **{one.value: stands[one] for one in Standing}, "not judged": left}


def _noticed(fates: Sequence[Fate]) -> dict[str, float]:
    """How many mutants each engine noticed by a verdict, and how many seconds all took."""
    by = Counter(engine for one in fates for engine in one.by(How.VERDICT))
    seconds = sum(taken for one in fates for taken in one.seconds.values())
    return {**{engine: by[engine] for engine in ENGINES}, "seconds": round(seconds)}


def _properties(design: str, fates: Sequence[Fate]) -> dict[str, dict[str, Any]]:
    """Of each property: how many mutants each engine noticed by it, how many of these violate it with a trace, in how
    few steps, and a case that does. What neither a mutant nor a case violates may not be checked at all.
    """
    cases = scoreboard(design)
    found: dict[str, dict[str, Any]] = {}
    asked = dict.fromkeys(name for case in cases for name in case.properties)
    kills = [kill for one in fates for kill in one.kills if kill.how is How.VERDICT]
    for name in dict.fromkeys((*asked, *(kill.property for kill in kills))):
        mine = [kill for kill in kills if kill.property == name]
        by = Counter(kill.engine for kill in mine)
        found[name] = {
            **{engine: by[engine] for engine in ENGINES},
            "violated": sum(kill.engine == "search" and kill.status == Status.VIOLATED for kill in mine),
            "steps": min((kill.steps for kill in mine if kill.steps), default=0),
            "case": next((case.name for case in cases if name in case.expected), ""),
        }
    return found


def _read(said: dict[str, Any]) -> Fate:
    kills = tuple(_kill(kill) for kill in said.pop("kills"))
    for names, kind in ((_TEXTS, str), (("less",), bool), (("looked",), int), (("seconds",), dict)):
        _check_kinds(said, names, kind)
    if not all(isinstance(taken, int | float) for taken in said["seconds"].values()):
        raise TypeError("seconds are numbers")
    cases, equal = map(int, said["equal"])
    return Fate(kills=kills, **{**said, "equal": (cases, equal)})


_TEXTS = ("design", "mutant", "operator", "says", "apart", "runs", "refused")


def _kill(said: dict[str, Any]) -> Kill:
    _check_kinds(said, ("engine", "case", "property", "status", "reason"), str)
    _check_kinds(said, ("steps",), int)
    return Kill(**{**said, "how": How(said["how"])})


def _check_kinds(said: Mapping[str, Any], names: Iterable[str], kind: type) -> None:
    for name in names:
        if type(said[name]) is not kind:
            raise TypeError(f"{name} is {said[name]!r:.40}")
