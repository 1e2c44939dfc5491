# SPDX-License-Identifier: Apache-2.0
"""A history as it was loaded: tables that a backend evaluates, and Parquet that can be read as it lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from edgeproof.properties.intake.columns import EVENTS, MALFORMED
from edgeproof.properties.intake.judged import Tables
from edgeproof.properties.intake.kept import Kept
from edgeproof.properties.intake.plain import Plain

__all__ = ["Loaded", "Part"]


class Part:
    """Files that are read in one way: `judge` holds every row against the rules, and `lying` are to be read as they
    lie. `malformed` is what is known to be malformed by whoever wrote them, and judged all of it.
    """

    def __init__(
        self,
        judge: Callable[[], Tables],
        lying: Sequence[Plain | Kept] | None = None,
        malformed: ir.Table | None = None,
    ) -> None:
        self._judge = judge
        self._lying = lying
        self._malformed = malformed
        self.is_sound = False
        """Whether nothing in it is malformed, as was found without a judgement."""

    @property
    def is_open(self) -> bool:
        """Whether something in it may be malformed, for all that is known."""
        return not (self._malformed is not None or self.is_sound or "judged" in vars(self))

    @property
    def lying(self) -> Sequence[Plain | Kept] | None:
        """Files whose rows are sound as far as anybody knows; None if there are none."""
        return self._lying if self._malformed is not None or self.is_sound or self.is_open else None

    @property
    def malformed(self) -> ir.Table:
        """What is malformed in it."""
        return self.judged.malformed if self._malformed is None else self._malformed

    @cached_property
    def judged(self) -> Tables:
        """What is in it, once every row was held against the rules."""
        return self._judge()


class Loaded:
    """A history: its well-formed events, and what is malformed (file, line, problem). Nothing is in memory yet.

    Parquet that can be read as it lies is not judged before somebody asks, or finds something in it that is not sound.
    """

    def __init__(self, parts: Sequence[Part], place: Callable[[], Path]) -> None:
        self._parts = tuple(parts)
        self._place = place

    @property
    def events(self) -> ir.Table:
        """The events, as a table that the backend evaluates."""
        return _union([part.judged.events for part in self._parts])

    @property
    def malformed(self) -> Any:
        """What is malformed, as a table that the backend evaluates, or an empty one of Arrow."""
        found = [part.malformed for part in self._parts if not part.is_sound]
        return _union(found) if found else MALFORMED.empty_table()

    @cached_property
    def files(self) -> list[Plain | Kept]:
        """The events to be read as they lie. Rows of files that are not `placed` may be malformed."""
        lying = [file for part in self._parts for file in part.lying or ()]
        others = [part.judged.events for part in self._parts if part.lying is None]
        return [*lying, *([self._written(_union(others))] if others else ())]

    def found_sound(self) -> None:
        """Tells that all of `files` was read, and that nothing in it is malformed."""
        for part in self._parts:
            part.is_sound = part.is_sound or part.is_open

    def found_unsound(self) -> None:
        """Tells that something in `files` may be malformed: from now on they hold what is not."""
        for part in self._parts:
            if part.is_open:
                part.judged  # noqa: B018
        vars(self).pop("files", None)

    def _written(self, events: ir.Table) -> Plain:
        path = self._place() / "judged.parquet"
        events.get_backend().to_parquet(events.select(EVENTS.names), path)
        return Plain.placed_at(path)


def _union(tables: list[ir.Table]) -> ir.Table:
    return tables[0] if len(tables) == 1 else ibis.union(*tables)
