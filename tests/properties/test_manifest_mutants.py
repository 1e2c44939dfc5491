# SPDX-License-Identifier: Apache-2.0
"""Every mistake in the system with parts and a manifest is found by lockstep, within what `edgeproof verify` does."""

from __future__ import annotations

from typing import Any

import pytest

from edgeproof.impl.manifest.system import ManifestSystem
from edgeproof.model.designs import load
from edgeproof.model.machine import Instance
from edgeproof.model.trace import replay
from edgeproof.properties.catalogue import CATALOGUE, applicable
from edgeproof.properties.engines.fuzz.engine import Budget, fuzz
from edgeproof.properties.engines.fuzz.run import LOCKSTEP
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Verdict
from edgeproof.properties.replay import replay_on
from edgeproof.properties.verify import PLANS
from tests.impl.manifest_mutants import MANIFEST_MUTANTS, ManifestMutant

QUICK = Budget(PLANS["quick"].examples, PLANS["quick"].steps, PLANS["quick"].seed)


def configured(mutant: ManifestMutant) -> Instance:
    """The instance that the mutant's setup speaks of, with room for long runs."""
    setup = mutant.setup
    chosen: dict[str, Any] = {"Pop": 1, "writes": 12, **setup.options, **setup.numbers}
    return Instance.of(load("do_kv_manifest"), **chosen, **dict.fromkeys(setup.hazards, True))


def test_mutants_have_names_of_their_own() -> None:
    assert len({mutant.name for mutant in MANIFEST_MUTANTS}) == len(MANIFEST_MUTANTS)


@pytest.mark.parametrize("mutant", MANIFEST_MUTANTS, ids=lambda mutant: mutant.name)
def test_a_broken_system_is_caught_within_the_quick_plan_by_a_short_trace(mutant: ManifestMutant) -> None:
    at = configured(mutant)
    properties = [CATALOGUE[name] for name in applicable(at)]
    found = fuzz(at, properties, kernel_source([at], properties), mutant.system, QUICK)[0]
    assert (found.property, found.verdict) == (LOCKSTEP, Verdict.VIOLATED)
    trace = found.witness
    assert trace is not None
    # The longest needs two rounds of publishing, a delete, and a location's copy from before.
    assert len(trace.events) <= 25
    replay(at.machine, trace)
    assert replay_on(trace, mutant.system()).mismatch != ""
    sound = replay_on(trace, ManifestSystem())
    assert (sound.completed, sound.mismatch) == (True, "")
