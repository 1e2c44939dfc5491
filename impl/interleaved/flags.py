# SPDX-License-Identifier: Apache-2.0
"""Evaluations of a flag provider under way together, each with a look at its source, while a restore is published.

The provider is plain code for threads: it stands still where it asks its source. The flag's value says which config it
was evaluated against, and the metadata beside it say which they claim it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEvent, ProviderEventDetails
from openfeature.flag_evaluation import FlagResolutionDetails
from openfeature.provider import FeatureProvider

from edgeproof.impl.edge.kv import LocationCache
from edgeproof.impl.flags.provider import EdgeFlagProvider
from edgeproof.impl.flags.sources import Heard
from edgeproof.impl.interleaved.base import CLOCK, Begin, Lines, Subject, Touch, touch
from edgeproof.impl.interleaved.beside import Beside
from edgeproof.impl.interleaved.place import CACHE, CACHE_TTL, CENTRE, KEY, LOOK_UP, Place, wait
from edgeproof.impl.interleaving import ALWAYS, Asked, Label, Promise, Published, Told
from edgeproof.impl.runtime import Task
from edgeproof.impl.snapshot import Snapshot, from_kv

__all__ = ["FlagSubject"]

_PROVIDER: Final = "the provider"
_FLAG: Final = "n"


class FlagSubject(Subject):
    """A provider that looks at every evaluation, at a location with a cache."""

    promise = Promise((*ALWAYS, "age-is-honest", "kept-goes-forward"), staleness=CACHE_TTL, ageing=CACHE_TTL)
    faults = 1

    def __init__(self, operations: int, *, provider: Callable[..., EdgeFlagProvider] = EdgeFlagProvider) -> None:
        super().__init__(operations)
        self._build = provider
        self._beside = Beside()

    def set_up(self) -> None:
        """The location's copy is as old as may be, and was superseded at once."""
        self.place = Place(self.world, LocationCache)
        self.provider = self._build(self._source, "account", clock=self.world.now)
        self._said_to_hold: Label = (0, 1)
        self.provider.attach(self._hear)
        self._publish(1, 0, 1)
        self.provider.initialize(EvaluationContext())
        self._publish(2, 0, 2)
        self.world.advance(CACHE_TTL)

    def lines(self) -> Lines:
        """Evaluations, a restore, a refresh, and time."""
        evaluations = [f"evaluation {number}" for number in range(1, self.operations + 1)]
        return {
            "clients": [
                Begin(name, self._asking(name), touch([CLOCK], [_PROVIDER]), _PROVIDER) for name in evaluations
            ],
            "publisher": [Begin("restore", lambda: self._publish(1, 1, 3), touch([CLOCK], [CENTRE]))],
            "location": [Begin("refresh", self._refresh, LOOK_UP)],
            "time": [wait(lambda: self.world, 1, 1)],
        }

    def far_side(self, label: str, home: str) -> Touch | None:
        """The location looks it up."""
        return LOOK_UP

    def can_be_lost(self, label: str) -> bool:
        """Any answer of the source's."""
        return True

    def answered(self, operation: str, task: Task) -> None:
        """An evaluation has its value."""
        details: FlagResolutionDetails[int] = task.outcome()
        said: Mapping[str, Any] = details.flag_metadata
        stands_in = "config_source" in said
        self.say(Told(operation, _label(said), str(details.value), self.world.time, said["age_s"], stands_in))

    def kept(self) -> Iterable[tuple[str, Label]]:
        """What the provider's events say that it holds."""
        yield _PROVIDER, self._said_to_hold

    def memory(self) -> Mapping[str, Any]:
        """What the provider says that it holds, and the location's copy."""
        return {_PROVIDER: self._said_to_hold, CACHE: dict(self.place.cache.copies)}

    def _hear(self, provider: FeatureProvider, event: ProviderEvent, details: ProviderEventDetails) -> None:
        self._said_to_hold = _label(details.metadata)

    def _source(self) -> Heard:
        return self._beside.call_out("source", self._look)

    def _look(self) -> Heard:
        entry = self.place.location.get(KEY, cache_ttl=CACHE_TTL)
        assert entry is not None
        return Heard(from_kv(entry.value))

    def _asking(self, name: str) -> Callable[[], Any]:
        def ask() -> Any:
            self.say(Asked(name, _PROVIDER, self.world.time))
            return self._beside.run(self.instance, lambda: self.provider.resolve_integer_details(_FLAG, -1))

        return ask

    def _publish(self, version: int, era: int, value: int) -> None:
        flag = {
            "key": _FLAG, "type": "number", "enabled": True,
            "default_variation": "v", "variations": {"v": value}, "rules": [],
        }  # fmt: skip
        self.place.put(Snapshot(version, era, {_FLAG: flag}))
        self.say(Published((era, version), str(value), self.world.time))

    def _refresh(self) -> None:
        self.place.location.refresh(KEY, self.place.cache)


def _label(metadata: Mapping[str, Any]) -> Label:
    return (metadata["config_era"], metadata["config_version"])
