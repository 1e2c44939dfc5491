# SPDX-License-Identifier: Apache-2.0
"""Lockstep compares what versions stand for, with an oracle that shares no code with the store."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from edgeproof.impl.pattern.system import ReferenceSystem
from edgeproof.impl.system import MARKS, Setup
from edgeproof.model.designs import load
from edgeproof.model.interpret import initial_states
from edgeproof.model.kernel import KernelSource
from edgeproof.model.machine import Instance
from edgeproof.model.trace import dump_trace, load_trace
from edgeproof.properties.engines.fuzz import engine
from edgeproof.properties.engines.fuzz.content import content_of
from edgeproof.properties.engines.fuzz.difference import canonical, difference
from edgeproof.properties.engines.fuzz.engine import fuzz
from edgeproof.properties.engines.fuzz.run import LOCKSTEP
from edgeproof.properties.engines.fuzz.writes import write_number
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Verdict
from edgeproof.properties.replay import replay_on
from tests.impl.content_mutants import CONTENT_MUTANTS
from tests.impl.mutants import Mutant
from tests.properties.test_fuzz import QUICK, configured


@cache
def source_for(setup: str) -> KernelSource:
    at = next(configured(one.setup) for one in CONTENT_MUTANTS if repr(one.setup) == setup)
    return kernel_source([at], [])


def mutant(name: str) -> Mutant:
    return next(one for one in CONTENT_MUTANTS if one.name == name)


@pytest.mark.parametrize("broken", CONTENT_MUTANTS, ids=lambda one: one.name)
def test_content_that_is_wrong_is_found_within_the_quick_plan(broken: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    # That failing runs are shortened is tested where it takes less.
    monkeypatch.setattr(engine, "shorten_failure", lambda *_: None)
    at = configured(broken.setup)
    found = fuzz(at, [], source_for(repr(broken.setup)), broken.system, QUICK)[0]
    assert (found.property, found.verdict) == (LOCKSTEP, Verdict.VIOLATED)
    trace = found.witness
    assert trace is not None
    assert not replay_on(trace, broken.system()).completed
    assert replay_on(trace, ReferenceSystem()).completed


def test_a_trace_does_the_same_writes_again_wherever_it_comes_from() -> None:
    broken = mutant("changelog-first-actor")
    at = configured(broken.setup)
    found = fuzz(at, [], source_for(repr(broken.setup)), broken.system, QUICK)[0]
    assert found.witness is not None
    kept = load_trace(dump_trace(found.witness))
    wrong = replay_on(kept, broken.system())
    assert (wrong.completed, wrong.confirmed) == (False, True)
    assert wrong.mismatch == found.reason


def test_the_evidence_says_what_content_was_compared() -> None:
    at = Instance.of(load("do_kv"))
    found = fuzz(at, [], kernel_source([at], []), ReferenceSystem, engine.Budget(4, 16))[0]
    names = "config, logged, later, answers, beside, sent, carries, kv, cache, kept, served"
    assert f"; content of: {names}" in found.reason


# --- what is written


def test_writes_are_the_same_for_the_same_number_and_have_all_that_is_awkward() -> None:
    config: dict[str, Any] = {}
    kinds = dict.fromkeys(("removes", "adds nothing", "leaves the marks", "nests"), 0)
    for number in range(200):
        write = write_number(7, number, config, marked=False)
        assert write == write_number(7, number, config, marked=False)
        assert not set(write.changes) & set(write.removed)
        assert write.changes or write.removed
        after = {name: value for name, value in {**config, **write.changes}.items() if name not in write.removed}
        kinds["removes"] += bool(set(write.removed) & set(config))
        kinds["adds nothing"] += after == config
        kinds["leaves the marks"] += not set(MARKS) & {*write.changes, *write.removed}
        kinds["nests"] += any(isinstance(value, dict) for value in write.changes.values())
        config = after
    assert min(kinds.values()) >= 20, kinds


def test_marks_stand_together_and_where_they_are_asked_for_they_come_first_and_new() -> None:
    for number in range(1, 200):
        for marked in (False, True):
            write = write_number(3, number, {"first": 0, "second": 0}, marked=marked)
            assert write.changes.get("first") == write.changes.get("second")
            assert ("first" in write.removed) == ("second" in write.removed)
            assert not marked or list(write.changes.items())[:2] == [("first", number), ("second", number)]


def test_runs_begin_at_several_versions() -> None:
    at = Instance.of(load("do_kv"), writes=12)
    system = ReferenceSystem()
    begun = set()
    for first in initial_states(at):
        system.start(Setup("do_kv"))
        content = content_of(system, at, first)
        assert content is not None
        begun.add(content.before)
        assert system.observe()["config"] == 0
        assert f'"version":{content.before}' in str(system.contents()["config"])
    assert {0, 9, 99} <= begun


# --- how a difference is said


@pytest.mark.parametrize(
    ("seen", "expected", "said"),
    [
        ('{"config":{"b":1},"era":0}', '{"config":{"b":"x"},"era":0}', 'field "b": 1, expected "x"'),
        ('{"config":{},"era":0}', '{"config":{"b":true},"era":0}', 'field "b": absent, expected true'),
        ('{"config":{"b":1}}', '{"config":{"b":true}}', 'field "b": 1, expected true'),
        ('{"config":{"b":1.0}}', '{"config":{"b":1}}', 'field "b": 1.0, expected 1'),
        (
            '{"config":{"old":{"new":[1]}}}',
            '{"config":{"old":{"new":[]}}}',
            'field "old", field "new", length: 1, expected 0',
        ),
        (
            '[{"version":3,"field":"b"}]',
            '[{"version":3,"field":"b","new":"x"}]',
            'entry 1 of version 3, field "b", the new value: absent, expected "x"',
        ),
        ("[]", "[1]", "length: 0, expected 1"),
        ("[1]", "[1]", ""),
    ],
)
def test_a_difference_names_the_first_place(seen: str, expected: str, said: str) -> None:
    assert difference(seen, expected) == said


def test_texts_of_one_value_have_one_form_and_those_of_two_have_two() -> None:
    assert canonical('{"b": 1, "a": "\u00e9"}') == canonical('{"a":"\\u00e9","b":1}')
    assert len({canonical(text) for text in ("1", "1.0", "true", '"1"', '"\u00e9"', '"e\u0301"')}) == 6
