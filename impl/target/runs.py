# SPDX-License-Identifier: Apache-2.0
"""What is kept of a run: each request with its times, and what its answer said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import define, field, frozen

from edgeproof.impl.target.client import Request
from edgeproof.impl.target.programs import Program
from edgeproof.impl.target.wire import Heard

__all__ = ["Happened", "Run"]


@frozen
class Happened:
    """One request (`write`, `read`, `restore` or `changelog`), or one `fault`: when (seconds), and what came of it.

    `at` is the way of reading, or the fault's name. `returned` is None where nobody saw it end. `number` is which write
    of its run it was, the same for one that was sent again; `since` is when that one was sent first. `changes` are the
    fields that it sets (under "" the whole config), `base` is the version that it expects, or that is restored.
    `beside` says that others were under way with it.
    """

    kind: str
    step: int
    at: str
    invoke: float
    returned: float | None
    heard: Heard
    request: Request | None = None
    status: int | None = None
    number: int = 0
    since: float = 0.0
    changes: Mapping[str, Any] = field(factory=dict)
    key: str = ""
    base: int | str | None = None
    beside: bool = False

    @property
    def asked(self) -> str:
        """What was asked, for a sentence."""
        return "" if self.request is None else f"{self.request.method} {self.request.base}{self.request.path}"


@define
class Run:
    """One program, taken: the unit and the fields that are its own, and what happened.

    `before` is what each way of reading told before the first step. `neighbour` is what happened to a second unit,
    which is written once at the start, and read at the end, in runs that have one. `changelog` is its reading at the
    end, whose content are the entries.
    """

    name: str
    program: Program
    fields: tuple[str, ...]
    before: list[Happened] = field(factory=list)
    happened: list[Happened] = field(factory=list)
    neighbour: list[Happened] = field(factory=list)
    changelog: Happened | None = None

    @property
    def in_order(self) -> list[Happened]:
        """All that happened, in the order of its history, to which the changelog's reading does not belong."""
        every = sorted((*self.before, *self.neighbour, *self.happened), key=lambda one: one.since or one.invoke)
        return every if self.changelog is None else [*every, self.changelog]

    @property
    def neighbour_name(self) -> str:
        """What the second unit is called."""
        return f"{self.name}-n"
