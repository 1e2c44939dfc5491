# SPDX-License-Identifier: Apache-2.0
"""Edits of the Worker's sources that are right as long as one thing happens after another, and what each breaks.

With its seed the first orders show it: what takes time in a test is to begin a process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from attrs import frozen

from edgeproof.impl.interleaved.worker_flags import WorkerFlagsSubject
from edgeproof.impl.interleaved.worker_introduction import WorkerIntroductionSubject
from edgeproof.impl.interleaved.worker_publication import WorkerPublicationSubject
from edgeproof.impl.interleaving import Interleaved
from edgeproof.properties.engines.interleave.engine import Effort
from tests.workerd.interleaved import found_and_shown_again

__all__ = ["MISTAKES", "Mistake"]

STORE: Final = "store.js"
ROUTES: Final = "flags/routes.js"
INTRODUCES: Final = '    if (this.options.watchdog === "on") await this.introduce(request.unit);\n'
GETS_ITS_ALARM: Final = (
    "    // No other event comes in while we wait for storage: the answer still holds in the transaction.\n"
    "    const alarm = await this.ctx.storage.getAlarm();\n"
)
ADDS: Final = "    await registryOf(this.env).add(unit);\n"
NOTES: Final = '    this.sql.exec("INSERT OR IGNORE INTO watched VALUES (?)", unit);\n'
WRITES: Final = (
    "const { version } = await write(request, env, app, [[key, flag]], expected);\n  return shown(flag, version);"
)


@frozen
class Mistake:
    """A subject of so many operations whose source is edited, and the property that breaks."""

    subject: Callable[..., Interleaved]
    operations: int
    source: str
    old: str
    new: str
    breaks: str
    seed: int = 0

    def is_found(self) -> None:
        """Raise AssertionError unless it is found, and its schedule shows it again and not without the edit."""
        mended: Any = partial(self.subject, self.operations)
        faulty = partial(mended, {self.source: [(self.old, self.new)]})
        found_and_shown_again(faulty, mended, [self.breaks], Effort(300, seed=self.seed))


MISTAKES: Final[Mapping[str, Mistake]] = {
    "reads its config again after the put": Mistake(
        WorkerPublicationSubject,
        2,
        STORE,
        "    this.end(snapshot);\n",
        "    this.end(this.copy());\n",
        "convergence",
        4,
    ),
    "arms for the millisecond of the alarm that fired": Mistake(
        WorkerPublicationSubject, 2, STORE, "Math.max(due, this.fired + 1, ", "Math.max(due, ", "convergence", 22
    ),
    "gets its alarm before it introduces its unit": Mistake(
        WorkerIntroductionSubject,
        1,
        STORE,
        INTRODUCES + GETS_ITS_ALARM,
        GETS_ITS_ALARM + INTRODUCES,
        "convergence",
        25,
    ),
    "notes that the registry has heard before it has": Mistake(
        WorkerIntroductionSubject, 2, STORE, ADDS + NOTES, NOTES + ADDS, "convergence", 2
    ),
    "compares a flag's version outside of its object": Mistake(
        WorkerFlagsSubject,
        2,
        ROUTES,
        WRITES,
        'const found = await storeOf(env, app).ask("field", key);\n'
        '  if (found?.version !== expected[0][1]) throw new Problem(412, "it is at another version");\n'
        + WRITES.replace("expected", "[]"),
        "no-lost-update",
        234,
    ),
    "reads a flag's version again after the write": Mistake(
        WorkerFlagsSubject,
        2,
        ROUTES,
        WRITES,
        "await write(request, env, app, [[key, flag]], expected);\n"
        '  const { version } = await storeOf(env, app).ask("field", key);\n'
        "  return shown(flag, version);",
        "no-partial-read",
        9,
    ),
}
"""By what the code does."""
