# SPDX-License-Identifier: Apache-2.0
"""What lockstep notices of a mutant: the reference implementation does not do what the mutant does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from edgeproof.impl.system import System
from edgeproof.model.machine import Instance
from edgeproof.properties.cases import instance_of, with_room
from edgeproof.properties.engines.fuzz.engine import Budget, fuzz
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Case, Verdict
from edgeproof.properties.mutation.kill import How, Kill
from edgeproof.properties.mutation.mutants import Mutant

__all__ = ["driven"]

_SOME: Final = Budget(8, 80, shorten=False)
_ALL: Final = Budget(50, 80, shorten=False)
"""As much as `edgeproof verify` drives by itself; most mutants show in a sixth of that, or never."""


def driven(cases: Sequence[Case], mutant: Mutant, system: Callable[[], System], *, hard: bool) -> Kill | None:
    """Drive the implementation by the mutant, case after case, until they differ: as hard as `verify` does, or less."""
    for case in cases:
        instance = with_room(Instance(mutant.machine, instance_of(case).values))
        found = fuzz(instance, [], kernel_source([instance], []), system, _ALL if hard else _SOME)[0]
        if found.verdict is not Verdict.HOLDS_TO_BOUND:
            steps = 0 if found.witness is None else len(found.witness.events)
            reason = found.reason[:200]
            return Kill("lockstep", case.name, found.property, How.VERDICT, found.verdict, reason, steps)
    return None
