# SPDX-License-Identifier: Apache-2.0
"""A mapping proposed for somebody's logs: what each column was taken for and why, as the file that says so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeproof.reports.errors import Unusable

if TYPE_CHECKING:
    from edgeproof.properties.intake.explore import Proposal
    from edgeproof.reports.consoles import Terminal

__all__ = ["explore_history"]

_UNDECIDED = 3


def explore_history(terminal: Terminal, history: Sequence[str], out: Path | None) -> int:
    """Print a mapping file for what is named, or write it to `out`; returns the exit status.

    Raises ValueError and OSError for what cannot be used, and Unusable for an `out` that is there already.
    """
    from edgeproof.properties.intake.explore import explore
    from edgeproof.properties.intake.mapping_text import mapping_text
    from edgeproof.properties.intake.sources import find_sources

    if out is not None and out.exists():
        raise Unusable(f"{out} is there already: name another file, or remove it")
    proposals = [explore(source) for source in find_sources([Path(one) for one in history])]
    text = mapping_text(proposals)
    if out is not None:
        out.write_text(text, encoding="utf-8")
    if terminal.as_json:
        terminal.document({"files": [_document(one) for one in proposals], "mapping": text})
    elif out is None:
        terminal.out.print(text, end="", markup=False, highlight=False, soft_wrap=True)
    else:
        terminal.out.print(f"{out} says which column is which; look through it, then check with --mapping {out}")
    return 0 if all(one.is_usable and not one.missing for one in proposals) else _UNDECIDED


def _document(one: Proposal) -> dict[str, Any]:
    from edgeproof.properties.intake.mapping_text import as_sections

    counts = {"records": one.records, "events": one.events, "skipped": one.skipped}
    said = {"mapping": as_sections(one.mapping), "reasons": dict(one.reasons), "missing": list(one.missing)}
    return {"file": str(one.path), **said, "columns": list(one.columns), **counts, "problems": dict(one.problems)}
