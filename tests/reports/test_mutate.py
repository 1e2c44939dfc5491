# SPDX-License-Identifier: Apache-2.0
"""`edgeproof mutate` keeps what it has found, and fails where a mutant passes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import pytest
from attrs import evolve

from edgeproof.properties.evidence import Status
from edgeproof.properties.mutation import matrix
from edgeproof.properties.mutation.kills import Fate, Kill
from edgeproof.properties.mutation.matrix import Asked
from tests.reports.conftest import Run

_KILL = Kill("explore", "do-only", "durable-ack", Status.VIOLATED, "", 3)
_DEAD = Fate("do_only", "", "update", "write leaves acked as it is", (_KILL,), apart=True, refused="", seconds=0.1)

Judge = Callable[[Fate], list[Asked]]


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    """Every mutant that is asked for comes out like this; the list tells which were asked for."""

    def becomes(fate: Fate) -> list[Asked]:
        heard: list[Asked] = []

        def run(
            asked: Collection[Asked], _: Sequence[str], __: int, notify: Callable[[Fate, int, int], None]
        ) -> list[Fate]:
            fates = [evolve(fate, design=one.design, mutant=one.mutant) for one in asked]
            for done, one in enumerate(fates, start=1):
                notify(one, done, len(fates))
            heard.extend(asked)
            return fates

        monkeypatch.setattr(matrix, "run", run)
        return heard

    return becomes


def test_where_every_mutant_is_noticed_all_is_well(cli: Run, judge: Judge) -> None:
    judge(_DEAD)
    outcome = cli("mutate", "--design", "do_only", "--sample", "3", "--json")
    assert outcome.status == 0
    assert outcome.document["designs"]["do_only"] == {
        "mutants": 3,
        "killed": 3,
        "twice": 0,
        "same": 0,
        "survivors": 0,
    }


def test_a_mutant_that_passes_fails_the_run_and_is_told_in_words(cli: Run, judge: Judge) -> None:
    judge(evolve(_DEAD, kills=()))
    outcome = cli("mutate", "--design", "do_only", "--sample", "1")
    assert outcome.status == 1
    assert "write leaves acked as it is" in outcome.out


def test_a_mutant_that_changes_nothing_is_none_that_passes(cli: Run, judge: Judge) -> None:
    judge(evolve(_DEAD, kills=(), apart=False))
    assert cli("mutate", "--design", "do_only", "--sample", "1").status == 0


def test_what_was_found_is_not_asked_again(cli: Run, judge: Judge) -> None:
    asked = judge(_DEAD)
    first = cli("mutate", "--design", "do_only", "--sample", "4", "--resume", "kept.jsonl", "--json").document
    assert len(asked) == 4
    again = cli("mutate", "--design", "do_only", "--sample", "4", "--resume", "kept.jsonl", "--json").document
    assert len(asked) == 4
    assert again == first


def test_a_file_of_something_else_is_refused(cli: Run, judge: Judge) -> None:
    judge(_DEAD)
    Path("other.jsonl").write_text("{}\n", encoding="utf-8")
    outcome = cli("mutate", "--design", "do_only", "--sample", "1", "--resume", "other.jsonl")
    assert outcome.status == 2
    assert "line 1, is no fate of a mutant" in outcome.err
