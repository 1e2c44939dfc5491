# SPDX-License-Identifier: Apache-2.0
"""Slips in SQL, which is a text in both languages: half of what a store decides is decided there."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from typing import Final

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from tree_sitter import Node

from tests.edits.mutants.change import Change, instead
from tests.edits.mutants.grammar import JAVASCRIPT, Grammar, said, text

__all__ = ["sql"]

_BEGINNINGS: Final = ("SELECT", "INSERT", "UPDATE", "DELETE")
_MOVED: Final[dict[type[exp.Expr], type[exp.Expr]]] = {
    exp.GT: exp.GTE, exp.GTE: exp.GT, exp.LT: exp.LTE, exp.LTE: exp.LT, exp.EQ: exp.NEQ,
}  # fmt: skip


def sql(node: Node, grammar: Grammar) -> Iterator[Change]:
    """A statement with a comparison moved, without a condition or an assignment, or in another order."""
    if grammar.kind(node) != "string" or (statement := _statement(node, grammar)) is None:
        return
    for number, part in enumerate(statement.walk()):
        for says in _slips(part):
            changed = statement.copy()
            _make(list(changed.walk())[number], says)
            if (written := changed.sql("sqlite")) != statement.sql("sqlite"):
                yield instead(node, _quoted(written, grammar), f"SQL: {says} of `{part.sql('sqlite')}` in {said(node)}")


def _slips(part: exp.Expr) -> Iterator[str]:
    """What may be wrong with a part of a statement."""
    match part:
        case exp.EQ() if isinstance(part.parent, exp.Update | exp.OnConflict):
            if len(part.parent.expressions) > 1:
                yield "no assignment"
        case exp.GT() | exp.GTE() | exp.LT() | exp.LTE() | exp.EQ():
            yield "another comparison"
        case exp.And():
            yield "only the first"
            yield "only the second"
        case exp.Where():
            yield "no condition"
        case exp.Ordered():
            yield "the other way round"
            yield "the order of texts"
        case exp.Add():
            yield "only the first"
        case exp.Literal() if part.is_int:
            yield "one more"
        case exp.Max():
            yield "the least"


def _make(part: exp.Expr, says: str) -> None:
    match says:
        case "no assignment" | "no condition":
            part.pop()
        case "another comparison":
            part.replace(_MOVED[type(part)](this=part.this, expression=part.expression))
        case "only the first":
            part.replace(part.this)
        case "only the second":
            part.replace(part.expression)
        case "the other way round":
            part.set("desc", not part.args.get("desc"))
        case "the order of texts":
            part.set("this", exp.cast(part.this, "text"))
        case "one more":
            part.replace(exp.Literal.number(int(part.name) + 1))
        case "the least":
            part.replace(exp.Min(this=part.this))


def _statement(node: Node, grammar: Grammar) -> exp.Expr | None:
    """The statement that a text is, if it is one and has no places that are filled in."""
    if any(child.type in ("interpolation", "template_substitution") for child in node.named_children):
        return None
    written = text(node)
    try:
        value = written.strip("`\"'") if grammar is JAVASCRIPT else str(ast.literal_eval(f"({written})"))
        return parse_one(value, dialect="sqlite") if value.strip().startswith(_BEGINNINGS) else None
    except (SqlglotError, SyntaxError, ValueError):
        return None


def _quoted(statement: str, grammar: Grammar) -> str:
    return f"`{statement}`" if grammar is JAVASCRIPT else json.dumps(statement)
