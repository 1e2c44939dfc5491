# SPDX-License-Identifier: Apache-2.0
"""What `impl.system` says of a system, asked of every one that is registered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from attrs import evolve

from edgeproof.impl.references import REFERENCES
from edgeproof.impl.system import ActionImpossible, ActionUnknown, Observation, System, SystemUnavailable
from edgeproof.model.designs import load
from edgeproof.model.interpret import Event, State
from edgeproof.properties.engines.fuzz.engine import Budget, fuzz
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Evidence, Verdict
from tests.impl.systems import DOOR, HTTP, IN_LOCKSTEP, Subject, events_of, impossible
from tests.workerd.conftest import without_runtime


def named(subject: Subject) -> str:
    return subject.name


every_system = pytest.mark.parametrize("subject", (*IN_LOCKSTEP, DOOR, HTTP), ids=named)
every_system_with_a_design = pytest.mark.parametrize("subject", (*IN_LOCKSTEP, DOOR), ids=named)


@pytest.fixture
def system(subject: Subject) -> Iterator[System]:
    """The system, started."""
    with subject.opened() as one:
        try:
            one.start(subject.setup)
        except SystemUnavailable as missing:
            without_runtime(str(missing))
        yield one


def perform(system: System, events: Sequence[Event]) -> None:
    for event in events:
        system.perform(event.action, dict(event.arguments))


def shows(system: System, state: State) -> bool:
    """Whether all that the system shows is as the model has it."""
    seen = system.observe()
    return {n: v for n, v in seen.items() if n in state} == {n: v for n, v in state.items() if n in seen}


def spent(system: System) -> object:
    """What the run has cost, where the system counts it."""
    return system.spent() if hasattr(system, "spent") else None


@every_system
def test_an_unknown_action_is_said_to_be_unknown_and_changes_nothing(subject: Subject, system: System) -> None:
    for events, state in subject.run():
        perform(system, events[-1:])
        with pytest.raises(ActionUnknown, match="fly"):
            system.perform("fly", {})
        assert shows(system, state), events


@every_system
def test_an_impossible_action_is_said_to_be_impossible_and_changes_nothing(subject: Subject, system: System) -> None:
    """A system may do more than its model, which allows no crash where none is to be feared: it is then put back."""
    refused = set()
    for events, state in subject.run():
        perform(system, events[-1:])
        for event in impossible(subject.instance, state):
            before = (system.observe(), spent(system))
            try:
                perform(system, [event])
            except ActionUnknown:
                continue
            except ActionImpossible:
                refused.add(event.action)
                assert (system.observe(), spent(system)) == before, (events, event)
            else:
                system.start(subject.setup)
                perform(system, events)
        assert shows(system, state), events
    assert refused


@every_system
def test_observing_changes_nothing(subject: Subject, system: System) -> None:
    for events, state in subject.run():
        perform(system, events[-1:])
        before = (system.observe(), spent(system))
        assert (system.observe(), spent(system)) == before
        assert shows(system, state), events


@every_system
def test_a_run_begins_from_nothing_and_a_system_may_be_closed_and_started_again(
    subject: Subject, system: System
) -> None:
    first = system.observe()
    *_, (events, _) = subject.run()

    def started_again() -> Observation:
        perform(system, events)
        system.start(subject.setup)
        return system.observe()

    assert started_again() == first
    system.close()
    system.close()
    system.start(subject.setup)
    assert system.observe() == first
    assert started_again() == first


@every_system_with_a_design
def test_what_a_system_does_not_know_it_does_not_start(subject: Subject, system: System) -> None:
    setup = subject.setup
    with pytest.raises(SystemUnavailable, match="levels"):
        system.start(evolve(setup, design="levels"))
    with pytest.raises(ValueError, match="no option colour = red"):
        system.start(evolve(setup, options={**setup.options, "colour": "red"}))
    for name in setup.options:
        with pytest.raises(ValueError, match=f"no option {name} = red"):
            system.start(evolve(setup, options={**setup.options, name: "red"}))
    with pytest.raises(SystemUnavailable, match="T=0 is below KV's smallest cacheTtl"):
        system.start(evolve(setup, numbers={**setup.numbers, "T": 0}))
    system.start(setup)


@every_system_with_a_design
def test_a_system_can_do_what_its_design_says_and_nothing_else(subject: Subject, system: System) -> None:
    own = {event.action: event for event in events_of(subject.instance)}
    others = {action.name: Event(action.name) for design in REFERENCES for action in load(design).actions}
    for name, event in {**others, **own}.items():
        assert can(system, event) == (name in own), name
        system.start(subject.setup)


def can(system: System, event: Event) -> bool:
    """Whether the system knows how to do this, be it possible now or not."""
    try:
        perform(system, [event])
    except ActionUnknown:
        return False
    except ActionImpossible:
        return True
    return True


@pytest.mark.parametrize("subject", IN_LOCKSTEP, ids=named)
def test_an_action_that_is_taken_out_cannot_be_performed_and_nothing_is_held_against_the_system(
    subject: Subject, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = driven(subject, system)
    assert sound.verdict is Verdict.HOLDS_TO_BOUND, sound.reason
    for action in sound.fired:
        with monkeypatch.context() as without:
            without.setattr(type(system), f"_do_{action}", None)
            found = driven(subject, system)
        assert found.verdict is not Verdict.VIOLATED, (action, found.reason)
        # The same seed does the same, until it comes to the action that is not there.
        assert found.reason.endswith(f"; cannot be performed: {action}"), (action, found.reason)


def driven(subject: Subject, system: System) -> Evidence:
    """What the engine says of the system, by a few short runs."""
    at = subject.instance
    return fuzz(at, [], kernel_source([at], []), lambda: system, Budget(2, subject.steps))[0]
