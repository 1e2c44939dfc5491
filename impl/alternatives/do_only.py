# SPDX-License-Identifier: Apache-2.0
"""The alternative without copies, action by action: locations that ask the Durable Object at every read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgeproof.impl.driven.base import Linked
from edgeproof.impl.driven.client import Client
from edgeproof.impl.driven.content import Held, Texts
from edgeproof.impl.driven.setup import check_setup
from edgeproof.impl.driven.told import Told, see_told
from edgeproof.impl.driven.writing import Rewriting, see_writing
from edgeproof.impl.durable.front import Front
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.edge.remote import RemoteReader
from edgeproof.impl.runtime import NetworkError, SimulatedRuntime
from edgeproof.impl.snapshot import EMPTY, Snapshot, to_json
from edgeproof.impl.system import ActionImpossible, Contents, Observation, Setup, Spent, Value

__all__ = ["DoOnlySystem"]


class DoOnlySystem(Rewriting, Linked):
    """One unit's Durable Object and the locations that ask it, driven by hand. `reader` replaces the edge's part."""

    def __init__(self, reader: Callable[..., RemoteReader] = RemoteReader, *, seed: int = 0) -> None:
        super().__init__(seed)
        self._reader = reader

    def start(self, setup: Setup) -> None:
        """Begin a new run from nothing. Raises ValueError for a setup that the system does not know."""
        check_setup(setup, "do_only", {})
        self.runtime = SimulatedRuntime(self._seed)
        self.storage.wipe()
        self.client = Client(keyed=True)
        self.held, self._texts = Held(), Texts()
        pops = setup.sizes.get("Pop", 2)
        self.told = Told(EMPTY, pops)
        self._edge = self.runtime.instance()
        self.readers = [self._reader(self._edge, self._ask) for _ in range(pops)]
        self._boot()

    @property
    def links(self) -> Sequence[RemoteReader]:
        """Whose way to the Durable Object can be cut."""
        return self.readers

    def observe(self) -> Observation:
        """What can be seen now, by the names of the model's variables."""
        seen: dict[str, Value] = {"down": self.down, "cut": tuple(not one.reachable for one in self.readers)}
        see_writing(seen, self)
        see_told(seen, self.told)
        return seen

    def contents(self) -> Contents:
        """What is held now, by the names of the model's variables."""
        return {
            **self.held.shown(self.store, self.storage.connection),
            "answers": to_json(self.client.answers),
            "served": tuple(map(self._texts.of, self.told.answers)),
        }

    def spent(self) -> Spent:
        """What the run has cost so far: nothing is published."""
        return Spent(sum(one.asked for one in self.readers), 0)

    def _boot(self) -> None:
        self.down = False
        self.instance = self.runtime.instance()
        self.store = ConfigStore(self.storage.connection, self.instance, outbox=False)
        self.front = Front(self.store, self.instance)

    def _ask(self) -> Snapshot:
        if self.down:
            raise NetworkError("the Durable Object does not answer")
        return self.store.snapshot()

    def _do_write(self) -> None:
        self._need_the_object()
        super()._do_write()

    def _do_write_refused(self) -> None:
        self._need_the_object()
        super()._do_write_refused()

    def _do_retry(self) -> None:
        self._need_the_object()
        super()._do_retry()

    def _do_read(self, pop: int) -> None:
        self.told.hear(pop, self._edge.run(self.readers[pop].read()))

    def _do_crash(self) -> None:
        self._need_the_object()
        self.instance.kill()
        self.down = True

    def _do_restart(self) -> None:
        if not self.down:
            raise ActionImpossible("the Durable Object is up")
        self._boot()

    def _need_the_object(self) -> None:
        if self.down:
            raise ActionImpossible("the Durable Object is down")
