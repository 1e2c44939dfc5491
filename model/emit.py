# SPDX-License-Identifier: Apache-2.0
"""From expressions to lines of integer Python: the code writer behind `model.kernel`.

Sub-expressions that occur more than once are computed once, in the innermost place that still sees all their uses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, assert_never

from edgeproof.model.expr import Expr, Op
from edgeproof.model.layout import Field
from edgeproof.model.machine import Machine, Post, Store

__all__ = ["Emitter"]

Key = tuple[Any, ...]

_SIGNS: Final[Mapping[Op, str]] = {"add": "+", "sub": "-", "mul": "*", "lt": "<", "le": "<=", "eq": "=="}


class Emitter:
    """Writes the code of one function after the other; `begin` starts afresh for each action."""

    def __init__(
        self,
        fields: Mapping[str, Field],
        machine: Machine,
        parameters: Sequence[str],
        literals: Mapping[str, int],
    ) -> None:
        self._fields = fields
        self._machine = machine
        self._places = {name: position for position, name in enumerate(parameters)}
        self._literals = literals
        self._numbers = {name: position for position, name in enumerate(fields)}
        self._keys: dict[int, int] = {}
        self._interned: dict[Key, int] = {}
        self._alive: list[Expr] = []
        self._known: dict[int, str] = {}
        self._uses: Counter[int] = Counter()
        self._read_constants: set[str] = set()
        self._temporaries = 0

    def begin(self, roots: Iterable[Expr]) -> None:
        """Start a new scope in which the expressions `roots` will be needed; what they share is computed once."""
        self._known = {}
        self._uses = Counter()
        for root in roots:
            self._count(root)

    def inside(self) -> dict[int, str]:
        """Enter a block: what it computes is not seen after it. Give the result to `leave`."""
        return dict(self._known)

    def leave(self, outer: dict[int, str]) -> None:
        """Leave the block that `inside` entered."""
        self._known = outer

    def with_constants(self, lines: list[str]) -> list[str]:
        """The lines of a function with, after its head, what makes the constants that it uses available."""
        used = [name for name in self._places if name in self._read_constants]
        self._read_constants.clear()
        return [lines[0], *(f"    p{self._places[name]} = prm[{self._places[name]}]" for name in used), *lines[1:]]

    def rigid(self, name: str) -> str:
        """The code of a constant: a literal, or its name."""
        if name in self._literals:
            return str(self._literals[name])
        self._read_constants.add(name)
        return f"p{self._places[name]}"

    @staticmethod
    def bind(argument: Expr) -> str:
        """The name under which an argument or a bound variable stands in the code."""
        return "a_" + "".join(c if c.isalnum() else "_" for c in argument.name)

    def value(self, node: Expr, depth: int, lines: list[str]) -> str:
        """The code of a value as an integer or a boolean; lines that it needs first are appended."""
        return self._code(node, depth, lines)

    def assign(self, post: Post, depth: int, lines: list[str], words: int) -> None:
        """Lines that compute the words n0, n1, ... of the state that an action leaves behind."""
        pad = "    " * depth
        scalars = {name: change for name, change in post.items() if isinstance(change, Expr)}
        values = {name: self._assigned(name, change, depth, lines) for name, change in scalars.items()}
        for word in range(words):
            here = [self._fields[name] for name in scalars if self._fields[name].word == word]
            kept = ~sum(((1 << f.bits) - 1) << f.shift for f in here)
            parts = [f"(s{word} & {kept})" if here else f"s{word}"]
            parts += [f"({values[f.name]} << {f.shift})" for f in here]
            lines.append(pad + f"n{word} = " + " | ".join(parts))
        for name, change in post.items():
            if not isinstance(change, Expr):
                for update in change:
                    self._assign_elements(name, update, depth, lines)

    def _assign_elements(self, name: str, update: Any, depth: int, lines: list[str]) -> None:
        place = self._fields[name]
        outer = self.inside()
        if isinstance(update, Store):
            index = self.value(update.index, depth, lines)
        else:
            index = self.bind(update.bound)
            size = self.rigid(self._machine.sort_size_name(update.bound.type.sort))
            lines.append("    " * depth + f"for {index} in range({size}):")
            depth += 1
        value = self._assigned(name, update.value, depth, lines)
        pad = "    " * depth
        lines.append(pad + f"at = {place.shift} + {index} * {place.bits}")
        mask = (1 << place.bits) - 1
        lines.append(pad + f"n{place.word} = (n{place.word} & ~({mask} << at)) | ({value} << at)")
        if not isinstance(update, Store):
            self.leave(outer)

    def _assigned(self, name: str, value: Expr, depth: int, lines: list[str]) -> str:
        variable = self._machine.variables[name]
        code = self.value(value, depth, lines)
        if variable.type.kind == "bool":
            return code if code in ("0", "1") else f"(1 if {code} else 0)"
        if variable.type.kind == "time" and not _is_literal(value):
            return f"min({code}, {self.rigid(f'cap {name}')})"
        if variable.limit and not self._stays(value, variable.limit):
            fresh = self._fresh()
            pad = "    " * depth
            lines.append(pad + f"{fresh} = {code}")
            lines.append(
                pad + f"if {fresh} < 0 or {fresh} > {self.rigid(variable.limit)}: return {-1 - self._numbers[name]}"
            )
            return fresh
        return f"({code})"

    def _stays(self, value: Expr, limit: str) -> bool:
        """Whether a value is certainly within 0..limit: a variable of the same limit, zero, or a choice of such."""
        match value.op:
            case "lit":
                return value.value == 0
            case "var":
                return self._machine.variables[value.name].limit == limit
            case "ite":
                return all(self._stays(child, limit) for child in value.args[1:])
        return False

    def _code(self, node: Expr, depth: int, lines: list[str]) -> str:
        key = self._key(node)
        if key in self._known:
            return self._known[key]
        code = self._fragment(node, depth, lines)
        worth = self._uses[key] > 1 and node.op not in ("lit", "prm", "arg")
        if worth or node.op in ("forall", "exists"):
            if not code.startswith("t_"):
                fresh = self._fresh()
                lines.append("    " * depth + f"{fresh} = {code}")
                code = fresh
            self._known[key] = code
        return code

    def _fragment(self, node: Expr, depth: int, lines: list[str]) -> str:
        match node.op:
            case "lit":
                return self._literal(node)
            case "prm":
                name = self.rigid(node.name)
                return f"({name} == 1)" if node.type.kind == "bool" else name
            case "arg":
                return self.bind(node)
            case "var":
                return self._read(node, depth, lines)
            case "home":
                owners = self.rigid(self._machine.sort_size_name(node.type.sort))
                return f"({self._code(node.args[0], depth, lines)} % {owners})"
            case "not":
                return f"(not {self._code(node.args[0], depth, lines)})"
            case "and" | "or":
                return "(" + f" {node.op} ".join(self._code(child, depth, lines) for child in node.args) + ")"
            case "ite":
                test, then, otherwise = (self._code(child, depth, lines) for child in node.args)
                return f"({then} if {test} else {otherwise})"
            case "forall" | "exists":
                return self._loop(node, depth, lines)
            case "add" | "sub" | "mul" | "eq" | "lt" | "le":
                left, right = (self._code(child, depth, lines) for child in node.args)
                return f"({left} {_SIGNS[node.op]} {right})"
            case never:
                assert_never(never)

    def _read(self, node: Expr, depth: int, lines: list[str]) -> str:
        place = self._fields[node.name]
        shift = str(place.shift)
        if node.args:
            index = self._code(node.args[0], depth, lines)
            shift = f"({place.shift} + {index} * {place.bits})"
        code = f"((s{place.word} >> {shift}) & {(1 << place.bits) - 1})"
        return f"({code} == 1)" if place.type.kind == "bool" else code

    def _loop(self, node: Expr, depth: int, lines: list[str]) -> str:
        bound, body = node.args
        result = self._fresh()
        pad = "    " * depth
        name = self.bind(bound)
        size = self.rigid(self._machine.sort_size_name(bound.type.sort))
        lines.append(pad + f"{result} = {node.op == 'forall'}")
        lines.append(pad + f"for {name} in range({size}):")
        outer = self.inside()
        inner = self._code(body, depth + 1, lines)
        test = f"not ({inner})" if node.op == "forall" else inner
        lines.append(pad + f"    if {test}: {result} = {node.op != 'forall'}")
        self.leave(outer)
        return result

    def _literal(self, node: Expr) -> str:
        if node.type.kind == "bool":
            return "True" if node.value else "False"
        return str(node.type.labels.index(node.value)) if node.type.kind == "enum" else str(node.value)

    def _count(self, node: Expr) -> None:
        key = self._key(node)
        self._uses[key] += 1
        if self._uses[key] == 1 and node.op not in ("forall", "exists"):
            for child in node.args:
                self._count(child)

    def _key(self, node: Expr) -> int:
        """A number per distinct tree, so that equal sub-expressions are found whoever built them."""
        if id(node) not in self._keys:
            shape = (node.op, node.type, node.name, node.value, *(self._key(child) for child in node.args))
            self._keys[id(node)] = self._interned.setdefault(shape, len(self._interned))
            self._alive.append(node)
        return self._keys[id(node)]

    def _fresh(self) -> str:
        self._temporaries += 1
        return f"t_{self._temporaries}"


def _is_literal(node: Expr) -> bool:
    return node.op == "lit"
