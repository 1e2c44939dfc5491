# SPDX-License-Identifier: Apache-2.0
"""On designs that seeds give every engine agrees with the others and with the interpreter: `make random` for more."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.model.random_designs import spec_of
from tests.properties.agreeing import CHECKS
from tests.properties.random_subjects import Subject

DESIGNS = 36


@pytest.fixture(scope="module")
def subjects() -> list[Subject]:
    """The designs, searched once for all checks."""
    return [Subject.of(spec_of(seed)) for seed in range(DESIGNS)]


COMPARED = {
    "search": ("searches", "violations of search replayed", "lassos replayed", "fair runs that settle"),
    "orbits": ("searches by orbits", "sorts refused", "fair runs shown that do not settle"),
    "proof": ("proofs", "violations of proof replayed"),
    "bounded search": ("bounded searches", "violations of bounded search replayed", "1-inductions"),
    "cut-offs": ("cut-offs of what holds",),
    "fuzzing": ("lockstep runs", "false systems found", "violations of fuzzing replayed"),
}
"""What each check must have met among these designs; else it says nothing of it."""


@pytest.mark.parametrize("check", CHECKS)
def test_engines_agree(subjects: list[Subject], check: str) -> None:
    compared: Counter[str] = Counter()
    for subject in subjects:
        compared += CHECKS[check](subject)
    assert [kind for kind in COMPARED[check] if not compared[kind]] == []
