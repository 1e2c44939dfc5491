# SPDX-License-Identifier: Apache-2.0
"""What became of mutants, as a matrix and as lines in a file that a later run goes on from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from attrs import asdict

from edgeproof.properties.evidence import Status
from edgeproof.properties.mutation.kills import Fate, Kill
from edgeproof.reports.errors import Unusable, one_line

__all__ = ["Kept", "matrix"]


class Kept:
    """Fates by design and mutant, each also a line of a file, if one is named. Raises Unusable for another's file."""

    def __init__(self, path: str | None) -> None:
        self._path = None if path is None else Path(path)
        self.fates: dict[tuple[str, str], Fate] = {}
        if self._path is not None and self._path.exists():
            for number, line in enumerate(self._path.read_text(encoding="utf-8").splitlines(), start=1):
                try:
                    fate = _read(json.loads(line))
                except (KeyError, TypeError, ValueError) as error:
                    raise Unusable(f"{path}, line {number}, is no fate of a mutant: {one_line(error)}") from error
                self.fates[fate.design, fate.mutant] = fate

    def keep(self, fate: Fate) -> None:
        """Remember a fate."""
        self.fates[fate.design, fate.mutant] = fate
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(fate)) + "\n")


def matrix(fates: Sequence[Fate], engines: Sequence[str], seed: int) -> dict[str, Any]:
    """Mutants by engine and property, with counts for each design; a row is [mutants, killed, ...] by name."""
    designs = {design: _counts([one for one in fates if one.design == design]) for design in _names(fates)}
    return {"seed": seed, "engines": [*engines], "designs": designs, "mutants": [asdict(one) for one in fates]}


def _names(fates: Iterable[Fate]) -> list[str]:
    return [*dict.fromkeys(one.design for one in fates)]


def _counts(fates: Sequence[Fate]) -> dict[str, int]:
    return {
        "mutants": len(fates),
        "killed": sum(one.killed for one in fates),
        "twice": sum(len(one.kills) > 1 for one in fates),
        "same": sum(not one.killed and not one.apart for one in fates),
        "survivors": sum(not one.killed and one.apart for one in fates),
    }


def _read(said: dict[str, Any]) -> Fate:
    kills = tuple(Kill(**{**kill, "status": Status(kill["status"])}) for kill in said.pop("kills"))
    return Fate(kills=kills, **said)
