# SPDX-License-Identifier: Apache-2.0
"""Whether tests find a mutant that lockstep does not: they are run on a copy of the tree in which it has been made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from attrs import frozen

from edgeproof.impl.scratch import OwnedDirectory
from edgeproof.impl.workerd.runtime import find_workerd
from edgeproof.properties.edits.edit import ROOT, Edit, edited

__all__ = ["PATIENCE", "Search", "first_failure", "sought", "sought_all"]

PATIENCE: Final = 600.0
"""Seconds for the tests of a mutant; those that are not done by then wait for ever for something."""

_NO_SOURCES: Final = shutil.ignore_patterns(".*", "node_modules", "build", "dist", "out", "*.egg-info")

# Importing plugins takes longer than most tests, and tests of an implementation need none but the markers of this one.
_OPTIONS: Final = ("-x", "-q", "-rfE", "--tb=no", "--color=no", "-p", "no:cacheprovider", "-p", "xdist")
_NO_PLUGINS: Final = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

_PASSED, _FAILED, _INTERRUPTED = 0, 1, 2
"""How pytest ends; it is interrupted by a test file that cannot be imported."""


@frozen
class Search:
    """What came of tests that were run on a mutant, in so many seconds. `by` is the first that fails with it and passes
    without it, "" if there is none; `note` is what else is to be said.
    """

    tests: tuple[str, ...]
    by: str
    note: str
    seconds: float


def sought(mutant: Edit, tests: tuple[str, ...], within: float = PATIENCE) -> Search:
    """Run tests (files, or single ones by pytest's node ids) until one fails with the mutant, and that one without it.

    Raises RuntimeError where pytest cannot run them.
    """
    started = time.perf_counter()

    def search(by: str, note: str = "") -> Search:
        return Search(tests, by, note, time.perf_counter() - started)

    try:
        failed = _first_failure(mutant, tests, within)
    except TimeoutError as error:
        return search(", ".join(tests), str(error)) if _pass_unchanged(tests, within) else search("", str(error))
    if failed and not _pass_unchanged((failed,), within):
        return search("", f"{failed} fails without it as well")
    return search(failed)


def sought_all(
    asked: Sequence[tuple[Edit, tuple[str, ...]]], processes: int, notify: Callable[[Edit, Search], None]
) -> None:
    """Seek mutants by their tests, several at a time; `notify` hears of each when it is over."""
    with ThreadPoolExecutor(processes) as pool:
        under_way = {pool.submit(sought, mutant, tests): mutant for mutant, tests in asked}
        for one in as_completed(under_way):
            notify(under_way[one], one.result())


@cache
def _pass_unchanged(tests: tuple[str, ...], within: float) -> bool:
    try:
        return not _first_failure(None, tests, within)
    except TimeoutError:
        return False


def _first_failure(mutant: Edit | None, tests: tuple[str, ...], within: float) -> str:
    """The first of the tests that fails in a copy of the tree; "" if all pass. Raises TimeoutError and RuntimeError."""
    with _copy_of_the_tree() as tree:
        if mutant is not None:
            file = tree / mutant.file
            file.write_text(edited(mutant, file.read_text(encoding="utf-8")), encoding="utf-8")
        try:
            done = subprocess.run(
                [sys.executable, "-m", "pytest", *_OPTIONS, *tests],
                cwd=tree,
                env=_environment(tree, tests),
                capture_output=True,
                text=True,
                check=False,
                timeout=within,
            )
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"no end within {within:g} s") from None
    return first_failure(done.returncode, done.stdout + done.stderr)


def first_failure(status: int, said: str) -> str:
    """The test, or the file of tests, that failed first, by pytest's exit status and summary; "" if none did.

    Raises RuntimeError where pytest could not run them.
    """
    failed = [
        line.split(" ", 1)[1].split(" - ")[0] for line in said.splitlines() if line.startswith(("FAILED ", "ERROR "))
    ]
    if status == _PASSED:
        return ""
    if status in (_FAILED, _INTERRUPTED) and failed:
        return failed[0]
    raise RuntimeError(f"pytest cannot run them: {said.strip()[-300:]}")


@contextmanager
def _copy_of_the_tree() -> Iterator[Path]:
    with OwnedDirectory("mutant") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, symlinks=True, ignore=_NO_SOURCES)
        yield tree


def _environment(tree: Path, tests: tuple[str, ...]) -> dict[str, str]:
    """The sources of the copy come before those that are installed; workerd is beside neither."""
    found = {**os.environ, **_NO_PLUGINS, "PYTHONPATH": os.pathsep.join(map(str, (tree / "src", tree)))}
    if any(test.startswith("tests/workerd/") for test in tests):
        found["EDGEPROOF_WORKERD"] = str(find_workerd())
    return found
