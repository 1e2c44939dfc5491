# SPDX-License-Identifier: Apache-2.0
"""Why nothing in a file is an event: what the mapping looks for and does not find, said once, with what is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from edgeproof.properties.intake.columns import IntakeError
from edgeproof.properties.intake.envelopes import ENVELOPE, Unfolded
from edgeproof.properties.intake.mapping import SKIP, ColumnMapping, columns_of
from edgeproof.properties.intake.row import KINDS, OUTCOMES
from edgeproof.properties.intake.sample import leaves, sample
from edgeproof.properties.intake.sources import Source

__all__ = ["refuse", "refuse_all", "why_unfit"]

_SHOWN: Final = 40
_EXAMPLES: Final = 3


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_FITS: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "kind": (lambda value: value in KINDS or value == SKIP, f"none of {', '.join(KINDS)}"),
    "unit": (lambda value: isinstance(value, str) and value != "", "no text"),
    "outcome": (lambda value: value in OUTCOMES, f"none of {', '.join(OUTCOMES)}"),
    "invoke": (_is_number, "no number of seconds"),
    "return": (_is_number, "no number of seconds"),
    "version": (_is_number, "no whole number"),
}
"""What the columns hold that hardly an event does without, and what is said of other values."""


def refuse_all(found: Iterable[Source], mapping: ColumnMapping) -> None:
    """Raises IntakeError where there are records, and none of them is an event."""
    for source in found:
        refuse(source, mapping.of(source.path))


def refuse(source: Source, mapping: ColumnMapping) -> None:
    """Raises IntakeError for a file none of whose records is an event, if that is for want of a better mapping."""
    why = why_unfit(source, mapping)
    if why is not None:
        raise IntakeError(why)


def why_unfit(source: Source, mapping: ColumnMapping) -> str | None:
    """Why no record of a file is an event, where the reason is one of columns; None where it is one of single lines.

    Raises OSError or IntakeError for a file that cannot be read.
    """
    found = sample(source, mapping)
    if not any(record for record, _ in found):
        return None
    ours = [columns for one in found if (columns := _columns(one)) is not None]
    if mapping.each is not None and not any(True for record, _ in found if ENVELOPE in record):
        return _said(source, found, f"nothing lies at `{mapping.each}` (`rows.each`)")
    absent = [_theirs(column, mapping) for column in _FITS if ours and not _values(column, ours)]
    wrong = [f"there is no {', '.join(absent)}"] if absent else []
    wrong += [text for column in _FITS if (text := _complaint(column, mapping, ours))]
    skipped = len(ours) < len(found)
    if not wrong and not skipped:
        return None
    return _said(source, found, "; ".join(wrong) or f"the mapping skips {len(found) - len(ours)} of {len(found)}")


def _said(source: Source, found: list[Unfolded], complaint: str) -> str:
    return (
        f"{source.path}: none of its records is an event: {complaint}. Its columns: {_names(found)}. A mapping file "
        f"says which is which, and `edgeproof check --explore {source.path}` proposes one"
    )


def _columns(one: Unfolded) -> Mapping[str, Any] | None:
    """What the mappings make of a record; nothing of one that they refuse, None of one that they skip."""
    record, mappings = one
    try:
        return columns_of(mappings, record) if mappings else record
    except ValueError:
        return {}


def _values(column: str, ours: list[Mapping[str, Any]]) -> list[Any]:
    return [columns[column] for columns in ours if columns.get(column) is not None]


def _complaint(column: str, mapping: ColumnMapping, ours: list[Mapping[str, Any]]) -> str:
    """What is wrong with a column that no record has a usable value in; nothing if it is well, or not there."""
    fits, otherwise = _FITS[column]
    values = _values(column, ours)
    if not values or any(fits(value) for value in values):
        return ""
    examples = ", ".join(dict.fromkeys(f"{value!r:.40}" for value in values[:_EXAMPLES]))
    return f"{_theirs(column, mapping)} holds {examples}, {otherwise}"


def _theirs(column: str, mapping: ColumnMapping) -> str:
    paths = " or ".join(f"`{path}`" for path in mapping.paths(column)) or "constant"
    return paths if paths == f"`{column}`" else f"{paths} (as `{column}`)"


def _names(found: list[Unfolded]) -> str:
    names = dict.fromkeys(
        path for record, _ in found for path, _ in leaves(record) if not path.startswith(f"{ENVELOPE}.")
    )
    shown = ", ".join(list(names)[:_SHOWN])
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
