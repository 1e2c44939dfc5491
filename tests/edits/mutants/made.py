# SPDX-License-Identifier: Apache-2.0
"""All mutants of a source, by name: every operator at every place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from tree_sitter import Node

from edgeproof.properties.edits.edit import Edit
from tests.edits.mutants.change import Change
from tests.edits.mutants.conditions import as_text, comparison, guard, part
from tests.edits.mutants.grammar import JAVASCRIPT, PYTHON, Grammar, text
from tests.edits.mutants.statements import catching, effect, exits, order, transaction, waiting
from tests.edits.mutants.statements_of_sql import sql
from tests.edits.mutants.values import another, constant, extreme, option, sums, time, word

__all__ = ["OPERATORS", "changed", "grammar_of", "loud", "mutants", "operator_of"]

Operator = Callable[[Node, Grammar], Iterator[Change]]

OPERATORS: Final[Mapping[str, Operator]] = {
    "order": order,
    "effect": effect,
    "transaction": transaction,
    "exit": exits,
    "waiting": waiting,
    "catching": catching,
    "guard": guard,
    "part": part,
    "comparison": comparison,
    "as text": as_text,
    "constant": constant,
    "sum": sums,
    "extreme": extreme,
    "time": time,
    "another": another,
    "word": word,
    "option": option,
    "sql": sql,
}
"""Each by its name; its first line says what it does."""

_UNSEEN: Final = ("import_statement", "import_from_statement", "type", "decorator")


def grammar_of(file: str) -> Grammar:
    """The language that a file is in."""
    return PYTHON if file.endswith(".py") else JAVASCRIPT


def mutants(file: str, source: str, cases: tuple[str, ...] = ()) -> list[Edit]:
    """Every mutant of a file, to be found in some cases; names say where, by which operator, and what."""
    grammar, found = grammar_of(file), list[Edit]()
    named = Counter[str]()
    for node, where in _places(grammar.parse(source), grammar):
        for operator, make in OPERATORS.items():
            for change in make(node, grammar):
                name = f"{file}:{where}: {operator}: {change.says}"
                named[name] += 1
                old, new = changed(source, change)
                numbered = name if named[name] == 1 else f"{name} #{named[name]}"
                found.append(Edit(numbered, file, old, new, change.says, cases))
    return found


def operator_of(mutant: Edit) -> str:
    """By which operator it was made."""
    return mutant.name.split(": ")[1]


def changed(source: str, change: Change) -> tuple[str, str]:
    """The lines that a change is in, as they are and as they are then; as many of them as occur only once together."""
    data = source.encode()
    start = data.rfind(b"\n", 0, change.start) + 1
    end = _line_end(data, change.end)
    while data.count(data[start:end]) != 1:
        start, end = data.rfind(b"\n", 0, max(start - 1, 0)) + 1, _line_end(data, end + 1)
    new = data[start : change.start] + change.text.encode() + data[change.end : end]
    return data[start:end].decode(), new.decode()


def loud(mutant: Edit, source: str) -> Edit | None:
    """The statement in which a mutant differs throws instead: a run that comes there cannot miss it. The same of all
    mutants of a statement; None outside of functions.
    """
    grammar = grammar_of(mutant.file)
    last = len(mutant.old) - 1
    first = next((at for at in range(last) if mutant.old[at] != mutant.new[at : at + 1]), last)
    at = len(source[: source.index(mutant.old) + first].encode())
    node = grammar.parse(source).descendant_for_byte_range(at, at)
    while node is not None and not (node.parent is not None and grammar.kind(node.parent) == "block"):
        node = node.parent
    if node is None or _is_of_a_class(node):
        return None
    old, new = changed(source, Change("", node.start_byte, node.end_byte, grammar.thrown))
    return Edit(f"{mutant.file}:{node.start_point.row + 1} throws", mutant.file, old, new, "It throws.", mutant.cases)


def _places(node: Node, grammar: Grammar, where: str = "") -> Iterator[tuple[Node, str]]:
    """Every node that operators may look at, with the names of the class and function that it is in."""
    if node.type in _UNSEEN or (node.type == "expression_statement" and _is_for_people(node.named_children[0])):
        return
    yield node, where
    if grammar.kind(node) in ("function", "class") and (name := node.child_by_field_name("name")) is not None:
        where = f"{where}.{text(name)}" if where else text(name)
    for child in node.named_children:
        # What an error says is for people.
        if grammar.kind(node) != "throw":
            yield from _places(child, grammar, where)


def _is_for_people(node: Node) -> bool:
    """A docstring, or a line of a log."""
    return node.type == "string" or text(node).startswith("console.")


def _is_of_a_class(node: Node) -> bool:
    return node.parent is not None and node.parent.parent is not None and node.parent.parent.type == "class_definition"


def _line_end(data: bytes, at: int) -> int:
    end = data.find(b"\n", at)
    return len(data) if end < 0 else end
