# SPDX-License-Identifier: Apache-2.0
"""How designs are made of parts, and of each other: what a class body takes from its bases, and where that stands.

A part is a piece of a pattern that several designs have. A design lists its parts as base classes, and may say anew
whatever they declare; an action that it extends it calls by its part's name:

    class Porch(Light, Door, Design):
        on = inherited("the lamp over the door is lit")

        @action()
        def flip(s: State) -> None:
            Light.flip(s)
            s.require(s.open)

Order matters: in it a search tries actions and lays out states. So a design reads from top to bottom as if everything
were written in it: what it has from its parts stands where it says so with `inherited`, or before all else.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import evolve, frozen

from edgeproof.model.declare import DesignError, Marked, Rigid, Variable

if TYPE_CHECKING:
    # A method's first parameter is a State, and type checkers ask that its class be one.
    from edgeproof.model.state import State as _Itself
else:
    _Itself = object

__all__ = ["Design", "Part", "Statement", "count_name", "inherited", "statements"]

Statement: TypeAlias = Rigid | Variable | Marked
"""What a name in the body of a part or a design stands for."""


@frozen
class _Inherited:
    """The place of something that a base declares."""

    doc: str


def inherited(doc: str = "") -> Any:
    """What a base declares under this name stands here; with `doc`, in words of this class's own.

    Several names may share one: `alarm = armed = failures = inherited()`.
    """
    return _Inherited(doc)


def _declared_in(one: type) -> Iterator[tuple[str, Statement]]:
    return ((name, value) for name, value in vars(one).items() if isinstance(value, Statement))


def _last_word(cls: type, name: str) -> Statement:
    """What the bases of a class declare under a name."""
    declaring = [base for base in cls.__mro__[1:] if isinstance(vars(base).get(name), Statement)]
    if not declaring:
        raise DesignError(f"{cls.__name__} inherits {name!r}, which nothing that it is made of declares")
    first, *others = declaring
    for other in others:
        if not issubclass(first, other):
            raise DesignError(
                f"{cls.__name__} has {name!r} from {first.__name__} and from {other.__name__}: "
                "say in it what is meant, or derive one of them from the other"
            )
    found: Statement = vars(first)[name]
    return found


def _in_words_of_its_own(one: Statement, doc: str) -> Statement:
    return evolve(one, doc=doc) if doc else one


class _Body(dict[str, Any]):
    """What a class body has said so far. Python would let the second of two methods of one name be all there is."""

    def __setitem__(self, name: str, value: Any) -> None:
        said = (Statement, _Inherited)
        if isinstance(value, said) and isinstance(self.get(name), said):
            raise DesignError(f"{self.get('__qualname__', 'a class')} says twice what {name!r} is")
        super().__setitem__(name, value)


class _Once(type):
    """Makes classes whose bodies say everything once."""

    @classmethod
    def __prepare__(cls, name: str, bases: tuple[type, ...], /, **_: Any) -> MutableMapping[str, object]:
        return _Body()


class Part(_Itself, metaclass=_Once):
    """The base of every part. It holds no behaviour: the class body declares what designs made of it have.

    Raises DesignError where a class derives from something that is no part, where it says one name twice, where it
    inherits a name that no base declares, or one that two bases declare of which neither derives from the other.
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for base in cls.__mro__:
            if not issubclass(base, Part) and base is not object:
                raise DesignError(f"{cls.__name__} is made of {base.__name__}, which is no part: derive that from Part")
        for name, value in list(vars(cls).items()):
            if isinstance(value, _Inherited):
                setattr(cls, name, _in_words_of_its_own(_last_word(cls, name), value.doc))
        for name in sorted({name for base in cls.__mro__ for name, _ in _declared_in(base)} - vars(cls).keys()):
            _last_word(cls, name)


class Design(Part):
    """The base of every design: a part that is whole, which `read_design` reads."""


def statements(design: type[Design]) -> dict[str, Statement]:
    """Everything that a design declares, its parts' names and its own, in the order that this module's text tells.

    What a design has from another design keeps its place there, also where it is said anew.
    """
    order: dict[str, None] = {}
    for one in reversed(design.__mro__):
        if issubclass(one, Design):
            own = dict(_declared_in(one))
            taken = [n for base in reversed(one.__mro__[1:]) for n, _ in _declared_in(base) if n not in own]
            # A name that another design below has placed stays there.
            order |= dict.fromkeys([*taken, *own])
    return {name: getattr(design, name) for name in order}


def count_name(design: type[Design], count: Rigid) -> str:
    """The name under which a design, or something that it is made of, declares a count. Raises DesignError for none."""
    for base in design.__mro__:
        for name, one in _declared_in(base):
            if one is count:
                return name
    raise DesignError("a natural's limit must be a count of the same design")
