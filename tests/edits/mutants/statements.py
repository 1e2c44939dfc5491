# SPDX-License-Identifier: Apache-2.0
"""Slips with statements: their order, one that is forgotten, one outside of its transaction, one not waited for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from tree_sitter import Node

from tests.edits.mutants.change import Change, instead
from tests.edits.mutants.grammar import Grammar, body_of, said, text, under

__all__ = ["catching", "effect", "exits", "order", "transaction", "waiting"]

_ACTING: Final = ("statement", "declaration", "if", "with", "loop", "try")
_ATOMIC: Final = ("transactionSync", "blockConcurrencyWhile")
"""What makes one step of several, or has others wait, where a language has no statement for it."""


def order(node: Node, grammar: Grammar) -> Iterator[Change]:
    """Two statements in a row, of which both do something, in the other order: publish, commit, acknowledge, arm."""
    # A constructor keeps what it is given in any order.
    if grammar.kind(node) != "block" or _is_of_constructor(node):
        return
    statements = body_of(node)
    for first, second in pairwise(statements):
        if not (_acts(first, grammar) and _acts(second, grammar)) or _declared(first, grammar) & _names(second):
            continue
        between = text(node)[_at(node, first.end_byte) : _at(node, second.start_byte)]
        swapped = f"{text(second)}{between}{text(first)}"
        yield Change(f"`{said(second)}` before `{said(first)}`", first.start_byte, second.end_byte, swapped)


def effect(node: Node, grammar: Grammar) -> Iterator[Change]:
    """A statement that was there for what it does is not there."""
    if grammar.kind(node) != "statement":
        return
    (done,) = node.named_children[:1]
    kind = grammar.kind(done)
    kept = kind == "assignment" and grammar.kind(done.named_children[0]) in ("member", "subscript")
    # What a constructor keeps is missed at once.
    if (kind in ("call", "await") or kept) and not _is_unseen(done) and not (kept and _is_of_constructor(node.parent)):
        yield instead(node, grammar.nothing, f"no `{said(node)}`")


def transaction(node: Node, grammar: Grammar) -> Iterator[Change]:
    """What was one step, or while others waited, is several."""
    match grammar.kind(node):
        case "with":
            (clause,) = (child for child in node.named_children if child.type == "with_clause")
            yield Change(f"not in `{said(clause)}`", node.start_byte, clause.end_byte, f"if {grammar.true}")
        case "call" if text(node.children[0]).endswith(_ATOMIC):
            (step,) = node.children[1].named_children
            yield instead(node, f"({text(step)})()", f"no {text(node.children[0])}")


def exits(node: Node, grammar: Grammar) -> Iterator[Change]:
    """A function goes on where it had to end."""
    if grammar.kind(node) in ("exit", "throw") and not _ends_its_function(node, grammar):
        yield instead(node, grammar.nothing, f"no `{said(node)}`")


def waiting(node: Node, grammar: Grammar) -> Iterator[Change]:
    """What is done is not waited for."""
    # In Python what nobody waits for is not even begun.
    if grammar.kind(node) == "await" and node.type == "await_expression" and node.parent is not None:
        if grammar.kind(node.parent) == "statement":
            yield instead(node, text(node.named_children[0]), f"nobody waits for `{said(node.named_children[0])}`")


def catching(node: Node, grammar: Grammar) -> Iterator[Change]:
    """More is caught than should be, less, or nothing."""
    if grammar.kind(node) != "catch":
        return
    if (caught := node.child_by_field_name("value")) is not None:
        kinds = caught.named_children[0] if caught.type == "as_pattern" else caught
        yield instead(kinds, "()", f"nothing is caught of `{said(kinds)}`")
        if text(kinds) != "Exception":
            yield instead(kinds, "Exception", f"all is caught, not `{said(kinds)}`")
        for one in kinds.named_children if kinds.type == "tuple" else ():
            others = ", ".join(text(other) for other in kinds.named_children if other != one)
            yield instead(kinds, f"({others},)", f"`{said(one)}` is not caught")
    elif (error := node.child_by_field_name("parameter")) is not None and (body := node.child_by_field_name("body")):
        at = body.start_byte + 1
        yield Change(f"nothing is caught as `{text(error)}`", at, at, f" throw {text(error)};")


def _acts(node: Node, grammar: Grammar) -> bool:
    """Whether a statement does something that others might see."""
    if grammar.kind(node) not in _ACTING or _is_unseen(node):
        return False
    return any(grammar.kind(one) in ("call", "await") or _is_kept(one, grammar) for one in under(node))


def _is_kept(node: Node, grammar: Grammar) -> bool:
    return grammar.kind(node) == "assignment" and grammar.kind(node.named_children[0]) in ("member", "subscript")


def _is_unseen(node: Node) -> bool:
    """A log is for people, and how a class begins is no matter of order."""
    return text(node).startswith(("console.", "super(", "super()."))


def _declared(node: Node, grammar: Grammar) -> set[str]:
    """The names that a statement gives something to."""
    if grammar.kind(node) == "declaration":
        given = [one.named_children[0] for one in node.named_children if one.type == "variable_declarator"]
    else:
        given = [one.named_children[0] for one in under(node) if grammar.kind(one) == "assignment"]
    return {name for one in given for name in _names(one)}


def _names(node: Node) -> set[str]:
    return {text(one) for one in under(node) if "identifier" in one.type or one.type == "this"} - {"self", "this"}


def _at(node: Node, byte: int) -> int:
    """Which character of a node's text begins at a byte of the source."""
    return len((node.text or b"")[: byte - node.start_byte].decode())


def _is_of_constructor(block: Node | None) -> bool:
    name = block.parent.child_by_field_name("name") if block is not None and block.parent is not None else None
    return name is not None and text(name) in ("__init__", "constructor")


def _ends_its_function(node: Node, grammar: Grammar) -> bool:
    """Whether it is the last of a function's own statements, which gives what it is called for."""
    block = node.parent
    while block is not None and block.parent is not None and grammar.kind(block.parent) == "with":
        node, block = block.parent, block.parent.parent
    if block is None or block.parent is None or grammar.kind(block.parent) not in ("function", "lambda"):
        return False
    return body_of(block)[-1] == node
