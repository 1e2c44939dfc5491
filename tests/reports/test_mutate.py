# SPDX-License-Identifier: Apache-2.0
"""`edgeproof mutate` keeps what it has found, writes it down, and fails where a mutant passes."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path

import pytest
from attrs import evolve

from edgeproof.model.designs import load
from edgeproof.properties.mutation import matrix
from edgeproof.properties.mutation.kill import Fate, How, Kill, Standing
from edgeproof.properties.mutation.matrix import Asked, Judging
from edgeproof.properties.mutation.mutants import mutants
from edgeproof.properties.mutation.shared import words_of
from tests.reports.conftest import Run

_KILL = Kill("search", "do-only", "durable-ack", How.VERDICT, "violated", "", 3)
_DEAD = Fate(
    "do_only", "", "update", "write leaves it as it is", (_KILL,), "do-only", "do-only", False, (3, 0), 3, "", {}
)
_PASSES = evolve(_DEAD, kills=())

Judge = Callable[[Fate], list[Asked]]


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    """Every mutant that is asked for comes out like this; the list tells which were asked for."""

    def becomes(fate: Fate) -> list[Asked]:
        heard: list[Asked] = []

        def run(asked: Collection[Asked], _: Judging, __: int, notify: Callable[[list[Fate], int, int], None]) -> None:
            heard.extend(asked)
            if asked:
                notify([evolve(fate, design=o.design, mutant=o.mutant) for o in asked], len(asked), len(asked))

        monkeypatch.setattr(matrix, "run", run)
        return heard

    return becomes


def test_where_every_mutant_is_noticed_all_is_well_and_written_down(cli: Run, judge: Judge) -> None:
    judge(_DEAD)
    outcome = cli("mutate", "--design", "do_only", "--sample", "3", "--json")
    assert outcome.status == 0
    counts = outcome.document["designs"]["do_only"]
    assert {name: number for name, number in counts.items() if number} == {"mutants": 3, Standing.ONCE: 3}
    ack = outcome.document["properties"]["do_only"]["durable-ack"]
    assert ack == {"search": 3, "proof": 0, "lockstep": 0, "violated": 3, "steps": 3, "case": ""}
    assert json.loads(Path("reports/out/mutants.json").read_text(encoding="utf-8")) == outcome.document
    page = Path("reports/out/mutants.md").read_text("utf-8")
    assert "| `do_only` | `durable-ack` | 3 | 0 | 0 | 3 | 3 | - |" in page
    assert "by no case:\n\n- `do_only`: `atomic-write`" in page


def test_a_mutant_that_passes_fails_the_run_and_is_told_in_words(cli: Run, judge: Judge) -> None:
    judge(_PASSES)
    outcome = cli("mutate", "--design", "do_only", "--sample", "1")
    assert outcome.status == 1
    assert "write leaves it as it is" in outcome.out
    assert "write leaves it as it is" in Path("reports/out/mutants.md").read_text("utf-8")


def test_a_mutant_that_the_number_of_states_alone_tells_passes_as_well(cli: Run, judge: Judge) -> None:
    other = evolve(_PASSES, kills=(evolve(_KILL, property="", how=How.STATES),))
    judge(other)
    outcome = cli("mutate", "--design", "do_only", "--sample", "1")
    assert outcome.status == 1
    assert "passes: do_only" in outcome.out
    judge(evolve(other, looked=2))
    assert cli("mutate", "--design", "do_only", "--sample", "1").status == 0


@pytest.mark.parametrize(
    "same",
    [
        evolve(_PASSES, apart="", runs="", equal=(3, 3)),
        evolve(_PASSES, apart="", runs=""),
        evolve(_PASSES, runs=""),
    ],
)
def test_the_design_in_other_words_is_no_mutant_that_passes(cli: Run, judge: Judge, same: Fate) -> None:
    judge(same)
    assert cli("mutate", "--design", "do_only", "--sample", "1").status == 0


def test_what_was_found_is_not_asked_again_in_the_full_profile(cli: Run, judge: Judge) -> None:
    asked = judge(_DEAD)
    first = cli("mutate", "--design", "do_only", "--sample", "4", "--profile", "full", "--json").document
    assert len(asked) == 4
    again = cli("mutate", "--design", "do_only", "--sample", "4", "--profile", "full", "--json").document
    assert len(asked) == 4
    assert again == first


def test_what_was_found_of_other_sources_is_asked_again(cli: Run, judge: Judge) -> None:
    asked = judge(_DEAD)
    cli("mutate", "--design", "do_only", "--sample", "1", "--resume", "kept.jsonl")
    line = json.loads(Path("kept.jsonl").read_text(encoding="utf-8"))
    Path("kept.jsonl").write_text(json.dumps({**line, "of": "others"}) + "\n", encoding="utf-8")
    cli("mutate", "--design", "do_only", "--sample", "1", "--resume", "kept.jsonl")
    assert len(asked) == 2


def test_where_facts_join_whoever_passed_is_asked_again(cli: Run, judge: Judge) -> None:
    def asked_again(fate: Fate) -> int:
        asked = judge(fate)
        cli("mutate", "--design", "do_only", "--sample", "1", "--resume", "kept.jsonl")
        line = json.loads(Path("kept.jsonl").read_text(encoding="utf-8"))
        fewer = dict([*line["facts"].items()][1:])
        Path("kept.jsonl").write_text(json.dumps({**line, "facts": fewer}) + "\n", encoding="utf-8")
        cli("mutate", "--design", "do_only", "--sample", "1", "--resume", "kept.jsonl")
        Path("kept.jsonl").unlink()
        return len(asked) - 1

    assert asked_again(_DEAD) == 0
    assert asked_again(_PASSES) == 1


def test_what_a_design_shares_is_counted_and_judged_in_the_first(cli: Run, judge: Judge) -> None:
    asked = judge(_DEAD)
    both = ("mutate", "--design", "do_kv", "--design", "do_kv_backoff", "--profile", "full", "--json")
    document = cli(*both).document
    own = [one for one in asked if one.design == "do_kv_backoff"]
    counts = document["designs"]["do_kv_backoff"]
    assert counts["mutants"] == counts["shared"] + len(own) == len(mutants(load("do_kv_backoff")))
    assert document["shared"] == {"do_kv_backoff": {"do_kv": counts["shared"]}}
    asked.clear()
    assert cli(*both, "--inherited").document["designs"]["do_kv_backoff"]["shared"] == 0
    assert len(asked) == counts["shared"]


def test_what_nobody_notices_in_the_first_is_judged_in_those_that_share_it(cli: Run, judge: Judge) -> None:
    asked = judge(_PASSES)
    judged_there = ("mutate", "--profile", "full", "--json")
    cli(*judged_there, "--design", "do_kv")
    asked.clear()
    counts = cli(*judged_there, "--design", "do_kv_backoff").document["designs"]["do_kv_backoff"]
    assert counts["shared"] == 0
    assert counts["mutants"] == len(asked) == len(mutants(load("do_kv_backoff")))


def test_the_page_tells_what_is_not_judged_yet(cli: Run, judge: Judge) -> None:
    judge(_PASSES)
    told = ("mutate", "--design", "do_only", "--profile", "full", "--tell", "--page", "page.md")
    assert cli(*told).status == 0
    assert "83 of `do_only`" in Path("page.md").read_text("utf-8")
    cli("mutate", "--design", "do_only", "--profile", "full")
    assert cli(*told).status == 1
    page = Path("page.md").read_text("utf-8")
    assert "83 were judged" in page
    assert "83 pass unexplained" in page
    assert "Not judged yet" not in page


def test_the_page_tells_what_was_judged_of_other_sources_and_says_so(cli: Run, judge: Judge) -> None:
    def told(says: str) -> str:
        Path("kept.jsonl").write_text(json.dumps({**line, "of": "others", "says": says}) + "\n", encoding="utf-8")
        cli("mutate", "--design", "do_only", "--resume", "kept.jsonl", *full, "--tell", "--page", "page.md")
        return Path("page.md").read_text("utf-8")

    judge(_DEAD)
    full = ("--profile", "full")
    cli("mutate", "--design", "do_only", "--sample", "1", "--resume", "kept.jsonl", *full)
    line = json.loads(Path("kept.jsonl").read_text(encoding="utf-8"))
    page = told(words_of("do_only")[line["mutant"]])
    assert "1 of them were judged when the engines" in page
    assert "82 of `do_only`" in page
    assert "83 of `do_only`" in told("something else")


def test_the_page_says_which_engine_noticed_alone_and_why_no_other_did(cli: Run, judge: Judge) -> None:
    judge(evolve(_DEAD, seconds={"lockstep": 1.0}))
    cli("mutate", "--design", "do_only", "--profile", "full", "--page", "page.md")
    page = Path("page.md").read_text("utf-8")
    assert "| search | 83 | 83 | The reference was driven" in page
    assert "| proof | 0 | 0 |" in page


def test_whoever_only_one_engine_was_to_notice_is_asked_again_of_two(cli: Run, judge: Judge) -> None:
    asked = judge(_DEAD)
    some = ("mutate", "--design", "do_only", "--sample", "2", "--resume", "kept.jsonl", "--profile", "full")
    assert cli(*some, "--enough", "1").status == 0
    cli(*some, "--enough", "1")
    assert len(asked) == 2
    cli(*some)
    assert len(asked) == 4


def test_edits_of_the_implementations_stand_beside_by_source(cli: Run, judge: Judge) -> None:
    judge(_DEAD)
    made = [
        {"file": "impl/durable/store.py", "found": True, "name": "keeps-the-era"},
        {"file": "impl/durable/store.py", "found": False, "name": "restores-forwards"},
    ]
    Path("edits.json").write_text(json.dumps({"edits": made}), encoding="utf-8")
    outcome = cli("mutate", "--design", "do_only", "--sample", "1", "--edits", "edits.json", "--json")
    assert outcome.document["edits"] == [
        {"file": "impl/durable/store.py", "edits": 2, "found": 1, "passes": ["restores-forwards"]}
    ]
    assert "| `impl/durable/store.py` | 2 | 1 | restores-forwards |" in Path("reports/out/mutants.md").read_text(
        "utf-8"
    )
    Path("edits.json").write_text("[]", encoding="utf-8")
    assert "no document of `make edits`" in cli("mutate", "--sample", "1", "--edits", "edits.json").err


def test_a_lemma_that_no_proof_needs_stands_beside(cli: Run, judge: Judge) -> None:
    judge(_DEAD)
    outcome = cli("mutate", "--design", "do_only", "--sample", "1", "--lemmas", "--json")
    needed = {one["lemma"]: one["property"] for one in outcome.document["lemmas"]}
    assert needed["served-is-committed"] == "monotonic-reads"
    assert needed["log-follows-config"] == ""
    assert "- `do_only`: `log-follows-config`" in Path("reports/out/mutants.md").read_text("utf-8")


def test_a_file_of_something_else_is_refused(cli: Run, judge: Judge) -> None:
    judge(_DEAD)
    Path("other.jsonl").write_text("{}\n", encoding="utf-8")
    outcome = cli("mutate", "--design", "do_only", "--sample", "1", "--resume", "other.jsonl")
    assert outcome.status == 2
    assert "line 1, is no fate of a mutant" in outcome.err
