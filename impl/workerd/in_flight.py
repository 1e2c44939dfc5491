# SPDX-License-Identifier: Apache-2.0
"""The Worker in workerd with reads that are under way for a while, asked and answered by separate actions.

KV's answer to each is looked up when it is asked, and held back until it is answered; the other reads of its isolate
go on meanwhile.
"""

from __future__ import annotations

from attrs import frozen

from edgeproof.impl.driven.content import counted_from
from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import KVError
from edgeproof.impl.pattern.deployment import Choices
from edgeproof.impl.pattern.in_flight import COUNTED, InFlightSystem, see_reads, texts_of_reads
from edgeproof.impl.pattern.setup import choices_of
from edgeproof.impl.snapshot import EMPTY, Snapshot
from edgeproof.impl.system import ActionImpossible, Contents, Observation, Setup
from edgeproof.impl.workerd.held_reads import HeldCall, HoldingLocation
from edgeproof.impl.workerd.system import WorkerdSystem

__all__ = ["InFlightWorker"]


@frozen
class _UnderWay:
    """A read under way: what it will be told, and the newest that had been told at its location before."""

    call: HeldCall
    brings: KVEntry | None
    told: Snapshot


class InFlightWorker(WorkerdSystem):
    """One unit per run, with any number of reads at each location; read `r` is at location `r % locations`."""

    def start(self, setup: Setup) -> None:
        """Begin a new run from nothing. Raises ValueError for a setup that the system does not know, and
        SystemUnavailable.
        """
        super().start(setup)
        self._holding = [HoldingLocation(place.location) for place in self.kv.places]
        for place, holding in zip(self.kv.places, self._holding, strict=True):
            place.location = holding
        self.reads: list[_UnderWay | None] = [None] * setup.sizes.get("Read", 2)
        self.newest: list[Snapshot] = [EMPTY] * len(self._holding)

    def observe(self) -> Observation:
        """What can be seen now, by the names of the model's variables, and `partial`."""
        return {**super().observe(), **counted_from(self._before, see_reads(*self._reads()), COUNTED)}

    def contents(self) -> Contents:
        """What is held now, by the names of the model's variables."""
        return {**super().contents(), **texts_of_reads(self._texts, *self._reads())}

    def _choices(self, setup: Setup) -> Choices:
        return choices_of(setup, InFlightSystem.design, InFlightSystem.more_options)

    def _forget_run(self) -> None:
        for read, under_way in enumerate(getattr(self, "reads", ())):
            if under_way is not None:
                under_way.call.abandon()
                self.reads[read] = None
        for holding in getattr(self, "_holding", ()):
            holding.close()
        super()._forget_run()

    def _reads(self) -> tuple[list[KVEntry | None], list[Snapshot | None], list[Snapshot]]:
        brought = [None if read is None else read.brings for read in self.reads]
        return brought, [None if read is None else read.told for read in self.reads], self.newest

    # --- actions

    def _do_read(self, pop: int, cache: int) -> None:
        self._holding[pop].holding = False
        super()._do_read(pop, cache)
        self._remember(pop)

    def _do_ask(self, read: int) -> None:
        if self.reads[read] is not None:
            raise ActionImpossible("the read is under way already")
        pop = self._home(read)
        self.kv.places[pop].serving = self.kv.places[pop].cache
        call = self._holding[pop].send(self._running.location(pop), self.edge.path)
        if call.asks is None:
            call.abandon()
            raise ActionImpossible("the isolate answers by itself")
        try:
            brings = call.look_up()
        except KVError as error:
            call.abandon()
            raise ActionImpossible(str(error)) from error
        self.reads[read] = _UnderWay(call, brings, self.newest[pop])

    def _do_answer(self, read: int) -> None:
        under_way = self.reads[read]
        if under_way is None:
            raise ActionImpossible("nobody waits for this read")
        pop = self._home(read)
        # KV's answer does not say what time it is.
        self.edge.look(pop)
        under_way.call.answer(under_way.brings)
        self.edge.hear(pop, under_way.call.reply())
        self.reads[read] = None
        self._remember(pop)

    def _do_evict(self, pop: int) -> None:
        super()._do_evict(pop)
        # What an isolate waits for goes with it.
        for read, under_way in enumerate(self.reads):
            if under_way is not None and self._home(read) == pop:
                under_way.call.abandon()
                self.reads[read] = None

    def _home(self, read: int) -> int:
        return read % len(self._holding)

    def _remember(self, pop: int) -> None:
        """A client at the location was told something: is it the newest so far?"""
        told = self.edge.told[pop]
        if told.at_least(self.newest[pop]):
            self.newest[pop] = told
