# SPDX-License-Identifier: Apache-2.0
"""A small file system in memory that only this process and its children see; it goes with them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

__all__ = ["PAGE", "fill", "in_namespace", "may_mount", "mounted", "room"]

PAGE: Final = 4096
_INSIDE: Final = "EDGEPROOF_FAULTS_INSIDE"
_ALONE: Final = ("unshare", "--user", "--map-root-user", "--mount")


def in_namespace(command: Sequence[str]) -> int | None:
    """Run this command again where it may mount, and give its exit status; None where it is already, or may not."""
    if _INSIDE in os.environ or subprocess.run([*_ALONE, "true"], capture_output=True, check=False).returncode:
        return None
    environment = {**os.environ, _INSIDE: "1"}
    return subprocess.run([*_ALONE, sys.executable, *command], env=environment, check=False).returncode


def may_mount() -> bool:
    """Whether this process is in a namespace of its own."""
    return _INSIDE in os.environ


@contextmanager
def mounted(place: Path, size: int) -> Iterator[Path]:
    """A file system of so many bytes at a folder."""
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def room(place: Path) -> int:
    """Pages that are free."""
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize // PAGE


def fill(place: Path, pages: int) -> Path:
    """Leave so many pages free: what takes the others is a file, which may be removed again."""
    ballast = place / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:  # others may be quicker
        for _ in range(room(place) - pages):
            file.write(bytes(PAGE))
    return ballast
