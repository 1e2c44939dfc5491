# SPDX-License-Identifier: Apache-2.0
"""Which columns of JSON can be parsed a block of lines at a time, as a mapping names them, and what is made of them.

A path through objects is a column within a struct; several paths are columns of which the first that is there counts.
Each has the only type that the quick way takes: whatever is of another is left to `mapping`, line by line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from attrs import evolve

from edgeproof.properties.intake.mapping import DURATION, JOIN, MAPPED, ColumnMapping
from edgeproof.properties.intake.row import FLAGS, NATURALS, TIMES

__all__ = ["flat", "names_with_dots", "of_flat", "raw_schema"]

_RAW: Final[Mapping[str, pa.DataType]] = {
    **dict.fromkeys((*TIMES, DURATION), pa.float64()),
    **dict.fromkeys(NATURALS, pa.int64()),
    **dict.fromkeys(FLAGS, pa.bool_()),
}

_Tree = dict[str, Any]
"""Types by name, or trees of such."""


def raw_schema(mapping: ColumnMapping) -> pa.Schema | None:
    """Their columns; None where it is no way: two of ours want one of theirs as two, or what is in one is put together
    of several, or found only where all is known.
    """
    if mapping.each is not None or mapping.order != "numbers":
        return None
    tree: _Tree = {}
    for column in MAPPED:
        if column in mapping.values and not mapping.has_words(column):
            return None
        text = column in mapping.values or (column in TIMES and mapping.unit(column) == "iso")
        kind = pa.string() if text else _RAW.get(column, pa.string())
        for path in mapping.paths(column):
            if JOIN in path or not _grown(tree, path.split("."), kind):
                return None
    return pa.schema(_fields(tree))


def names_with_dots(mapping: ColumnMapping) -> re.Pattern[bytes] | None:
    """What is in a block where some object may have a name with dots that a path could mean, instead of several names;
    None where no path has any.
    """
    paths = [path.split(".") for column in MAPPED for path in mapping.paths(column)]
    several = [names[i:j] for names in paths for i in range(len(names)) for j in range(i + 2, len(names) + 1)]
    if not several:
        return None
    each = sorted({re.escape(".".join(names)) for names in several})
    return re.compile(rf'"(?:{"|".join(each)})"\s*:|\\u'.encode())


def flat(table: pa.Table, mapping: ColumnMapping) -> pa.Table:
    """The table with columns of ours, from parsed ones of theirs."""
    columns = {}
    for column in MAPPED:
        found = [_at(table, path.split(".")) for path in mapping.paths(column)]
        if found:
            columns[column] = pc.coalesce(*found) if len(found) > 1 else found[0]
    return pa.table(columns)


def of_flat(mapping: ColumnMapping) -> ColumnMapping:
    """What the mapping says of a table with columns of ours."""
    return evolve(mapping, columns={DURATION: (DURATION,)} if mapping.paths(DURATION) else {})


def _grown(tree: _Tree, names: list[str], kind: pa.DataType) -> bool:
    """The tree with a column of a type, in place; False where something else is there already."""
    head, *rest = names
    if not rest:
        return head != "" and bool(tree.setdefault(head, kind) == kind)
    inner = tree.setdefault(head, {})
    return head != "" and isinstance(inner, dict) and _grown(inner, rest, kind)


def _fields(tree: _Tree) -> list[pa.Field]:
    return [
        pa.field(name, pa.struct(_fields(inner)) if isinstance(inner, dict) else inner) for name, inner in tree.items()
    ]


def _at(table: pa.Table, names: list[str]) -> pa.ChunkedArray:
    column = table[names[0]]
    return pc.struct_field(column, names[1:]) if len(names) > 1 else column
