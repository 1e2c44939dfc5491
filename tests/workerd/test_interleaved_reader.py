# SPDX-License-Identifier: Apache-2.0
"""The engine `interleave` on the Worker's reader, in workerd: what is driven is the reference's program."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import pytest

from edgeproof.impl.interleaved.base import Lines
from edgeproof.impl.interleaved.reader import ReaderSubject
from edgeproof.impl.interleaved.subjects import subject
from edgeproof.impl.interleaved.worker_reader import WorkerReaderSubject
from edgeproof.properties.engines.interleave.engine import Effort, interleave
from edgeproof.properties.evidence import HOLDS, Verdict
from tests.workerd.interleaved import READERS, compare, found_and_shown_again

pytestmark = pytest.mark.xdist_group("workerd-flags")

EDGE: Final = "edge.js"
REFUSES: Final = (
    '    if (kept && this.refuses(found ?? EMPTY, kept.snapshot, kept !== mine)) return { ...kept, source: "memo" };\n'
)
FETCHES: Final = "      found = await this.fetch(unit, mine?.snapshot);\n"
INSTALLS_WHAT_COMES_LAST: Final = [(REFUSES, "")]
COUNTS_FROM_THE_ANSWER: Final = [
    ("return this.keep(unit, found, asked);", "return this.keep(unit, found, this.now());"),
]
READS_ITS_LABEL_AGAIN: Final = [
    (
        FETCHES,
        f"{FETCHES}"
        "      const { era, version } = (await this.fetch(unit)) ?? EMPTY;\n"
        "      found = found && { ...found, era, version };\n",
    ),
]
"""Two faults that the Worker has had, and one of their kind."""
LOOKS_BEFORE_THE_BODY: Final = [
    ("    let found;\n", "    let found, kept;\n"),
    (FETCHES, "      found = await this.fetch(unit, mine?.snapshot, () => { kept = this.kept.get(unit); });\n"),
    (f"    const kept = this.kept.get(unit);\n{REFUSES}", REFUSES),
    ("  async fetch(unit, mine) {\n", "  async fetch(unit, mine, look) {\n"),
    ("    const isMine =", "    look();\n    const isMine ="),
]
"""Whether another answer has overtaken this one is looked at when the head is there, and the body brings it."""

BACK: Final = {"monotonic-reads", "kept-goes-forward"}
LATE: Final = {"bounded-staleness", "age-is-honest"}


# --- the Worker as it is


def test_one_read_breaks_nothing_in_any_order(workerd: Path) -> None:
    result = interleave("worker-memo", lambda: subject("worker-memo", 1), Effort(500))
    assert {one.verdict for one in result.evidence} <= {*HOLDS, Verdict.VACUOUS}
    assert all(one.exhaustive for one in result.evidence)


@pytest.mark.parametrize("name", READERS)
def test_with_three_reads_all_that_it_is_held_to_is_put_to_the_test_and_holds(workerd: Path, name: str) -> None:
    result = interleave(name, lambda: subject(name, 3), Effort(60))
    assert {one.verdict for one in result.evidence} == {Verdict.HOLDS_TO_BOUND}


# --- the Worker with faults


@pytest.mark.parametrize(
    ("policy", "edits", "breaks"),
    [
        ("memo", INSTALLS_WHAT_COMES_LAST, BACK),
        ("guarded", INSTALLS_WHAT_COMES_LAST, BACK),
        ("memo", COUNTS_FROM_THE_ANSWER, LATE),
        ("plain", READS_ITS_LABEL_AGAIN, {"no-partial-read"}),
    ],
)
def test_a_fault_is_found_and_its_schedule_shows_it_again(
    workerd: Path, policy: str, edits: list[tuple[str, str]], breaks: set[str]
) -> None:
    mended = partial(WorkerReaderSubject, 2, policy, apart=False)
    found_and_shown_again(partial(mended, {EDGE: edits}), mended, breaks, Effort(1_000))


class ReadsAndARestore(WorkerReaderSubject):
    """The copy of the location is too old from the start, and nothing is lost."""

    faults = 0

    def set_up(self) -> None:
        """Version 2 is what the next question brings."""
        super().set_up()
        self.world.advance(1)

    def lines(self) -> Lines:
        """All but time."""
        return {name: line for name, line in super().lines().items() if name != "time"}


def test_a_fault_between_head_and_body_shows_where_they_leave_apart_and_nowhere_else(workerd: Path) -> None:
    apart, together = (
        interleave("faulty", partial(ReadsAndARestore, 2, "memo", {EDGE: LOOKS_BEFORE_THE_BODY}, apart=apart))
        for apart in (True, False)
    )
    assert apart.witnesses.keys() <= BACK
    assert any("kv.get body" in move for schedule in apart.witnesses.values() for move in schedule.moves)
    assert not together.witnesses
    assert together.evidence[0].exhaustive


# --- what is driven


@pytest.mark.parametrize("policy", ["plain", "guarded", "memo"])
def test_in_every_order_the_worker_with_whole_answers_and_the_reference_show_the_same(
    workerd: Path, policy: str
) -> None:
    whole = WorkerReaderSubject(3, policy, apart=False)
    with closing(whole) as worker, closing(ReaderSubject(3, policy)) as reference:
        for seed in range(25):
            compare(worker, reference, Random(seed))
