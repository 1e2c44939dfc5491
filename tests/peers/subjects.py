# SPDX-License-Identifier: Apache-2.0
"""What the peers are given, and what our own search finds on it."""

from __future__ import annotations

from attrs import frozen

from edgeproof.model.expr import TRUE
from edgeproof.model.interpret import initial_states
from edgeproof.model.kernel import Kernel, StateForm, StepForm
from edgeproof.model.machine import Instance
from edgeproof.model.text import Subject, subject
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE, state_form, step_form
from edgeproof.properties.engines.explore.engine import search_instance
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.kernels import kernel_source
from tests.calibration import CALIBRATION
from tests.model.agreement import outcomes, truth

__all__ = ["I1", "I2", "Ours", "case_of", "do_kv_case", "interpreted", "search_of", "text_of"]


@frozen
class Ours:
    """The size of the state space; `left` where a natural leaves its range; which state property is broken."""

    states: int
    transitions: int
    left: bool = False
    broken: bool = False


def _i2() -> StepForm:
    """KV never goes back."""
    before, per_action = CALIBRATION.state(), {}
    for action in CALIBRATION.actions:
        after = CALIBRATION.state(action.post)
        per_action[action.name] = (before.kv <= after.kv, TRUE)
    return StepForm("I2", per_action)


I1 = StateForm("I1", CALIBRATION.state().kv <= CALIBRATION.state().store, TRUE)
I2 = _i2()


def do_kv_case(name: str, **chosen: int | str | bool) -> Instance:
    """A case of the scoreboard, with some numbers changed."""
    return case_of("do_kv", name, **chosen)


def case_of(design: str, name: str, **chosen: int | str | bool) -> Instance:
    """A case of a design's scoreboard, with some numbers changed."""
    return instance_of(next(case for case in scoreboard(design) if case.name == name)).with_(**chosen)


def text_of(instance: Instance, *ids: str) -> Subject:
    """An instance with properties of the catalogue."""
    chosen = [CATALOGUE[one] for one in ids]
    machine = instance.machine
    return subject(
        instance,
        [state_form(machine, p) for p in chosen if p.state],
        [step_form(machine, p) for p in chosen if p.step],
        [state_form(machine, p) for p in chosen if p.settles],
    )


def search_of(instance: Instance, *ids: str) -> Ours:
    """Our search of an instance whose kernel asks properties of the catalogue."""
    source = kernel_source([instance], [CATALOGUE[one] for one in ids])
    _, _, search = search_instance(instance, source, Limits())
    assert search.complete
    return Ours(search.count, search.transitions)


def interpreted(kernel: Kernel, most: int) -> Ours | None:
    """The same by the interpreter, clocks cut off as in the kernel; None above `most` states.

    `broken` is whether the kernel's first state property is.
    """
    instance, formula = kernel.instance, kernel.source.states[0].holds
    waiting = list(initial_states(instance))
    seen = {tuple(kernel.pack(state)) for state in waiting}
    transitions, broken = 0, False
    while waiting:
        state = waiting.pop()
        broken |= not truth(instance, formula, state)
        found, left = outcomes(instance, state)
        if left:
            return Ours(len(seen), transitions, left=True, broken=broken)
        for after in found.values():
            if after is None:
                continue
            transitions += 1
            if (words := tuple(kernel.pack(after))) not in seen:
                seen.add(words)
                waiting.append(kernel.unpack(words))
        if len(seen) > most:
            return None
    return Ours(len(seen), transitions, broken=broken)
