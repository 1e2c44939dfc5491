# SPDX-License-Identifier: Apache-2.0
"""The programs that a user names, and what one of them finds in the files that a power cut has left."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from attrs import frozen

from edgeproof.properties.engines.crash.disk import Files
from edgeproof.properties.engines.crash.syscalls.promise import Promise, PromiseError, found_in

__all__ = ["CommandError", "Found", "Recovery", "ended", "environment", "lay_out", "words_of"]

_PLACE: Final = "{folder}"
_VARIABLE: Final = "EDGEPROOF_FOLDER"


class CommandError(Exception):
    """A command that cannot be run; the message says why."""


def words_of(command: str, folder: Path) -> list[str]:
    """The words of a command, as a shell has them, with the folder in the place of `{folder}`. Raises CommandError."""
    try:
        words = [word.replace(_PLACE, str(folder)) for word in shlex.split(command)]
    except ValueError as error:
        raise CommandError(f"{command!r} is no command: {error}") from error
    if not words or shutil.which(words[0]) is None:
        raise CommandError(f"there is no program {words[0]!r} that could be run" if words else "a command is empty")
    return words


def environment(folder: Path) -> Mapping[str, str]:
    """The environment of a command: ours, and the folder. Python programs there keep no output back."""
    return {**os.environ, _VARIABLE: str(folder), "PYTHONUNBUFFERED": "1"}


def lay_out(files: Files, folder: Path) -> None:
    """Make a folder that holds these files and no others."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in sorted(files.items()):
        if name.endswith("/"):
            (folder / name).mkdir()
        else:
            (folder / name).write_bytes(content)


@frozen
class Found:
    """The tokens that a recovery has found, or why it has failed."""

    tokens: tuple[str, ...] = ()
    failed: str = ""

    def wrong(self, promise: Promise, acknowledged: tuple[str, ...]) -> str:
        """What is wrong where this was acknowledged; "" if nothing is."""
        return self.failed or promise.broken(acknowledged, self.tokens)


@frozen
class Recovery:
    """The command that opens the store again, the folder where it finds it, and how many seconds it may take."""

    command: str
    folder: Path
    seconds: float

    def of(self, files: Files) -> Found:
        """Have it find these files, and no others. Raises CommandError where it cannot be run."""
        lay_out(files, self.folder)
        with subprocess.Popen(
            words_of(self.command, self.folder),
            env=environment(self.folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as running:
            try:
                said, complained = running.communicate(timeout=self.seconds)
            except subprocess.TimeoutExpired:
                return Found(failed=f"the recovery does not end within {self.seconds:g} s")
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(running.pid, signal.SIGKILL)
        if running.returncode:
            return Found(failed=f"the recovery {ended(running.returncode, complained)}")
        try:
            return Found(found_in(said.decode(errors="replace")))
        except PromiseError as error:
            return Found(failed=f"the recovery's output: {error}")


def ended(status: int, complained: bytes) -> str:
    """How a program has ended, and the last that it has complained of."""
    lines = complained.decode(errors="replace").strip().splitlines()
    how = f"is killed by signal {-status}" if status < 0 else f"ends with status {status}"
    return how + (f": {lines[-1].strip()}" if lines else "")
