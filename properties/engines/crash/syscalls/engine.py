# SPDX-License-Identifier: Apache-2.0
"""Cut the power of any program after each operation on its files, and have its recovery look at what that may leave."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

from attrs import evolve, field, frozen

from edgeproof.properties.engines.crash.disk import Moment, Pending, Write, said, whole_of
from edgeproof.properties.engines.crash.effort import ENGINE, POWER_CUT, Budget
from edgeproof.properties.engines.crash.images import Choice
from edgeproof.properties.engines.crash.scratch import scratch
from edgeproof.properties.engines.crash.syscalls.calls import Unsupported
from edgeproof.properties.engines.crash.syscalls.plan import Cut, Image, Plan, moments, plan
from edgeproof.properties.engines.crash.syscalls.promise import Promise, PromiseError, Shows, promised
from edgeproof.properties.engines.crash.syscalls.recording import Recording, record
from edgeproof.properties.engines.crash.syscalls.recovery import Found, Recovery, ended, environment, words_of
from edgeproof.properties.engines.crash.syscalls.tracer import Program
from edgeproof.properties.engines.crash.syscalls.witness import Fate, Witness
from edgeproof.properties.engines.fuzz.shrink import least
from edgeproof.properties.evidence import Evidence, Verdict

__all__ = ["Commands", "Effort", "Notify", "cut_power", "look_again"]

_TRIES: Final = 200
"""Recoveries to find the fewest operations that have to be kept."""

Notify: TypeAlias = Callable[[int, int], None]
"""Told how many images were looked at, of how many."""


@frozen
class Commands:
    """What is run: the program, and its recovery. In both `{folder}` is the folder, as is $EDGEPROOF_FOLDER.

    The program's folder begins as a copy of `begin`, if there is one, and is empty otherwise; its input is the file
    `workload`, or nothing.
    """

    program: str
    recovery: str
    shows: Shows = "all"
    begin: Path | None = None
    workload: Path | None = None


@frozen
class Effort:
    """How many images to try at most, and what at each point; how many seconds a run may take, and a recovery."""

    images: int = 1_000
    budget: Budget = field(factory=Budget)
    seconds: float = 60.0
    recovery_seconds: float = 10.0
    seed: int = 0


def cut_power(
    commands: Commands, effort: Effort, notify: Notify = lambda done, most: None
) -> tuple[Evidence, Witness | None]:
    """What is found of a program, and what shows that something is wrong, if anything is.

    Raises CommandError for a command that cannot be run, OSError for a file that cannot be read.
    """
    started = time.perf_counter()
    with scratch() as place:
        evidence, witness = _found(commands, effort, notify, place)
    seconds = time.perf_counter() - started
    return evolve(evidence, seed=effort.seed, seconds=seconds), witness


def look_again(witness: Witness, recovery: str, seconds: float) -> str:
    """What is wrong with what the recovery finds in the files of a witness; "" if nothing is.

    Raises CommandError for a recovery that cannot be run.
    """
    with scratch() as place:
        found = Recovery(recovery, place / "data", seconds).of(witness.files)
    return found.wrong(witness.promise, witness.acknowledged)


def _found(commands: Commands, effort: Effort, notify: Notify, place: Path) -> tuple[Evidence, Witness | None]:
    recovery = Recovery(commands.recovery, place / "data", effort.recovery_seconds)
    words_of(commands.recovery, recovery.folder)
    try:
        recording = _recorded(commands, place, effort)
        promise = promised(recording.lines, commands.shows)
    except (Unsupported, PromiseError) as error:
        return _without(Verdict.UNKNOWN, str(error)), None
    if len(recording.operations) == recording.first:
        return _without(Verdict.VACUOUS, "the command has changed nothing in its folder"), None
    if not promise.acknowledged:
        return _without(Verdict.VACUOUS, "the command has acknowledged nothing: it has said no line `ACK token`"), None
    if wrong := _wrong_anyway(recording, promise, recovery):
        return _without(Verdict.UNKNOWN, f"the recovery is wrong without any power cut: {wrong}"), None
    return _looked(_Look(recording, promise, recovery, effort, notify))


def _recorded(commands: Commands, place: Path, effort: Effort) -> Recording:
    """The program's run. Raises Unsupported, also where it does not end well."""
    folder, output, complaints = place / "data", place / "output", place / "complaints"
    if commands.begin is None:
        folder.mkdir()
    else:
        shutil.copytree(commands.begin, folder, symlinks=True)
    words = words_of(commands.program, folder)
    given = commands.workload or Path(os.devnull)
    with given.open("rb") as stdin, output.open("wb") as stdout, complaints.open("wb") as stderr:
        try:
            recording = record(Program(words, environment(folder), stdin, stdout, stderr), folder, effort.seconds)
        except TimeoutError as error:
            raise Unsupported(f"the command does not end within {effort.seconds:g} s") from error
    if recording.status:
        raise Unsupported(f"the command {ended(recording.status, complaints.read_bytes())}")
    return recording


def _wrong_anyway(recording: Recording, promise: Promise, recovery: Recovery) -> str:
    """What the recovery finds wrong with what the program has left, all of it; "" for nothing."""
    *_, moment = moments(recording)
    left = moment.left(map(whole_of, moment.pending))
    return recovery.of(left).wrong(promise, promise.until(moment.done))


@frozen
class _Look:
    """All that it takes to look at power cuts of a run."""

    recording: Recording
    promise: Promise
    recovery: Recovery
    effort: Effort
    notify: Notify

    def wrong(self, cut: Cut) -> str:
        """What is wrong after a power cut; "" if nothing is."""
        return self.recovery.of(cut.left()).wrong(self.promise, cut.acknowledged)


def _looked(look: _Look) -> tuple[Evidence, Witness | None]:
    effort = look.effort
    planned = plan(look.recording, look.promise, effort.budget, effort.images, effort.seed)
    began, known = time.perf_counter(), dict[Image, Found]()
    witness = None
    for image, cut in planned.cuts:
        if image not in known:
            known[image] = look.recovery.of(cut.left())
            look.notify(len(known), planned.images)
        if known[image].wrong(look.promise, cut.acknowledged):
            witness = _witness(look, cut)
            break
    verdict = Verdict.HOLDS_TO_BOUND if witness is None else Verdict.VIOLATED
    reason = _at_once(look.promise) if witness is None else witness.why
    rate = round(len(known) / (time.perf_counter() - began))
    return Evidence(
        POWER_CUT, ENGINE, verdict, str(planned), measures=_measures(look, len(known), planned, rate), reason=reason
    ), witness


def _measures(look: _Look, images: int, planned: Plan, rate: int) -> dict[str, int | float | str]:
    operations = len(look.recording.operations) - look.recording.first
    said = {"operations": operations, "acknowledged": len(look.promise.acknowledged)}
    return {"images": images, "points": planned.points, **said, "images/s": rate}


def _at_once(promise: Promise) -> str:
    """That nothing was acknowledged before the end, where that looks like an output that was kept back."""
    if len(promise.acknowledged) < 2 or promise.calls > 1:
        return ""
    return "all was acknowledged at once: does the command flush its output after each line?"


def _without(verdict: Verdict, reason: str) -> Evidence:
    return Evidence(POWER_CUT, ENGINE, verdict, reason=reason)


def _witness(look: _Look, cut: Cut) -> Witness:
    """A power cut that is wrong, with the fewest operations kept for that."""
    tries = _TRIES

    def attempt(choice: Choice) -> Choice | None:
        nonlocal tries
        tries -= 1
        return choice if tries >= 0 and look.wrong(evolve(cut, choice=choice)) else None

    cut = evolve(cut, choice=least(cut.choice, attempt))
    first, operations = look.recording.first, look.recording.operations
    return Witness(
        look.promise.shows,
        look.promise.tokens,
        cut.acknowledged,
        cut.left(),
        look.wrong(cut),
        cut.at.done - first,
        len(operations) - first,
        said(operations[cut.at.done - 1]) if cut.at.done > first else "",
        _fates(cut.at, cut.choice, first),
    )


def _fates(at: Moment, choice: Choice, first: int) -> tuple[Fate, ...]:
    kept = {number: (begin, end) for number, begin, end in choice}

    def fate(one: Pending) -> str:
        if (part := kept.get(one.number)) is None:
            return "lost"
        if part == whole_of(one)[1:]:
            return "kept"
        return f"bytes {part[0]:,} to {part[1]:,} kept"

    return tuple(Fate(one.number - first + 1, _in_words(one), fate(one)) for one in at.pending)


def _in_words(one: Pending) -> str:
    operation = one.operation
    if isinstance(operation, Write):
        return f"{said(operation)}, {len(operation.data):,} bytes at {operation.offset:,}"
    return said(operation)
