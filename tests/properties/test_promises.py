# SPDX-License-Identifier: Apache-2.0
"""What a history is held to: the bound of the design that it is said to be of, and what that takes for granted."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import pytest

from edgeproof.model.designs import DESIGNS, load
from edgeproof.model.machine import DesignError, Instance
from edgeproof.properties.bounds import formula, parameters
from edgeproof.properties.environment import setting_of, shares
from edgeproof.properties.promises import promise_in, promise_of

OUTBOX: Mapping[str, int] = {"S": 2, "D": 5, "R": 1, "F": 3, "T": 60}


@pytest.mark.parametrize(
    ("design", "more", "bound", "text"),
    [
        ("do_kv", {}, 90, "D + S + F*(D + R) + D + T"),
        ("do_kv_regional", {"G": 30}, 120, "D + S + F*(D + R) + D + G + T"),
        (
            "do_kv_lost_alarms",
            {"W": 30},
            90 - 2 + 64 + 3 * 64,
            "D + 2*(S + W) + 2*F*(S + W) + F*(D + R) + D + T",
        ),
        ("do_kv_per_key", {}, 115, "2*D + S + F*(2*D + R) + 2*D + T"),
        ("do_kv_manifest", {"U": 10, "L": 1}, 141, "U + D + S + F*(U + D + R) + U + D + T + L"),
        ("artifacts_tokens", {"L": 3600}, 90, "D + S + F*(D + R) + D + T"),
        ("flagship", {}, 90, "D + S + F*(D + R) + D + T"),
    ],
)
def test_a_design_promises_its_own_bound(design: str, more: dict[str, int], bound: int, text: str) -> None:
    promise = promise_in(setting_of(design, {**OUTBOX, **more}), platform=True)
    assert (promise.design, promise.bound_s, promise.formula) == (design, bound, text)


@pytest.mark.parametrize(
    ("design", "more", "limits"),
    [
        ("do_kv", {}, (2, 5, 1, 3, 60)),
        ("do_kv_regional", {"G": 30}, (2, 5, 1, 3, 90)),
        ("do_kv_lost_alarms", {"W": 30}, (64, 5, 65, 3, 60)),
        ("do_kv_lost_alarms", {}, (2, 5, 1, 3, 60)),
        ("do_kv_per_key", {}, (2, 10, 1, 3, 60)),
        ("do_kv_manifest", {"U": 10, "L": 1}, (2, 15, 1, 3, 60)),
    ],
)
def test_what_a_history_may_show_of_the_environment_is_made_of_the_design_s_numbers(
    design: str, more: dict[str, int], limits: tuple[int, ...]
) -> None:
    """A location's copy may have been as old as its region's, an attempt is all the puts that it takes, and where
    alarms are lost the watchdog has to find that out twice.
    """
    p = promise_in(setting_of(design, {**OUTBOX, **more}), platform=True)
    assert (p.sync_delay, p.put_timeout, p.retry_delay, p.failures, p.cache_ttl) == limits


def test_a_design_without_a_publisher_takes_nothing_of_one_for_granted() -> None:
    p = promise_in(setting_of("kv_only", {"T": 60}), platform=True)
    assert (p.sync_delay, p.put_timeout, p.retry_delay, p.failures, p.cache_ttl) == (None, None, None, None, 60)
    assert p.assumptions == ("T = 60 s", "all times are of one clock")


def test_without_copies_the_bound_takes_no_numbers_and_is_none_at_all() -> None:
    p = promise_in(setting_of("do_only", {}), platform=True)
    assert (p.bound_s, p.formula, p.assumptions) == (0, "0", ("all times are of one clock",))


def test_in_a_run_of_an_implementation_its_alarms_and_caches_are_what_is_tested_and_the_machine_is_not() -> None:
    p = promise_of({"S": 500, "D": 1000, "T": 2000})
    assert (p.design, p.bound_s, p.machine, p.put_timeout) == ("do_kv", 4.5, 0.5, 1)
    assert (p.sync_delay, p.retry_delay, p.cache_ttl) == (None, None, None)


def test_of_failures_that_there_are_none_of_nothing_has_to_be_known() -> None:
    late = setting_of("do_kv", {"S": 1, "D": 1, "F": 0, "T": 1, "H": 1, "Z": 1}).instance
    assert formula(late) == "D + Z + D + H + S + F*(D + R) + D + T"
    assert parameters(late) == ("S", "D", "T", "H", "Z")
    assert "R" in parameters(late.with_(F=1))


def test_fractions_of_seconds_are_whole_ticks() -> None:
    setting = setting_of("do_kv", {"S": Fraction(1, 4), "D": Fraction(1, 6), "T": Fraction(60)})
    assert setting.unit == Fraction(1, 12)
    assert [setting.instance.number(name) for name in "SDT"] == [3, 2, 720]


def test_a_number_says_what_else_is_so_where_the_design_has_that_choice() -> None:
    values = setting_of("do_kv", {"F": 2, "M": 1, "H": 1, "Z": 1}).instance.values
    assert (values["put_fails"], values["reader"], values["repair"], values["put_late"]) == (
        True,
        "memo",
        "heartbeat",
        True,
    )
    assert setting_of("do_kv", {"F": 0}).instance.values["put_fails"] is False
    assert setting_of("do_kv", {"M": 1}, {"reader": "guarded"}).instance.values["reader"] == "guarded"
    assert "repair" not in setting_of("global_push", {"H": 5}).instance.values


def test_a_letter_need_not_mean_in_every_design_what_it_means_in_the_pattern() -> None:
    sharing = {name: [d for d in DESIGNS if shares(load(d), name)] for name in "HZ"}
    assert "global_push" not in sharing["H"], "which asks again every H"
    assert "do_kv_manifest" not in sharing["Z"], "whose deletes come late by Z"
    assert {"do_kv", "do_kv_regional", "artifacts_tokens"} <= set(sharing["H"]) & set(sharing["Z"])


def test_what_the_design_does_not_have_is_refused() -> None:
    with pytest.raises(DesignError, match="do_only has no number 'T'; it has writes"):
        setting_of("do_only", {"T": 1})
    with pytest.raises(DesignError, match="no such"):
        setting_of("do_kv", {}, {"no such": True})


@pytest.mark.parametrize("design", DESIGNS)
def test_a_bound_is_made_of_the_numbers_that_its_formula_names(design: str) -> None:
    at = Instance.of(load(design))
    named = {word for word in parameters(at) if word in formula(at)}
    assert set(parameters(at)) - named <= {"stages"}, "which the formula calls K"
