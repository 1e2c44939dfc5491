# SPDX-License-Identifier: Apache-2.0
"""What the trials came to, as a page for people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.edits.trial import Trial

__all__ = ["PAGE", "page", "record", "summary"]

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "subtle-edits.md"
"""Where the page is kept."""

_HEAD: Final = """<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Written by `make edits`. -->
# Subtle edits

Each line is one edit of the sources, made in a private copy, as small as a real slip. Implementation and model were
then driven side by side as much as `edgeproof verify` does by itself (50 runs of 80 steps, seed 0), in the case that
is named: one of its scoreboards, or of `tests/edits/configurations.py`. *Steps* and *time* are what it took until the
first difference, over all cases that were tried; the run that shows it was then driven once more on the implementation
without the edit, which did what the model does. The edits themselves are in `tests/edits/`.

"""


def summary(trials: Sequence[Trial]) -> str:
    """One line."""
    found, survive = sum(one.found for one in trials), [one for one in trials if not one.found]
    seconds = sum(one.finding.seconds for one in trials)
    return f"{len(trials)} edits: {found} found, {len(survive)} not; {seconds:.0f} s of driving"


def page(reference: Sequence[Trial], worker: Sequence[Trial]) -> str:
    """The page on both implementations."""
    parts = [_HEAD, f"{summary([*reference, *worker])}.\n"]
    for title, trials in (("The reference", reference), ("The Worker, on workerd", worker)):
        parts += [f"\n## {title}\n\n{summary(trials)}.\n"]
        parts += _rows("edit | file | what is wrong | found in | steps | time", map(_found, _those(trials, True)))
        if left := _those(trials, False):
            parts += ["\nNot found:\n", *_rows("edit | file | what is wrong | why it is not", map(_left, left))]
    return "".join(parts)


def record(trial: Trial) -> dict[str, Any]:
    """A trial as JSON has it."""
    edit, finding = trial.edit, trial.finding
    return {
        "name": edit.name,
        "file": edit.file,
        "slip": edit.slip,
        "found": trial.found,
        "case": finding.case,
        "difference": finding.reason,
        "steps": finding.steps,
        "seconds": round(finding.seconds, 2),
        "survives": edit.survives,
        "unedited": trial.otherwise,
    }


def _those(trials: Sequence[Trial], found: bool) -> list[Trial]:
    return [one for one in trials if one.found is found]


def _rows(heading: str, rows: Any) -> list[str]:
    return ["\n", f"| {heading} |\n", "|" + " --- |" * (heading.count("|") + 1) + "\n", *rows]


def _found(trial: Trial) -> str:
    edit, finding = trial.edit, trial.finding
    where = f"`{edit.name}` | `{edit.file}` | {edit.slip}"
    return f"| {where} | `{finding.case}` | {finding.steps:,} | {finding.seconds:.1f} s |\n"


def _left(trial: Trial) -> str:
    edit = trial.edit
    return f"| `{edit.name}` | `{edit.file}` | {edit.slip} | {edit.survives or 'Nobody has said.'} |\n"
