# SPDX-License-Identifier: Apache-2.0
"""The scoreboard of artifacts_tokens: every verdict as expected, every violation shown on the real parts."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from edgeproof.impl.tokens.system import TokenSystem
from edgeproof.model.designs import load
from edgeproof.model.designs.artifacts_tokens import ArtifactsTokens
from edgeproof.model.expr import implies
from edgeproof.model.machine import Instance, State, action, read_design
from edgeproof.properties.bounds import formula, staleness_bound
from edgeproof.properties.cases import for_runs, instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE, Property
from edgeproof.properties.catalogue.token_forms import when_asked
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.designs.artifacts_tokens import new_token_bound, new_token_formula
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.fuzz.engine import Budget, fuzz
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.engines.prove.engine import Effort, prove
from edgeproof.properties.evidence import Evidence, Verdict
from edgeproof.properties.replay import replay_on
from tests.impl.token_mutants import MUTANTS, TokenMutant
from tests.properties import boards

DESIGN = "artifacts_tokens"
CASES = {case.name: case for case in scoreboard(DESIGN)}
TOKENS = ("token-scope", "token-expiry", "token-revocation-bound", "new-token-delay", "push-revocation")
ASKED = [p for p in CATALOGUE.values() if any(p.id in case.properties for case in CASES.values())]

DEPTHS = {
    # Minted, published, revoked, and asked before the revocation is.
    "tokens": {"immediate-revocation": 5},
    "tokens-push-unchecked": {"push-revocation": 5, "immediate-revocation": 5},
    # Two rounds of publishing, the first put given up and its retry's wait in between, and then that put; a bound of 9
    # ticks to outlive.
    "tokens-tombstone-late": {"monotonic-kv": 8, "token-revocation-bound": 19},
    "tokens-tombstone-heartbeat": {"monotonic-kv": 8},
    # A deletion takes KV from the token to nothing, without any late put.
    "tokens-delete-late": {"monotonic-kv": 7, "token-revocation-bound": 19},
    # Five ticks of life and one beyond; the rest is publishing and the clock that falls behind.
    "tokens-skew": {"token-expiry": 12},
    "tokens-presence": {"token-scope": 4},
}
"""How many steps the shortest run takes that shows an anomaly. A change here is a change of the model: explain it."""


@pytest.fixture(scope="module")
def found() -> boards.Found:
    return boards.searched(DESIGN)


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_every_verdict_is_the_expected_one(case: Any, found: boards.Found) -> None:
    boards.expected_verdict(case, found)


@pytest.mark.parametrize(("case", "name"), boards.violations(DESIGN))
def test_every_violation_shows_in_the_model_and_on_code(case: str, name: str, found: boards.Found) -> None:
    boards.shows_on_code(found[case, name].witness)


def test_the_shortest_runs_of_the_anomalies_are_this_long(found: boards.Found) -> None:
    assert boards.depths(found, DEPTHS) == DEPTHS


def test_a_late_put_of_the_token_lands_over_its_tombstone(found: boards.Found) -> None:
    trace = boards.trace_of(found, "tokens-tombstone-late", "monotonic-kv")
    last: Any = trace.states[-1]
    assert trace.events[-1].action == "stray_lands"
    assert (trace.states[-2]["listed"], last["listed"], last["token"]) == ("tombstone", "token", "revoked")


# --- proofs


@cache
def proofs(case: str) -> dict[str, Evidence]:
    one = CASES[case]
    properties = [CATALOGUE[name] for name in one.properties]
    return {e.property: e for e in prove(instance_of(one), properties, dossier_of(DESIGN).lemmas, Effort(depth=1, k=1))}


@pytest.mark.parametrize("case", CASES)
def test_whatever_holds_of_tokens_is_proved_for_any_number_of_locations_and_all_times(case: str) -> None:
    held = [name for name in TOKENS if name not in CASES[case].expected]
    assert held
    assert {name: proofs(case)[name].verdict for name in held} == dict.fromkeys(held, Verdict.PROVED)


def test_the_bounds_are_told_with_the_proofs() -> None:
    told = {
        case: (proofs(case)["token-revocation-bound"].reason, proofs(case)["new-token-delay"].reason)
        for case in ("tokens", "tokens-tombstone-heartbeat", "tokens-skew")
    }
    attempts = "D + S + F*(D + R) + D"
    assert told == {
        "tokens": (f"B = {attempts} + T", f"N = {attempts} + T"),
        "tokens-tombstone-heartbeat": ("B = D + Z + D + H + S + F*(D + R) + D + T", f"N = {attempts}"),
        "tokens-skew": ("B = D + S + D + T", "N = D + S + D"),
    }


# --- the bounds are tight: a tick less does not hold


def _revoked_a_tick_too_soon(before: State, admitted: Any) -> Any:
    return ~(admitted & (before.token == "revoked") & (staleness_bound(before) <= before.revoked_for))


def _good_a_tick_too_soon(before: State, admitted: Any) -> Any:
    due = (before.token == "active") & (new_token_bound(before) <= before.minted_for) & ~before.expired
    return implies(due, admitted)


TIGHT = {
    "revocation": Property("tight", "", "", step=when_asked(_revoked_a_tick_too_soon, ("fetch",))),
    "minting": Property("tight", "", "", step=when_asked(_good_a_tick_too_soon, ("fetch",))),
}


@pytest.mark.parametrize(
    ("case", "which"),
    [
        ("tokens-tombstone", "revocation"),
        ("tokens-tombstone", "minting"),
        ("tokens-skew", "minting"),
        ("tokens-tombstone-heartbeat", "revocation"),
    ],
)
def test_a_run_reaches_the_bound_exactly(case: str, which: str) -> None:
    at = instance_of(CASES[case])
    (one,) = explore(at, [TIGHT[which]], kernel_source([at], [TIGHT[which]]))
    assert one.verdict is Verdict.VIOLATED, f"{formula(at)}; {new_token_formula(at)}"


# --- teeth: a design broken on purpose


class TakesTokensBack(ArtifactsTokens):
    @action(fair=False)
    def change_another(s: Any) -> None:
        """A token that was revoked is taken back by mistake, and published."""
        s.require((s.token == "revoked") & (s.alarm == "off"))
        s.listed = "token"
        s.marked = False


class RefusesTheNew(ArtifactsTokens):
    @action()
    def put_lands(s: Any) -> None:
        """A put lands, and KV's centre keeps nothing of it."""
        s.require(s.sending == "flying")
        s.sending = "landed"


class PublishesUnasked(ArtifactsTokens):
    @action()
    def fire(s: Any) -> None:
        """The handler puts although no alarm is armed."""
        s.require(s.sending == "idle")
        s.alarm = "lease"
        s.sending = "flying"
        s.sending_for = 0
        s.sent = s.token


BROKEN = {
    TakesTokensBack: "token-revocation-bound",
    RefusesTheNew: "new-token-delay",
    PublishesUnasked: "never-early",
}


@pytest.mark.parametrize("design", BROKEN, ids=lambda design: design.__name__)
def test_a_broken_design_is_caught(design: type[ArtifactsTokens]) -> None:
    at = Instance.of(read_design(design, DESIGN))
    one = CATALOGUE[BROKEN[design]]
    (evidence,) = explore(at, [one], kernel_source([at], [one]))
    assert evidence.verdict is Verdict.VIOLATED


def test_every_token_property_has_a_case_or_a_broken_design_that_violates_it() -> None:
    by_cases = {name for case in CASES.values() for name in case.expected}
    assert {p.id for p in ASKED} - by_cases - set(BROKEN.values()) == set()


# --- lockstep


@pytest.mark.parametrize("name", ["tokens", "tokens-tombstone-heartbeat", "tokens-delete-late", "tokens-presence"])
def test_the_token_system_does_what_the_model_does(name: str) -> None:
    at = for_runs(CASES[name])
    lockstep = fuzz(at, [], kernel_source([at], []), TokenSystem, Budget(25, 60, seed=1))[0]
    assert lockstep.verdict is Verdict.HOLDS_TO_BOUND, lockstep.reason
    compared, content = lockstep.reason.split("; ")
    assert content == "content was not compared"
    unseen = {"kv", "expired"} | {one.name for one in load(DESIGN).clocks}
    assert set(load(DESIGN).variables) - unseen == set(compared.removeprefix("compared: ").split(", "))
    if name == "tokens":
        assert {one.name for one in load(DESIGN).actions} == set(lockstep.fired)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_broken_system_is_caught_within_the_quick_plan(mutant: TokenMutant) -> None:
    at = for_runs(CASES[mutant.case]).with_(**mutant.numbers)
    caught = fuzz(at, [], kernel_source([at], []), mutant.system, Budget(50, 80))[0]
    assert caught.verdict is Verdict.VIOLATED
    assert caught.witness is not None
    assert not replay_on(caught.witness, mutant.system()).completed
    assert replay_on(caught.witness, TokenSystem()).completed
