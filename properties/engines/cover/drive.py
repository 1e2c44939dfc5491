# SPDX-License-Identifier: Apache-2.0
"""A system driven along every edge of a chart, as far as it can perform them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from edgeproof.impl.system import System
from edgeproof.model.interpret import Event
from edgeproof.model.kernel import Kernel
from edgeproof.properties.engines.cover.chart import Chart, Flags, ways
from edgeproof.properties.engines.cover.tours import Tour, tours
from edgeproof.properties.engines.fuzz.engine import shorten_failure
from edgeproof.properties.engines.fuzz.run import LockstepError, Run, Tally

__all__ = ["Drive"]


class Drive:
    """One system under test, what it has been led through, and where it is.

    `states` are the packed states of the chart. `taken` says of each edge whether it was taken and agrees.
    """

    def __init__(self, kernel: Kernel, chart: Chart, states: NDArray[np.int64], system: System) -> None:
        self.kernel, self.chart, self.states, self.system = kernel, chart, states, system
        self.tally = Tally()
        self.taken: Flags = np.zeros(len(chart.label), dtype=np.bool_)
        self._events = kernel.events
        self._tour, self._edge = Tour(int(chart.roots[0]), ()), -1

    def all_edges(self, notify: Callable[[int, int], None]) -> None:
        """Take every edge that can be taken, or as many as there are up to where the system fails (see `tally`)."""
        notify(0, len(self.taken))
        try:
            while not self._through(notify):
                pass
        except LockstepError:
            return

    def shorten(self) -> None:
        """Make the run that failed, if one did, as short as can be found."""
        if self.tally.failure is None:
            return
        guess: tuple[int, ...] = ()
        if self._edge >= 0:
            roots = np.array([self._tour.root])
            _, guess = ways(self.chart, self._able(), roots).to(self.chart, self._edge)
        shorten_failure(self.tally, self.kernel, self.system, tuple(self._event(edge) for edge in guess))

    def _through(self, notify: Callable[[int, int], None]) -> bool:
        """Whether all runs could be made; False where the system has said, for the first time, that it cannot."""
        unknown = len(self.tally.impossible)
        for tour in self._tours():
            self._follow(tour)
            notify(int(self.taken.sum()), len(self.taken))
            if len(self.tally.impossible) > unknown:
                return False
        return True

    def _tours(self) -> Iterator[Tour]:
        """First a short way to each action that has not been tried, so that what is impossible is known; then all."""
        able = self._able()
        found = ways(self.chart, able, self.chart.roots)
        open_edges = np.flatnonzero(able & found.reached[self.chart.source])
        labels, first = np.unique(self.chart.label[open_edges], return_index=True)
        for label, edge in zip(labels.tolist(), open_edges[first].tolist(), strict=True):
            if self._events[label].action not in self.tally.fired:
                yield Tour(*found.to(self.chart, edge))
        yield from tours(self.chart, able, found)

    def _follow(self, tour: Tour) -> None:
        """Let the system make this run, up to an event that it cannot perform."""
        self._tour, self._edge = tour, -1
        unknown = len(self.tally.impossible)
        run = Run(self.kernel, self.system, self.tally, 0, self.kernel.unpack(self.states[tour.root]))
        for edge in tour.edges:
            self._edge = edge
            self.tally.steps += 1
            possible = run.follow(self._event(edge))
            assert possible, "an edge of the search that the kernel does not know"
            if len(self.tally.impossible) > unknown:
                return
            self.taken[edge] = True
        run.expand()  # what can happen is compared in every state, and so in the last one

    def _able(self) -> Flags:
        """The edges of events that are not known to be impossible."""
        able = np.array([event.action not in self.tally.impossible for event in self._events])
        return able[self.chart.label]

    def _event(self, edge: int) -> Event:
        return self._events[int(self.chart.label[edge])]
