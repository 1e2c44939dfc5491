# SPDX-License-Identifier: Apache-2.0
"""Takes the steps of a program against a deployment, each run on a unit or fields of its own, and keeps what happened.

Nothing is judged here.
"""

from __future__ import annotations

import secrets
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any, Final

from attrs import define, evolve, field

from edgeproof.impl.history import now
from edgeproof.impl.target.client import Answer, Client, NoAnswerError, Request, UnaskableError
from edgeproof.impl.target.programs import Program, Step
from edgeproof.impl.target.routes import STRONG, Changelog, Read, Target, Versions
from edgeproof.impl.target.runs import Happened, Run
from edgeproof.impl.target.wire import (
    AccessError,
    Heard,
    heard_entries,
    heard_read,
    heard_restore,
    heard_write,
    request_of,
    value_of,
)

__all__ = ["Driver", "EndedError", "TargetError"]

_SILENCES: Final = 3
"""Requests of one method in a row without an answer after which nobody asks on."""
_FAULT_S: Final = 60.0
"""Seconds for the command of a fault."""


class TargetError(Exception):
    """The deployment cannot be driven as it is described; the message says what it did instead."""


class EndedError(Exception):
    """It could be driven, and no longer can; the message says why."""


@define
class _Sent:
    """A write as it was sent first."""

    number: int
    request: Request
    since: float
    changes: Mapping[str, Any]
    key: str
    base: int | str | None


@define
class _Known:
    """What the clients of a run know by now: the writes that were sent, and the versions that they were told."""

    sent: list[_Sent] = field(factory=list)
    versions: list[int | str] = field(factory=list)
    spelled: dict[int | str, int | str] = field(factory=dict)
    numbers: Any = field(factory=lambda: count(1))

    def learn(self, told: Iterable[Heard], *, numbered: bool) -> None:
        """Note versions that were not known yet: as numbers order them, else in the order in which they are told."""
        for one in told:
            if one.outcome == "ok" and one.version is not None and one.version not in self.versions:
                self.versions.append(one.version)
                self.spelled[one.version] = one.version if one.spelled is None else one.spelled
        if numbered:
            self.versions.sort(key=int)


class Driver:
    """Drives one deployment; `complaints` are answers that none of its routes should give."""

    def __init__(self, target: Target, bearer: str | None, label: str = "edgeproof") -> None:
        self.target = target
        self.client = Client(target.limits, bearer)
        self.complaints: list[str] = []
        self._label = f"{label}-{secrets.token_hex(4)}"
        self._runs = count(1)
        self._silences: Counter[str] = Counter()

    def take(self, program: Program, *, neighbour: bool = True) -> Run:
        """Take a program, with a neighbour beside its unit if there are units.

        Raises TargetError before anything was done, EndedError later, and OverspentError.
        """
        name = f"{self._label}-{next(self._runs)}"
        fields = ("first", "second") if self.target.has_units else (f"{name}-a", f"{name}-b")
        run, known = Run(name, program, fields), _Known()
        try:
            self._begin(run, known, neighbour=neighbour and self.target.has_units)
        except (AccessError, EndedError) as error:
            raise TargetError(str(error)) from error
        try:
            for place, step in enumerate(program):
                self._step(run, known, place, step)
            self._end(run)
        except AccessError as error:
            raise EndedError(str(error)) from error
        return run

    # --- beginning and end

    def _begin(self, run: Run, known: _Known, *, neighbour: bool) -> None:
        for read in self.target.reads.values():
            told = self._read(run, run.name, read, -1)
            if told.status is None or told.heard.outcome != "ok":
                raise TargetError(f"{told.asked} {told.heard.complaint or told.heard.note}")
            run.before.append(told)
        known.learn([told.heard for told in run.before], numbered=self.target.numbered)
        if neighbour:
            first = self._writing(evolve(run, name=run.neighbour_name), _Known(), Step("write", value="neighbour"))
            assert first is not None
            run.neighbour.append(self._send(first, -1))

    def _end(self, run: Run) -> None:
        if run.neighbour:
            for read in self.target.reads.values():
                run.neighbour.append(self._read(run, run.neighbour_name, read, len(run.program)))
        if self.target.changelog is not None:
            run.changelog = self._entries(run, self.target.changelog)

    def _entries(self, run: Run, changelog: Changelog) -> Happened:
        """The changelog since the run began."""
        before = [told.heard.version for told in run.before if told.at == STRONG]
        request = request_of(changelog.route, {"unit": run.name, "since": (before or [None])[0] or 0})
        began = now()
        answer, heard = self._ask(request, lambda one: heard_entries(changelog, one))
        status = None if answer is None else answer.status
        return Happened("changelog", len(run.program), "", began, now(), heard, request, status)

    # --- steps

    def _step(self, run: Run, known: _Known, place: int, step: Step) -> None:
        match step.do:
            case "wait":
                time.sleep(step.ms / 1000)
            case "fault":
                run.happened.append(self._fault(place, step.at))
            case "together":
                self._together(run, known, place, step)
            case _:
                client = self._client(run, known, place, step)
                self._keep(run, known, [] if client is None else [client()])

    def _together(self, run: Run, known: _Known, place: int, step: Step) -> None:
        clients = [one for part in step.steps if (one := self._client(run, known, place, part)) is not None]
        with ThreadPoolExecutor(max(1, len(clients))) as pool:
            futures = [pool.submit(client) for client in clients]
            told = [evolve(future.result(), beside=True) for future in futures]
        self._keep(run, known, told)
        strong = self.target.strong
        if self.target.versions is Versions.OPAQUE and strong is not None:
            # Of two writes at once only the store knows which was last.
            self._keep(run, known, [self._read(run, run.name, strong, place)])

    def _client(self, run: Run, known: _Known, place: int, step: Step) -> Callable[[], Happened] | None:
        """What takes a step; None where it makes no sense yet."""
        if step.do == "read":
            return lambda: self._read(run, run.name, self.target.reads[step.at], place)
        if step.do == "restore":
            return self._restore(run, known, place)
        if step.do == "again":
            sent = known.sent[0 if step.first else -1] if known.sent else None
        else:
            sent = self._writing(run, known, step)
        return None if sent is None else lambda: self._send(sent, place)

    def _restore(self, run: Run, known: _Known, place: int) -> Callable[[], Happened] | None:
        if self.target.restore is None or len(known.versions) < 2:
            return None
        version = known.versions[-2]
        request = request_of(self.target.restore.route, {"unit": run.name, "version": known.spelled[version]})

        def send() -> Happened:
            began = now()
            answer, heard = self._ask(request, heard_restore)
            if heard.outcome == "unknown":
                raise EndedError(f"{request.method} {request.path}: whether the store was restored nobody knows")
            if heard.outcome == "ok":
                known.versions.pop()
            status = None if answer is None else answer.status
            return Happened("restore", place, "", began, now(), heard, request, status, base=version)

        return send

    def _writing(self, run: Run, known: _Known, step: Step) -> _Sent | None:
        target = self.target
        if step.base == "old" and len(known.versions) < 2:
            return None
        base = known.versions[-2 if step.base == "old" else -1] if step.base and known.versions else None
        number, name = next(known.numbers), run.fields[step.field]
        value = value_of(target, number, step.value)
        said: dict[str, Any] = {"unit": run.name, "field": name, "value": value, "key": f"{run.name}/{number}"}
        said["changes"] = changes = dict.fromkeys(run.fields, value)
        if base is not None:
            said["expected"] = known.spelled[base]
        if "changes" not in target.write.route.places:
            changes = {name: value} if target.has_fields else {"": value}
        request = request_of(target.write.route, said)
        sent = _Sent(number, request, now(), changes, said["key"] if target.has_keys else "", base)
        known.sent.append(sent)
        return sent

    def _send(self, sent: _Sent, place: int) -> Happened:
        began = now()
        answer, heard = self._ask(sent.request, lambda one: heard_write(self.target, one))
        # One of which nobody knows whether it was made may still be made.
        ended = None if heard.outcome == "unknown" else now()
        status = None if answer is None else answer.status
        what = Happened("write", place, "", began, ended, heard, sent.request, status, sent.number, sent.since)
        return evolve(what, changes=sent.changes, key=sent.key, base=sent.base)

    def _read(self, run: Run, unit: str, read: Read, place: int) -> Happened:
        request, began = request_of(read.route, {"unit": unit, "field": run.fields[0]}), now()
        answer, heard = self._ask(request, lambda one: heard_read(self.target, read, one, run.fields))
        status = None if answer is None else answer.status
        return Happened("read", place, read.name, began, now(), heard, request, status)

    def _ask(self, request: Request, hear: Callable[[Answer], Heard]) -> tuple[Answer | None, Heard]:
        where = f"{request.method} {request.base}{request.path}"
        try:
            answer = self.client.send(request)
        except UnaskableError as error:
            self.complaints.append(f"{where} {error}")
            return None, Heard("fail", note=str(error), complaint=str(error))
        except NoAnswerError as error:
            self._silences[request.method] += 1
            if self._silences[request.method] >= _SILENCES:
                raise EndedError(f"{where} {error}, for the {_SILENCES}rd time in a row") from error
            return None, Heard("unknown" if error.sent else "fail", note=str(error))
        self._silences[request.method] = 0
        try:
            heard = hear(answer)
        except AccessError as error:
            raise AccessError(f"{where} {error}") from error
        if heard.complaint:
            self.complaints.append(f"{where} {heard.complaint}")
        return answer, heard

    def _fault(self, place: int, name: str) -> Happened:
        began, note = now(), ""
        try:
            done = subprocess.run(self.target.faults[name], capture_output=True, timeout=_FAULT_S, check=False)
            note = f"its command ended with {done.returncode}" if done.returncode else ""
        except (OSError, subprocess.TimeoutExpired) as error:
            note = f"its command could not be run ({type(error).__name__})"
        if note:
            self.complaints.append(f"fault {name}: {note}")
        return Happened("fault", place, name, began, now(), Heard("fail" if note else "ok", note=note))

    def _keep(self, run: Run, known: _Known, told: Iterable[Happened]) -> None:
        for one in told:
            run.happened.append(one)
            if one.kind == "write" or one.at == STRONG:
                known.learn([one.heard], numbered=self.target.numbered)
