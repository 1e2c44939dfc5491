# SPDX-License-Identifier: Apache-2.0
"""Slips with conditions: a guard that is forgotten, or one of its parts; a comparison moved by one, or of texts."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from tests.edits.mutants.change import Change, instead
from tests.edits.mutants.grammar import Grammar, said, text, words
from tests.edits.mutants.groups import COUNTS, TIMES

__all__ = ["as_text", "comparison", "guard", "part"]


def guard(node: Node, grammar: Grammar) -> Iterator[Change]:
    """What goes by a condition is done always, or never, or just when it should not be."""
    condition = _condition(node, grammar)
    if condition is None:
        return
    yield instead(condition, grammar.true, f"whether or not `{said(condition)}`")
    yield instead(condition, grammar.false, f"never, not if `{said(condition)}`")
    if grammar.kind(condition) != "comparison":
        yield instead(condition, grammar.negation.format(text(condition)), f"if it is not so that `{said(condition)}`")


def part(node: Node, grammar: Grammar) -> Iterator[Change]:
    """A condition without one of its parts, or a value without what stands in for it."""
    if grammar.kind(node) != "logic":
        return
    left, right = node.named_children[0], node.named_children[-1]
    if not (grammar.kind(left) == "logic" and text(left.children[1]) == text(node.children[1])):
        yield instead(node, f"({text(right)})", f"no `{said(left)}` in `{said(node)}`")
    yield instead(node, f"({text(left)})", f"no `{said(right)}` in `{said(node)}`")


def comparison(node: Node, grammar: Grammar) -> Iterator[Change]:
    """A comparison moved by one, or the other way round."""
    if grammar.kind(node) != "comparison" or len(node.children) != 3:
        return
    sign = node.children[1]
    if (other := grammar.opposites.get(text(sign))) is not None:
        yield instead(sign, other, f"{other} in `{said(node)}`")


def as_text(node: Node, grammar: Grammar) -> Iterator[Change]:
    """Numbers compared as texts: 9 comes after 10."""
    if grammar.kind(node) != "comparison" or len(node.children) != 3 or text(node.children[1])[0] not in "<>":
        return
    left, sign, right = node.children
    if words(text(node)) & (COUNTS | TIMES):
        sides = (grammar.as_text.format(text(side)) for side in (left, right))
        yield instead(node, f" {text(sign)} ".join(sides), f"texts in `{said(node)}`")


def _condition(node: Node, grammar: Grammar) -> Node | None:
    match grammar.kind(node):
        case "if":
            found = node.child_by_field_name("condition")
        case "choice":
            found = node.child_by_field_name("condition") or node.named_children[1]
        case _:
            return None
    return found.named_children[0] if found is not None and found.type == "parenthesized_expression" else found
