# SPDX-License-Identifier: Apache-2.0
"""The reference implementation of every design, behind one door: the setup says which design is meant.

One line per design in `REFERENCES`; each module is imported only when its design is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Final, cast

from edgeproof.impl.driven.storage import Storage
from edgeproof.impl.durable.database import Opener
from edgeproof.impl.system import (
    Contents,
    Metered,
    Observation,
    Setup,
    Spent,
    Store,
    Stored,
    SystemUnavailable,
    WithContent,
    Writes,
)

__all__ = ["REFERENCES", "STORES", "ReferenceSystems", "store_of"]

REFERENCES: Final[Mapping[str, str]] = {
    "do_kv": "edgeproof.impl.pattern.system:ReferenceSystem",
    "do_kv_manifest": "edgeproof.impl.manifest.system:ManifestSystem",
    "do_kv_per_key": "edgeproof.impl.alternatives.per_key_system:DoKvPerKeySystem",
    "do_kv_in_flight": "edgeproof.impl.pattern.in_flight:InFlightSystem",
    "do_kv_fills": "edgeproof.impl.pattern.fills:FillsSystem",
    "do_kv_content": "edgeproof.impl.content.system:ContentSystem",
    "do_kv_regional": "edgeproof.impl.pattern.regional:DoKvRegionalSystem",
    "do_kv_lost_alarms": "edgeproof.impl.pattern.lost_alarms:LostAlarmsSystem",
    "do_kv_backoff": "edgeproof.impl.pattern.backoff:BackoffSystem",
    "do_kv_restores": "edgeproof.impl.pattern.restores:RestoresSystem",
    "do_only": "edgeproof.impl.alternatives.do_only:DoOnlySystem",
    "kv_only": "edgeproof.impl.alternatives.kv_only:KvOnlySystem",
    "artifacts_tokens": "edgeproof.impl.tokens.system:TokenSystem",
    "flagship": "edgeproof.impl.flags.system:FlagSystem",
    "global_push": "edgeproof.impl.push.system:PushSystem",
}
"""Per design, the module and the class that implement it."""

_UNIT: Final = ("config", "logged", "torn", "restored", "alarm", "failures")

STORES: Final[Mapping[str, tuple[str, ...]]] = {
    "do_kv": _UNIT,
    "artifacts_tokens": ("token", "writes", "alarm", "failures"),
    "do_kv_manifest": ("config", "logged", "needs", "alarm", "failures", "ledger", "released"),
    "flagship": ("config", "share", "sending", "failures"),
}
"""Per design whose storage can be in files, the names that are read of the storage alone."""


class ReferenceSystems:
    """The reference implementation of whichever design a run is of."""

    def __init__(self) -> None:
        self._design = ""
        self._system: Metered | None = None
        self._shows: WithContent | None = None

    def start(self, setup: Setup) -> None:
        """Begin a new run of the setup's design. Raises SystemUnavailable for a design without an implementation."""
        if self._system is None or setup.design != self._design:
            self.close()
            self._system, self._design = _build(setup.design), setup.design
            # Asked once: whether something has the methods of a protocol takes longer than a step.
            self._shows = self._system if isinstance(self._system, WithContent) else None
        self._system.start(setup)

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        """Make one action of the model happen."""
        self._running().perform(action, arguments)

    def observe(self) -> Observation:
        """What can be seen now."""
        return self._running().observe()

    def write_from(self, writes: Writes) -> None:
        """Write these from now on; where the design's system takes no writes, nothing happens."""
        self._running()
        if self._shows is not None:
            self._shows.write_from(writes)

    def contents(self) -> Contents:
        """What is held now, if the design's system shows it."""
        self._running()
        return {} if self._shows is None else self._shows.contents()

    def spent(self) -> Spent:
        """What the run has cost so far. Every reference implementation counts it."""
        return self._running().spent()

    def close(self) -> None:
        """Release what the system holds. Closing twice is fine."""
        if self._system is not None:
            self._system.close()
            self._system = None

    def _running(self) -> Metered:
        if self._system is None:
            raise RuntimeError("nothing is started")
        return self._system


def store_of(design: str, directory: Path, opener: Opener) -> Store:
    """The reference implementation of a design with its storage in a folder, whose files `opener` opens.

    Raises SystemUnavailable for a design that has none there.
    """
    if design not in STORES:
        raise SystemUnavailable(f"{design} has no storage in files; {', '.join(STORES)} have")
    build = cast(Callable[..., Stored], _builder(design))
    return Store(build(storage=Storage(directory, opener)), STORES[design])


def _build(design: str) -> Metered:
    return cast(Callable[[], Metered], _builder(design))()


def _builder(design: str) -> object:
    if design not in REFERENCES:
        raise SystemUnavailable(f"{design} has no reference implementation; there is {', '.join(REFERENCES)}")
    module, name = REFERENCES[design].split(":")
    return getattr(import_module(module), name)
