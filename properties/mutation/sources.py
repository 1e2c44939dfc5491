# SPDX-License-Identifier: Apache-2.0
"""What the fate of a mutant depends on: what its design says, what is asked of it, and whoever looks at it.

Two fingerprints tell the same from something else. Other designs, comments in this one, and why exceptions are made are
in neither.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from inspect import getfile
from pathlib import Path
from typing import Final

from attrs import evolve

from edgeproof import model, properties
from edgeproof.impl.system import System
from edgeproof.model.designs import load
from edgeproof.model.machine import Machine
from edgeproof.properties.cases import scoreboard
from edgeproof.properties.catalogue import CATALOGUE, Property, state_form, step_form
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.own import adopted
from edgeproof.properties.possible import facts_of

__all__ = ["facts_asked", "fingerprint"]

_BESIDE: Final = ("exceptions.py", "lemmas.py", "matrix.py", "shared.py", "sources.py")
"""Sources in this folder that no fate depends on."""


@cache
def fingerprint(design: str) -> str:
    """Of a design, its cases and lemmas, what its properties come to in it, and the engines; not of its facts."""
    machine, cases = load(design), scoreboard(design)
    asked = dict.fromkeys(name for case in cases for name in case.properties)
    lemmas = {name: lemma(machine.state()) for name, lemma in dossier_of(design).lemmas.items()}
    words = [*_words(machine), repr(cases), repr(lemmas), *(_form(machine, CATALOGUE[name]) for name in asked)]
    own = adopted().get(design)
    return _digest([*words, _engines(), "" if own is None or own.file is None else own.file.read_text("utf-8")])


@cache
def facts_asked(design: str) -> Mapping[str, str]:
    """Of every fact that must be possible in a design, by name. Who was noticed is so still where facts join them."""
    machine = load(design)
    facts = ((case, fact) for case in scoreboard(design) for fact in facts_of(case))
    return {fact.id: _digest([case.name, _form(machine, fact)]) for case, fact in facts}


def _words(machine: Machine) -> Iterator[str]:
    yield from (repr(evolve(one, doc="", place=("", 0))) for one in machine.actions)
    yield repr((machine.clocks, machine.deadlines))
    yield from (repr((name, evolve(one, doc="", while_=None))) for name, one in machine.variables.items())
    yield from (repr((name, evolve(one, doc=""))) for name, one in machine.rigids.items())


def _form(machine: Machine, one: Property) -> str:
    return repr(state_form(machine, one) if one.step is None else step_form(machine, one))


@cache
def _engines() -> str:
    code, asking = (Path(one.__path__[0]) for one in (model, properties))
    files = [
        *code.glob("*.py"),
        *asking.glob("*.py"),
        *(file for folder in ("catalogue", "engines") for file in (asking / folder).rglob("*.py")),
        *(file for file in (asking / "mutation").glob("*.py") if file.name not in _BESIDE),
        *Path(getfile(System)).parent.rglob("*.py"),
    ]
    return _digest(file.read_text("utf-8") for file in sorted(files))


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
