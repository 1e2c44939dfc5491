# SPDX-License-Identifier: Apache-2.0
"""What mutants are made of: the syntax trees of Python and JavaScript, told in the same words.

tree-sitter gives both, with the place of every node in the source, so that a mutant is the source as it is but for a
few characters. Its grammars are those of editors, and kept up with the languages; none of it needs Node.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

import tree_sitter_javascript
import tree_sitter_python
from attrs import frozen
from tree_sitter import Language, Node, Parser

__all__ = ["JAVASCRIPT", "PYTHON", "Grammar", "body_of", "said", "text", "under", "words"]


@frozen(eq=False)
class Grammar:
    """A language: what its nodes are called here (`kinds`), and how it writes what operators put into a source.

    `negation`, `as_text`, `later` and `called` have a place `{}` for what stands there already.
    """

    language: Language
    kinds: Mapping[str, str]
    true: str
    false: str
    nothing: str
    thrown: str
    negation: str
    as_text: str
    later: str
    opposites: Mapping[str, str]

    def parse(self, source: str) -> Node:
        """The tree of a source. Raises ValueError where it has none."""
        root = Parser(self.language).parse(source.encode()).root_node
        if root.has_error:
            raise ValueError("that is no syntax")
        return root

    def kind(self, node: Node) -> str:
        """What a node is, "" for what operators have nothing to say of."""
        kind = self.kinds.get(node.type, "")
        return _OF_OPERATOR.get(text(node.children[1]), "") if kind == "binary" else kind


_OF_OPERATOR: Final = {
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "===", "!==", "is", "is not", "in", "not in"), "comparison"),
    **dict.fromkeys(("and", "or", "&&", "||", "??"), "logic"),
    **dict.fromkeys(("+", "-"), "sum"),
}

_ORDER: Final = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}

PYTHON: Final = Grammar(
    Language(tree_sitter_python.language()),
    {
        "class_definition": "class",
        "function_definition": "function",
        "block": "block",
        "expression_statement": "statement",
        "if_statement": "if",
        "elif_clause": "if",
        "conditional_expression": "choice",
        "with_statement": "with",
        "for_statement": "loop",
        "try_statement": "try",
        "except_clause": "catch",
        "return_statement": "exit",
        "raise_statement": "throw",
        "continue_statement": "exit",
        "assignment": "assignment",
        "augmented_assignment": "assignment",
        "comparison_operator": "binary",
        "boolean_operator": "binary",
        "binary_operator": "binary",
        "not_operator": "not",
        "call": "call",
        "await": "await",
        "argument_list": "arguments",
        "keyword_argument": "option",
        "attribute": "member",
        "identifier": "name",
        "integer": "number",
        "float": "number",
        "string": "string",
        "concatenated_string": "string",
        "true": "truth",
        "false": "truth",
        "tuple": "list",
        "list": "list",
    },
    true="True",
    false="False",
    nothing="pass",
    thrown='raise RuntimeError("here")',
    negation="not ({})",
    as_text="str({})",
    later="({}) + 1",
    opposites={**_ORDER, "==": "!=", "!=": "==", "is": "is not", "is not": "is", "in": "not in", "not in": "in"},
)

JAVASCRIPT: Final = Grammar(
    Language(tree_sitter_javascript.language()),
    {
        "class_declaration": "class",
        "method_definition": "function",
        "function_declaration": "function",
        "arrow_function": "lambda",
        "statement_block": "block",
        "expression_statement": "statement",
        "lexical_declaration": "declaration",
        "if_statement": "if",
        "ternary_expression": "choice",
        "for_in_statement": "loop",
        "while_statement": "loop",
        "try_statement": "try",
        "catch_clause": "catch",
        "return_statement": "exit",
        "throw_statement": "throw",
        "continue_statement": "exit",
        "assignment_expression": "assignment",
        "augmented_assignment_expression": "assignment",
        "binary_expression": "binary",
        "unary_expression": "not",
        "call_expression": "call",
        "await_expression": "await",
        "arguments": "arguments",
        "pair": "option",
        "member_expression": "member",
        "identifier": "name",
        "number": "number",
        "string": "string",
        "template_string": "string",
        "true": "truth",
        "false": "truth",
        "array": "list",
    },
    true="true",
    false="false",
    nothing=";",
    thrown='throw new Error("here");',
    negation="!({})",
    as_text="String({})",
    later="({}) + 1000",
    opposites={**_ORDER, "===": "!==", "!==": "===", "==": "!=", "!=": "=="},
)


def text(node: Node) -> str:
    """A node as it is written."""
    return (node.text or b"").decode()


def said(node: Node, most: int = 60) -> str:
    """The same on one line, at most so many characters of it."""
    line = " ".join(text(node).split())
    return line if len(line) <= most else f"{line[: most - 3]}..."


def under(node: Node) -> Iterator[Node]:
    """A node and all below it, in the order of the source."""
    left = [node]
    while left:
        yield (one := left.pop())
        left += reversed(one.named_children)


def body_of(node: Node) -> list[Node]:
    """The statements of a block, without comments."""
    return [child for child in node.named_children if child.type != "comment"]


@cache
def words(name: str) -> frozenset[str]:
    """The words that a name is made of: those of `cacheTtl` and `self._cache_ttl` are the same, but for `self`."""
    return frozenset(word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name))
