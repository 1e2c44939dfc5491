# SPDX-License-Identifier: Apache-2.0
"""What holds of the dossiers of all designs together."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from importlib import import_module
from pkgutil import iter_modules

import pytest

from edgeproof.impl.references import REFERENCES
from edgeproof.model.designs import DESIGNS
from edgeproof.model.expr import Expr, rewrite
from edgeproof.model.machine import Design, DesignError, Instance, boolean
from edgeproof.model.structure import specialise
from edgeproof.properties import designs
from edgeproof.properties.bounds import is_promised, present_terms
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.designs.dossier import Dossier
from tests.properties.designs import instance


class Lamp(Design):
    """A design of somebody's own."""

    on = boolean()


def test_a_case_is_known_by_its_name_alone() -> None:
    names = Counter(case.name for design in DESIGNS for case in scoreboard(design))
    assert [name for name, times in names.items() if times > 1] == []


def test_a_dossier_is_found_by_the_name_of_its_design() -> None:
    modules = [import_module(f"{designs.__name__}.{one.name}") for one in iter_modules(designs.__path__)]
    dossiers = {module.__name__.rpartition(".")[2]: module.DOSSIER for module in modules if hasattr(module, "DOSSIER")}
    assert dossiers == {design: dossier_of(design) for design in DESIGNS}


def test_a_design_without_a_dossier_is_one_of_which_nothing_is_said() -> None:
    assert dossier_of("Lamp") == Dossier()
    with pytest.raises(DesignError, match="there is no design 'Lamp'"):
        scoreboard("Lamp")
    lamp = instance(Lamp)
    assert not is_promised(lamp)
    with pytest.raises(DesignError, match="Lamp promises no bound"):
        present_terms(lamp)


@pytest.mark.parametrize("design", DESIGNS)
def test_every_dossier_has_cases_and_lemmas_and_that_of_a_design_with_an_implementation_a_costing(design: str) -> None:
    dossier = dossier_of(design)
    assert dossier.cases
    assert dossier.lemmas
    assert ("fuzz" in dossier.engines) == (dossier.costing is not None) == (design in REFERENCES)


@pytest.mark.parametrize("design", DESIGNS)
def test_in_a_case_of_every_design_one_duration_that_is_taken_for_another_would_show(design: str) -> None:
    durations = [used_durations(instance_of(case)) for case in scoreboard(design)]
    assert [one for one in durations if len(set(one.values())) == len(one)], durations


def used_durations(at: Instance) -> dict[str, int]:
    """The durations that a case's own machine speaks of, with its options and hazards filled in."""
    machine = specialise(at.machine, {**at.of_role("option"), **at.of_role("hazard")})
    spoken_of: set[str] = set()

    def note(leaf: Expr) -> None:
        spoken_of.update({leaf.name} if leaf.op == "prm" else ())

    changes = [change for action in machine.actions for change in action.post.values()]
    updates = [update.value for change in changes if not isinstance(change, Expr) for update in change]
    conditions = [*(one for _, one in machine.deadlines), *(one.running for one in machine.clocks)]
    guards = [action.guard for action in machine.actions]
    for root in (*conditions, *guards, *updates, *(change for change in changes if isinstance(change, Expr))):
        rewrite(root, note)
    return {name: at.number(name) for name in at.of_role("duration") if name in spoken_of}


@pytest.mark.parametrize("design", DESIGNS)
def test_what_a_case_expects_is_something_that_it_asks(design: str) -> None:
    for case, row in zip(scoreboard(design), dossier_of(design).cases, strict=True):
        assert case.because
        assert set(row[2]) <= set(case.properties) <= set(CATALOGUE)


def test_whoever_reads_a_dossier_waits_for_no_engine() -> None:
    program = """
import sys
from edgeproof.model.designs import DESIGNS
from edgeproof.properties.designs import dossier_of

for design in DESIGNS:
    assert dossier_of(design).cases
print(*sorted(sys.modules))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = run.stdout.split()
    assert "edgeproof.properties.designs.do_kv" in loaded
    slow = ("z3", "numba", "llvmlite", "hypothesis", "edgeproof.properties.engines", "edgeproof.impl")
    assert [name for name in loaded if name.startswith(slow)] == []
