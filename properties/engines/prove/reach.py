# SPDX-License-Identifier: Apache-2.0
"""Is what was proved ever put to the test? A proof covers states that no run comes to as well; a run that does says so.

The invariants allow more than what can happen: that they allow a state which tests a property shows nothing. So runs of
the model are made, at random but by a fixed seed, until each property has met a state or step that tests it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from edgeproof.model.interpret import initial_count, initial_state
from edgeproof.model.kernel import Kernel, StateForm, StepForm, build_kernel, build_source
from edgeproof.model.machine import TICK, Instance

__all__ = ["RUNS", "STEPS", "met"]

Form = StateForm | StepForm

RUNS: Final = 200
STEPS: Final = 150


def met(instance: Instance, forms: Sequence[Form]) -> set[str]:
    """The names of the forms that some run of the instance puts to the test.

    What is proved of all durations is tested by any: they are first cut down to a tick, so that what is late comes
    soon, then left as they are, as what ends early may leave no time for the rest. Raises DesignError where the
    instance has no kernel.
    """
    short = {name: min(1, int(ticks)) for name, ticks in instance.of_role("duration").items()}
    found: set[str] = set()
    for at in (instance.with_(**short), instance):
        left = [form for form in forms if form.name not in found]
        if left:
            found |= _runs(at, left)
    return found


def _runs(instance: Instance, forms: Sequence[Form]) -> set[str]:
    states = [form for form in forms if isinstance(form, StateForm)]
    steps = [form for form in forms if isinstance(form, StepForm)]
    kernel = build_kernel(build_source(instance, states, steps, fixed=instance.values), instance)
    dice = random.Random(0)
    beginnings = initial_count(instance)
    found: set[str] = set()
    for _ in range(RUNS):
        if len(found) == len(forms):
            break
        found |= _run(kernel, kernel.pack(initial_state(instance, dice.randrange(beginnings))), dice)
    return found


def _run(kernel: Kernel, first: list[int], dice: random.Random) -> set[str]:
    """The names of the forms that one run puts to the test, in the states it passes and the steps beside its way."""
    source, words, found = kernel.source, list(first), _tested(kernel.check(first, 0, kernel.parameters), kernel, True)
    most, width = kernel.most_successors, source.words
    out, labels, flags = [0] * (most * width), [0] * most, [0] * most
    been = {tuple(words)}
    for _ in range(STEPS):
        count = kernel.expand(words, 0, kernel.parameters, out, labels, flags)
        if count <= 0:
            break
        for flag in flags[:count]:
            found |= _tested(flag, kernel, False)
        after = [tuple(out[n * width : (n + 1) * width]) for n in range(count)]
        ticks = [n for n in range(count) if source.labels[labels[n]][0] == TICK]
        others = [n for n in range(count) if n not in ticks]
        fresh = [n for n in others if after[n] not in been] or others
        # As often as not time passes: what is late is tested only after many ticks.
        chosen = dice.choice(ticks if ticks and (not fresh or dice.getrandbits(1)) else fresh)
        words = list(after[chosen])
        been.add(after[chosen])
        found |= _tested(kernel.check(words, 0, kernel.parameters), kernel, True)
    return found


def _tested(flags: int, kernel: Kernel, of_states: bool) -> set[str]:
    forms: Sequence[Form] = kernel.source.states if of_states else kernel.source.steps
    return {form.name for position, form in enumerate(forms) if flags >> (2 * position) & 1}
