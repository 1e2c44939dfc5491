# SPDX-License-Identifier: Apache-2.0
"""The scoreboard of do_kv: every verdict as its description has it, every violation shown on the real parts."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import pytest

from edgeproof.impl.pattern.system import ReferenceSystem
from edgeproof.model.designs.do_kv import DoKv
from edgeproof.model.interpret import initial_states, successors
from edgeproof.model.kernel import KernelSource, build_kernel
from edgeproof.model.machine import DesignError, Instance, action, read_design
from edgeproof.model.trace import dump_trace, load_trace
from edgeproof.properties.cases import ad_hoc, instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE, Property, applicable, state_form, step_form
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.fuzz.shrink import breaks
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Evidence, Status, Verdict, conclude
from edgeproof.properties.replay import replay_on, replay_on_model, truth_table
from edgeproof.properties.staleness import tight_trace
from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.promise import Promise
from tests.properties.recorded_runs import retraced
from tests.properties.test_history_agrees import DECIDED_BY, breaking, digested, promise_for, seen

CASES = scoreboard("do_kv")
VIOLATIONS = [(case.name, one) for case in CASES for one in case.expected]

DEPTHS = {
    "inline": {"monotonic-kv": 4, "monotonic-reads": 7, "convergence": 11, "bounded-staleness": 10},
    "inline-crash": {"monotonic-kv": 4, "convergence": 5},
    "throwing-handler": {"convergence": 25, "bounded-staleness": 35},
    "late-put": {"monotonic-kv": 9, "monotonic-reads": 12, "convergence": 18, "bounded-staleness": 20},
    "late-put-heartbeat": {"monotonic-kv": 9, "monotonic-reads": 12},
    "disjoint-caches": {"monotonic-reads": 11},
    "guard-evicted": {"monotonic-reads": 12},
    "rollback": {"never-ahead": 8, "monotonic-kv": 10, "convergence": 19},
    "bare-statements": {"atomic-write": 1, "changelog-complete": 1, "no-partial-read": 6, "bounded-staleness": 7},
    "partition": {"local-reads": 9},
    "partition-guarded": {"bounded-staleness": 17},
    "early-ack": {"durable-ack": 2, "read-your-writes": 2},
    "blind-retry": {"idempotent-write": 3},
    "shared-key": {"unit-isolation": 3},
    "outbox": {"read-your-writes": 3, "cross-pop-monotonic": 11},
    "negative-cache": {"cross-pop-monotonic": 6},
}
"""How many steps the shortest run takes that shows an anomaly. A change here is a change of the model: explain it."""

UNSEEN = {
    *((name, "convergence") for name in ("inline", "inline-crash", "late-put", "rollback", "throwing-handler")),
    *(("bare-statements", name) for name in ("bounded-staleness", "changelog-complete", "convergence")),
    ("disjoint-caches", "cross-pop-monotonic"),
    ("rollback", "never-ahead"),
}
"""Violations whose shortest traces leave no mark on a history: they go round for ever before the bound has passed, or a
half write is in no changelog, one location was read at alone, or nobody read the copy that was ahead."""

ANY = promise_for(CASES[0])
"""A promise whose bound does not matter."""

Found = dict[tuple[str, str], Evidence]


@pytest.fixture(scope="module")
def source() -> KernelSource:
    """One kernel for all cases and properties."""
    return kernel_source(
        [instance_of(case) for case in CASES],
        [CATALOGUE[name] for name in CATALOGUE if any(name in case.properties for case in CASES)],
    )


@pytest.fixture(scope="module")
def found(source: KernelSource) -> Found:
    """What the exhaustive search says of every property of every case."""
    return {
        (case.name, one.property): one
        for case in CASES
        for one in explore(instance_of(case), [CATALOGUE[name] for name in case.properties], source)
    }


def test_every_trace_written_out_as_a_history_gets_the_verdict_of_its_case(found: Found, source: KernelSource) -> None:
    """Those of violations, and those that reach a bound and do not pass it: of every property a history can decide."""
    traces = [(case, name, found[case.name, name].witness) for case in CASES for name in case.properties]
    traces += [(case, "the bound", tight_trace(instance_of(case))) for case in CASES]
    kernels = {case.name: build_kernel(source, instance_of(case)) for case in CASES}
    runs = [(case, of, retraced(kernels[case.name], trace)) for case, of, trace in traces if trace is not None]
    facts, shown = digested([run for _, _, run in runs]), set()

    @cache
    def broken(name: str, promise: Promise) -> set[str]:
        return breaking(facts, name, promise)

    for number, (case, of, run) in enumerate(runs):
        promise = promise_for(case)
        for name in (one for one in DECIDED_BY if one in applicable(run.kernel.instance)):
            # One promise for all that does not speak of the bound is asked for once.
            by_history = f"{DECIDED_BY[name]}/{number}" in broken(name, promise if CHECKS[name].bounded else ANY)
            assert by_history == seen(name, run, promise), f"{name}, in the trace of {of} of {case.name}"
            shown |= {(case.name, name)} if by_history and name == of else set()
    assert {one for one in VIOLATIONS if one[1] in DECIDED_BY} - shown == UNSEEN


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_verdict_is_the_expected_one(case: Any, found: Found) -> None:
    for name in case.properties:
        conclusion = conclude(case, name, (found[case.name, name],))
        assert conclusion.status is Status.AS_EXPECTED, f"{name}: {conclusion.verdict} {conclusion.reason}"


@pytest.mark.parametrize(("case", "name"), VIOLATIONS)
def test_every_violation_replays_in_the_model_and_shows_the_same_on_the_reference_system(
    case: str, name: str, found: Found
) -> None:
    trace = found[case, name].witness
    assert trace is not None
    assert trace == load_trace(dump_trace(trace))
    assert replay_on_model(trace).confirmed is True
    told = replay_on(trace, ReferenceSystem())
    assert (told.mismatch, told.completed, told.confirmed) == ("", True, True)


def test_the_shortest_runs_of_the_classic_anomalies_are_this_long(found: Found) -> None:
    lengths = {
        case: {name: len(found[case, name].witness.events) for name in depths}  # type: ignore[union-attr]
        for case, depths in DEPTHS.items()
    }
    assert lengths == DEPTHS


def test_inline_puts_that_overtake_each_other_leave_kv_on_the_older_write_in_four_steps(found: Found) -> None:
    trace = found["inline", "monotonic-kv"].witness
    assert trace is not None
    assert [event.action for event in trace.events] == ["write_inline", "write_inline", "stray_lands", "stray_lands"]
    last: Any = trace.states[-1]
    assert (trace.states[-2]["kv"], last["kv"], last["config"], last["acked"]) == (2, 1, 2, 2)


def test_what_never_converges_is_a_lasso_on_whose_loop_it_is_never_settled(found: Found) -> None:
    for case in ("inline", "inline-crash", "late-put", "rollback", "throwing-handler"):
        trace = found[case, "convergence"].witness
        assert trace is not None
        assert trace.loop is not None
        table = truth_table(trace)
        assert not any(row["convergence"] for row in table[trace.loop :])
        clocks = {one.name for one in instance_of(CASES[0]).machine.clocks}
        first, last = trace.states[trace.loop], trace.states[-1]
        assert {n: v for n, v in first.items() if n not in clocks} == {n: v for n, v in last.items() if n not in clocks}


def test_the_truth_table_of_a_witness_is_false_at_its_end_only(found: Found) -> None:
    for case, name in VIOLATIONS:
        if CATALOGUE[name].settles is None:
            trace = found[case, name].witness
            assert trace is not None
            column = [row[name] for row in truth_table(trace)]
            assert column[-1] is False
            assert False not in column[:-1]


# --- teeth: every property is violated by some case, or by a design broken on purpose


class CommitsTwice(DoKv):
    @action(fair=False)
    def write_refused(s: Any) -> None:
        """A client expects a version that is no longer the current one, and is served all the same."""
        s.require((s.config > 0) & (s.config < s.writes) & (s.request == "none"))
        s.config = s.config + 1
        s.logged = s.logged + 1


class LogsLater(DoKv):
    @action()
    def acknowledge(s: Any) -> None:
        """The reply leaves, and the changelog loses its last entry."""
        s.require(s.request == "stored")
        s.logged = s.logged - 1
        s.request = "none"


class PublishesAhead(DoKv):
    @action()
    def fire(s: Any) -> None:
        """The alarm fires, and the handler puts a version that is not yet committed."""
        s.require((s.alarm != "off") & (s.sending == "idle") & (s.config < s.writes))
        s.alarm = "lease"
        s.sending = "flying"
        s.sending_for = 0
        s.sent = s.config + 1


class AcknowledgesAhead(DoKv):
    @action()
    def acknowledge(s: Any) -> None:
        """The reply tells of a version that was never stored."""
        s.require((s.request == "stored") & (s.config < s.writes))
        s.acked = s.config + 1
        s.request = "none"


class PublishesUnasked(DoKv):
    @action()
    def fire(s: Any) -> None:
        """The handler puts although no alarm is armed."""
        s.require((s.sending == "idle") & (s.config > 0))
        s.alarm = "lease"
        s.sending = "flying"
        s.sending_for = 0
        s.sent = s.config


BROKEN: dict[type[DoKv], str] = {
    CommitsTwice: "single-writer-order",
    LogsLater: "changelog-complete",
    PublishesAhead: "never-ahead",
    AcknowledgesAhead: "durable-ack",
    PublishesUnasked: "never-early",
}

FORGETS: Final = "answered-write"
"""What no run shows that comes to an end: `test_answers_and_due_times` has designs that break it."""


def test_every_property_has_a_case_or_a_broken_design_that_violates_it(found: Found) -> None:
    by_cases = {name for (_, name), one in found.items() if one.verdict is Verdict.VIOLATED}
    asked = {name for case in CASES for name in case.properties}
    assert asked - by_cases - set(BROKEN.values()) == {FORGETS}


@pytest.mark.parametrize("design", BROKEN, ids=lambda design: design.__name__)
def test_a_broken_design_is_caught(design: type[DoKv]) -> None:
    at = Instance.of(read_design(design), Pop=1, Put=1)
    assert violated_in_the_interpreter(at, CATALOGUE[BROKEN[design]])


def violated_in_the_interpreter(at: Instance, one: Property) -> bool:
    """Whether a plain search meets a state or step that breaks the property, before time has passed."""
    form = state_form(at.machine, one) if one.step is None else step_form(at.machine, one)
    queue = [state for state in initial_states(at) if state["watched"] == 0]
    seen = {tuple(state.values()) for state in queue}
    for state in queue:
        for event, following in successors(at, state):
            if breaks(at, form, (state, following), (event,)):
                return True
            if event.action != "tick" and tuple(following.values()) not in seen:
                seen.add(tuple(following.values()))
                queue.append(following)
    return False


# --- cases


def test_an_unknown_design_property_or_constant_is_refused() -> None:
    with pytest.raises(DesignError, match="there is no design 'kv_alone'"):
        scoreboard("kv_alone")
    with pytest.raises(DesignError, match="there is no property 'speed'"):
        ad_hoc("do_kv", {}, {"speed": Verdict.VIOLATED})
    with pytest.raises(DesignError, match="has no option, hazard or parameter 'colour'"):
        ad_hoc("do_kv", {"colour": 1}, {})


def test_an_ad_hoc_case_expects_the_known_anomalies_and_what_is_named() -> None:
    case = ad_hoc("do_kv", {"publisher": "inline"}, {"monotonic-kv": Verdict.VIOLATED})
    assert set(case.expected) == {"monotonic-kv", "read-your-writes", "cross-pop-monotonic"}


def test_every_case_has_a_name_a_reason_and_expects_only_what_it_asks() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    for case in CASES:
        assert case.because
        assert set(case.expected) <= set(case.properties) <= set(CATALOGUE)
        assert instance_of(case).machine.name == case.design
