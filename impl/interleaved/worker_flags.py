# SPDX-License-Identifier: Apache-2.0
"""Editors of one flag under way together: each asks the Worker for it, and replaces what it has seen.

The flag is kept by the app's object. What the Worker asks it waits on the way there, and the answer on the way back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from edgeproof.impl.edge.kv import KVNamespace, Limits
from edgeproof.impl.interleaved.base import CLOCK, Begin, Lines, Subject, Touch, touch
from edgeproof.impl.interleaved.place import wait
from edgeproof.impl.interleaved.worker_process import Waits, WorkerProcess, passes, to_its_end, waits_at
from edgeproof.impl.interleaving import ALWAYS, Asked, Label, Promise, Published, Replaced, Told
from edgeproof.impl.workerd.client import Reply, WorkerdError, asked
from edgeproof.impl.workerd.held_reads import HeldCall
from edgeproof.impl.workerd.processes import Edits

__all__ = ["WorkerFlagsSubject"]

_OBJECT: Final = "the app's object"
_TOLD: Final = "what editors were told"
_FLAG: Final = "n"
_ACTOR: Final = {"Edgeproof-Actor": "an editor"}


class WorkerFlagsSubject(Subject):
    """One app, with one flag; `edits` break the Worker's sources on purpose. Raises RuntimeMissingError."""

    promise = Promise((*ALWAYS, "no-lost-update"))
    faults = 1

    def __init__(self, operations: int, edits: Edits | None = None) -> None:
        super().__init__(operations)
        self._process = WorkerProcess({}, edits)

    def set_up(self) -> None:
        """Somebody has made the flag."""
        self._lost: set[str] = set()
        self._version = 0
        self._app = self._process.begin(KVNamespace(self.world, limits=Limits(write_spacing=0)), self.instance)
        made = self._process.ask("POST", f"/apps/{self._app}/flags", _flag(0), _ACTOR)
        while made.asks is not None:
            made.answer()
        if made.reply().status != 201:
            raise WorkerdError("the flag cannot be made")
        self._see(0)

    def lines(self) -> Lines:
        """Editors, and time."""
        edits = [f"edit {number}" for number in range(1, self.operations + 1)]
        asks = touch([CLOCK, _TOLD])
        return {
            "editors": [Begin(name, self._editing(name, n), asks, name) for n, name in enumerate(edits, 1)],
            "time": [wait(lambda: self.world, 1, 1)],
        }

    def far_side(self, label: str, home: str) -> Touch | None:
        """The object is asked, or written to."""
        return touch([_OBJECT]) if label == "ask" else touch([CLOCK], [_OBJECT])

    def near_side(self, label: str, home: str) -> Touch:
        """An editor is told, and goes on."""
        return touch(writes=[home, _TOLD])

    def can_be_lost(self, label: str) -> bool:
        """Whatever an object is asked, and answers."""
        return True

    def kept(self) -> Iterable[tuple[str, Label]]:
        """Nothing; but the object has to hear that time has gone on."""
        self._state()
        return ()

    def memory(self) -> Mapping[str, Any]:
        """What the object holds."""
        flag = self._state()["config"][_FLAG]
        return {_OBJECT: (self._version, flag["variations"])}

    def close(self) -> None:
        """Kill the process as well. Closing twice is fine."""
        super().close()
        self._process.close()

    def _editing(self, name: str, value: int) -> Callable[[], Any]:
        path = f"/apps/{self._app}/flags/{_FLAG}"

        async def edit() -> None:
            found = await self._carried(name, self._process.ask("GET", path))
            if found is not None:
                seen = int(found["version"])
                replacing = self._process.ask("PUT", path, _flag(value), {**_ACTOR, "If-Match": f'"{seen}"'})
                await self._carried(name, replacing, lambda: self._note(name, seen, value))

        def begin() -> Any:
            self.say(Asked(name, _OBJECT, self.world.time))
            return edit()

        return begin

    async def _carried(
        self, name: str, call: HeldCall, written: Callable[[], None] = lambda: None
    ) -> Mapping[str, Any] | None:
        """What an editor is told in the end, None if it is refused or lost; `written`: once the object has been."""

        async def answer(call: HeldCall, waits: Waits) -> None:
            asks = waits_at(waits).removesuffix(" is asked")
            if not await passes(call, self.instance, asks, written if asks == "write" else lambda: None):
                self._lost.add(name)

        return self._heard(name, await to_its_end(call, answer))

    def _heard(self, name: str, reply: Reply) -> Mapping[str, Any] | None:
        if reply.status == 412 or (reply.status == 500 and name in self._lost):
            return None
        said: Mapping[str, Any] = asked(reply)
        self.say(Told(name, (0, said["version"]), str(said["result"]["variations"]["v"])))
        return said

    def _note(self, name: str, seen: int, value: int) -> None:
        """The object has been written to, or has refused."""
        before = self._version
        is_done = self._see(value)
        self.say(Replaced(name, seen, before, is_done))

    def _see(self, value: int) -> bool:
        """Whether the object has a new version, which is of this value."""
        before, self._version = self._version, int(self._state()["version"])
        if self._version != before:
            self.say(Published((0, self._version), str(value), self.world.time))
        return self._version != before

    def _state(self) -> Mapping[str, Any]:
        said: Mapping[str, Any] = self._process.look(f"/_/status/app:{self._app}")
        return said


def _flag(value: int) -> dict[str, Any]:
    return {
        "key": _FLAG, "type": "number", "enabled": True,
        "default_variation": "v", "variations": {"v": value}, "rules": [],
    }  # fmt: skip
