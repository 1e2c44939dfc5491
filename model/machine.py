# SPDX-License-Identifier: Apache-2.0
"""How a design is declared, and how it is read.

A design is a plain class derived from `Design`: class attributes declare its index sorts, options, parameters and
variables; methods marked `@action` and `@hazard` say what can happen; methods marked `@deadline` say what time may not
overtake. `read_design` runs each method once over symbolic variables and returns a `Machine`: data that every back end
reads. An `Instance` fixes the options, hazards and numbers of one run.

    class Light(Design):
        on = boolean()

        @action
        def flip(s):
            s.on = ~s.on
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NoReturn

from attrs import evolve, field, frozen

from model.expr import (
    BOOL,
    NAT,
    TIME,
    TRUE,
    Expr,
    SymbolicTruthError,
    Type,
    all_of,
    ite,
    lift,
    rewrite,
    same,
    walk,
)

__all__ = [
    "Action",
    "Clock",
    "Design",
    "DesignError",
    "Instance",
    "Machine",
    "Post",
    "Variable",
    "action",
    "advance",
    "after",
    "boolean",
    "clock",
    "count",
    "deadline",
    "duration",
    "each",
    "enum",
    "fill_in",
    "hazard",
    "hazard_mode",
    "index_sort",
    "natural",
    "option",
    "read_design",
    "specialise",
]

TICK: Final = "tick"
"""The name of the action by which time passes; every design with a clock has it."""


class DesignError(ValueError):
    """A design, or the way it is instantiated, does not make sense; the message says what would."""


# --- what a class body declares --------------------------------------------------------------------------------------


@frozen
class Rigid:
    """A constant of a run: an option (an enum), a hazard (a boolean), a count (a natural) or a duration (a time)."""

    role: str
    type: Type
    default: int | str | bool
    doc: str = ""


@frozen
class Variable:
    """A variable of the state: scalar, or an array over the index sort `over`.

    `limit` is the rigid count that bounds a natural from above (both 0 and the limit are values). `initial` is the
    first value, or None where any value of the type may be the first. `while_` makes a clock run only while it holds.
    """

    type: Type
    over: str = ""
    limit: str = ""
    initial: int | str | bool | None = 0
    while_: Callable[..., Expr] | None = field(default=None, eq=False)
    doc: str = ""


@frozen
class _Marked:
    """A method of the class body, with what its decorator said."""

    body: Callable[..., Any]
    kind: str
    arguments: tuple[tuple[str, Any], ...] = ()
    fair: bool = False
    under: str = ""


class Design:
    """The base of every design. It holds no behaviour: `read_design` reads what the class body declares."""


def index_sort(name: str, size: int = 2, doc: str = "") -> Rigid:
    """An index sort such as POPs; `size` is how many elements a search uses. A proof holds for any number."""
    return Rigid("sort", Type("index", sort=name), size, doc)


def option(*choices: str, doc: str = "") -> Rigid:
    """A choice the designer makes; the first one is the default."""
    return Rigid("option", Type("enum", choices), choices[0], doc)


def count(default: int, doc: str = "") -> Rigid:
    """A natural number fixed for a run: how many failures in a row, how many writes. Symbolic in a proof."""
    return Rigid("count", NAT, default, doc)


def duration(default: int, doc: str = "") -> Rigid:
    """A length of time fixed for a run, in units of the search's tick. Symbolic and real in a proof."""
    return Rigid("duration", TIME, default, doc)


def hazard_mode(doc: str) -> Rigid:
    """A hazard that changes what actions do, rather than an action of its own. Off unless named."""
    return Rigid("hazard", BOOL, False, doc)


def boolean(initial: bool | None = False, *, over: Rigid | None = None, doc: str = "") -> Variable:
    """A boolean variable."""
    return Variable(BOOL, _over(over), initial=initial, doc=doc)


def natural(limit: Rigid, initial: int | None = 0, *, over: Rigid | None = None, doc: str = "") -> Variable:
    """A natural variable from 0 to `limit`; leaving the range makes a search's verdict UNKNOWN, never saturates."""
    return Variable(NAT, _over(over), limit=_Later(limit), initial=initial, doc=doc)  # type: ignore[arg-type]


def enum(*labels: str, over: Rigid | None = None, doc: str = "") -> Variable:
    """A variable with named values; the first one is the initial value."""
    return Variable(Type("enum", labels), _over(over), initial=labels[0], doc=doc)


def clock(*, over: Rigid | None = None, while_: Callable[..., Expr] | None = None, doc: str = "") -> Variable:
    """A clock: it advances with every other one, and may be set to 0.

    With `while_` (a function of the state, and of the index in an array) it runs only while that holds, and is 0
    otherwise. In a search it is cut off just above the largest value that it is compared with.
    """
    return Variable(TIME, _over(over), initial=0, while_=while_, doc=doc)


def action(*, fair: bool = True, **arguments: Rigid | Variable) -> Callable[[Callable[..., Any]], Any]:
    """Something the system or its users do. A `fair` one that stays possible happens eventually (weak fairness)."""
    return lambda body: _Marked(body, "action", tuple(arguments.items()), fair)


def hazard(*, under: str = "", **arguments: Rigid | Variable) -> Callable[[Callable[..., Any]], Any]:
    """Something that the platform may do to the system; never fair.

    It happens only where the hazard of its own name, or of the name given as `under`, is switched on.
    """
    return lambda body: _Marked(body, "hazard", tuple(arguments.items()), False, under)


def deadline(body: Callable[..., Any]) -> Any:
    """A condition that the passing of time may not break: time stops just before, until somebody acts."""
    return _Marked(body, "deadline")


@frozen
class _Later:
    """A count whose name is not known until the class body is complete."""

    rigid: Rigid


def _over(sort: Rigid | None) -> str:
    return "" if sort is None else sort.type.sort


# --- what reading a design gives -------------------------------------------------------------------------------------


@frozen
class Store:
    """An assignment to one element of an array."""

    index: Expr
    value: Expr


@frozen
class Each:
    """An assignment to every element of an array; `value` speaks of the element through `bound`."""

    bound: Expr
    value: Expr


Post = Mapping[str, "Expr | tuple[Store | Each, ...]"]
"""What an action leaves behind: a value per scalar, a sequence of assignments per array; the rest stays."""


@frozen
class Action:
    """One action of a machine: it may happen where `guard` holds, for any values of its arguments."""

    name: str
    arguments: tuple[Expr, ...]
    guard: Expr
    post: Post
    fair: bool
    hazard: str = ""
    doc: str = ""


@frozen
class Clock:
    """A clock variable and the condition under which it runs; the condition speaks of an element through `bound`."""

    name: str
    running: Expr
    bound: Expr | None


@frozen(eq=False)
class Machine:
    """A design as data: constants, variables, actions, deadlines. The last action is `tick` if there are clocks."""

    name: str
    doc: str
    rigids: Mapping[str, Rigid]
    variables: Mapping[str, Variable]
    actions: tuple[Action, ...]
    clocks: tuple[Clock, ...]
    deadlines: tuple[tuple[str, Expr], ...]

    def action(self, name: str) -> Action:
        """The action of that name. Raises DesignError for an unknown one."""
        for one in self.actions:
            if one.name == name:
                return one
        raise DesignError(f"{self.name} has no action {name!r}; it has {', '.join(a.name for a in self.actions)}")

    def state(self) -> State:
        """The symbolic state before anything happens: attribute access gives the variables and constants."""
        return State(self.rigids, self.variables, {})

    def index(self, sort: str) -> Rigid:
        """The declaration of an index sort."""
        return next(r for r in self.rigids.values() if r.role == "sort" and r.type.sort == sort)

    def sort_size_name(self, sort: str) -> str:
        """The name under which an instance gives the size of an index sort."""
        return next(n for n, r in self.rigids.items() if r.role == "sort" and r.type.sort == sort)


@frozen
class Instance:
    """A machine with every constant fixed: options, hazards (booleans), counts, durations and sort sizes by name."""

    machine: Machine
    values: Mapping[str, int | str | bool]

    @classmethod
    def of(cls, machine: Machine, **chosen: int | str | bool) -> Instance:
        """The defaults of the machine, but for what is `chosen`. Raises DesignError for what does not exist."""
        values = {name: rigid.default for name, rigid in machine.rigids.items()}
        for name, value in chosen.items():
            if name not in machine.rigids:
                raise DesignError(
                    f"{machine.name} has no option, hazard or parameter {name!r}; it has {', '.join(values)}"
                )
            values[name] = _checked(name, machine.rigids[name], value)
        return cls(machine, values)

    def with_(self, **chosen: int | str | bool) -> Instance:
        """The same instance but for what is `chosen`."""
        return Instance.of(self.machine, **{**self.values, **chosen})

    def number(self, name: str) -> int:
        """A count, a duration or a sort's size."""
        return int(self.values[name])

    def of_role(self, role: str) -> dict[str, int | str | bool]:
        """The constants of one role (`option`, `hazard`, `count`, `duration`, `sort`) in the order of declaration."""
        return {n: self.values[n] for n, r in self.machine.rigids.items() if r.role == role}

    @property
    def hazards(self) -> tuple[str, ...]:
        """The hazards that are switched on."""
        return tuple(name for name, on in self.of_role("hazard").items() if on)

    def domain(self, of: Type, limit: str = "") -> tuple[int | str | bool, ...]:
        """Every value of a type, in order; a natural reaches up to the count named `limit`."""
        match of.kind:
            case "bool":
                return (False, True)
            case "enum":
                return of.labels
            case "index":
                return tuple(range(self.number(self.machine.sort_size_name(of.sort))))
            case "nat":
                return tuple(range(self.number(limit) + 1))
        raise DesignError(f"a {of} has no finite domain")


def _checked(name: str, rigid: Rigid, value: int | str | bool) -> int | str | bool:
    if rigid.role in ("option", "hazard"):
        domain = rigid.type.labels if rigid.role == "option" else (False, True)
        if type(value) is not type(domain[0]) or value not in domain:
            raise DesignError(f"{name} is one of {', '.join(map(str, domain))}, not {value!r}")
        return value
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise DesignError(f"{name} is a whole number from 0, not {value!r}")
    return value


# --- the symbolic state that a design's methods see ------------------------------------------------------------------


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


class State:
    """The symbolic state: what a design's methods read and assign, one assignment after the other.

    Reading gives the value after the assignments so far. `require` adds to the guard; inside `with s.when(c):`
    assignments and requirements count only where `c` holds; `with s.otherwise():` is for where it does not.
    """

    _rigids: Mapping[str, Rigid]
    _variables: Mapping[str, Variable]
    _post: dict[str, Any]

    def __init__(self, rigids: Mapping[str, Rigid], variables: Mapping[str, Variable], post: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_rigids", rigids)
        object.__setattr__(self, "_variables", variables)
        object.__setattr__(self, "_post", dict(post))
        object.__setattr__(self, "_guard", TRUE)
        object.__setattr__(self, "_path", TRUE)
        object.__setattr__(self, "_last", None)

    def __getattr__(self, name: str) -> Any:
        if name in self._variables:
            return ArrayView(self, name) if self._variables[name].over else self.scalar(name)
        if name in self._rigids:
            rigid = self._rigids[name]
            return rigid.type if rigid.role == "sort" else Expr("prm", rigid.type, (), name)
        raise AttributeError(f"the design declares no {name!r}; it has {', '.join([*self._variables, *self._rigids])}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._variables:
            raise DesignError(f"{name!r} cannot be assigned: it is no variable of the design")
        if self._variables[name].over:
            raise DesignError(f"{name!r} is an array: assign an element, or every element with each()")
        old = self.scalar(name)
        self._post[name] = ite(self._path, _assignable(self._variables[name], value), old)

    def require(self, condition: Expr) -> None:
        """The action can happen only where `condition` holds."""
        object.__setattr__(self, "_guard", self._guard & (~self._path | condition))

    @contextmanager
    def when(self, condition: Expr) -> Iterator[None]:
        """The statements of the block count only where `condition` holds (as it is at the start of the block)."""
        outer, condition = self._path, lift(condition, BOOL)
        object.__setattr__(self, "_path", outer & condition)
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
        _check_index(name, variable, index)
        return _read_array(Expr("var", variable.type, (index,), name), self._post.get(name, ()))

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


def after(expression: Expr, post: Post) -> Expr:
    """The value that `expression` has once an action has left `post` behind, said in terms of the state before."""

    def leaf(node: Expr) -> Expr | None:
        if node.op != "var" or node.payload not in post:
            return None
        change = post[str(node.payload)]
        return change if isinstance(change, Expr) else _read_array(node, change)

    return rewrite(expression, leaf)


def advance(machine: Machine, by: Expr) -> Post:
    """What the passing of time leaves behind: every running clock shows `by` more."""
    post: dict[str, Any] = {}
    for one in machine.clocks:
        index = () if one.bound is None else (one.bound,)
        value = ite(one.running, Expr("var", TIME, index, one.name) + by, lift(0, TIME))
        post[one.name] = value if one.bound is None else (Each(one.bound, value),)
    return post


def fill_in(node: Expr, values: Mapping[str, int | str | bool]) -> Expr:
    """The expression with constants replaced by their values, and simplified."""

    def leaf(prm: Expr) -> Expr | None:
        known = prm.op == "prm" and prm.payload in values
        return Expr("lit", prm.type, (), values[str(prm.payload)]) if known else None

    return rewrite(node, leaf)


def specialise(machine: Machine, values: Mapping[str, int | str | bool]) -> Machine:
    """The machine for some of its constants fixed: simpler expressions, and no action that these make impossible."""
    actions = []
    for one in machine.actions:
        guard = fill_in(one.guard, values)
        if guard.op == "lit" and not guard.payload:
            continue
        post = {name: _fill_in_change(change, values) for name, change in one.post.items()}
        actions.append(evolve(one, guard=guard, post=post))
    deadlines = tuple((name, fill_in(condition, values)) for name, condition in machine.deadlines)
    clocks = tuple(evolve(one, running=fill_in(one.running, values)) for one in machine.clocks)
    return evolve(machine, actions=tuple(actions), deadlines=deadlines, clocks=clocks)


def _fill_in_change(change: Any, values: Mapping[str, int | str | bool]) -> Any:
    if isinstance(change, Expr):
        return fill_in(change, values)
    return tuple(evolve(update, value=fill_in(update.value, values)) for update in change)


def _read_array(element: Expr, updates: tuple[Store | Each, ...]) -> Expr:
    (index,) = element.args
    value = element
    for update in updates:
        if isinstance(update, Store):
            value = ite(update.index == index, update.value, value)
        else:
            bound = update.bound
            value = rewrite(update.value, lambda node, b=bound: index if node is b else None)  # type: ignore[misc]
    return value


def _assignable(variable: Variable, value: Expr | int | str | bool) -> Expr:
    new = lift(value, variable.type)
    if new.type != variable.type and not (new.op == "lit" and new.type.is_number and variable.type.is_number):
        raise TypeError(f"`{new}` is of type {new.type}, but the variable is of type {variable.type}")
    if variable.type.kind == "time" and not (new.op == "lit" and new.payload == 0):
        raise TypeError("a clock can only be set to 0")
    return lift(0, TIME) if variable.type.kind == "time" else new


def _check_index(name: str, variable: Variable, index: Expr) -> None:
    if not isinstance(index, Expr) or index.type != Type("index", sort=variable.over):
        raise TypeError(f"{name} is indexed by {variable.over}, not by {index!r}")


# --- reading ---------------------------------------------------------------------------------------------------------


def read_design(design: type[Design], name: str = "") -> Machine:
    """Run every method of the design once over symbolic variables; `name` is what the machine is called.

    Raises DesignError, TypeError or SymbolicTruthError where a method cannot be read.
    """
    body = {name: value for base in reversed(design.__mro__) for name, value in vars(base).items()}
    rigids = {name: value for name, value in body.items() if isinstance(value, Rigid)}
    marked = {name: value for name, value in body.items() if isinstance(value, _Marked)}
    rigids |= {
        name: Rigid("hazard", BOOL, False, _first_line(m.body))
        for name, m in marked.items()
        if m.kind == "hazard" and not m.under
    }
    variables = {n: _named_limit(v, rigids) for n, v in body.items() if isinstance(v, Variable)}
    clocks = tuple(_read_clock(rigids, variables, n) for n, v in variables.items() if v.type.kind == "time")
    actions = [_read_action(rigids, variables, clocks, n, m) for n, m in marked.items() if m.kind != "deadline"]
    deadlines = tuple(
        (name, lift(m.body(State(rigids, variables, {})), BOOL)) for name, m in marked.items() if m.kind == "deadline"
    )
    machine = Machine(
        name or design.__name__, (design.__doc__ or "").strip(), rigids, variables, tuple(actions), clocks, deadlines
    )
    return evolve(machine, actions=(*machine.actions, _tick(machine))) if clocks else machine


def _read_action(
    rigids: Mapping[str, Rigid],
    variables: Mapping[str, Variable],
    clocks: tuple[Clock, ...],
    name: str,
    marked: _Marked,
) -> Action:
    state = State(rigids, variables, {})
    arguments = tuple(Expr("arg", declared.type, (), n) for n, declared in marked.arguments)
    marked.body(state, *arguments)
    switch = (marked.under or name) if marked.kind == "hazard" else ""
    guard = Expr("prm", BOOL, (), switch) & state._guard if switch else state._guard
    post = _stop_idle_clocks(variables, clocks, state._post)
    return Action(name, arguments, guard, post, marked.fair, switch, _first_line(marked.body))


def _stop_idle_clocks(variables: Mapping[str, Variable], clocks: tuple[Clock, ...], post: dict[str, Any]) -> Post:
    """Make the meaning of `while_` part of every action: a clock whose condition does not hold afterwards shows 0."""
    result = dict(post)
    for one in clocks:
        running = after(one.running, post)
        if running is one.running:
            continue
        if one.bound is None:
            result[one.name] = _stopped(one, variables, post, ())
        else:
            touched = _touched(one, post)
            if touched is None:
                result[one.name] = (Each(one.bound, _stopped(one, variables, post, (one.bound,))),)
            else:
                result[one.name] = tuple(Store(i, _stopped(one, variables, post, (i,))) for i in touched)
    return result


def _stopped(one: Clock, variables: Mapping[str, Variable], post: Post, index: tuple[Expr, ...]) -> Expr:
    running = rewrite(one.running, lambda node: index[0] if node is one.bound else None)
    value = Expr("var", variables[one.name].type, index, one.name)
    return ite(after(running, post), after(value, post), lift(0, TIME))


def _touched(one: Clock, post: Post) -> list[Expr] | None:
    """The indices at which an array's clocks may be set, started or stopped; None if that may be anywhere."""
    assert one.bound is not None, f"{one.name} is no array"
    touched: list[Expr] = []
    for node in (Expr("var", TIME, (one.bound,), one.name), *walk(one.running)):
        if node.op != "var" or node.payload not in post:
            continue
        change = post[str(node.payload)]
        # What the condition asks of other elements than the clock's own concerns every clock.
        if isinstance(change, Expr) or node.args[0] is not one.bound or any(isinstance(u, Each) for u in change):
            return None
        touched += [u.index for u in change if isinstance(u, Store) and not any(same(u.index, t) for t in touched)]
    return touched


def _read_clock(rigids: Mapping[str, Rigid], variables: Mapping[str, Variable], name: str) -> Clock:
    variable = variables[name]
    bound = Expr("arg", Type("index", sort=variable.over), (), f"clock {variable.over}") if variable.over else None
    if variable.while_ is None:
        return Clock(name, TRUE, bound)
    state = State(rigids, variables, {})
    running = lift(variable.while_(state) if bound is None else variable.while_(state, bound), BOOL)
    if any(node.op == "var" and node.type == TIME for node in walk(running)):
        raise DesignError(f"the clock {name} cannot run while `{running}`: that asks a clock")
    return Clock(name, running, bound)


def _tick(machine: Machine) -> Action:
    """Time passes by one unit, if no deadline is broken by it."""
    post = advance(machine, lift(1, TIME))
    guard = all_of(after(condition, post) for _, condition in machine.deadlines)
    return Action(TICK, (), guard, post, True, "", "Time passes, as far as no deadline is broken.")


def _named_limit(variable: Variable, rigids: Mapping[str, Rigid]) -> Variable:
    if not isinstance(variable.limit, _Later):
        return variable
    for name, rigid in rigids.items():
        if rigid is variable.limit.rigid:
            return evolve(variable, limit=name)
    raise DesignError("a natural's limit must be a count of the same design")


def _first_line(body: Callable[..., Any]) -> str:
    return (body.__doc__ or "").strip().split("\n")[0]
