# SPDX-License-Identifier: Apache-2.0
"""Cloudflare's own runtime, workerd, as a process to start, kill and start again.

A `Workerd` serves one configuration on 127.0.0.1 at ports that the kernel gives, over a directory that outlives its
process. It cannot outlive us: the kernel kills it when the thread that started it ends, however that comes about.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import platform
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

from edgeproof.impl.scratch import MEMORY, OwnedDirectory
from edgeproof.impl.system import SystemUnavailable

__all__ = [
    "HOW_TO_INSTALL",
    "VERSION",
    "RuntimeMissingError",
    "Workerd",
    "die_with",
    "find_workerd",
    "scratch_directory",
]

VERSION: Final = "2026-11-17"
"""What the pinned binary says of itself; compatibility dates must not be later."""

HOW_TO_INSTALL: Final = "make workerd"

READY_WITHIN: Final = 30.0
"""Seconds; a process that has not bound its ports by then never will. Usually it takes 0.03."""

_PACKAGES: Final = {"x86_64": "workerd-linux-64", "amd64": "workerd-linux-64", "aarch64": "workerd-linux-arm64"}
_PR_SET_PDEATHSIG: Final = 1
# Looked up before any fork: between fork and exec nothing may take a lock.
_PRCTL: Final = ctypes.CDLL(None).prctl


class RuntimeMissingError(SystemUnavailable):
    """workerd is not installed; the message says what to run."""


def find_workerd() -> Path:
    """The workerd binary: $EDGEPROOF_WORKERD, or what `make workerd` installed, or one on the PATH.

    Raises RuntimeMissingError.
    """
    named = os.environ.get("EDGEPROOF_WORKERD")
    root = Path(__file__).resolve().parents[2]
    package = _PACKAGES.get(platform.machine().lower(), "workerd-linux-64")
    installed = root / "node_modules" / "@cloudflare" / package / "bin" / "workerd"
    on_path = shutil.which("workerd")
    places = (named,) if named else (installed, on_path)
    for place in places:
        if place is not None and os.access(place, os.X_OK):
            return Path(place)
    if named:
        raise RuntimeMissingError(f"$EDGEPROOF_WORKERD names {named}, which cannot be run")
    need = "" if shutil.which("npm") else " (it needs npm, which is not on this machine either)"
    if (root / "Makefile").exists():
        raise RuntimeMissingError(f"workerd is not installed; run `{HOW_TO_INSTALL}` in {root}{need}")
    # Installed from a wheel: there is nothing to make here.
    how = "run `npm install workerd` in a folder of your own, and name the binary that it brings in $EDGEPROOF_WORKERD"
    raise RuntimeMissingError(f"workerd is not installed; {how}{need}")


def scratch_directory() -> OwnedDirectory:
    """A new temporary directory, in memory where there is such a file system: a killed process needs no disk."""
    return OwnedDirectory("workerd", MEMORY if os.access(MEMORY, os.W_OK) else None)


class Workerd:
    """One workerd process, or none between a kill and the next start. Start it from a thread that lives on."""

    def __init__(self, config: Path, *, disks: Mapping[str, Path], externals: Mapping[str, str]) -> None:
        """`config` is a workerd configuration in capnp text. `disks` and `externals` are the directories of its disk
        services and the addresses (host:port) of its external ones, by name.
        """
        self._config, self._disks, self._externals = config, dict(disks), dict(externals)
        self._process: subprocess.Popen[bytes] | None = None
        self._control: int | None = None
        self.ports: dict[str, int] = {}
        """The port of every socket of the configuration, by its name."""
        self.log = config.with_suffix(".log")
        """What the runtime and `console` in the Worker print."""

    @property
    def pid(self) -> int | None:
        """The process; None if there is none."""
        return None if self._process is None else self._process.pid

    @property
    def ended(self) -> bool:
        """Whether the process has ended although nobody killed it here."""
        return self._process is not None and self._process.poll() is not None

    def start(self) -> None:
        """Start, and wait until every port is bound. Raises RuntimeMissingError, and OSError if it does not start."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start, and do not wait: several can be launched side by side. Raises RuntimeMissingError."""
        if self._process is not None:
            return
        command = [str(find_workerd()), "serve", "--experimental"]
        command += [f"--directory-path={name}={path}" for name, path in self._disks.items()]
        command += [f"--external-addr={name}={address}" for name, address in self._externals.items()]
        self._control, theirs = os.pipe()
        try:
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    [*command, f"--control-fd={theirs}", str(self._config)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(theirs,),
                    # Ctrl-C goes to every process of a terminal's group: this one is ended by us, in its turn.
                    process_group=0,
                    preexec_fn=partial(die_with, os.getpid()),  # noqa: PLW1509 (it takes no lock)
                )
        except BaseException:
            self._forget_control()
            raise
        finally:
            os.close(theirs)

    def wait(self) -> None:
        """Wait until every port is bound. Raises OSError if that does not happen."""
        try:
            self._listen()
        except BaseException:
            self.kill()
            raise
        finally:
            self._forget_control()

    def kill(self) -> None:
        """Kill -9, and wait until the process is gone; nothing happens if there is none."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Kill -9, and start over what is on its disks."""
        self.kill()
        self.start()

    def stop(self) -> None:
        """End the process in good order: SIGTERM, and SIGKILL if that is not heeded within a second."""
        if self._process is None:
            return
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        self.kill()

    def _listen(self) -> None:
        """Read `{"event":"listen","socket":...,"port":...}` lines until there is one for every socket."""
        if self._control is None:
            return
        wanted = self._config.read_text(encoding="utf-8").count('address = "127.0.0.1:0"')
        self.ports = {}
        text, deadline = b"", time.monotonic() + READY_WITHIN
        while len(self.ports) < wanted:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._control], [], [], left)[0]:
                raise OSError(f"workerd was not ready within {READY_WITHIN:g} s: {self._last_words()}")
            chunk = os.read(self._control, 65536)
            if not chunk:
                raise OSError(f"workerd ended before it was ready: {self._last_words()}")
            *lines, text = (text + chunk).split(b"\n")
            for line in lines:
                said = json.loads(line)
                if said.get("event") == "listen":
                    self.ports[said["socket"]] = said["port"]

    def _forget_control(self) -> None:
        if self._control is not None:
            os.close(self._control)
            self._control = None

    def _last_words(self) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace").strip()
        return text[-2000:] or "it said nothing"


def die_with(parent: int) -> None:
    """In a child, between fork and exec: ask the kernel to kill it when the parent goes, which it may have by now."""
    _PRCTL(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
