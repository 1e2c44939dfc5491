# SPDX-License-Identifier: Apache-2.0
"""Keeping a small table at hand, so that it is computed once however many checks read it."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

__all__ = ["backend_of", "keep", "largest", "number", "rows_of"]


def backend_of(table: ir.Table) -> Any:
    """The backend that a table is of: DuckDB or Spark."""
    return table.get_backend()


def keep(table: ir.Table) -> ir.Table:
    """The rows of a table as they are now, kept by its backend until that is closed.

    `Table.cache` of Ibis 12 drops what it kept by a statement that SQLGlot 30 does not write.
    """
    backend, name = backend_of(table), ibis.util.gen_name("kept")
    if backend.name == "pyspark":
        # A checkpoint cuts the plan off as well, which would otherwise grow with every table that is made of another.
        frame = backend._session.sql(backend.compile(table)).localCheckpoint(eager=True)
        frame.createOrReplaceTempView(name)
        return backend.table(name)
    return backend.create_table(name, table, temp=True)


def number(value: ir.Scalar) -> Any:
    """The value of an expression, None for null."""
    if isinstance(value.op(), ibis.expr.operations.Literal):
        return value.op().value
    return backend_of(value.as_table()).to_pyarrow(value).as_py()


def largest(measured: ir.Table) -> tuple[Any, int]:
    """The largest `value` in a table, None if it is empty, and how many rows it has: asked at once."""
    (row,) = rows_of(measured.aggregate(value=measured.value.max(), rows=measured.count()))
    return row["value"], row["rows"]


def rows_of(table: ir.Table) -> list[dict[str, Any]]:
    """The rows of a small table."""
    found: list[dict[str, Any]] = backend_of(table).to_pyarrow(table).to_pylist()
    return found
