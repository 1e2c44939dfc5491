# SPDX-License-Identifier: Apache-2.0
"""How long the proofs take: the staleness bound alone, and everything about each case of the scoreboard."""

from __future__ import annotations

import time

from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.engines.prove.engine import prove
from edgeproof.properties.environment import setting_of
from edgeproof.properties.evidence import Verdict
from edgeproof.properties.staleness import answer


def bench_the_staleness_bound_with_symbolic_parameters() -> None:
    """Any number of POPs and versions, all values of S, D, R, F, T (and M, H, Z): the limit is 2 s."""
    print()
    numbers = {"S": 2, "D": 5, "F": 3, "R": 1, "T": 60}
    late = {"M": 10, "H": 30, "Z": 30}
    for name, more in (("outbox", {}), ("with memo, late puts and heartbeat", late)):
        started = time.perf_counter()
        found = answer(setting_of("do_kv", {**numbers, **more}))
        assert found.proof.verdict is Verdict.PROVED
        print(f"bound of {name}: {found.formula} proved in {time.perf_counter() - started:.2f} s (limit 2 s)")


def bench_all_properties_of_every_case() -> None:
    """Every property of every case of the scoreboard, one core."""
    started, proved, asked = time.perf_counter(), 0, 0
    for case in scoreboard("do_kv"):
        evidence = prove(instance_of(case), [CATALOGUE[i] for i in case.properties], dossier_of(case.design).lemmas)
        asked += len(evidence)
        proved += sum(e.verdict is Verdict.PROVED for e in evidence)
    print(f"\n{proved} of {asked} proved in {time.perf_counter() - started:.1f} s")
