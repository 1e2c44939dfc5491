# SPDX-License-Identifier: Apache-2.0
"""A kernel's text says the same as machine code and as Python."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.model.designs import DESIGNS
from edgeproof.model.expr import TRUE
from edgeproof.model.interpret import initial_states
from edgeproof.model.kernel import StateForm, build_kernel, build_source
from edgeproof.model.native import compile_native
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.engines.kernels import kernel_source
from tests.model.agreement import agrees_with_kernel, expand, random_walk
from tests.model.native_calls import native_kernel
from tests.model.random_designs import Spec, specs, state_formula
from tests.model.random_designs import instance_of as instance_of_spec


@settings(max_examples=60)
@given(specs(), st.lists(st.integers(0, 99), min_size=1, max_size=6))
def test_a_compiled_kernel_has_the_successors_that_the_interpreter_has(spec: Spec, steps: list[int]) -> None:
    instance = instance_of_spec(spec)
    formula = state_formula(instance, spec)
    source = build_source(instance, [StateForm("formula", formula, TRUE)])
    compiled = native_kernel(compile_native(source.text), source, instance)
    for state in random_walk(instance, next(initial_states(instance)), steps):
        agrees_with_kernel(compiled, instance, formula, dict(state))


@pytest.mark.parametrize("design", DESIGNS)
def test_the_kernel_of_every_design_says_as_machine_code_what_it_says_as_python(design: str) -> None:
    cases = scoreboard(design)
    asked = {name for case in cases for name in case.properties}
    source = kernel_source([instance_of(case) for case in cases], [p for p in CATALOGUE.values() if p.id in asked])
    native, random = compile_native(source.text), np.random.default_rng(0)
    for case in cases:
        plain, compiled = build_kernel(source, instance_of(case)), native_kernel(native, source, instance_of(case))
        state = next(initial_states(plain.instance))
        for _ in range(40):
            packed = np.array(plain.pack(state), dtype=np.int64)
            assert plain.check(packed, 0, plain.parameters) == compiled.check(packed, 0, plain.parameters)
            successors = expand(plain, state)
            assert successors == expand(compiled, state)
            if isinstance(successors, str) or not successors:
                break
            state = plain.unpack(successors[random.integers(len(successors))][1])


@pytest.mark.parametrize(
    "text",
    [
        "import os",
        "def expand(states, i):\n    while True: i += 1",
        "def expand(states, i):\n    return i / 2",
        "def expand(states, i):\n    return open(i)",
        "def expand(states, i):\n    i += 1",
    ],
)
def test_text_that_is_no_kernel_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"line 1|line 2|expand"):
        compile_native(text)
