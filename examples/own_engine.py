# SPDX-License-Identifier: Apache-2.0
"""An engine of one's own: one random walk through a design, judging every state on its way.

    python examples/own_engine.py

An engine takes an instance and properties, and returns evidence: per property a verdict, what it covers, and a trace
where something is violated. What several engines found makes one conclusion, and a contradiction is noticed. An engine
for everybody is a folder in `properties/engines/`, with a line in `properties/verify.py`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import edgeproof
from edgeproof.model.interpret import evaluate, initial_states, successors
from edgeproof.properties.catalogue import state_form
from edgeproof.properties.evidence import conclude

ENGINE = "walk"


def walk(
    instance: edgeproof.Instance, properties: list[edgeproof.Property], *, steps: int = 500, seed: int = 0
) -> Iterator[edgeproof.Evidence]:
    """What one walk says of properties of states: a violation, or only that it met none."""
    run = _walked(instance, steps, seed)
    for one in properties:
        holds = state_form(instance.machine, one).holds
        bad = next((n for n, state in enumerate(run.states) if not evaluate(instance, holds, state)), None)
        covers = f"one walk of {len(run.events)} steps"
        if bad is None:
            yield edgeproof.Evidence(one.id, ENGINE, edgeproof.Verdict.HOLDS_TO_BOUND, covers, seed=seed)
        else:
            witness = edgeproof.Trace(run.design, run.constants, run.states[: bad + 1], run.events[:bad], one.id)
            yield edgeproof.Evidence(one.id, ENGINE, edgeproof.Verdict.VIOLATED, covers, seed=seed, witness=witness)


def _walked(instance: edgeproof.Instance, steps: int, seed: int) -> edgeproof.Trace:
    dice, states = random.Random(seed), [next(initial_states(instance))]
    events: list[edgeproof.Event] = []
    while len(events) < steps and (possible := list(successors(instance, states[-1]))):
        event, state = dice.choice(possible)
        events.append(event)
        states.append(state)
    return edgeproof.Trace(instance.machine.name, instance.values, tuple(states), tuple(events))


if __name__ == "__main__":
    bare = edgeproof.Instance.of(edgeproof.load("do_kv"), statements="bare", uncaught=True)
    asked = [edgeproof.CATALOGUE[name] for name in ("changelog-complete", "no-partial-read", "never-ahead")]
    searched = edgeproof.explore(bare, properties=asked)
    for found in walk(bare, asked):
        told = searched.of(found.property)
        print(conclude(told.case, found.property, (*told.evidence, found)))
