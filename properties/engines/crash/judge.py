# SPDX-License-Identifier: Apache-2.0
"""Whether what a power cut has left is right: it opens, it is a state that the model allows there, and the run goes on.

A store must be found as it was after some step, with all that the model's crash leaves of it: after the step that was
under way, or before it. It may be found as it was still earlier, as what nobody has been told of may be lost, as long
as every property of states holds that would hold otherwise: what was acknowledged is there, and nothing that was
published is ahead of it. Where a design does not tell writes from their acknowledgements, whatever is over has been
acknowledged.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from itertools import product
from pathlib import Path
from typing import Final

from attrs import frozen

from edgeproof.impl.system import ActionImpossible, ActionUnknown
from edgeproof.model.interpret import Event, apply, evaluate
from edgeproof.model.kernel import StateForm
from edgeproof.model.machine import TICK, Instance
from edgeproof.properties.catalogue import Property, state_form
from edgeproof.properties.engines.crash.disk import Files
from edgeproof.properties.engines.crash.record import CRASH, Found, Recording, found_in, perform

__all__ = ["Image", "Judge", "Promises"]

_BESIDE: Final = ("-wal", "-shm", "-journal")
"""What belongs to a database beside it."""
_ACKNOWLEDGED: Final = "acked"
"""The variable of every design that says which writes are acknowledged."""
_LONGEST: Final = 120
"""Characters of a value in a message."""


@frozen
class Promises:
    """What is asked of the state that a power cut leaves, and of what becomes of it."""

    always: tuple[StateForm, ...]
    at_last: tuple[StateForm, ...]
    """What everything comes to in the end."""
    at_once: bool
    """A step is acknowledged when it is over: the design has no word for what is committed and not acknowledged."""

    @classmethod
    def of(cls, instance: Instance, properties: Iterable[Property]) -> Promises:
        """Those among some properties that speak of states."""
        forms = [(one, state_form(instance.machine, one)) for one in properties if one.step is None]
        always = tuple(form for one, form in forms if one.state is not None)
        at_last = tuple(form for one, form in forms if one.settles is not None)
        return cls(always, at_last, at_once=_ACKNOWLEDGED not in instance.machine.variables)


@frozen
class Image:
    """What is found in an image: as after which step it is, -1 for none, and what is wrong with it; "" for nothing."""

    step: int
    wrong: str = ""


class Judge:
    """Opens what power cuts leave in the last step of a recording."""

    def __init__(self, recording: Recording, promises: Promises, folder: Path) -> None:
        self._recording, self._promises = recording, promises
        self._folders = folder / "a", folder / "b"

    def look(self, files: Files, done: bool) -> Image:
        """Open an image of the last step, which was under way or `done`."""
        try:
            found = self._open(files)
        except Exception as error:
            return Image(-1, f"the store cannot be opened: {type(error).__name__}: {error}")
        if unsound := _unsound(self._folders[0]):
            return Image(-1, f"the file is not sound: {unsound}")
        known, last = self._recording.found, len(self._recording.workload)
        step = next((number for number in range(last, -1, -1) if known[number] == found), None)
        if step is None:
            return Image(-1, f"the store is as it was after no step: {_difference(found, known)}")
        over = last if done else max(0, last - 1)
        return Image(step, self._lost(step, over) if step < over else "")

    def _open(self, files: Files) -> Found:
        """Put the files into the folder that is not in use, and have the store find them there."""
        used, free = self._folders
        shutil.rmtree(free, ignore_errors=True)
        free.mkdir()
        for name, content in files.items():
            (free / name).write_bytes(content)
        self._folders = free, used
        self._recording.store.system.power_cut(free)
        return found_in(self._recording.store)

    def _lost(self, step: int, since: int) -> str:
        """What is broken where the store is as it was after one step, and everything else as after a later one."""
        instance, states = self._recording.instance, self._recording.states
        as_it_was = f"the store is as it was {_when(self._recording.workload, step)}"
        if self._promises.at_once:
            return f"what was acknowledged is lost: {as_it_was}"
        after = apply(instance, states[since], Event(CRASH))
        earlier = apply(instance, states[step], Event(CRASH))
        merged = {**after, **{name: earlier[name] for name in self._recording.store.names}}
        for form in self._promises.always:
            if evaluate(instance, form.holds, after) and not evaluate(instance, form.holds, merged):
                return f"{form.name} is broken: {as_it_was}"
        return ""

    def settles(self) -> str:
        """Go on with the run from the image that was opened last: what is wrong in the end; "" if nothing is."""
        instance, state, system = self._recording.instance, self._recording.states[-1], self._recording.store.system
        open_ones = self._promises.at_last
        fair = [*_fair_events(instance)]
        for _ in range(_patience(instance)):
            for event in fair:
                with suppress(ActionImpossible, ActionUnknown):
                    perform(system, event)
            seen = system.observe()
            shown = {**state, **{name: value for name, value in seen.items() if name in state}}
            open_ones = tuple(form for form in self._promises.at_last if not evaluate(instance, form.holds, shown))
            if not open_ones:
                return ""
            perform(system, Event(TICK))
        return f"{open_ones[0].name} is broken: the run goes on, and does not come to it"


def _unsound(folder: Path) -> str:
    """What SQLite finds wrong with a folder's databases; empty for nothing."""
    for path in folder.iterdir():
        if not path.name.endswith(_BESIDE):
            try:
                with closing(sqlite3.connect(path)) as connection:
                    (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            except sqlite3.Error as error:
                said = error
            if said != "ok":
                return str(said)
    return ""


def _difference(found: Found, known: Sequence[Found | None]) -> str:
    """How what is found differs from what a crash must find after the last step that it may strike after."""
    nearest = next((one for one in reversed(known) if one is not None), {})
    return "; ".join(
        f"{name} is {_short(found[name])}, not {_short(nearest[name])}"
        for name in found
        if found[name] != nearest.get(name)
    )


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _fair_events(instance: Instance) -> Iterator[Event]:
    """Whatever happens by itself in the end."""
    for action in instance.machine.actions:
        if action.fair and action.name != TICK:
            domains = [instance.domain(argument.type) for argument in action.arguments]
            for values in product(*domains):
                yield Event(
                    action.name,
                    tuple((one.name, int(value)) for one, value in zip(action.arguments, values, strict=True)),
                )


def _patience(instance: Instance) -> int:
    """Ticks after which everything has had the time that it may take, failures included, and as long again."""
    durations = sum(int(value) for value in instance.of_role("duration").values())
    return 1 + 2 * durations * (2 + int(instance.values.get("F", 0)))


def _when(workload: Sequence[Event], step: int) -> str:
    return f"after {workload[step - 1]}, step {step}" if step else "at the start"
