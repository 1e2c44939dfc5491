# SPDX-License-Identifier: Apache-2.0
"""The engine `interleave` on the Worker's reader, in workerd: what is driven is the reference's program."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from random import Random
from typing import Final

import pytest

from edgeproof.impl.interleaved.reader import ReaderSubject
from edgeproof.impl.interleaved.subjects import ON_WORKERD, subject
from edgeproof.impl.interleaved.worker_reader import WorkerReaderSubject
from edgeproof.impl.interleaving import Interleaved
from edgeproof.properties.engines.interleave.engine import Effort, interleave
from edgeproof.properties.engines.interleave.schedule import replay
from edgeproof.properties.evidence import HOLDS, Verdict

pytestmark = pytest.mark.xdist_group("workerd-flags")

EDGE: Final = "edge.js"
INSTALLS_WHAT_COMES_LAST: Final = (
    '    if (kept && this.refuses(found ?? EMPTY, kept.snapshot, kept !== mine)) return { ...kept, source: "memo" };\n',
    "",
)
COUNTS_FROM_THE_ANSWER: Final = ("return this.keep(unit, found, asked);", "return this.keep(unit, found, this.now());")
READS_ITS_LABEL_AGAIN: Final = (
    "      found = await this.fetch(unit, mine?.snapshot);\n",
    "      found = await this.fetch(unit, mine?.snapshot);\n"
    "      const { era, version } = (await this.fetch(unit)) ?? EMPTY;\n"
    "      found = found && { ...found, era, version };\n",
)
"""Two faults that the Worker has had, and one of their kind."""

BACK: Final = {"monotonic-reads", "kept-goes-forward"}
LATE: Final = {"bounded-staleness", "age-is-honest"}


# --- the Worker as it is


def test_one_read_breaks_nothing_in_any_order(workerd: Path) -> None:
    result = interleave("worker-memo", lambda: subject("worker-memo", 1), Effort(500))
    assert {one.verdict for one in result.evidence} <= {*HOLDS, Verdict.VACUOUS}
    assert all(one.exhaustive for one in result.evidence)


@pytest.mark.parametrize("name", ON_WORKERD)
def test_with_three_reads_all_that_it_is_held_to_is_put_to_the_test_and_holds(workerd: Path, name: str) -> None:
    result = interleave(name, lambda: subject(name, 3), Effort(60))
    assert {one.verdict for one in result.evidence} == {Verdict.HOLDS_TO_BOUND}


# --- the Worker with faults


@pytest.mark.parametrize(
    ("policy", "edit", "breaks"),
    [
        ("memo", INSTALLS_WHAT_COMES_LAST, BACK),
        ("guarded", INSTALLS_WHAT_COMES_LAST, BACK),
        ("memo", COUNTS_FROM_THE_ANSWER, LATE),
        ("plain", READS_ITS_LABEL_AGAIN, {"no-partial-read"}),
    ],
)
def test_a_fault_is_found_and_its_schedule_shows_it_again(
    workerd: Path, policy: str, edit: tuple[str, str], breaks: set[str]
) -> None:
    edits = {EDGE: [edit]}
    result = interleave("faulty", lambda: WorkerReaderSubject(2, policy, edits), Effort(1_000))
    assert result.witnesses.keys() & breaks
    with closing(WorkerReaderSubject(2, policy, edits)) as faulty:
        for about, schedule in result.witnesses.items():
            assert replay(schedule, faulty).broken[about] == schedule.why
    with closing(subject(f"worker-{policy}", 2)) as mended:
        assert not any(replay(schedule, mended).broken for schedule in result.witnesses.values())


# --- what is driven


@pytest.mark.parametrize("policy", ["plain", "guarded", "memo"])
def test_in_every_order_the_worker_and_the_reference_show_the_same(workerd: Path, policy: str) -> None:
    with closing(subject(f"worker-{policy}", 3)) as worker, closing(ReaderSubject(3, policy)) as reference:
        for seed in range(25):
            compare(worker, reference, Random(seed))


def compare(worker: Interleaved, reference: Interleaved, random: Random) -> None:
    """Drive both the same way; some runs stop on the way, and the next one must know nothing of it."""
    assert worker.start() == reference.start()
    while (moves := reference.moves()) and random.random() > 0.03:
        assert worker.moves() == moves
        move = random.choice(list(moves))
        assert worker.make(move.name) == reference.make(move.name), move.name
