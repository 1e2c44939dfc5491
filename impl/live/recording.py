# SPDX-License-Identifier: Apache-2.0
"""Where a run records, and what can be made of that once the run itself has been killed.

While it goes on the folder is beside the history that is to be, or where the run was told to keep it. It says what was
asked for, and is locked. A run that ends removes it, or lets go of it; one that is killed leaves it for `recover`.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from attrs import evolve, fields, frozen

from edgeproof.impl.durable.storage_errors import StorageError
from edgeproof.impl.history import Event, merge
from edgeproof.impl.live.options import LiveOptions, Paths
from edgeproof.impl.live.process import LiveError
from edgeproof.impl.live.result import LiveResult, Writes
from edgeproof.impl.live.site import Site
from edgeproof.impl.live.truth import Truth
from edgeproof.impl.scratch import OWNER, claim, is_left

__all__ = ["MakeSite", "describe", "merged", "recording", "recover", "unfinished"]

BESIDE: Final = ".recording"
ASKED: Final = "run.json"
_ELSEWHERE: Final = ("history", "keep", "parts")
"""What is not kept of the options: it is where they are, or code."""

MakeSite = Callable[[LiveOptions, Paths], Site]


@contextmanager
def recording(options: LiveOptions) -> Iterator[Path]:
    """The folder of a run, for as long as it goes on.

    Raises FileExistsError if it is in use, or has something in it.
    """
    folder = options.keep or _beside(options.history)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    owner = claim(folder)
    try:
        yield folder
    finally:
        if options.keep is None:
            shutil.rmtree(folder)
        os.close(owner)
        (folder / OWNER).unlink(missing_ok=True)


def describe(folder: Path, options: LiveOptions, site: Site) -> None:
    """Say in a run's folder what it was asked for."""
    asked = {one.name: getattr(options, one.name) for one in fields(LiveOptions) if one.name not in _ELSEWHERE}
    (folder / ASKED).write_text(json.dumps({"site": site.name, "options": asked}), encoding="utf-8")


def unfinished(folder: Path) -> Path | None:
    """What a run that was killed has left in the folder of its history, or in that which it was to keep."""
    beside = sorted(folder.glob(f"*{BESIDE}"))
    return next((one for one in (folder, *beside) if is_left(one)), None)


@frozen
class _Asked:
    options: LiveOptions
    site: str


def recover(folder: Path, history: Path, sites: Mapping[str, MakeSite]) -> tuple[LiveOptions, LiveResult]:
    """Make the history of a run that was killed from what it has left in `folder`, which is removed.

    Raises LiveError for a folder of which nothing can be made, OSError for files that cannot be read or written.
    """
    owner = claim(folder)
    try:
        asked = _asked(folder, history)
        paths = Paths(folder, folder / "none")
        try:
            truth = sites[asked.site](asked.options, paths).truth_left()
        except (StorageError, KeyError) as error:
            raise LiveError(f"{folder}: the store of the run cannot be read: {error}") from error
        result = merged(asked.options, paths, truth)
    finally:
        os.close(owner)
    shutil.rmtree(folder)
    return asked.options, result


def merged(options: LiveOptions, paths: Paths, truth: Truth, origin: float | None = None) -> LiveResult:
    """The history of what the processes have recorded, and what it comes to; `origin` is its time 0, its first event
    unless given.
    """
    events: list[Event] = []

    def complete(event: Event) -> Event:
        whole = truth.complete(event)
        events.append(whole)
        return whole

    counts = merge(paths.parts(), complete, options.history, origin)
    reads = [event.invoke for event in events if event.kind == "read"]
    seconds = max(reads) - min(reads) if reads else 0.0
    return LiveResult(
        options.history,
        seconds,
        counts,
        options.remarks,
        truth.config_bytes,
        len(reads) / max(seconds, 0.001),
        Writes.of(events, truth),
    )


def _asked(folder: Path, history: Path) -> _Asked:
    try:
        said: dict[str, Any] = json.loads((folder / ASKED).read_text(encoding="utf-8"))
        options = LiveOptions(history=history, **{**said["options"], "faults": tuple(said["options"]["faults"])})
        return _Asked(evolve(options), str(said["site"]))
    except FileNotFoundError as error:
        raise LiveError(f"{folder}: the run was killed before anything was recorded") from error
    except (ValueError, KeyError, TypeError) as error:
        raise LiveError(f"{folder / ASKED} does not say what was run: {error}") from error


def _beside(history: Path) -> Path:
    return history.with_name(history.name + BESIDE)
