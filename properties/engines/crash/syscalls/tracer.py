# SPDX-License-Identifier: Apache-2.0
"""Run a program and all that it starts, one call at a time of those that change files.

While one thread is in such a call, the others wait before theirs. So there is one order of what was done to the files
and of what was said about them, and between two calls the files are as the first one has left them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, Final, Protocol

from attrs import define, field, frozen

from edgeproof.properties.engines.crash.syscalls import ptrace
from edgeproof.properties.engines.crash.syscalls.calls import Call, Table, Unsupported, table

__all__ = ["Program", "Watch", "run_watched"]

_LAUNCH: Final = Path(__file__).with_name("launch.py")
_WAIT: Final = 0x40000000 | 0x20000000
"""For threads as well, and only for those that this thread has started or watches."""
_CALL_ENDS: Final = signal.SIGTRAP | 0x80
_STOPS: Final = (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)


class Watch(Protocol):
    """Who wants to know of calls. Either may raise Unsupported, which ends the program."""

    def concerns(self, call: Call) -> bool:
        """Whether it wants to know when the call is over; asked just before it is made."""

    def done(self, call: Call, result: int) -> None:
        """The call is over, and has changed whatever it changes; a negative result is an error."""

    def cut_short(self, call: Call) -> None:
        """Its process was killed in the middle of the call, which may have changed what it changes, or a part of it."""


@frozen
class Program:
    """A program: its words, and what it has of its surroundings."""

    words: Sequence[str]
    environment: Mapping[str, str]
    stdin: IO[Any]
    stdout: IO[Any]
    stderr: IO[Any]


def run_watched(program: Program, watch: Watch, seconds: float) -> int:
    """Run a program to its end, and say how it has ended: its status, or less than 0 for a signal.

    What it has started and left running is killed then. Raises Unsupported where it cannot be watched, or does what
    cannot be, and TimeoutError after so many seconds.
    """
    run = _Run(program, watch, table())
    # Whoever watches is a thread, not a process: one of its own waits for nobody else's children.
    with ThreadPoolExecutor(1) as alone:
        ended = alone.submit(run.to_end)
        try:
            return ended.result(seconds)
        except BaseException:
            run.kill()
            raise


@define
class _Run:
    program: Program
    watch: Watch
    table: Table
    process: int = 0
    waiting: deque[Call] = field(factory=deque)
    under_way: Call | None = None

    def kill(self) -> None:
        if self.process:
            os.kill(self.process, signal.SIGKILL)

    def to_end(self) -> int:
        started = self._start()
        self.process = started.pid
        try:
            while True:
                thread, status = os.waitpid(-1, _WAIT)
                if os.WIFSTOPPED(status):
                    self._stopped(thread, status >> 16, os.WSTOPSIG(status))
                else:
                    self._gone(thread)
                    if thread == self.process:
                        started.returncode = os.waitstatus_to_exitcode(status)
                        return started.returncode
        finally:
            self.process = 0
            if started.returncode is None:
                os.kill(started.pid, signal.SIGKILL)  # Popen would ask for its status first, and take that of a stop
                started.returncode = _reaped(started.pid)

    def _start(self) -> subprocess.Popen[bytes]:
        watched, say = os.pipe()
        numbers = ",".join(map(str, self.table.names))
        launch = [sys.executable, "-I", "-S", str(_LAUNCH), str(watched), str(self.table.architecture), numbers]
        program = self.program
        try:
            started = subprocess.Popen(
                [*launch, *program.words],
                env=program.environment,
                stdin=program.stdin,
                stdout=program.stdout,
                stderr=program.stderr,
                pass_fds=[watched],
            )
            try:
                ptrace.seize(started.pid)
            except OSError as error:
                started.kill()
                started.wait()
                raise Unsupported(
                    f"this machine allows no ptrace, which records system calls: {error.strerror}"
                ) from error
            os.write(say, b".")
            return started
        finally:
            os.close(watched)
            os.close(say)

    def _stopped(self, thread: int, event: int, sign: int) -> None:
        if event == ptrace.AT_CALL:
            self._about_to_call(thread)
        elif sign == _CALL_ENDS:
            self._called(thread)
        elif event == ptrace.AT_STOP and sign in _STOPS:
            ptrace.stay_stopped(thread)
        else:
            in_call = self.under_way is not None and self.under_way.thread == thread
            ptrace.go_on(thread, signal=0 if event else sign, to_end_of_call=in_call)

    def _about_to_call(self, thread: int) -> None:
        try:
            stop = ptrace.stop_of(thread)
        except ProcessLookupError:
            return
        except OSError as error:
            raise Unsupported(
                f"this kernel does not say which system call a program makes: {error.strerror}"
            ) from error
        number, *arguments = stop.data
        name = self.table.names.get(number)
        if stop.architecture != self.table.architecture or name is None:
            raise Unsupported("a program with the system calls of another machine, such as one of 32 bits")
        self.waiting.append(Call(thread, name, tuple(arguments[:6])))
        self._next()

    def _called(self, thread: int) -> None:
        call = self.under_way
        if call is not None and call.thread == thread:
            try:
                result = ptrace.stop_of(thread).result
            except ProcessLookupError:
                return  # it is told of again when it is gone
            self.watch.done(call, result)
            self.under_way = None
        ptrace.go_on(thread)
        self._next()

    def _next(self) -> None:
        while self.under_way is None and self.waiting:
            call = self.waiting.popleft()
            concerns = self.watch.concerns(call)
            self.under_way = call if concerns else None
            ptrace.go_on(call.thread, to_end_of_call=concerns)

    def _gone(self, thread: int) -> None:
        if self.under_way is not None and self.under_way.thread == thread:
            self.watch.cut_short(self.under_way)
            self.under_way = None
        self.waiting = deque(call for call in self.waiting if call.thread != thread)
        self._next()


def _reaped(process: int) -> int:
    """The status of a process that is being killed. Before it, all of its threads are waited for."""
    while True:
        one, status = os.waitpid(-1, _WAIT)
        if one == process and not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status)
