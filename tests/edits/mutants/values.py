# SPDX-License-Identifier: Apache-2.0
"""Slips with values: a number off by one, a time that is too long, too short or too late, what is mistaken for another
of its kind, and what is not passed on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from tree_sitter import Node

from tests.edits.mutants.change import Change, instead
from tests.edits.mutants.grammar import Grammar, said, text, under, words
from tests.edits.mutants.groups import DURATIONS, GROUPS, MOMENTS

__all__ = ["another", "constant", "extreme", "option", "sums", "time", "word"]

_USED_IN: Final = ("arguments", "option", "comparison", "sum", "list", "exit", "choice", "assignment")
"""Where a name stands for its value."""


def constant(node: Node, grammar: Grammar) -> Iterator[Change]:
    """A number that is off by one, and what is true the other way round."""
    match grammar.kind(node):
        case "number" if node.parent is not None and node.parent.type != "subscript":
            # One that is added is left out by another operator.
            both = text(node) == "1" and grammar.kind(node.parent) != "sum"
            for other in ("0", "2") if both else (_one_more(text(node)),):
                yield instead(node, other, f"{other}, not {text(node)}, in `{said(node.parent)}`")
        case "truth" if node.parent is not None:
            other = grammar.false if text(node) == grammar.true else grammar.true
            yield instead(node, other, f"{other} in `{said(node.parent)}`")


def sums(node: Node, grammar: Grammar) -> Iterator[Change]:
    """What is added is taken away, or left out."""
    if grammar.kind(node) != "sum" or any(grammar.kind(one) == "string" for one in node.named_children):
        return
    left, sign, right = node.children
    other = "-" if text(sign) == "+" else "+"
    yield instead(sign, other, f"{other} in `{said(node)}`")
    yield instead(node, f"({text(left)})", f"no `{said(right)}` in `{said(node)}`")


def extreme(node: Node, grammar: Grammar) -> Iterator[Change]:
    """The least instead of the most, and the other way round."""
    if grammar.kind(node) == "call" and (name := text(node.children[0])).removeprefix("Math.") in ("min", "max"):
        other = name.replace("min", "MAX").replace("max", "min").replace("MAX", "max")
        yield instead(node.children[0], other, f"{other} in `{said(node)}`")


def time(node: Node, grammar: Grammar) -> Iterator[Change]:
    """A duration twice as long, and none at all; a moment that comes later."""
    if not _is_value(node, grammar) or node.parent is None or _is_asked_for(node.parent):
        return
    name = words(_last_name(node, grammar))
    if name & DURATIONS and "set" not in name:
        yield instead(node, f"(2 * {text(node)})", f"`{said(node)}` twice as long in `{said(node.parent)}`")
        yield instead(node, f"(0 * {text(node)})", f"`{said(node)}` is nothing in `{said(node.parent)}`")
    elif name & MOMENTS and grammar.kind(node.parent) in ("arguments", "option"):
        yield instead(node, grammar.later.format(text(node)), f"`{said(node)}` a second later in `{said(node.parent)}`")


def another(node: Node, grammar: Grammar) -> Iterator[Change]:
    """A name in the place of another of the same kind: a version for an era, one key for another."""
    if grammar.kind(node) not in ("name", "member") or not _is_value(node, grammar) or node.parent is None:
        return
    mine = words(_last_name(node, grammar))
    for group in GROUPS:
        others = [name for name in _in_reach(node, grammar) if words(name.split(".")[-1]) & group]
        if mine & group and others:
            # The one whose place in the source is next: an edit elsewhere leaves it as it is.
            yield instead(node, others[0], f"`{others[0]}`, not `{text(node)}`, in `{said(node.parent)}`")
            return


def word(node: Node, grammar: Grammar) -> Iterator[Change]:
    """A word in the place of another that is said in the same place elsewhere: why the alarm is armed, which option."""
    if grammar.kind(node) != "string" or node.parent is None or not (role := _role(node, grammar)):
        return
    others = _said_as(_root(node), grammar)[role]
    different = [one for one in others if one != text(node)]
    if different and len(text(node)) < 20:
        at = others.index(text(node))
        other = different[at % len(different)]
        yield instead(node, other, f"{other}, not {text(node)}, in `{said(node.parent)}`")


def option(node: Node, grammar: Grammar) -> Iterator[Change]:
    """What had to be passed on by its name is not: its default takes its place."""
    if grammar.kind(node) != "option" or node.parent is None or node.parent.type not in ("argument_list", "object"):
        return
    siblings = node.parent.children
    at = siblings.index(node)
    start, end = node.start_byte, node.end_byte
    if text(siblings[at + 1]) == ",":
        end = siblings[at + 1].end_byte
    elif text(siblings[at - 1]) == ",":
        start = siblings[at - 1].start_byte
    yield Change(f"no `{said(node)}` in `{said(node.parent)}`", start, end, "")


def _one_more(number: str) -> str:
    return str(float(number) + 1 if "." in number else int(number, 0) + 1)


def _is_value(node: Node, grammar: Grammar) -> bool:
    """Whether a node stands for a value that is used, and is none of the names that it is given to."""
    parent, kind = node.parent, grammar.kind(node)
    if parent is None or kind not in ("name", "member", "call") or grammar.kind(parent) not in _USED_IN:
        return False
    if grammar.kind(parent) in ("option", "assignment"):
        return node == parent.named_children[-1] and len(parent.named_children) > 1
    return True


def _is_asked_for(comparison: Node) -> bool:
    """Whether it only asks if there is something."""
    return any(one.type in ("none", "null", "undefined") for one in comparison.named_children)


def _last_name(node: Node, grammar: Grammar) -> str:
    """What a value is called: of a member its own name, of a call that of what is called."""
    named = node.children[0] if grammar.kind(node) == "call" else node
    return text(named).split(".")[-1]


@lru_cache(2)
def _members(root: Node, grammar: Grammar) -> Mapping[str, list[str]]:
    """What is read of each thing in a source, by what the thing is called."""
    found = defaultdict[str, list[str]](list)
    for one in under(root):
        if grammar.kind(one) == "member" and not _is_called(one, grammar):
            found[text(one.named_children[0])].append(text(one))
    return found


@lru_cache(2)
def _said_as(root: Node, grammar: Grammar) -> Mapping[str, list[str]]:
    """The words of a source by their role, each once."""
    found = defaultdict[str, dict[str, None]](dict)
    for one in under(root):
        if grammar.kind(one) == "string":
            found[_role(one, grammar)][text(one)] = None
    return {role: [*said_so] for role, said_so in found.items()}


def _in_reach(node: Node, grammar: Grammar) -> list[str]:
    """What could stand here by mistake: names that the function has by now, or members of the same thing."""
    if grammar.kind(node) == "member":
        near = _members(_root(node), grammar)[text(node.named_children[0])]
    else:
        function = _function(node, grammar)
        given = function.child_by_field_name("parameters") if function is not None else None
        near = [text(one) for one in under(given) if _is_parameter(one)] if given is not None else []
        for one in under(function) if function is not None else ():
            if grammar.kind(one) == "assignment" and one.end_byte < node.start_byte:
                near += [text(name) for name in under(one.named_children[0]) if grammar.kind(name) == "name"]
    return [name for name in dict.fromkeys(near) if name not in (text(node), "self")]


def _is_parameter(node: Node) -> bool:
    """Whether it is a parameter's name, and not of its type."""
    return "identifier" in node.type and node.parent is not None and node.parent.type not in ("type", "generic_type")


def _is_called(node: Node, grammar: Grammar) -> bool:
    return node.parent is not None and grammar.kind(node.parent) == "call" and node.parent.children[0] == node


def _function(node: Node, grammar: Grammar) -> Node | None:
    found = node.parent
    while found is not None and grammar.kind(found) != "function":
        found = found.parent
    return found


def _root(node: Node) -> Node:
    while node.parent is not None:
        node = node.parent
    return node


def _role(node: Node, grammar: Grammar) -> str:
    """In which place a word is said, so that two words in places of the same role could be mistaken."""
    parent = node.parent
    if parent is None:
        return ""
    match grammar.kind(parent):
        case "arguments" if parent.parent is not None and grammar.kind(parent.parent) == "call":
            return f"{_last_name(parent.parent, grammar)} {parent.named_children.index(node)}"
        case "comparison" if len(parent.named_children) == 2:
            other = parent.named_children[0] if parent.named_children[1] == node else parent.named_children[1]
            return f"compared with {_last_name(other, grammar)}"
        case "option" if node == parent.named_children[-1]:
            return f"given as {text(parent.named_children[0])}"
    return ""
