# SPDX-License-Identifier: Apache-2.0
"""What the body of a design's class says: constants, variables, and methods marked as actions, hazards, deadlines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import unwrap
from typing import Any, Final

from attrs import Factory, field, frozen

from edgeproof.model.expr import BOOL, NAT, TIME, Expr, Type

__all__ = [
    "MOST",
    "TICK",
    "Declarations",
    "DesignError",
    "Later",
    "Marked",
    "Rigid",
    "Variable",
    "action",
    "boolean",
    "clock",
    "count",
    "deadline",
    "definition",
    "duration",
    "enum",
    "hazard",
    "hazard_mode",
    "index_sort",
    "natural",
    "option",
]

TICK: Final = "tick"
"""The name of the action by which time passes; every design with a clock has it."""

MOST: Final = 2**31 - 1
"""The largest number that a constant may be."""


class DesignError(ValueError):
    """A design, or the way it is instantiated, does not make sense; the message says what would."""


@frozen
class Rigid:
    """A constant of a run: an option (an enum), a hazard (a boolean), a count (a natural) or a duration (a time).

    Or an index sort, with its size; `home` is then the sort that its elements belong to, if they belong to any.
    """

    role: str
    type: Type
    default: int | str | bool
    doc: str = ""
    home: str = field(default="", repr=False)


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
class Marked:
    """A method of the class body, with what its decorator said. `doc` is the first line of its docstring.

    Called by the name of its class it does to a state what it says: so a method that says it anew can extend it.
    """

    body: Callable[..., Any]
    kind: str
    arguments: tuple[tuple[str, Any], ...] = ()
    fair: bool = False
    under: str = ""
    doc: str = field(default=Factory(lambda self: _first_line(self.body), takes_self=True))

    def __call__(self, s: Any, *arguments: Expr) -> Any:
        return self.body(s, *arguments)

    @property
    def place(self) -> tuple[str, int]:
        """The file and the line where the method is written."""
        code = getattr(unwrap(self.body), "__code__", None)
        return (code.co_filename, code.co_firstlineno) if code else ("", 0)


@frozen
class Declarations:
    """What can be named in a design: its constants, its variables, and the names it defines for expressions."""

    design: str
    rigids: Mapping[str, Rigid]
    variables: Mapping[str, Variable]
    definitions: Mapping[str, Marked]


def index_sort(name: str, size: int = 2, doc: str = "", *, of: Rigid | None = None) -> Rigid:
    """An index sort such as POPs; `size` is how many elements a search uses, at least 1. A proof holds for any number.

    With `of` each element belongs to an element of that sort, as a request does to a location: `s.home(request)`. In a
    search they are dealt out in turn; in a proof any number may belong to any of them.

    Raises DesignError for a sort of no elements: what is said of each of them would be true of nothing.
    """
    if type(size) is not int:
        raise DesignError(f"the size of the sort {name} is a whole number, such as 2")
    if size < 1:
        raise DesignError(f"the sort {name} needs at least one element, not {size}")
    if of is not None and of.home:
        raise DesignError(f"the elements of {name} belong to {of.type}, whose own elements belong to {of.home}")
    return Rigid("sort", Type("index", sort=name), size, doc, _over(of))


def option(*choices: str, doc: str = "") -> Rigid:
    """A choice the designer makes; the first one is the default. Raises DesignError as `enum` does."""
    _some_words("an option", choices)
    return Rigid("option", Type("enum", choices), choices[0], doc)


def count(default: int, doc: str = "") -> Rigid:
    """A natural number fixed for a run: how many failures in a row, how many writes. Symbolic in a proof.

    Raises DesignError for what is no natural number that a search can hold.
    """
    _natural("a count", default)
    return Rigid("count", NAT, default, doc)


def duration(default: int, doc: str = "") -> Rigid:
    """A length of time fixed for a run, in units of the search's tick. Symbolic and real in a proof.

    Raises DesignError as `count` does.
    """
    _natural("a duration", default)
    return Rigid("duration", TIME, default, doc)


def hazard_mode(doc: str) -> Rigid:
    """A hazard that changes what actions do, rather than an action of its own. Off unless named."""
    return Rigid("hazard", BOOL, False, doc)


def boolean(initial: bool | None = False, *, over: Rigid | None = None, doc: str = "") -> Variable:
    """A boolean variable."""
    return Variable(BOOL, _over(over), initial=initial, doc=doc)


def natural(limit: Rigid, initial: int | None = 0, *, over: Rigid | None = None, doc: str = "") -> Variable:
    """A natural variable from 0 to `limit`; leaving the range makes a search's verdict UNKNOWN, never saturates."""
    return Variable(NAT, _over(over), limit=Later(limit), initial=initial, doc=doc)  # type: ignore[arg-type]


def enum(*labels: str, over: Rigid | None = None, doc: str = "") -> Variable:
    """A variable with named values; the first one is the initial value.

    Raises DesignError where there are none, and where one is there twice or is no text.
    """
    _some_words("an enum", labels)
    return Variable(Type("enum", labels), _over(over), initial=labels[0], doc=doc)


def clock(*, over: Rigid | None = None, while_: Callable[..., Expr] | None = None, doc: str = "") -> Variable:
    """A clock: it advances with every other one, and may be set to 0.

    With `while_` (a function of the state, and of the index in an array) it runs only while that holds, and is 0
    otherwise. In a search it is cut off just above the largest value that it is compared with.
    """
    return Variable(TIME, _over(over), initial=0, while_=while_, doc=doc)


def action(
    bare: None = None, /, *, fair: bool = True, **arguments: Rigid | Variable
) -> Callable[[Callable[..., Any]], Marked]:
    """Something the system or its users do. A `fair` one that stays possible happens eventually (weak fairness)."""
    _with_parentheses("action", bare)
    return lambda body: Marked(body, "action", tuple(arguments.items()), fair)


def hazard(
    bare: None = None, /, *, under: str = "", **arguments: Rigid | Variable
) -> Callable[[Callable[..., Any]], Marked]:
    """Something that the platform may do to the system; never fair.

    It happens only where the hazard of its own name, or of the name given as `under`, is switched on.
    """
    _with_parentheses("hazard", bare)
    return lambda body: Marked(body, "hazard", tuple(arguments.items()), False, under)


def deadline(body: Callable[..., Any]) -> Marked:
    """A condition that the passing of time may not break: time stops just before, until somebody acts."""
    return Marked(body, "deadline")


def definition(bare: None = None, /, **arguments: Rigid) -> Callable[[Callable[..., Any]], Marked]:
    """A name for an expression over the state: read like a variable (`s.era`, `s.told[p]`), never assigned.

    By it a design says, in the words that properties use, what it has no variable of its own for. It has no argument,
    or one that ranges over an index sort.
    """
    _with_parentheses("definition", bare)
    return lambda body: Marked(body, "definition", tuple(arguments.items()))


def _some_words(what: str, words: tuple[str, ...]) -> None:
    if not words or not all(isinstance(word, str) and word for word in words):
        raise DesignError(f'{what} lists its values, each a text: {what.split()[1]}("one", "another")')
    if twice := [word for place, word in enumerate(words) if word in words[:place]]:
        raise DesignError(f"{what} has the value {twice[0]!r} twice")


def _natural(what: str, default: int) -> None:
    if type(default) is not int or not 0 <= default <= MOST:
        raise DesignError(f"{what} is a whole number from 0 to {MOST:,}, not {default!r}")


def _with_parentheses(word: str, bare: object) -> None:
    """Raise DesignError where a decorator was given the method itself."""
    if bare is not None:
        name = getattr(bare, "__name__", "...")
        raise DesignError(f"@{word} has parentheses, also where it takes nothing: write @{word}() above {name}")


@frozen
class Later:
    """A count whose name is not known until the class body is complete."""

    rigid: Rigid


def _over(sort: Rigid | None) -> str:
    return "" if sort is None else sort.type.sort


def _first_line(body: Callable[..., Any]) -> str:
    return (body.__doc__ or "").strip().split("\n")[0]
