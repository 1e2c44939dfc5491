# SPDX-License-Identifier: Apache-2.0
"""What the forms of several properties share: copies and their order, and steps in which somebody reads.

The words are the same in every design that has them: `config` is what the store has committed, `logged` the changelog,
`acked` the newest acknowledged write, `kv` KV's centre, `cache[p]` a location's copy, `loaded[p]` whether the reader
there has had a config, `served[p]` what a client there was told last, `failed[p]` that it was told nothing, `cut[p]`
that the location is cut off, `down` that what it reads from has died; `watched` is any one write, `watching` that it is
committed, and `since` its age. Where a version may be withdrawn, `current` is the one that everybody should have, else
that is `config`. Where versions do not stand for contents, `contents` counts the config's states.
Where a copy `x` has parts of several versions, it counts as the oldest of them, and `x_newest` is the newest.
A copy `x` is older than another by its era `x_era` first, where the design has eras, then by its version.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from edgeproof.model.designs.versions import newer_or_same
from edgeproof.model.expr import FALSE, NAT, TRUE, Expr, for_all, implies, lift
from edgeproof.model.machine import State
from edgeproof.properties.catalogue.property import Step

__all__ = [
    "Copy",
    "answered",
    "at_once",
    "changed",
    "committed",
    "copy",
    "no_older",
    "nowhere_else",
    "on_read",
    "reading",
    "told",
    "told_before",
    "truth",
]


@frozen
class Copy:
    """A version as somebody holds it; a copy from a later era is newer, whatever its version."""

    era: Expr
    version: Expr


def copy(s: State, name: str, *index: Expr) -> Copy:
    """The copy that a variable (or an element of it) holds."""
    era = f"{name}_era"
    return Copy(_at(s, era, index) if era in s else lift(0, NAT), _at(s, name, index))


def truth(s: State) -> Copy:
    """What the store has committed, and not withdrawn."""
    return Copy(s.era if "era" in s else lift(0, NAT), s.current if "current" in s else s.config)


def committed(s: State) -> Copy:
    """The newest that the store has committed, withdrawn or not."""
    return Copy(s.era if "era" in s else lift(0, NAT), s.config)


def no_older(a: Copy, b: Copy) -> Expr:
    """Whether copy a is at least as new as copy b."""
    return newer_or_same(a.era, a.version, b.era, b.version)


def told(step: Step) -> Expr | None:
    """The location at which a step tells a client a config, None where it tells nobody any.

    That is a read that is answered at once, or the answer to one that was asked before.
    """
    if step.action == "answer":
        return step.before.home(step.arguments["read"])
    return step.arguments["pop"] if step.action == "read" else None


def told_before(step: Step, pop: Expr) -> Copy:
    """The newest that a client at the location had been told when it asked for what this step tells it.

    Where reads are not under way together that is what it was told last, as nobody goes back.
    """
    if step.action == "answer":
        return copy(step.before, "told", step.arguments["read"])
    return copy(step.before, "newest" if "newest" in step.before else "served", pop)


def on_read(form: Callable[[State, State, Expr], Expr]) -> Callable[[Step], Expr]:
    """A form for steps in which somebody is told a config, given the states before and after and the POP."""
    return lambda step: TRUE if (pop := told(step)) is None else form(step.before, step.after, pop)


def reading(form: Callable[[State, State, Expr], Expr]) -> Callable[[Step], Expr]:
    """Where a read puts a property to the test; other steps do not."""
    return lambda step: FALSE if (pop := told(step)) is None else form(step.before, step.after, pop)


def answered(form: Callable[[State, State, Expr], Expr]) -> Callable[[Step], Expr]:
    """A form for reads, where the reader got an answer."""
    return on_read(lambda before, after, p: after.failed[p] | form(before, after, p))


def at_once(form: Callable[[Step], Expr], otherwise: Expr) -> Callable[[Step], Expr]:
    """The form for reads that nothing else happens beside: what was told elsewhere was told before they began."""
    return lambda step: otherwise if step.action == "answer" else form(step)


def nowhere_else(s: State, bad: Callable[[Expr], Expr], together: Callable[[Expr, Expr], Expr]) -> Expr:
    """Where it is bad at two locations, those belong together: the same stage, or the same location."""
    return for_all(s.Pop, lambda p: for_all(s.Pop, lambda q: implies(bad(p) & bad(q), together(p, q))))


def changed(name: str) -> Callable[[Step], Expr]:
    """Where a step changes a variable."""
    return lambda step: getattr(step.after, name) != getattr(step.before, name)


def _at(s: State, name: str, index: tuple[Expr, ...]) -> Expr:
    value: Any = getattr(s, name)
    return value[index[0]] if index else value
