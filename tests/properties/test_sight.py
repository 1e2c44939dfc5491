# SPDX-License-Identifier: Apache-2.0
"""A system is judged by what it shows: what cannot be seen, or cannot be done, is not decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from edgeproof.impl.pattern.system import ReferenceSystem
from edgeproof.impl.system import ActionUnknown, Observation
from edgeproof.model.designs import load
from edgeproof.model.interpret import Event, initial_states
from edgeproof.model.machine import Instance
from edgeproof.model.trace import Trace
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE, applicable
from edgeproof.properties.engines.fuzz.engine import Budget, fuzz
from edgeproof.properties.engines.fuzz.run import LOCKSTEP
from edgeproof.properties.engines.fuzz.shrink import run_events
from edgeproof.properties.engines.fuzz.sight import followed, needs, not_judged
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Evidence, Verdict
from edgeproof.properties.replay import replay_on
from tests.impl.mutants import MUTANTS

CASES = {case.name: case for case in scoreboard("do_kv")}
BLIND_RETRY = instance_of(CASES["blind-retry"])


class Hides(ReferenceSystem):
    """The reference implementation from where some names cannot be seen."""

    hidden: frozenset[str] = frozenset()

    def observe(self) -> Observation:
        return {name: value for name, value in super().observe().items() if name not in self.hidden}


class CannotCrash(ReferenceSystem):
    """The reference implementation in hands that cannot kill it."""

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        if action in ("crash", "put_late"):
            raise ActionUnknown(action)
        super().perform(action, arguments)


class CannotDoAnything(ReferenceSystem):
    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        raise ActionUnknown(action)


def hiding(*names: str) -> Callable[[], Hides]:
    def make() -> Hides:
        system = Hides()
        system.hidden = frozenset(names)
        return system

    return make


def judged(case: str, system: Callable[[], ReferenceSystem], budget: Budget | None = None) -> dict[str, Evidence]:
    at = instance_of(CASES[case])
    properties = [CATALOGUE[name] for name in applicable(at)]
    return {
        one.property: one
        for one in fuzz(at, properties, kernel_source([at], properties), system, budget or Budget(20, 40))
    }


# --- what a property needs


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("atomic-write", ("config", "logged")),
        ("monotonic-kv", ("kv",)),
        ("monotonic-reads", ("served", "failed")),
        ("unit-isolation", ("kv", "neighbour_hit")),
        ("read-your-writes", ("acked", "served", "failed")),
        # Its clock and the write that it watches are the observer's; the config's changes start that clock.
        ("bounded-staleness", ("config", "restored", "served", "failed")),
    ],
)
def test_a_property_needs_the_variables_of_its_own_words(name: str, variables: tuple[str, ...]) -> None:
    found = needs(instance_of(CASES["outbox"]), CATALOGUE[name]).variables
    assert tuple(one for one in found if not one.endswith("_era")) == variables


def test_a_property_needs_the_actions_that_change_what_it_speaks_of() -> None:
    at = instance_of(CASES["outbox-faults"])
    assert needs(at, CATALOGUE["monotonic-reads"]).actions == ("read",)
    assert "crash" in needs(at, CATALOGUE["durable-ack"]).actions
    assert "retry" in needs(at, CATALOGUE["idempotent-write"]).actions
    assert "tick" in needs(at, CATALOGUE["bounded-staleness"]).actions


def test_only_clocks_and_the_observers_own_variables_need_not_be_shown() -> None:
    clocks = {"armed", "sending_for", "stray_for", "age", "memo_age", "since"}
    assert followed(load("do_kv")) == clocks | {"watched", "watching"}


# --- what the engine makes of it


def test_the_reference_shows_all_that_any_property_needs() -> None:
    for case in CASES.values():
        at = instance_of(case)
        system = ReferenceSystem()
        shown = set(load("do_kv").variables) - followed(at.machine)
        assert [name for name in case.properties if not_judged(at, CATALOGUE[name], shown)] == []
        system.close()
    found = judged("outbox", ReferenceSystem)
    assert "not shown" not in found[LOCKSTEP].reason


def test_hiding_a_variable_leaves_open_what_speaks_of_it_and_nothing_else() -> None:
    everything, less = judged("outbox", ReferenceSystem), judged("outbox", hiding("kv", "kv_era"))
    assert less["monotonic-kv"].verdict is Verdict.UNKNOWN
    assert less["monotonic-kv"].reason == "the system does not show kv, kv_era"
    changed = {name for name, one in everything.items() if less[name].verdict != one.verdict}
    assert changed == {"monotonic-kv", "unit-isolation", "never-ahead"}
    assert "not shown: kv, kv_era" in less[LOCKSTEP].reason


def test_a_mistake_that_cannot_be_seen_is_not_called_an_absence_of_mistakes() -> None:
    """What the engine used to say of this: the changelog is complete, HOLDS_TO_BOUND."""
    mutant = next(one for one in MUTANTS if one.name == "changelog-outside-the-transaction")

    class Behind(Hides):
        def __init__(self) -> None:
            super().__init__(parts=mutant.parts)

    shown = judged("outbox", Behind)
    assert shown[LOCKSTEP].verdict is Verdict.VIOLATED

    class Blind(Behind):
        hidden = frozenset({"logged", "torn"})
        # Nor does it take writes from the run: a repeated key would show the mistake.
        write_from = None  # type: ignore[assignment]

    blind = judged("outbox", Blind)
    assert blind[LOCKSTEP].verdict is Verdict.HOLDS_TO_BOUND, "in what is shown it does what the model does"
    assert blind["changelog-complete"].verdict is Verdict.UNKNOWN
    assert blind["changelog-complete"].reason == "the system does not show logged"


def test_what_only_the_model_breaks_is_not_held_against_a_system_that_does_not_show_it() -> None:
    shown, hidden = judged("shared-key", ReferenceSystem), judged("shared-key", hiding("neighbour_hit"))
    assert (shown["unit-isolation"].verdict, hidden["unit-isolation"].verdict) == (Verdict.VIOLATED, Verdict.UNKNOWN)
    assert hidden["unit-isolation"].witness is None


def test_what_a_system_cannot_do_is_named_and_leaves_open_what_it_would_put_to_the_test() -> None:
    found = judged("outbox-faults", CannotCrash)
    assert found["durable-ack"].verdict is Verdict.UNKNOWN
    assert found["durable-ack"].reason == "the system cannot perform crash"
    assert found["monotonic-reads"].verdict is Verdict.HOLDS_TO_BOUND
    assert found[LOCKSTEP].verdict is Verdict.HOLDS_TO_BOUND
    assert "cannot be performed: crash" in found[LOCKSTEP].reason
    assert "crash" not in found[LOCKSTEP].fired


def test_what_a_system_has_shown_to_be_broken_stays_broken_whatever_it_cannot_do() -> None:
    found = judged("early-ack", CannotCrash)
    assert found["durable-ack"].verdict is Verdict.UNKNOWN
    assert found["read-your-writes"].verdict is Verdict.VIOLATED


def test_a_system_that_can_do_nothing_was_not_tested() -> None:
    found = judged("outbox", CannotDoAnything)
    assert found[LOCKSTEP].verdict is Verdict.VACUOUS
    assert "cannot perform" in found[LOCKSTEP].reason
    assert {one.verdict for one in found.values()} <= {Verdict.UNKNOWN, Verdict.VACUOUS}


# --- replaying


def twice_applied() -> Trace:
    events = (Event("write", ()), Event("crash", ()), Event("retry", ()))
    first = next(initial_states(BLIND_RETRY))
    trace = Trace("do_kv", BLIND_RETRY.values, (first,), events, "idempotent-write")
    states = run_events(trace, load(trace.design))
    assert states is not None
    return Trace("do_kv", BLIND_RETRY.values, states, events, "idempotent-write")


def test_a_replay_confirms_only_what_the_system_shows() -> None:
    shown = replay_on(twice_applied(), ReferenceSystem())
    assert (shown.confirmed, shown.undecided) == (True, "")
    hidden = replay_on(twice_applied(), hiding("config")())
    assert (hidden.completed, hidden.confirmed) == (True, None)
    assert hidden.undecided == "the system does not show config"


def test_a_replay_of_what_a_system_cannot_do_is_undecided() -> None:
    outcome = replay_on(twice_applied(), CannotCrash())
    assert (outcome.completed, outcome.confirmed) == (False, None)
    assert outcome.undecided == "the system cannot perform crash"
    assert outcome.steps == ("write",)


def test_instances_of_other_sizes_need_the_same() -> None:
    at = Instance.of(load("do_kv"), Pop=3)
    assert needs(at, CATALOGUE["monotonic-reads"]) == needs(at.with_(Pop=1), CATALOGUE["monotonic-reads"])
