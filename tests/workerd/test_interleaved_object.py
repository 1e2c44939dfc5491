# SPDX-License-Identifier: Apache-2.0
"""The engine `interleave` on the Worker and its objects, in workerd: what they ask each other waits, and so do puts."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from edgeproof.impl.durable.replicator import ALARM_STEP
from edgeproof.impl.interleaved.base import Subject
from edgeproof.impl.interleaved.publication import PublicationSubject
from edgeproof.impl.interleaved.subjects import subject
from edgeproof.impl.interleaved.worker_flags import WorkerFlagsSubject
from edgeproof.impl.interleaved.worker_introduction import WorkerIntroductionSubject
from edgeproof.impl.interleaved.worker_publication import WorkerPublicationSubject
from edgeproof.impl.runtime import Task
from edgeproof.properties.engines.interleave.engine import Effort, interleave
from edgeproof.properties.evidence import Verdict
from tests.workerd.interleaved import compare, found_and_shown_again

pytestmark = pytest.mark.xdist_group("workerd-flags")

READS_ITS_CONFIG_AGAIN: Final = ("store.js", "    this.end(snapshot);\n", "    this.end(this.copy());\n")
INTRODUCES: Final = '    if (this.options.watchdog === "on") await this.introduce(request.unit);\n'
GETS_ITS_ALARM: Final = (
    "    // No other event comes in while we wait for storage: the answer still holds in the transaction.\n"
    "    const alarm = await this.ctx.storage.getAlarm();\n"
)
GETS_ITS_ALARM_BEFORE_IT_INTRODUCES: Final = ("store.js", INTRODUCES + GETS_ITS_ALARM, GETS_ITS_ALARM + INTRODUCES)
ADDS: Final = "    await registryOf(this.env).add(unit);\n"
NOTES: Final = '    this.sql.exec("INSERT OR IGNORE INTO watched VALUES (?)", unit);\n'
NOTES_BEFORE_IT_ADDS: Final = ("store.js", ADDS + NOTES, NOTES + ADDS)
WRITES: Final = (
    "const { version } = await write(request, env, app, [[key, flag]], expected);\n  return shown(flag, version);"
)
COMPARES_IN_THE_WORKER: Final = (
    "flags/routes.js",
    WRITES,
    'const found = await storeOf(env, app).ask("field", key);\n'
    '  if (found?.version !== expected[0][1]) throw new Problem(412, "it is at another version");\n'
    + WRITES.replace("expected", "[]"),
)
READS_ITS_VERSION_AGAIN: Final = (
    "flags/routes.js",
    WRITES,
    "await write(request, env, app, [[key, flag]], expected);\n"
    '  const { version } = await storeOf(env, app).ask("field", key);\n'
    "  return shown(flag, version);",
)


@pytest.mark.parametrize("name", ["worker-introduction", "worker-flags"])
def test_with_three_operations_all_that_a_subject_is_held_to_is_put_to_the_test_and_holds(
    workerd: Path, name: str
) -> None:
    result = interleave(name, lambda: subject(name, 3), Effort(20))
    assert {one.verdict for one in result.evidence} == {Verdict.HOLDS_TO_BOUND}


@pytest.mark.parametrize(
    ("made", "operations", "edit", "breaks", "seed"),
    [
        (WorkerPublicationSubject, 2, READS_ITS_CONFIG_AGAIN, "convergence", 4),
        (WorkerIntroductionSubject, 1, GETS_ITS_ALARM_BEFORE_IT_INTRODUCES, "convergence", 25),
        (WorkerIntroductionSubject, 2, NOTES_BEFORE_IT_ADDS, "convergence", 2),
        (WorkerFlagsSubject, 2, COMPARES_IN_THE_WORKER, "no-lost-update", 234),
        (WorkerFlagsSubject, 2, READS_ITS_VERSION_AGAIN, "no-partial-read", 9),
    ],
)
def test_a_fault_is_found_and_its_schedule_shows_it_again(
    workerd: Path, made: type[Subject], operations: int, edit: tuple[str, str, str], breaks: str, seed: int
) -> None:
    # With these seeds they are among the first orders: what takes time here is to begin a process.
    source, old, new = edit
    mended: Any = partial(made, operations)
    found_and_shown_again(partial(mended, {source: [(old, new)]}), mended, [breaks], Effort(200, seed=seed))


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
