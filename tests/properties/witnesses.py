# SPDX-License-Identifier: Apache-2.0
"""Prints every witness that the engines find for one configuration: two runs, under two hash seeds, must agree."""

from __future__ import annotations

from edgeproof.impl.pattern.system import ReferenceSystem
from edgeproof.model.designs import load
from edgeproof.model.machine import Instance
from edgeproof.model.trace import dump_trace
from edgeproof.properties.catalogue import CATALOGUE, applicable
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.fuzz.engine import Budget, fuzz
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.engines.prove.engine import Effort, prove
from tests.impl.mutants import MUTANTS


def main() -> None:
    """Explore, prove and fuzz, each with the same seed."""
    at = Instance.of(load("do_kv"), publisher="inline", crash=True, Pop=1, Put=2)
    properties = [CATALOGUE[name] for name in applicable(at)]
    source = kernel_source([at], properties)
    mutant = next(one for one in MUTANTS if one.name == "no-expected-version-check")
    searched = explore(at, properties, source)
    proofs = prove(at, properties, dossier_of("do_kv").lemmas, Effort(depth=5))
    runs = fuzz(at, properties, source, ReferenceSystem, Budget(10, 30, seed=5))
    other = Instance.of(load("do_kv"))
    caught = fuzz(other, [], kernel_source([other], []), mutant.system, Budget(40, 40, seed=5))
    for one in (*searched, *proofs, *runs, *caught):
        print(one.engine, one.property, one.verdict, one.reason)
        if one.witness is not None:
            print(dump_trace(one.witness))


if __name__ == "__main__":
    main()
