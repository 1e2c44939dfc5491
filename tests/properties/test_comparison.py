# SPDX-License-Identifier: Apache-2.0
"""What a comparison answers, from what was concluded."""

from __future__ import annotations

from edgeproof.model.designs import DESIGNS
from edgeproof.model.interpret import Event
from edgeproof.model.trace import Trace
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.comparison import Answer, compare
from edgeproof.properties.evidence import Case, Conclusion, Evidence, Ledger, Status, Verdict, conclude
from edgeproof.properties.variations import variations


def concluded(case: Case, verdict: Verdict, name: str, steps: int = 0) -> Conclusion:
    trace = Trace(case.design, {}, ({},) * (steps + 1), (Event("write"),) * steps) if steps else None
    return conclude(case, name, (Evidence(name, "explore", verdict, exhaustive=True, witness=trace),))


PATTERN = Case(
    "outbox", "do_kv", {"Put": 1}, ("durable-ack", "read-your-writes"), {"read-your-writes": Verdict.VIOLATED}, "w"
)
WRONG = Case(
    "early", "do_kv", {"ack": "early"}, ("durable-ack",), {"durable-ack": Verdict.VIOLATED}, "acknowledged early"
)


def ledger(*conclusions: Conclusion) -> Ledger:
    return Ledger(conclusions, 0, 1.0)


def answers(*conclusions: Conclusion) -> dict[str, Answer]:
    return {one.question: one for one in compare(ledger(*conclusions)).answers}


KEEPS = concluded(PATTERN, Verdict.PROVED, "durable-ack")
GIVES_UP = concluded(PATTERN, Verdict.VIOLATED, "read-your-writes", 3)
BREAKS = concluded(WRONG, Verdict.VIOLATED, "durable-ack", 2)


def test_the_pattern_does_not_fit_where_somebody_relies_on_what_it_always_breaks() -> None:
    found = answers(KEEPS, GIVES_UP, BREAKS)["When does the pattern not fit?"]
    assert found.against == (GIVES_UP,)
    assert "read-your-writes" in found.text


def test_a_builder_has_to_get_right_what_some_configuration_breaks_and_another_keeps() -> None:
    found = answers(KEEPS, GIVES_UP, BREAKS)["What does a builder of the pattern have to get right?"]
    assert found.against == (BREAKS,)


def test_what_no_configuration_keeps_is_nothing_that_a_builder_can_get_right() -> None:
    assert "What does a builder of the pattern have to get right?" not in answers(BREAKS)


def test_what_nothing_keeps_under_a_fault_is_where_the_pattern_does_not_fit_and_no_mistake_of_a_builder() -> None:
    late = Case("late", "do_kv", {"put_late": True}, ("durable-ack",), {"durable-ack": Verdict.VIOLATED}, "late")
    found = answers(KEEPS, GIVES_UP, concluded(late, Verdict.VIOLATED, "durable-ack", 4))
    assert "Nothing here keeps durable-ack under put_late" in found["When does the pattern not fit?"].text
    assert "What does a builder of the pattern have to get right?" not in found


ELSEWHERE = Case("alone", "kv_only", {"partition": True}, ("durable-ack",), {"durable-ack": Verdict.VIOLATED}, "cut")


def test_an_alternative_is_not_blamed_for_what_the_plain_pattern_breaks_under_the_same_fault() -> None:
    cut = Case("cut", "do_kv", {"Put": 1, "partition": True}, ("durable-ack",), {"durable-ack": Verdict.VIOLATED}, "c")
    blamed = concluded(ELSEWHERE, Verdict.VIOLATED, "durable-ack", 2)
    assert answers(KEEPS, blamed)["Why not just KV?"].against == (blamed,)
    also = concluded(cut, Verdict.VIOLATED, "durable-ack", 2)
    assert answers(KEEPS, also, blamed)["Why not just KV?"].against == ()


def test_without_the_pattern_no_alternative_is_praised_or_blamed() -> None:
    assert not answers(concluded(ELSEWHERE, Verdict.VIOLATED, "durable-ack", 2))


def test_a_level_says_when_it_is_open_and_why() -> None:
    def level(*conclusions: Conclusion) -> str:
        return compare(ledger(*conclusions)).entries[0].level

    promises = ("convergence", "never-ahead", "no-partial-read")
    kept = [concluded(PATTERN, Verdict.PROVED, name) for name in promises]
    assert level(*kept) == "eventual"
    assert level(*kept[:2]) == "not asked"
    assert level(*kept[:2], concluded(PATTERN, Verdict.UNKNOWN, "no-partial-read")) == "undecided"
    assert level(*kept[:2], concluded(PATTERN, Verdict.VIOLATED, "no-partial-read", 2)) == "none"
    assert level(concluded(PATTERN, Verdict.PROVED, "token-scope")) == "-"


def test_variations_are_shown_and_do_not_decide_the_exit_status() -> None:
    unexpected = Case("do_kv ack=early", "do_kv", {"ack": "early"}, ("durable-ack",))
    broken = concluded(unexpected, Verdict.VIOLATED, "durable-ack", 2)
    assert broken.status is Status.VIOLATED
    found = compare(ledger(KEEPS, broken), [unexpected])
    assert [entry.case.name for entry in found.variations] == ["do_kv ack=early"]
    assert found.exit_status == 0
    assert compare(ledger(KEEPS, broken)).exit_status == 1


def test_engines_that_contradict_each_other_are_a_failure_among_variations_too() -> None:
    case = Case("do_kv ack=early", "do_kv", {"ack": "early"}, ("durable-ack",))
    evidence = (
        Evidence("durable-ack", "prove", Verdict.PROVED),
        Evidence("durable-ack", "explore", Verdict.VIOLATED),
    )
    found = compare(ledger(KEEPS, conclude(case, "durable-ack", evidence)), [case])
    assert found.exit_status == 1


def test_variations_change_one_choice_and_one_hazard_and_have_names_of_their_own() -> None:
    cases = variations("do_kv")
    first = instance_of(scoreboard("do_kv")[0])
    for case in cases:
        differing = [n for n, value in instance_of(case).values.items() if value != first.values[n]]
        roles = [first.machine.rigids[name].role for name in differing]
        assert sorted(roles) in ([], ["hazard"], ["option"], ["hazard", "option"])
    names = [case.name for design in DESIGNS for case in (*scoreboard(design), *variations(design))]
    assert len(names) == len(set(names))
    assert {"do_kv", "do_kv crash", "do_kv publisher=inline", "do_kv publisher=inline crash"} <= {c.name for c in cases}
