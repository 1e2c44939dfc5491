# SPDX-License-Identifier: Apache-2.0
"""The symbolic state that a design's methods see: reading gives expressions, assigning is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

from edgeproof.model.declare import Declarations, DesignError, Marked, Variable
from edgeproof.model.expr import BOOL, NAT, TIME, TRUE, Expr, SymbolicTruthError, Type, all_of, any_of, home, ite, lift
from edgeproof.model.post import Each, Store, read_array

__all__ = ["ArrayView", "State", "each"]


class ArrayView:
    """An array variable inside a design's method: `s.cache[p]` reads, `s.cache[p] = v` assigns."""

    def __init__(self, state: State, name: str) -> None:
        self._state, self._name = state, name

    def __getitem__(self, index: Expr) -> Expr:
        return self._state.element(self._name, index)

    def __setitem__(self, index: Expr, value: Expr | int | str | bool) -> None:
        self._state.assign_element(self._name, index, value)

    def __bool__(self) -> NoReturn:
        raise SymbolicTruthError(f"{self._name} is an array: say which element, or use for_all() or exists().")

    def __iter__(self) -> NoReturn:
        raise SymbolicTruthError(f"{self._name} is an array over an index sort: use for_all(), exists() or each().")

    def __eq__(self, other: object) -> NoReturn:
        raise SymbolicTruthError(f"{self._name} is an array: compare its elements, in for_all() or exists().")

    __hash__ = object.__hash__


class DefinedArray:
    """A definition with an argument, as it is read: `s.told[p]`."""

    def __init__(self, state: State, name: str, marked: Marked) -> None:
        self._state, self._name, self._marked = state, name, marked

    def __getitem__(self, index: Expr) -> Expr:
        ((_, sort),) = self._marked.arguments
        _check_index(self._name, sort.type.sort, index)
        return _defined(self._name, self._marked.body(self._state, index))

    def __bool__(self) -> NoReturn:
        raise SymbolicTruthError(f"{self._name} has an argument: say for which element.")

    def __iter__(self) -> NoReturn:
        raise SymbolicTruthError(f"{self._name} has an argument: use for_all(), exists() or each().")


class State:
    """The symbolic state: what a design's methods read and assign, one assignment after the other.

    Reading gives the value after the assignments so far. `require` adds to the guard; inside `with s.when(c):`
    assignments and requirements count only where `c` holds; `with s.otherwise():` is for where it does not.
    """

    _declared: Declarations
    _variables: Mapping[str, Variable]
    _post: dict[str, Any]

    def __init__(self, declared: Declarations, post: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_declared", declared)
        object.__setattr__(self, "_variables", declared.variables)
        object.__setattr__(self, "_post", dict(post))
        object.__setattr__(self, "_guard", TRUE)
        object.__setattr__(self, "_path", TRUE)
        object.__setattr__(self, "_last", None)
        object.__setattr__(self, "_required", False)

    def __getattr__(self, name: str) -> Any:
        if name in self._variables:
            return ArrayView(self, name) if self._variables[name].over else self.scalar(name)
        declared = self._declared
        if name in declared.definitions:
            one = declared.definitions[name]
            return DefinedArray(self, name, one) if one.arguments else _defined(name, one.body(self))
        if name in declared.rigids:
            rigid = declared.rigids[name]
            return rigid.type if rigid.role == "sort" else Expr("prm", rigid.type, (), name)
        names = (*declared.variables, *declared.definitions, *declared.rigids)
        raise AttributeError(f"the design declares no {name!r}; it has {', '.join(names)}")

    def __contains__(self, name: str) -> bool:
        """Whether the design declares this name."""
        declared = self._declared
        return name in declared.variables or name in declared.definitions or name in declared.rigids

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._variables:
            raise DesignError(f"{name!r} cannot be assigned: it is no variable of the design")
        if self._variables[name].over:
            raise DesignError(f"{name!r} is an array: assign an element, or every element with each()")
        old = self.scalar(name)
        self._post[name] = ite(self._path, _assignable(self._variables[name], value), old)

    @property
    def design(self) -> str:
        """The name of the design that this is a state of."""
        return self._declared.design

    def home(self, element: Expr) -> Expr:
        """The element that an element of another index sort belongs to (`index_sort(..., of=...)`)."""
        sorts = {one.type: one for one in self._declared.rigids.values() if one.role == "sort"}
        if not isinstance(element, Expr) or element.type not in sorts or not sorts[element.type].home:
            raise TypeError(f"{element!r} belongs to nothing: its sort is declared without `of`")
        return home(element, Type("index", sort=sorts[element.type].home))

    def require(self, condition: Expr) -> None:
        """The action can happen only where `condition` holds."""
        needed = any_of((~self._path, lift(condition, BOOL)))
        object.__setattr__(self, "_guard", all_of((self._guard, needed)))
        object.__setattr__(self, "_required", True)

    @contextmanager
    def when(self, condition: Expr) -> Iterator[None]:
        """The statements of the block count only where `condition` holds (as it is at the start of the block)."""
        outer, condition = self._path, lift(condition, BOOL)
        object.__setattr__(self, "_path", all_of((outer, condition)))
        yield
        object.__setattr__(self, "_path", outer)
        object.__setattr__(self, "_last", condition)

    @contextmanager
    def otherwise(self) -> Iterator[None]:
        """The statements of the block count only where the condition of the `when` just before did not hold."""
        if self._last is None:
            raise DesignError("otherwise() needs a when() just before it")
        with self.when(~self._last):
            yield

    def scalar(self, name: str) -> Expr:
        """The value of a scalar variable at this point."""
        if name in self._post:
            value: Expr = self._post[name]
            return value
        return Expr("var", self._variables[name].type, (), name)

    def element(self, name: str, index: Expr) -> Expr:
        """The value of an array's element at this point."""
        variable = self._variables[name]
        _check_index(name, variable.over, index)
        return read_array(Expr("var", variable.type, (index,), name), self._post.get(name, ()))

    def assign_element(self, name: str, index: Expr, value: Expr | int | str | bool) -> None:
        """Assign one element of an array."""
        variable = self._variables[name]
        new = ite(self._path, _assignable(variable, value), self.element(name, index))
        self._post[name] = (*self._post.get(name, ()), Store(index, new))

    def assign_each(self, name: str, value: Callable[[Expr], Expr | int | str | bool]) -> None:
        """Assign every element of an array at once."""
        variable = self._variables[name]
        bound = Expr("arg", Type("index", sort=variable.over), (), f"each {variable.over}")
        new = ite(self._path, _assignable(variable, value(bound)), self.element(name, bound))
        self._post[name] = (*self._post.get(name, ()), Each(bound, new))


def each(array: ArrayView, value: Callable[[Expr], Expr | int | str | bool]) -> None:
    """Assign every element of an array at once: `each(s.seen, lambda p: 0)`."""
    array._state.assign_each(array._name, value)


def _assignable(variable: Variable, value: Expr | int | str | bool) -> Expr:
    new = lift(value, variable.type)
    if new.type != variable.type and not (new.op == "lit" and new.type.is_number and variable.type.is_number):
        raise TypeError(f"`{new}` is of type {new.type}, but the variable is of type {variable.type}")
    if variable.type.kind == "time" and not _is_reading(new):
        raise TypeError("a clock can only be set to 0, or to what another clock shows")
    return lift(0, TIME) if variable.type.kind == "time" and new.op == "lit" else new


def _is_reading(value: Expr) -> bool:
    """Whether a value is 0, what a clock shows, or a choice of such."""
    if value.op == "ite":
        return all(_is_reading(branch) for branch in value.args[1:])
    return value.op == "var" or (value.op == "lit" and value.value == 0)


def _check_index(name: str, sort: str, index: Expr) -> None:
    if not isinstance(index, Expr) or index.type != Type("index", sort=sort):
        raise TypeError(f"{name} is indexed by {sort}, not by {index!r}")


def _defined(name: str, value: object) -> Expr:
    if isinstance(value, Expr):
        return value
    if isinstance(value, bool | int):
        return lift(value, BOOL if isinstance(value, bool) else NAT)
    raise DesignError(f"the definition {name} gives {value!r}, which is no expression")
