# SPDX-License-Identifier: Apache-2.0
"""Mistakes in a design are made one at a time, and whoever notices one says by what."""

from __future__ import annotations

from collections import Counter

import pytest
from attrs import evolve

from edgeproof.impl.references import ReferenceSystems
from edgeproof.model import Design, Expr, State, action, boolean, clock, deadline, duration, natural, option
from edgeproof.model.designs import DESIGNS, load
from edgeproof.model.machine import Instance, count, read_design
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.engines.explore.engine import decide, explore
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.engines.prove.engine import Effort, prove
from edgeproof.properties.evidence import Verdict
from edgeproof.properties.mutation.bisimilar import bisimilar
from edgeproof.properties.mutation.equal import Likeness, likeness
from edgeproof.properties.mutation.exceptions import EXCEPTIONS, reason_for
from edgeproof.properties.mutation.judge import judged
from edgeproof.properties.mutation.kill import Fate, How, Kill, Standing
from edgeproof.properties.mutation.matrix import Asked, anew, chosen
from edgeproof.properties.mutation.mutants import Mutant, mutants
from edgeproof.properties.mutation.proved import lost_first, lost_without, proofs_of
from edgeproof.properties.mutation.schema import schema
from edgeproof.properties.mutation.shared import names_of, shared_with


class Door(Design):
    """A door that closes by itself, and counts how often it was opened."""

    most = count(3)
    D = duration(2)
    E = duration(3)
    hinge = option("good", "stiff")

    open = boolean()
    opened = natural(most)
    for_long = clock(while_=lambda s: s.open)

    @action(fair=False)
    def push(s: State) -> None:
        s.require(~s.open & (s.opened < s.most))
        s.open = True
        s.opened = s.opened + 1
        s.for_long = 0

    @action()
    def fall_shut(s: State) -> None:
        s.require(s.open & ((s.for_long >= s.D) | (s.hinge == "good")))
        s.open = False

    @deadline
    def doors_close(s: State) -> Expr:
        return ~s.open | (s.for_long <= s.D)


DOOR = mutants(read_design(Door))


def _says(*words: str) -> list[str]:
    return [one.says for one in DOOR if all(word in one.says for word in words)]


@pytest.mark.parametrize(
    "says",
    [
        "push: no `not open` in `(not open) and (opened < most)`",
        "push: `opened <= most` instead of `opened < most`",
        "push leaves for_long as it is",
        "push: 2 instead of 1",
        "push: `opened` instead of `opened + 1`",
        "push is owed a turn",
        "push never happens",
        "fall_shut: E instead of D",
        "fall_shut: stiff instead of good",
        "fall_shut is not owed a turn",
        "time may overtake doors_close",
        "for_long always runs",
        "open is True at first",
    ],
)
def test_every_kind_of_mistake_is_made(says: str) -> None:
    assert _says(says), [one.says for one in DOOR]


def test_a_mutant_has_one_mistake_and_a_name_of_its_own() -> None:
    names = Counter(one.name for one in DOOR)
    assert set(names.values()) == {1}
    (wider,) = [one for one in DOOR if one.says == "push: `opened <= most` instead of `opened < most`"]
    before, after = read_design(Door), wider.machine
    assert [repr(a.guard) for a in after.actions if a.name != "push"] == [
        repr(a.guard) for a in before.actions if a.name != "push"
    ]


def test_time_passes_as_a_mutant_has_it() -> None:
    (late,) = [one.machine for one in DOOR if one.operator == "no-deadline"]
    assert "for_long" in repr(read_design(Door).action("tick").guard)
    assert "for_long" not in repr(late.action("tick").guard)


# --- one edit of what several designs have


@pytest.mark.parametrize(
    ("design", "says", "belongs_to"),
    [
        ("do_kv_regional", "write leaves logged as it is", "do_kv"),
        ("do_kv_regional", "refresh_region leaves region as it is", ""),
        ("do_kv_regional", "read: no `cached[cache]` in `cached[cache] and (age[cache] <= T)`", "do_kv"),
        ("do_kv_fills", "puts_end_in_time: `sending_for < D` instead of `sending_for <= D`", "do_kv"),
        ("do_kv_fills", "asking is True at first", "do_kv_in_flight"),
        ("artifacts_tokens", "sending_for always runs", "do_kv"),
        ("do_only", "write never happens", ""),
    ],
)
def test_an_edit_belongs_to_the_first_design_that_has_the_text(design: str, says: str, belongs_to: str) -> None:
    where, _, words = says.partition(": ")
    these = [one for one in mutants(load(design)) if says == one.says or (one.where, one.says) == (where, words)]
    assert {shared_with(design).get(one.name, ("",))[0] for one in these} == {belongs_to}


def test_what_is_shared_is_the_same_edit_there() -> None:
    there = {one.name: one for one in mutants(load("do_kv"))}
    for one in mutants(load("do_kv_backoff")):
        for same in shared_with("do_kv_backoff").get(one.name, ("", ()))[1]:
            edit = there[same]
            assert (edit.where, edit.operator, edit.says, edit.around) == (
                one.where, one.operator, one.says, one.around,
            )  # fmt: skip


def test_what_is_shared_is_judged_again_only_where_nobody_has_noticed_it_in_the_first() -> None:
    name, (first, (same, *_)) = next(iter(shared_with("do_kv_backoff").items()))
    assert first == "do_kv"
    noticed = Fate("do_kv", same, "", "", (_kill(How.MEASURE),), "", "", False, (24, 0), 24, "", {})
    passes = evolve(noticed, kills=(_kill(How.STATES),))
    assert anew(["do_kv_backoff"], {("do_kv", same): noticed}) == []
    assert Asked("do_kv_backoff", name) in anew(["do_kv_backoff"], {("do_kv", same): passes})
    assert anew(["do_kv_backoff"], {}) == []


def _kill(how: How) -> Kill:
    return Kill("search", "outbox", "convergence", how, "weaker", "", 0)


# --- many mutants in one kernel


def test_a_kernel_for_many_says_of_each_what_a_kernel_of_its_own_says() -> None:
    (case,) = (one for one in scoreboard("do_only") if one.name == "do-only-crash")
    properties = [CATALOGUE[name] for name in case.properties]
    some = mutants(load("do_only"))[::9]
    together = schema(instance_of(case), some, properties)
    for number, one in enumerate(some, start=1):
        shared = decide(
            together.searcher, together.kernels[number], together.search(number, 5_000), properties, Limits()
        )
        own = Instance(one.machine, instance_of(case).values)
        alone = explore(own, properties, kernel_source([own], properties))
        said = {e.property: (e.verdict, None if e.witness is None else len(e.witness.events)) for e in shared}
        assert (
            said.items()
            >= {e.property: (e.verdict, None if e.witness is None else len(e.witness.events)) for e in alone}.items()
        ), one.says


def test_a_clock_that_runs_while_nobody_looks_makes_other_states_and_the_same_runs() -> None:
    assert _same_runs("for_long always runs")
    assert not _same_runs("fall_shut: E instead of D")
    assert not _same_runs("push leaves open as it is")


def _same_runs(says: str) -> bool:
    (mutant,) = (one for one in DOOR if one.says == says)
    together = schema(Instance.of(read_design(Door), hinge="stiff"), [mutant], [])
    design, other = together.search(0, 1_000), together.search(1, 1_000)
    assert design.count != other.count
    return bisimilar(together.searcher, (together.kernels[0], design), (together.kernels[1], other))


def test_the_age_of_a_memo_that_nobody_has_makes_the_same_runs_in_too_many_states_to_compare() -> None:
    (case,) = (one for one in scoreboard("do_kv") if one.name == "inline")
    (mutant,) = (one for one in mutants(load("do_kv")) if one.says == "memo_age always runs")
    assert reason_for("do_kv", mutant.says)
    together = schema(instance_of(case), [mutant], [CATALOGUE[name] for name in case.properties])
    design, other = together.search(0, 20_000), together.search(1, 20_000)
    assert other.count > 4 * design.count + 1000
    assert bisimilar(together.searcher, (together.kernels[0], design), (together.kernels[1], other))


# --- what the solver says of a mutant


def test_a_proof_is_lost_exactly_where_the_prover_loses_one() -> None:
    (case,) = (one for one in scoreboard("do_only") if one.name == "do-only-crash")
    proofs, properties = proofs_of(case), [CATALOGUE[one] for one in case.properties]
    for one in mutants(load("do_only"))[::9]:
        own = Instance(one.machine, instance_of(case).values)
        found = prove(own, properties, dossier_of("do_only").lemmas, Effort(depth=1, reach=False))
        left = {e.property for e in found if e.verdict is Verdict.PROVED}
        assert (lost_first(proofs, one) is not None) is bool(set(proofs.proved) - left), one.says


@pytest.mark.parametrize(
    ("says", "like"),
    [
        ("write leaves since as it is", Likeness.SAME),
        ("retry never happens", Likeness.LESS),
        ("write: 2 instead of 1", Likeness.OTHER),
        ("acknowledge is not owed a turn", Likeness.LESS),
        ("config is 1 at first", Likeness.OTHER),
    ],
)
def test_the_solver_tells_a_mutant_from_the_design_in_other_words(says: str, like: Likeness) -> None:
    (case,) = (one for one in scoreboard("do_only") if one.name == "do-only-crash")
    assert likeness(proofs_of(case), _mutant("do_only", says)) is like


def test_a_mutant_in_which_time_never_passes_does_less() -> None:
    (case,) = (one for one in scoreboard("do_kv_lost_alarms") if one.name == "lost-alarm-watchdog")
    stops = _mutant("do_kv_lost_alarms", "no `poked <= W` in `(not (watchdog = on)) or (poked <= W)`")
    assert likeness(proofs_of(case), stops) is Likeness.LESS


def test_a_lemma_is_needed_where_a_proof_is_lost_without_it() -> None:
    (case,) = (one for one in scoreboard("do_only") if one.name == "do-only")
    lost = lost_without(proofs_of(case), "served-is-committed")
    assert lost == ("monotonic-reads", "read may break it")


# --- who notices, and by what


def _mutant(design: str, says: str) -> Mutant:
    return next(one for one in mutants(load(design)) if one.says == says)


SAID = (
    "write leaves logged as it is",
    "write: no `not down` in `(not down) and (request = none) and (config < writes)`",
    "heal may always happen",
    "write leaves since as it is",
    "retry never happens",
)


@pytest.fixture(scope="module")
def fates() -> dict[str, Fate]:
    some = [one for one in mutants(load("do_only")) if one.says in SAID]
    return {one.says: one for one in judged("do_only", some, ReferenceSystems)}


def test_whoever_notices_says_by_which_property_of_which_case(fates: dict[str, Fate]) -> None:
    fate = fates["write leaves logged as it is"]
    assert fate.standing() is Standing.TWICE
    assert {(kill.engine, kill.case, kill.how) for kill in fate.kills} == {
        ("search", "do-only", How.VERDICT),
        ("proof", "do-only", How.VERDICT),
    }
    assert "atomic-write" in {kill.property for kill in fate.kills if kill.engine == "search"}


def test_what_the_model_allows_and_the_implementation_does_not_is_noticed_by_lockstep(fates: dict[str, Fate]) -> None:
    fate = fates["write: no `not down` in `(not down) and (request = none) and (config < writes)`"]
    assert fate.by(How.VERDICT) == ("lockstep",)
    assert fate.standing() is Standing.ONCE


def test_what_only_lets_less_happen_is_for_the_search_alone_to_notice(fates: dict[str, Fate]) -> None:
    fate = fates["retry never happens"]
    assert [(kill.engine, kill.property) for kill in fate.kills] == [
        ("search", "possible"),
        ("search", "answered-write"),
    ]
    assert fate.standing() is Standing.ALONE


def test_the_design_in_other_words_is_no_mutant_that_passes(fates: dict[str, Fate]) -> None:
    assert fates["write leaves since as it is"].standing() is Standing.PROVED_EQUAL
    assert fates["heal may always happen"].standing() is Standing.SAME_RUNS


def test_a_mutant_that_nobody_notices_passes_unless_somebody_has_said_why() -> None:
    survivor = Fate("do_only", "x", "value", "it is otherwise", (), "do-only", "do-only", False, (3, 0), 3, "", {})
    assert survivor.standing() is Standing.UNEXPLAINED
    assert survivor.standing("nobody cares") is Standing.EXCEPTED


def test_exceptions_have_reasons_and_fit_mutants_that_there_are() -> None:
    says = {design: [mutant.says for mutant in mutants(load(design))] for design in DESIGNS}
    for one in EXCEPTIONS:
        assert one.reason.endswith(".")
        about = one.designs or DESIGNS
        assert any(reason_for(design, said) == one.reason for design in about for said in says[design]), one.says


def test_a_seed_chooses_the_sample() -> None:
    designs = ("do_only", "kv_only", "levels")
    assert chosen(designs, 20, 1) == chosen(designs, 20, 1) != chosen(designs, 20, 2)
    own = [name for name in names_of("do_only") if name not in shared_with("do_only")]
    assert chosen(["do_only"], None, 0) == [Asked("do_only", name) for name in own]
    assert len(chosen(["do_only"], None, 0, inherited=True)) == len(mutants(load("do_only")))
