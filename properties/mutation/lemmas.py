# SPDX-License-Identifier: Apache-2.0
"""Does every lemma earn its keep? One without which everything is proved all the same says nothing that is needed."""

from __future__ import annotations

from attrs import frozen

from edgeproof.properties.cases import engines_for, scoreboard
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.engines.prove.induct import UndecidedError
from edgeproof.properties.mutation.proved import lost_without, proofs_of

__all__ = ["Need", "needs"]


@frozen
class Need:
    """What a lemma is needed for: the first proof that is lost without it; none ("") makes it superfluous.

    `kept` says in how many cases it is inductive at all.
    """

    design: str
    lemma: str
    case: str
    property: str
    kept: int


def needs(design: str) -> list[Need]:
    """For each lemma of a design the first proof, over its cases, that is lost without it."""
    cases = [case for case in scoreboard(design) if "prove" in engines_for(case)]
    every = [proofs_of(case) for case in cases]
    found = []
    for lemma in dossier_of(design).lemmas:
        kept = [proofs for proofs in every if lemma in proofs.kept]
        need = Need(design, lemma, "", "", len(kept))
        for proofs in kept:
            try:
                lost = lost_without(proofs, lemma)
            except UndecidedError:
                lost = (proofs.proved[0], "the solver gives up")
            if lost is not None:
                need = Need(design, lemma, proofs.case.name, lost[0], len(kept))
                break
        found.append(need)
    return found
