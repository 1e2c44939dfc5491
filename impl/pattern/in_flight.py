# SPDX-License-Identifier: Apache-2.0
"""The reference implementation with reads that are under way for a while, asked and answered by separate actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from attrs import frozen

from edgeproof.impl.driven.content import Texts, copy_text, counted_from
from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.pattern.observation import label_of
from edgeproof.impl.pattern.system import ReferenceSystem
from edgeproof.impl.runtime import Pending, Task
from edgeproof.impl.snapshot import EMPTY, Snapshot
from edgeproof.impl.system import ActionImpossible, Contents, Setup, Value

__all__ = ["COUNTED", "INSTALL", "InFlightSystem", "UnderWay", "see_reads", "texts_of_reads"]

INSTALL: Final = {"install": ("newer", "latest")}
"""The option that there is where reads may overtake each other."""

COUNTED: Final = ("brought", "told", "newest")
"""What is seen of reads and is a number of writes."""


@frozen
class UnderWay:
    """A read under way: who waits for it, for what, and the newest that had been told at its location before."""

    task: Task
    answer: Pending[Any]
    told: Snapshot


class InFlightSystem(ReferenceSystem):
    """The parts of one unit, with any number of reads at each location; read `r` is at location `r % locations`."""

    design: ClassVar = "do_kv_in_flight"
    more_options: ClassVar[Mapping[str, tuple[str, ...]]] = INSTALL

    def start(self, setup: Setup) -> None:
        """Begin a new run from nothing. Raises ValueError for a setup that the system does not know."""
        super().start(setup)
        self.reads: list[UnderWay | None] = [None] * setup.sizes.get("Read", 2)
        self.newest: list[Snapshot] = [EMPTY] * len(self.locations)

    def contents(self) -> Contents:
        """What is held now, by the names of the model's variables."""
        return {**super().contents(), **texts_of_reads(self._texts, *self._reads())}

    def _see(self) -> dict[str, Value]:
        return {**super()._see(), **counted_from(self.before, see_reads(*self._reads()), COUNTED)}

    def _reads(self) -> tuple[list[KVEntry | None], list[Snapshot | None], list[Snapshot]]:
        brought = [self._brings(read) for read in range(len(self.reads))]
        return brought, [None if read is None else read.told for read in self.reads], self.newest

    def _do_read(self, pop: int, cache: int) -> None:
        super()._do_read(pop, cache)
        self._remember(pop)

    def _do_ask(self, read: int) -> None:
        under_way = self._begin(read)
        under_way.answer.apply()
        if under_way.answer.error is not None:
            self.runtime.drop(under_way.answer)
            raise ActionImpossible(str(under_way.answer.error))
        self.reads[read] = under_way

    def _do_answer(self, read: int) -> None:
        under_way = self.reads[read]
        if under_way is None:
            raise ActionImpossible("nobody waits for this read")
        self.runtime.resolve(under_way.answer)
        self.told.hear(self._home(read), under_way.task)
        self.reads[read] = None
        self._remember(self._home(read))

    def _do_evict(self, pop: int) -> None:
        super()._do_evict(pop)
        # What an isolate waits for goes with it.
        for read, under_way in enumerate(self.reads):
            if under_way is not None and self._home(read) == pop:
                self.runtime.drop(under_way.answer)
                self.reads[read] = None

    def _brings(self, read: int) -> KVEntry | None:
        """What a read that is under way will be told."""
        under_way = self.reads[read]
        return None if under_way is None else under_way.answer.result

    def _begin(self, read: int) -> UnderWay:
        pop = self._home(read)
        if self.reads[read] is not None:
            raise ActionImpossible("the read is under way already")
        self._serving = self.locations[pop].cache
        task = self._edge.spawn(self.locations[pop].reader.read())
        if task.done:
            raise ActionImpossible("the isolate answers by itself")
        return UnderWay(task, self._edge.pending[-1], self.newest[pop])

    def _home(self, read: int) -> int:
        return read % len(self.locations)

    def _remember(self, pop: int) -> None:
        """A client at the location was told something: is it the newest so far?"""
        told = self.told.answers[pop]
        if told.at_least(self.newest[pop]):
            self.newest[pop] = told


def see_reads(
    brought: Sequence[KVEntry | None], told: Sequence[Snapshot | None], newest: Sequence[Snapshot]
) -> dict[str, Value]:
    """What can be seen of reads, by the names of the model's variables.

    Per read: what it will be told, and the newest that had been told at its location before, None if it is not under
    way. Per location: the newest that has been told there.
    """
    labels, before = [label_of(one) for one in brought], [one or EMPTY for one in told]
    return {
        "asking": tuple(one is not None for one in told),
        "brought": tuple(version for version, _ in labels),
        "brought_era": tuple(era for _, era in labels),
        "told": tuple(one.version for one in before),
        "told_era": tuple(one.era for one in before),
        "newest": tuple(one.version for one in newest),
        "newest_era": tuple(one.era for one in newest),
    }


def texts_of_reads(
    texts: Texts, brought: Sequence[KVEntry | None], told: Sequence[Snapshot | None], newest: Sequence[Snapshot]
) -> Contents:
    """The same as content."""
    return {
        "brought": tuple(copy_text(one) for one in brought),
        "told": tuple(texts.of(one) for one in told),
        "newest": tuple(texts.of(one) for one in newest),
    }
