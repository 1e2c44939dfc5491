# SPDX-License-Identifier: Apache-2.0
"""The page of `crash`: what power cuts would leave of a store, and the first one that shows something wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from edgeproof.properties.evidence import HOLDS, Evidence, Verdict
from edgeproof.reports.html.page import Page, Section, Tile, html_page

if TYPE_CHECKING:
    from edgeproof.properties.engines.crash.syscalls.witness import Witness

__all__ = ["cut_page"]

_OWED = 50
"""Acknowledged tokens that are listed, the last ones."""


@frozen
class Cut:
    """A power cut: when it was, what is wrong after it, what was owed, and what became of what was not sure."""

    where: str
    wrong: str
    acknowledged: int
    last: tuple[str, ...]
    fates: tuple[tuple[int, str, str], ...]
    files: tuple[tuple[str, int], ...]


def cut_page(command: str, evidence: Evidence, witness: Witness | None) -> str:
    """The file; `command` is the store that was tried."""
    measures = evidence.measures
    counted = ("operations", "acknowledged", "images")
    tiles = [Tile(f"{int(measures[name]):,}", name, "holds") for name in counted if name in measures]
    said = f"{evidence.verdict}: {evidence.bound or evidence.reason}"
    sections = [] if witness is None else [Section("cut", "The power cut that shows it", "cut", _cut(witness))]
    return html_page(
        Page(
            "crash",
            command,
            {Verdict.VIOLATED: evidence.reason or str(evidence.verdict)}.get(evidence.verdict, said),
            evidence.verdict in HOLDS,
            tiles,
            sections,
            (),
            {"seed": str(evidence.seed), "time": f"{evidence.seconds:.1f} s", "bound": evidence.bound},
        )
    )


def _cut(witness: Witness) -> Cut:
    where = f"after operation {witness.done:,} of {witness.of:,}: {witness.after}" if witness.done else "at the start"
    return Cut(
        where,
        witness.why,
        len(witness.acknowledged),
        witness.acknowledged[-_OWED:],
        tuple((one.number, one.operation, one.fate) for one in witness.fates),
        tuple((str(name), len(content)) for name, content in witness.files.items()),
    )
