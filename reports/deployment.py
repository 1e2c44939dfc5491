# SPDX-License-Identifier: Apache-2.0
"""A deployment at an address, judged from outside: what `verify --system http://HOST` does."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Final

from attrs import frozen

from edgeproof.properties.evidence import Case, Ledger
from edgeproof.reports.errors import Unusable, one_line
from edgeproof.reports.files import read_bearer

__all__ = ["Deployment", "is_address", "judge"]

RUNS: Final = {"quick": 20, "full": 100}
"""By profile."""
STEPS: Final = 25
"""Of a run."""


@frozen
class Deployment:
    """What is to be judged: an address, the file with its bearer, and what its readers were promised (seconds)."""

    address: str
    bearer_file: str
    bound: Fraction | None = None


def is_address(system: str) -> bool:
    """Whether this names a deployment rather than a system that we have."""
    return system.startswith(("http://", "https://"))


def judge(deployment: Deployment, case: Case, seed: int, profile: str) -> Ledger:
    """Drive the deployment and judge what shows. Raises Unusable where it cannot be had."""
    from edgeproof.impl.system import SystemUnavailable
    from edgeproof.impl.workerd.http_system import HttpSystem
    from edgeproof.model.designs import load
    from edgeproof.model.machine import DesignError, Instance
    from edgeproof.properties.catalogue import CATALOGUE
    from edgeproof.properties.engines.fuzz.engine import Budget
    from edgeproof.properties.engines.outside.engine import outside
    from edgeproof.properties.evidence import conclude

    started = time.perf_counter()
    bound_ms = None if deployment.bound is None else int(1000 * deployment.bound)
    # The whole bound stands as one term of it; an outsider has no use for the others.
    numbers = {"Pop": 1, "S": 0, "D": 0, "R": 0, "M": 0, "F": 0, "T": bound_ms or 0}
    bearer = read_bearer(deployment.bearer_file)
    try:
        system = HttpSystem(deployment.address, bearer, f"edgeproof-{seed}")
        instance = Instance.of(load(case.design), **{**case.constants, **numbers})
        asked = [CATALOGUE[name] for name in case.properties]
        found = outside(instance, asked, lambda: system, Budget(RUNS[profile], STEPS, seed), bound_ms)
    except (DesignError, SystemUnavailable, ValueError) as error:
        raise Unusable(one_line(error)) from error
    conclusions = tuple(conclude(case, one.property, (one,)) for one in found)
    return Ledger(conclusions, seed, time.perf_counter() - started)
