# SPDX-License-Identifier: Apache-2.0
"""The engine `interleave` on the Worker and its objects, in workerd: what they ask each other waits, and so do puts."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from edgeproof.impl.durable.replicator import ALARM_STEP
from edgeproof.impl.interleaved.base import Subject
from edgeproof.impl.interleaved.publication import PublicationSubject
from edgeproof.impl.interleaved.subjects import subject
from edgeproof.impl.interleaved.worker_publication import WorkerPublicationSubject
from edgeproof.impl.runtime import Task
from edgeproof.properties.engines.interleave.engine import Effort, interleave
from edgeproof.properties.evidence import Verdict
from tests.workerd.interleaved import compare
from tests.workerd.interleaved_mistakes import MISTAKES

pytestmark = pytest.mark.xdist_group("workerd-flags")


@pytest.mark.parametrize("name", ["worker-introduction", "worker-flags"])
def test_with_three_operations_all_that_a_subject_is_held_to_is_put_to_the_test_and_holds(
    workerd: Path, name: str
) -> None:
    result = interleave(name, lambda: subject(name, 3), Effort(20))
    assert {one.verdict for one in result.evidence} == {Verdict.HOLDS_TO_BOUND}


@pytest.mark.parametrize(
    "mistake",
    [
        "reads its config again after the put",
        "gets its alarm before it introduces its unit",
        "compares a flag's version outside of its object",
    ],
)
def test_a_mistake_is_found_and_its_schedule_shows_it_again(workerd: Path, mistake: str) -> None:
    MISTAKES[mistake].is_found()


class _TakesItsTime(Subject):
    """No put is over within the millisecond in which it began."""

    def answered(self, operation: str, task: Task) -> None:
        super().answered(operation, task)
        if operation.startswith("alarm"):
            self.world.advance(ALARM_STEP)


class _Reference(_TakesItsTime, PublicationSubject):
    pass


class _Worker(_TakesItsTime, WorkerPublicationSubject):
    pass


def test_in_every_order_the_workers_object_and_the_references_show_the_same(workerd: Path) -> None:
    # Within that millisecond the Worker arms for the next one, which the reference does for what is not a write.
    with closing(_Worker(2)) as worker, closing(_Reference(2)) as reference:
        for seed in range(12):
            compare(worker, reference, Random(seed))
