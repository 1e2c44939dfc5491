# SPDX-License-Identifier: Apache-2.0
"""The typed expression tree: what every guard, update and property is made of.

An `Expr` is a small immutable node. Designs build expressions with ordinary operators (`+ - * == != < <= > >=`), with
`& | ~` for and, or, not, and with the functions `ite`, `implies`, `for_all` and `exists`. Back ends walk the tree; the
tree knows nothing of them.

Three kinds of number exist: naturals (counts and versions), times (durations and clocks, real in proofs and integral
in searches) and the elements of index sorts, which can be compared for equality only, so that a proof holds for any
number of them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import count
from typing import Any, Final, Literal, NoReturn, TypeAlias, assert_never

from attrs import evolve, frozen

__all__ = [
    "BOOL",
    "FALSE",
    "NAT",
    "OPERATORS",
    "TIME",
    "TRUE",
    "Expr",
    "Op",
    "SymbolicTruthError",
    "Type",
    "all_of",
    "any_of",
    "exists",
    "for_all",
    "home",
    "implies",
    "ite",
    "lift",
    "maximum",
    "minimum",
    "rebuild",
    "rewrite",
    "walk",
]


class SymbolicTruthError(TypeError):
    """Python asked a symbolic value whether it is true; a design is read once, so there is no answer yet."""


@frozen
class Type:
    """The type of an expression.

    `kind` is one of `bool`, `nat`, `time`, `enum`, `index`. `labels` are an enum's values in order; `sort` names the
    index sort of an `index`.
    """

    kind: str
    labels: tuple[str, ...] = ()
    sort: str = ""

    def __str__(self) -> str:
        if self.kind == "enum":
            return f"enum({', '.join(self.labels)})"
        return self.sort if self.kind == "index" else self.kind

    @property
    def is_number(self) -> bool:
        return self.kind in ("nat", "time")

    def __iter__(self) -> NoReturn:
        raise SymbolicTruthError(
            f"{self} has any number of elements: use for_all(), exists() or each() instead of `for`."
        )


BOOL: Final = Type("bool")
NAT: Final = Type("nat")
TIME: Final = Type("time")


Arithmetic: TypeAlias = Literal["add", "sub", "mul"]
Order: TypeAlias = Literal["lt", "le"]
Junction: TypeAlias = Literal["and", "or"]
Quantifier: TypeAlias = Literal["forall", "exists"]
Op: TypeAlias = Literal[Arithmetic, Order, Junction, Quantifier, "lit", "var", "prm", "arg", "home", "eq", "not", "ite"]


@frozen(eq=False, repr=False)
class Expr:
    """One node: an operator, its type, its operands; what a `lit` is worth, or what a `var`, `prm` or `arg` is called.

    A `var` has its index as operand if it is an element of an array. `home` is the element of one sort that an element
    of another, its operand, belongs to. `forall` and `exists` bind the `arg` that is their first operand.
    """

    op: Op
    type: Type
    args: tuple[Expr, ...] = ()
    name: str = ""
    value: bool | int | str | Fraction = False

    def __bool__(self) -> NoReturn:
        raise SymbolicTruthError(
            f"the truth of `{self}` is not known while a design is being read. Instead of `if c: ...` write "
            "`with s.when(c): ...` (or ite(c, a, b) for a value); instead of `a and b` write `a & b`; instead of "
            "`a or b` write `a | b`; instead of `not a` write `~a`; instead of `a < b < c` write `(a < b) & (b < c)`; "
            "instead of `x in (a, b)` write `(x == a) | (x == b)`; instead of all()/any() write for_all()/exists()."
        )

    def __iter__(self) -> NoReturn:
        raise SymbolicTruthError(f"`{self}` cannot be iterated: use for_all(sort, ...) or exists(sort, ...).")

    def __index__(self) -> NoReturn:
        raise SymbolicTruthError(
            f"`{self}` is symbolic and has no integer value: index an array of the design with it."
        )

    __hash__ = object.__hash__

    def __add__(self, other: Expr | int) -> Expr:
        return _arithmetic("add", self, other)

    def __radd__(self, other: int) -> Expr:
        return _arithmetic("add", lift(other, self.type), self)

    def __sub__(self, other: Expr | int) -> Expr:
        return _arithmetic("sub", self, other)

    def __rsub__(self, other: int) -> Expr:
        return _arithmetic("sub", lift(other, self.type), self)

    def __mul__(self, other: Expr | int) -> Expr:
        return _arithmetic("mul", self, other)

    __rmul__ = __mul__

    def __eq__(self, other: object) -> Expr:  # type: ignore[override]
        return _equal(self, lift(other, self.type))

    def __ne__(self, other: object) -> Expr:  # type: ignore[override]
        return ~_equal(self, lift(other, self.type))

    def __lt__(self, other: Expr | int) -> Expr:
        return _compare("lt", self, lift(other, self.type))

    def __le__(self, other: Expr | int) -> Expr:
        return _compare("le", self, lift(other, self.type))

    def __gt__(self, other: Expr | int) -> Expr:
        return _compare("lt", lift(other, self.type), self)

    def __ge__(self, other: Expr | int) -> Expr:
        return _compare("le", lift(other, self.type), self)

    def __and__(self, other: Expr | bool) -> Expr:
        return all_of((_condition("&", self), _condition("&", other)))

    __rand__ = __and__

    def __or__(self, other: Expr | bool) -> Expr:
        return any_of((_condition("|", self), _condition("|", other)))

    __ror__ = __or__

    def __invert__(self) -> Expr:
        _expect(self, "bool", "~")
        if self.op == "lit":
            return FALSE if self.value else TRUE
        return self.args[0] if self.op == "not" else Expr("not", BOOL, (self,))

    def __repr__(self) -> str:
        return _show(self)


OPERATORS: Final[Mapping[Op, Callable[[Any, Any], Any]]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "eq": operator.eq,
    "lt": operator.lt,
    "le": operator.le,
}
"""What the operators of two operands mean, for Python's numbers."""

_UNNAMED: Final = "?"
"""The name of a bound variable that its quantifier has not named yet: such variables are told apart by identity."""

TRUE: Final = Expr("lit", BOOL, value=True)
FALSE: Final = Expr("lit", BOOL, value=False)


def lift(value: object, like: Type) -> Expr:
    """Turn a Python value into an expression of the type `like`; an expression is returned as it is.

    Raises TypeError where the value does not belong to the type, naming what would.
    """
    if isinstance(value, Expr):
        return value
    if isinstance(value, bool):
        if like.kind != "bool":
            raise TypeError(f"{value} is a boolean, but a value of type {like} is needed here")
        return TRUE if value else FALSE
    if isinstance(value, int) and like.is_number:
        return Expr("lit", like, value=value)
    if isinstance(value, str) and like.kind == "enum":
        if value not in like.labels:
            raise TypeError(f"{value!r} is not one of {', '.join(like.labels)}")
        return Expr("lit", like, value=value)
    raise TypeError(f"{value!r} is not a value of type {like}")


def _condition(sign: str, value: Expr | bool) -> Expr:
    """One side of `&` or `|`, which bind more tightly than what compares: `s.v > 0 & s.on` is `s.v > (0 & s.on)`."""
    if isinstance(value, Expr) and value.type.kind == "bool":
        return value
    if isinstance(value, bool):
        return TRUE if value else FALSE
    raise TypeError(
        f"`{value}` is no condition, but a side of `{sign}`, which binds more tightly than a comparison: "
        f"write (a > 0) {sign} b, not a > 0 {sign} b"
    )


def ite(condition: Expr, then: Expr | int | str | bool, otherwise: Expr | int | str | bool) -> Expr:
    """The value of `then` where the condition holds, of `otherwise` where it does not."""
    _expect(condition, "bool", "ite")
    like = then.type if isinstance(then, Expr) else otherwise.type if isinstance(otherwise, Expr) else _literal(then)
    left, right = lift(then, like), lift(otherwise, like)
    kind = _common(left, right, "ite")
    if condition.op == "lit":
        return left if condition.value else right
    if same(left, right):
        return left
    if kind.kind == "bool" and left.op == "lit":
        return condition | right if left.value else ~condition & right
    if kind.kind == "bool" and right.op == "lit":
        return ~condition | left if right.value else condition & left
    return Expr("ite", kind, (condition, left, right))


def implies(condition: Expr, consequence: Expr | bool) -> Expr:
    """`consequence` wherever `condition` holds."""
    return ~condition | consequence


def maximum(left: Expr, right: Expr) -> Expr:
    """The larger of two numbers."""
    return ite(left < right, right, left)


def minimum(left: Expr, right: Expr) -> Expr:
    """The smaller of two numbers."""
    return ite(left < right, left, right)


def all_of(parts: Iterable[Expr]) -> Expr:
    """True where every part is; true for no parts at all."""
    return _junction("and", parts, neutral=TRUE, absorbing=FALSE)


def any_of(parts: Iterable[Expr]) -> Expr:
    """True where some part is; false for no parts at all."""
    return _junction("or", parts, neutral=FALSE, absorbing=TRUE)


def for_all(sort: Type, body: Callable[[Expr], Expr | bool]) -> Expr:
    """True where `body` holds for every element of the index sort."""
    return _quantified("forall", sort, body)


def exists(sort: Type, body: Callable[[Expr], Expr | bool]) -> Expr:
    """True where `body` holds for some element of the index sort."""
    return _quantified("exists", sort, body)


def home(element: Expr, owner: Type) -> Expr:
    """The element of the index sort `owner` that an element of another sort belongs to, once and for all."""
    return Expr("home", owner, (element,))


def walk(root: Expr) -> Iterator[Expr]:
    """Every node of the tree, parents first; a shared node is met once per occurrence."""
    yield root
    for child in root.args:
        yield from walk(child)


def rewrite(root: Expr, leaf: Callable[[Expr], Expr | None]) -> Expr:
    """Rebuild the tree bottom-up, simplifying; `leaf(node)` may replace a `var`, `prm` or `arg` node.

    A `var` is offered with its index already rewritten. Where `leaf` answers None the node stays. A node that stands
    in several places is rewritten once, so that what was shared stays shared.
    """
    done: dict[Expr, Expr] = {}

    def visit(node: Expr) -> Expr:
        found = done.get(node)
        if found is None:
            found = node
            if node.args:
                args = tuple([visit(child) for child in node.args])
                if any(map(operator.is_not, args, node.args)):
                    found = rebuild(node, args if node.op not in ("forall", "exists") else _apart(*args))
            if found.op in ("var", "prm", "arg"):
                replacement = leaf(found)
                found = found if replacement is None else replacement
            done[node] = found
        return found

    return visit(root)


def same(left: Expr, right: Expr, renamed: tuple[tuple[Expr, Expr], ...] = ()) -> bool:
    """Whether two trees are equal node by node (`==` builds an expression instead of answering).

    Variables that a quantifier binds count as equal where both quantifiers stand in the same place, whatever they are
    called; others only if they are the same node, as two quantifiers may have given one name to different elements.
    """
    if left is right:
        return True
    if left.op != right.op or left.type != right.type or len(left.args) != len(right.args):
        return False
    if left.op == "arg":
        return any(left is one and right is other for one, other in renamed)
    if left.op in ("forall", "exists"):
        return same(left.args[1], right.args[1], (*renamed, (left.args[0], right.args[0])))
    if left.name != right.name or left.value != right.value:
        return False
    return all(same(a, b, renamed) for a, b in zip(left.args, right.args, strict=True))


def _apart(bound: Expr, body: Expr) -> tuple[Expr, Expr]:
    """A quantifier's variable and body, renamed where the body has come to speak of another variable of that name."""
    if not any(node.name == bound.name and node is not bound for node in _arguments(body)):
        return bound, body
    fresh = _fresh(bound.type, body)
    return fresh, rewrite(body, lambda node: fresh if node is bound else None)


def _fresh(sort: Type, body: Expr) -> Expr:
    """A variable of the sort with a name that nothing in `body` has."""
    taken = {node.name for node in _arguments(body)}
    return Expr("arg", sort, (), next(n for k in count() if (n := f"{sort.sort.lower()}_{k}") not in taken))


def _arguments(body: Expr) -> set[Expr]:
    """The `arg` nodes of a tree, bound ones included."""
    seen: set[Expr] = set()
    waiting = [body]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(node.args)
    return {node for node in seen if node.op == "arg"}


def rebuild(node: Expr, args: tuple[Expr, ...]) -> Expr:
    """The same operator on other operands, simplified."""
    match node.op:
        case "add" | "sub" | "mul":
            return _arithmetic(node.op, *args)
        case "eq":
            return _equal(*args)
        case "lt" | "le":
            return _compare(node.op, *args)
        case "and":
            return all_of(args)
        case "or":
            return any_of(args)
        case "not":
            return ~args[0]
        case "ite":
            return ite(*args)
        case "forall" | "exists":
            return args[1] if args[1].op == "lit" else evolve(node, args=args)
        case "lit" | "var" | "prm" | "arg" | "home":
            return evolve(node, args=args)
        case never:
            assert_never(never)


def _arithmetic(op: Arithmetic, left: Expr, right: Expr | int) -> Expr:
    other = lift(right, left.type)
    for side in (left, other):
        if not side.type.is_number:
            raise TypeError(f"`{op}` needs numbers, but `{side}` is of type {side.type}")
    kind = TIME if "time" in (left.type.kind, other.type.kind) else NAT
    if left.op == other.op == "lit":
        a, b = _number(left), _number(other)
        return Expr("lit", kind, value=a + b if op == "add" else a - b if op == "sub" else a * b)
    if op == "add" and _is_zero(left):
        return other
    if op in ("add", "sub") and _is_zero(other):
        return left
    return Expr(op, kind, (left, other))


def _equal(left: Expr, right: Expr) -> Expr:
    _common(left, right, "==")
    if same(left, right):
        return TRUE
    if left.op == right.op == "lit":
        return TRUE if left.value == right.value else FALSE
    if left.type.kind == "bool":
        for one, two in ((left, right), (right, left)):
            if one.op == "lit":
                return two if one.value else ~two
    return Expr("eq", BOOL, (left, right))


def _compare(op: Order, left: Expr, right: Expr) -> Expr:
    if not (left.type.is_number and right.type.is_number):
        raise TypeError(f"`{left}` and `{right}` cannot be ordered: {left.type} and {right.type} are not numbers")
    if left.op == right.op == "lit":
        a, b = _number(left), _number(right)
        return TRUE if (a < b if op == "lt" else a <= b) else FALSE
    if same(left, right):
        return TRUE if op == "le" else FALSE
    return Expr(op, BOOL, (left, right))


def _junction(op: Junction, parts: Iterable[Expr], *, neutral: Expr, absorbing: Expr) -> Expr:
    flat: list[Expr] = []
    for part in parts:
        _expect(part, "bool", op)
        if part.op == "lit":
            if part.value == absorbing.value:
                return absorbing
        elif part.op == op:
            flat.extend(part.args)
        elif not any(same(part, other) for other in flat):
            flat.append(part)
    if not flat:
        return neutral
    return flat[0] if len(flat) == 1 else Expr(op, BOOL, tuple(flat))


def _quantified(op: Quantifier, sort: Type, body: Callable[[Expr], Expr | bool]) -> Expr:
    if sort.kind != "index":
        raise TypeError(f"{op} ranges over an index sort, not over {sort}")
    unnamed = Expr("arg", sort, (), _UNNAMED)
    inner = lift(body(unnamed), BOOL)
    # Nested quantifiers over one sort must not capture each other's variable, nor an action's argument.
    bound = _fresh(sort, inner)
    inner = rewrite(inner, lambda node: bound if node is unnamed else None)
    return inner if inner.op == "lit" else Expr(op, BOOL, (bound, inner))


def _expect(node: Expr, kind: str, where: str) -> None:
    if node.type.kind != kind:
        raise TypeError(f"`{where}` needs a {kind}, but `{node}` is of type {node.type}")


def _common(left: Expr, right: Expr, where: str) -> Type:
    if left.type == right.type:
        return left.type
    if left.type.is_number and right.type.is_number:
        return TIME
    raise TypeError(
        f"`{where}` needs two values of one type, but `{left}` is {left.type} and `{right}` is {right.type}"
    )


def _literal(value: object) -> Type:
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int):
        return NAT
    raise TypeError(f"the type of {value!r} cannot be told here: use an expression for one branch")


def _is_zero(node: Expr) -> bool:
    return node.op == "lit" and node.type.is_number and node.value == 0


def _number(node: Expr) -> int | Fraction:
    assert not isinstance(node.value, str), f"{node} is no number"
    return node.value


_SIGNS: Final[Mapping[Op, str]] = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "eq": "=",
    "lt": "<",
    "le": "<=",
    "and": "and",
    "or": "or",
}


def _show(node: Expr) -> str:
    match node.op:
        case "lit":
            return str(node.value).lower() if node.type.kind == "bool" else str(node.value)
        case "var" if node.args:
            return f"{node.name}[{_show(node.args[0])}]"
        case "var" | "prm" | "arg":
            return node.name
        case "home":
            return f"{node.type}({_show(node.args[0])})"
        case "not":
            return f"not {_wrapped(node.args[0])}"
        case "ite":
            test, then, otherwise = (_wrapped(a) for a in node.args)
            return f"if {test} then {then} else {otherwise}"
        case "forall" | "exists":
            return f"{'for all' if node.op == 'forall' else 'some'} {node.args[0]}: {_show(node.args[1])}"
        case "add" | "sub" | "mul" | "eq" | "lt" | "le" | "and" | "or":
            return f" {_SIGNS[node.op]} ".join(_wrapped(a) for a in node.args)
        case never:
            assert_never(never)


def _wrapped(node: Expr) -> str:
    atomic = node.op in ("lit", "var", "prm", "arg", "home") or (node.op == "mul")
    return _show(node) if atomic else f"({_show(node)})"
