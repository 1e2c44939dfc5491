# SPDX-License-Identifier: Apache-2.0
"""The columns of a history in memory, and the rules for a row as expressions: the same for files of any size.

`parse.parse_fields` is what an event is, row by row; `problem` says the same of a whole table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa

from edgeproof.properties.intake.mapping import DURATION, OTHERS, ColumnMapping, Constant
from edgeproof.properties.intake.row import COLUMNS, FLAGS, KINDS, LARGEST, NATURALS, OUTCOMES, SCOPES, SOURCES, TIMES
from edgeproof.properties.intake.values import ISO, PER_SECOND

__all__ = ["CODED", "EVENTS", "MALFORMED", "NEEDED", "IntakeError", "canonical", "coded", "problem", "suspects"]

_WORDS: Final = {"kind": KINDS, "outcome": OUTCOMES, "source": SOURCES, "scope": SCOPES}
NEEDED: Final = ("kind", "unit", "invoke", "return", "outcome")
"""The columns that some event has to have."""

_PLACE: Final = ("filename", "file_row_number", "file ", "row ")
"""What says where a row is, in the tables that `load` makes of files."""

_NO_NATURAL: Final = -1
"""Stands for a value that is none, until `problem` has said so."""


class IntakeError(ValueError):
    """A source that cannot be used at all; the message says why."""


def _arrow(column: str) -> pa.DataType:
    if column in TIMES:
        return pa.float64()
    return pa.int64() if column in NATURALS else pa.bool_() if column in FLAGS else pa.string()


EVENTS: Final = pa.schema(
    [
        *(pa.field("returned" if column == "return" else column, _arrow(column)) for column in COLUMNS),
        pa.field("file", pa.string()),
        pa.field("line", pa.int64()),
    ]
)
"""The columns of well-formed events. `returned` is null where nobody saw it end, `era` never."""

CODED: Final = pa.schema(
    [
        pa.field(one.name, pa.dictionary(pa.int32(), pa.string()) if pa.types.is_string(one.type) else one.type)
        for one in EVENTS
    ]
)
"""The same with text as numbers of words, as many rows have it."""

MALFORMED: Final = pa.schema([("file", pa.string()), ("line", pa.int64()), ("problem", pa.string())])
"""The columns of what is malformed: where it is, and what is wrong with it."""


def coded(events: pa.Table) -> pa.Table:
    """Events with the columns of `CODED`, from those of `EVENTS`, whose text may be coded already."""
    columns = [one.dictionary_encode() if pa.types.is_string(one.type) else one for one in events.columns]
    return pa.table(columns, schema=CODED)


def canonical(
    table: ir.Table, mapping: ColumnMapping, file: ir.Value, line: ir.Value, *, sound: bool = False
) -> ir.Table:
    """A table of theirs with our columns, which may hold what no event may. Raises IntakeError for unfit columns.

    `sound` says that nothing in it is malformed: nothing is then held against a rule again, in any pass over it.
    """
    columns: dict[str, ir.Value] = {}
    for column in COLUMNS:
        columns["returned" if column == "return" else column] = _column(table, mapping, column, sound)
    columns["era"] = columns["era"].fill_null(0)
    return table.select(**columns, file=file, line=line)


def problem(events: ir.Table) -> ir.Value:
    """What is wrong with a row of `canonical`; null where nothing is."""
    return ibis.cases(*((broken.fill_null(False), text) for broken, text in _rules(events)))


def suspects(events: ir.Table) -> ir.Table:
    """The rows of `canonical` that something is wrong with, as often as something is.

    Rule by rule, as DuckDB decides most of them from Parquet's statistics and dictionaries, if each is alone.
    """
    return ibis.union(*(events.filter(broken).select("file", "line") for broken, _ in _rules(events)))


def _rules(events: ir.Table) -> list[tuple[ir.Value, str]]:
    """What makes a row malformed, each with what to say of it, the first first."""
    e = events
    return [
        (_no_word(e, "kind"), f"`kind` is one of {', '.join(KINDS)}"),
        (_no_word(e, "outcome"), f"`outcome` is one of {', '.join(OUTCOMES)}"),
        (e.unit.isnull() | (e.unit == ""), "`unit` is missing or empty"),
        (e.invoke.isnull() | ~_finite(e.invoke), "`invoke` is no number of seconds"),
        (e.returned.isnull() & (e.outcome != "unknown"), "`return` is no number of seconds"),
        (~_finite(e.returned), "`return` is no number of seconds"),
        (e.returned < e.invoke, "`return` is before `invoke`"),
        *((~e[n].between(0, LARGEST), f"`{n}` is a whole number from 0 to 2^53 - 1") for n in NATURALS),
        (~_is_digest(e.digest), "`digest` is 64 hexadecimal digits in lower case"),
        (e.source.notnull() & _no_word(e, "source"), f"`source` is one of {', '.join(SOURCES)}"),
        (e.scope.notnull() & _no_word(e, "scope"), f"`scope` is one of {', '.join(SCOPES)}"),
        (~_finite(e.expires), "`expires` is no number of seconds"),
        (e.version.isnull() & (e.kind == "publish"), "a publish needs a `version`"),
        (e.version.isnull() & (e.kind == "commit") & (e.outcome == "ok"), "a commit needs a `version`"),
        (e.version.isnull() & (e.kind == "read") & (e.outcome == "ok"), "a read needs a `version`"),
        ((e.kind == "read") & (e.pop.isnull() | e.reader.isnull()), "a read needs `pop` and `reader`"),
        ((e.kind == "fault") & e.note.isnull(), "a fault needs its name as `note`"),
    ]


def _no_word(events: ir.Table, column: str) -> ir.Value:
    return events[column].isnull() | events[column].notin(_WORDS[column])


def _is_digest(text: ir.Value) -> ir.Value:
    """64 hexadecimal digits. Trimming is many times faster than matching, which DuckDB does row by row."""
    return (text.length() == 64) & (_trim(text, "0123456789abcdef") == "")


def _trimmed(text: str, letters: str) -> str:
    """The text without such letters at its ends, as the backend's own function says."""
    return text.strip(letters)


_trim: Final = ibis.udf.scalar.builtin(_trimmed, name="trim")


def _finite(number: ir.Value) -> ir.Value:
    return ~(number.isnan() | number.isinf())


def _column(table: ir.Table, mapping: ColumnMapping, column: str, sound: bool) -> ir.Value:
    target = dt.DataType.from_pyarrow(_arrow(column))
    if column in TIMES and mapping.has_duration and column != "expires":
        return _spanned(table, mapping, column)
    if column in mapping.constants:
        constant = ibis.literal(mapping.constants[column])
        return _as_time(constant, "s") if column in TIMES else _fitting(constant, column, "constant")
    (theirs,) = mapping.paths(column)
    if theirs == "return" and "return" not in table.columns and "returned" in table.columns:
        theirs = "returned"  # what these tables call it themselves, `return` being a word of many languages
    if theirs not in table.columns:
        if column in NEEDED:
            named = f" (`{column}`)" if theirs != column else ""
            there = ", ".join([name for name in table.columns if name not in _PLACE][:40])
            raise IntakeError(
                f"there is no column `{theirs}`{named}; there is {there}: a mapping file names others, and `edgeproof "
                f"check --explore` proposes one"
            )
        return ibis.null(target)
    value = table[theirs]
    if column in mapping.values:
        value = _translated(value, mapping.values[column])
    if column in TIMES:
        return _as_time(value, mapping.unit(column), theirs)
    if sound and column in NATURALS and value.type().is_numeric():
        return value.cast("int64")
    return _fitting(value, column, theirs)


def _spanned(table: ir.Table, mapping: ColumnMapping, column: str) -> ir.Value:
    """When something began or ended, which follows from the other one where it is missing, and how long it took."""
    took = _seconds(table, mapping, DURATION)
    began, ended = _seconds(table, mapping, "invoke"), _seconds(table, mapping, "return")
    found = began.coalesce(ended - took) if column == "invoke" else ended.coalesce(began + took)
    # Less than nothing is no length of time.
    return ibis.ifelse(took < 0, ibis.literal(float("nan")), found)


def _seconds(table: ir.Table, mapping: ColumnMapping, column: str) -> ir.Value:
    """A time, or a length of time, as it stands; null where there is no such column."""
    if column in mapping.constants:
        return _as_time(ibis.literal(mapping.constants[column]), "s")
    (theirs,) = mapping.paths(column)
    if theirs not in table.columns:
        return ibis.null("float64")
    return _as_time(table[theirs], mapping.unit(column), theirs)


def _translated(value: ir.Value, words: Mapping[str, Constant]) -> ir.Value:
    """Our words for theirs, as `mapping.value` has them."""
    text = value.cast("string")
    missing = text.isnull() | (text == "")
    named = [(missing if theirs == "" else text == theirs, theirs) for theirs in words if theirs != OTHERS]
    if OTHERS in words:
        named.append((~missing, OTHERS))
    cases = [
        (test, ibis.null("string") if words[theirs] == "" else ibis.literal(words[theirs])) for test, theirs in named
    ]
    return ibis.cases(*cases, else_=text) if cases else text


def _fitting(value: ir.Value, column: str, theirs: str) -> ir.Value:
    kind = value.type()
    if kind.is_null():
        return value.cast(dt.DataType.from_pyarrow(_arrow(column)))
    if column in NATURALS and kind.is_numeric():
        return _natural(value)
    if column in FLAGS and kind.is_boolean():
        return value
    if column not in (*NATURALS, *FLAGS) and kind.is_string():
        return value
    wanted = "whole numbers" if column in NATURALS else "true or false" if column in FLAGS else "strings"
    inner = "; a mapping file can name what is in it by a dotted path" if kind.is_nested() else ""
    raise IntakeError(f"`{theirs}` holds {kind} where `{column}` needs {wanted}{inner}")


def _natural(value: ir.Value) -> ir.Value:
    """As 64-bit integers; what is no whole number, or too large a one, becomes one that `problem` refuses."""
    whole = value.between(0, LARGEST)
    if not value.type().is_integer():
        whole = whole & (value == value.floor())
    number = ibis.ifelse(whole, value, ibis.null(value.type())).cast("int64")
    return ibis.ifelse(value.isnull(), ibis.null("int64"), number.fill_null(_NO_NATURAL))


def _as_time(value: ir.Value, unit: str, theirs: str = "constant") -> ir.Value:
    kind = value.type()
    if kind.is_null():
        return value.cast("float64")
    if kind.is_timestamp():
        return _epoch(value.cast("timestamp"))
    if unit == "iso" and kind.is_string():
        return _since_1970(value)
    if unit == "iso" or not kind.is_numeric():
        raise IntakeError(f"`{theirs}` holds {kind}, which are no times in {unit}: say what they are in the mapping")
    seconds = value.cast("float64")
    return seconds if unit == "s" else seconds / float(PER_SECOND[unit])


def _since_1970(text: ir.Value) -> ir.Value:
    """Seconds since 1970; NaN, which `problem` refuses, for text that is no time."""
    fits = text.re_search(f"^(?:{ISO})$")
    moment = ibis.ifelse(fits, text.replace("Z", ""), ibis.null("string")).try_cast("timestamp")
    return ibis.ifelse(text.isnull(), ibis.null("float64"), _epoch(moment).fill_null(float("nan")))


def _epoch(moment: ir.Value) -> ir.Value:
    """Seconds since 1970, by way of whole microseconds, so that the one division is the only rounding."""
    whole = moment.truncate("s").epoch_seconds().cast("int64")
    return (whole * 10**6 + moment.microsecond().cast("int64")) / 1e6
