# SPDX-License-Identifier: Apache-2.0
"""On random designs `explore` finds what a plain search with the interpreter finds: every count, every depth.

These designs are Hypothesis's, which looks for edges and makes small what fails; seeds give those of
`test_random_designs`.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings

from edgeproof.model.interpret import OutOfRangeError
from edgeproof.model.kernel import MOST_FORMS
from edgeproof.model.machine import Design, DesignError, action, count, natural
from edgeproof.properties.catalogue import Property
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Verdict
from tests.model.random_designs import Spec, specs
from tests.properties.agreeing import bounded_search_agrees, proofs_agree, search_agrees
from tests.properties.designs import instance, step
from tests.properties.random_subjects import Subject


@settings(max_examples=60)
@given(specs())
def test_explore_finds_the_states_steps_and_shortest_violations_of_a_plain_search(spec: Spec) -> None:
    search_agrees(Subject.of(spec))


@settings(max_examples=25)
@given(specs())
def test_every_run_up_to_the_depth_of_a_limited_search_is_covered(spec: Spec) -> None:
    subject = Subject.of(spec)
    try:
        expected = subject.plain()
    except OutOfRangeError:
        assume(False)
    assume(expected is not None)
    assert expected is not None
    source = kernel_source([subject.instance], subject.properties)
    limited = explore(subject.instance, subject.safety, source, Limits(depth=2))
    for one in limited:
        assert (one.verdict is Verdict.VIOLATED) == (expected.violated.get(one.property, 99) <= 2)
    assert limited[0].measures["states"] == sum(depth <= 2 for depth in expected.depth.values())


@settings(max_examples=25)
@given(specs())
def test_what_is_proved_for_all_sizes_is_not_violated_at_any(spec: Spec) -> None:
    proofs_agree(Subject.of(spec))


@settings(max_examples=25)
@given(specs(clocks=False))
def test_bounded_search_finds_a_violation_where_the_exhaustive_search_does(spec: Spec) -> None:
    bounded_search_agrees(Subject.of(spec))


def test_more_properties_than_a_kernel_has_room_for_are_refused_and_the_last_that_fits_is_found() -> None:
    class Counter(Design):
        most = count(40)
        n = natural(most)

        @action(fair=False)
        def go(s: Any) -> None:
            s.require(s.n < s.most)
            s.n = s.n + 1

    def never(k: int) -> Property:
        return step(lambda one: one.after.n != k, name=f"never-{k}")

    at, steps = instance(Counter), [never(k) for k in range(1, MOST_FORMS + 2)]
    found = explore(at, steps[:-1], kernel_source([at], steps[:-1]))
    assert [len(one.witness.events) for one in found if one.witness] == list(range(1, MOST_FORMS + 1))
    with pytest.raises(
        DesignError, match="32 properties and facts are about steps, and a search or a run asks at most"
    ):
        kernel_source([at], steps)
