# SPDX-License-Identifier: Apache-2.0
"""What is known of mutants, and the file that keeps it from one run of the command to the next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from attrs import asdict

from tests.edits.mutants.elsewhere import Search
from tests.edits.mutants.judge import Fate, Standing
from tests.edits.mutants.table import finders

__all__ = ["Kept"]


class Kept:
    """Fates by the mutants' names. The file, if there is one, has a line for whatever was learnt: the last counts."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        lines = [] if file is None or not file.exists() else file.read_text(encoding="utf-8").splitlines()
        self.fates = {fate.name: fate for fate in map(_fate_in, map(json.loads, lines))}

    def hear(self, fate: Fate) -> None:
        """This is known from now on."""
        self.fates[fate.name] = fate
        if self._file is not None:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(fate)) + "\n")

    def unsought(self, name: str) -> tuple[str, ...]:
        """The tests that are to find a mutant, unless it is known what came of just these."""
        fate = self.fates[name]
        tests = finders(fate)
        return () if fate.elsewhere is not None and fate.elsewhere.tests == tests else tests


def _fate_in(line: dict[str, Any]) -> Fate:
    elsewhere = line.pop("elsewhere", None)
    search = None if elsewhere is None else Search(**{**elsewhere, "tests": tuple(elsewhere["tests"])})
    return Fate(**{**line, "standing": Standing(line["standing"])}, elsewhere=search)
