# SPDX-License-Identifier: Apache-2.0
"""What copies in KV hold where writers keep nothing else: each puts what it has read there, changed.

Two of them may make the same version of different configs, so that what a copy holds is followed from where it was
made. Where a location may have asked KV's centre or not, both is right, and what it shows then is what it has.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any, Final

from edgeproof.impl.system import Contents, Observation, WithContent, Write
from edgeproof.model.interpret import Event, State
from edgeproof.model.machine import Instance
from edgeproof.properties.engines.fuzz.beside import NO_COPY
from edgeproof.properties.engines.fuzz.difference import canonical, difference, to_text
from edgeproof.properties.engines.fuzz.writes import seed_of, write_number

__all__ = ["KvOnlyContent"]

_NAMES: Final = ("proposed", "kv", "cache", "served")


class KvOnlyContent:
    """The contents of one run from its `first` state on, and the writes that lead to them, which remove nothing."""

    before = 0

    def __init__(self, system: WithContent, instance: Instance, first: State) -> None:
        pops, writers = int(instance.values["Pop"]), int(instance.values["Writer"])
        self._system = system
        self._seed = seed_of(first)
        self._handed, self._latest = 0, Write({})
        self._event: Event | None = None
        self._right = {"proposed": [NO_COPY] * writers, "kv": [NO_COPY], "cache": [NO_COPY] * pops}
        self._right["served"] = [NO_COPY] * pops
        self.known = _NAMES

    def made(self) -> Write:
        """The next write."""
        self._handed += 1
        write = write_number(self._seed, self._handed, {}, marked=False)
        self._latest = Write(
            {**write.changes, f"of-{Random(self._handed).randrange(4)}": self._handed}, (), write.actor
        )
        return self._latest

    def refused(self) -> Write:
        """Never asked for: KV refuses nothing."""
        raise NotImplementedError

    def beside(self) -> Write | None:
        """None: there is one key."""
        return None

    def look(self) -> Contents:
        """What the system shows now."""
        return self._system.contents()

    def follow(self, event: Event, before: Observation, after: Observation) -> None:
        """The system has done what the model did."""
        self._event = event

    def differs(self, seen: Observation, contents: Contents) -> str:
        """The first of the contents that is not what it should be, and how; or ""."""
        shown = {name: _texts(contents[name]) for name in _NAMES}
        if self._event is not None:
            self._happened(self._event, seen, shown)
            self._event = None
        for name in _NAMES:
            for place, (text, right) in enumerate(zip(shown[name], self._right[name], strict=True)):
                if text != right:
                    return f"{name}[{place}]: {difference(text, right)}"
        return ""

    def _happened(self, event: Event, seen: Observation, shown: dict[str, list[str]]) -> None:
        right, given = self._right, dict(event.arguments)
        writer, pop = given.get("writer", 0), given.get("pop", 0)
        if event.action in ("begin_from_cache", "read"):
            # It asked the centre if its copy was too old.
            if shown["cache"][pop] == right["kv"][0]:
                right["cache"][pop] = right["kv"][0]
        match event.action:
            case "begin":
                right["proposed"][writer] = self._upon(right["kv"][0])
            case "begin_from_cache":
                right["proposed"][writer] = self._upon(right["cache"][pop])
            case "put_lands":
                right["kv"], right["proposed"][writer] = [right["proposed"][writer]], NO_COPY
            case "crash":
                right["proposed"][writer] = NO_COPY
            case "refresh":
                right["cache"][pop] = right["kv"][0]
            case "read" if not _elements(seen, "failed")[pop]:
                right["served"][pop] = right["cache"][pop]

    def _upon(self, base: str) -> str:
        held = json.loads(base)
        config: dict[str, Any] = {**held["config"], **self._latest.changes}
        return to_text({"config": config, "era": 0, "version": held["version"] + 1})


def _texts(shown: str | tuple[str | None, ...] | None) -> list[str]:
    return [NO_COPY if one is None else canonical(one) for one in (shown if isinstance(shown, tuple) else (shown,))]


def _elements(seen: Observation, name: str) -> tuple[Any, ...]:
    value = seen[name]
    return value if isinstance(value, tuple) else (value,)
