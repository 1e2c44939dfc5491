# SPDX-License-Identifier: Apache-2.0
"""What a typed line does to a walk, and what is said to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from attrs import evolve, field, frozen
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from edgeproof.model.interpret import Event, NotEnabledError, OutOfRangeError, initial_count
from edgeproof.model.machine import DesignError, Instance
from edgeproof.model.predicate import predicate
from edgeproof.model.trace import dump_trace
from edgeproof.properties.catalogue import CATALOGUE, applicable
from edgeproof.properties.extras import installed, missing
from edgeproof.properties.replay import truth_table
from edgeproof.properties.walk import Choice, Walk, as_trace, begin, choices, event_named, step, undo
from edgeproof.reports.changes import TraceStep, settling, trace_steps
from edgeproof.reports.errors import Unusable, counted
from edgeproof.reports.files import write_text
from edgeproof.reports.stepping import steps_table
from edgeproof.reports.words import chosen_of, pair

__all__ = ["COMMANDS", "Session", "answer", "greeting", "steps_of", "words"]


@frozen
class Session:
    """Where the walk is, and the signs for true, false and nothing said; `over` when somebody has left."""

    walk: Walk
    marks: tuple[str, str, str]
    over: bool = False
    said: tuple[RenderableType, ...] = ()
    """What is said to the last line."""


@frozen
class Command:
    """Something that a line can say beside the name of an action."""

    takes: str
    says: str
    run: Callable[[Session, str], Session] = field(repr=False)


def answer(session: Session, line: str) -> Session:
    """The session after a line, with what is said to it. Whatever a line says, nothing is raised for it."""
    session = evolve(session, said=())
    first, _, rest = line.strip().partition(" ")
    try:
        if not first:
            return session
        if first in COMMANDS:
            return COMMANDS[first].run(session, rest.strip())
        return _act(session, line.strip())
    except NotEnabledError:
        return _say(session, Text(f"not now: {line.strip()}", "yellow"), *_why_not(session, line))
    except OutOfRangeError as error:
        return _say(session, Text(f"beyond the sizes of this walk: {error}; `set` a larger one", "yellow"))
    except (DesignError, Unusable) as error:
        return _say(session, Text(str(error), "red"))


def greeting(session: Session) -> Session:
    """What is said before the first line."""
    about = f"{session.walk.instance.machine.name}: {counted(len(session.walk.events), 'step')} so far; `help` helps"
    return _choices(_say(session, Text(about, "bold")), "")


def steps_of(walk: Walk) -> tuple[TraceStep, ...]:
    """The steps so far, with the truth of each property."""
    trace = as_trace(walk)
    return trace_steps(walk.instance.machine, trace, truth_table(trace, walk.instance.machine))


def words(session: Session) -> list[str]:
    """What a line may begin with: for whoever completes what is typed."""
    actions = dict.fromkeys(action.name for action in session.walk.instance.specialised.actions)
    return [*COMMANDS, *actions]


def _say(session: Session, *said: RenderableType) -> Session:
    return evolve(session, said=(*session.said, *said))


def _act(session: Session, line: str) -> Session:
    walk = session.walk
    if line.isascii() and line.isdigit():
        possible = [choice.event for choice in choices(walk) if not choice.blocked]
        number = int(line[:9])
        if not 1 <= number <= len(possible):
            raise DesignError(f"{counted(len(possible), 'event')} can happen now, numbered from 1: see `choices`")
        return _go(session, step(walk, possible[number - 1]))
    return _go(session, step(walk, event_named(walk, line)))


def _go(session: Session, walk: Walk) -> Session:
    """The session at the end of a longer walk, with the steps that it has more."""
    steps = steps_of(walk)[len(session.walk.events) + 1 :]
    went = evolve(session, walk=walk)
    return _say(went, *(line for one in steps for line in _told(one)))


def _told(one: TraceStep) -> Iterator[Text]:
    hazard = f" (hazard {one.hazard})" if one.hazard else ""
    changes = ", ".join(map(str, one.changes)) or "nothing changes"
    yield Text(f"{one.number}. {one.event}{hazard}: {changes}")
    for name, holds in one.truth.items():
        if holds is False and name not in settling():
            yield Text(f"   {name} is broken", "bold red")


def _why_not(session: Session, line: str) -> Iterator[Text]:
    """What keeps an event from happening here."""
    event = event_named(session.walk, line)
    for choice in choices(session.walk):
        if choice.event == event or choice.event == Event(event.action):
            yield from (Text(f"   needs {one}", "dim") for one in choice.blocked)
            return
    yield Text("   never, in this configuration: `set` another", "dim")


def _choices(session: Session, text: str) -> Session:
    possible = [choice for choice in choices(session.walk) if not choice.blocked]
    table = Table.grid(padding=(0, 2))
    for number, choice in enumerate(possible, 1):
        table.add_row(Text(str(number), "cyan"), Text(str(choice.event)), _doc(choice))
    return _say(session, table)


def _doc(choice: Choice) -> Text:
    hazard = f"[{choice.action.hazard}] " if choice.action.hazard else ""
    return Text(f"{hazard}{choice.action.doc}", "dim")


def _blocked(session: Session, name: str) -> Session:
    if name:
        session.walk.instance.machine.action(name)
    table = Table.grid(padding=(0, 2))
    for choice in choices(session.walk):
        if choice.blocked and name in ("", choice.action.name):
            table.add_row(Text(str(choice.event)), Text("needs " + "; ".join(choice.blocked), "dim"))
    return _say(session, table)


def _state(session: Session, text: str) -> Session:
    table = Table.grid(padding=(0, 2))
    for name, value in session.walk.here.items():
        doc = session.walk.instance.machine.variables[name].doc
        shown = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
        table.add_row(Text(name), Text(shown, "bold"), Text(doc, "dim"))
    return _say(session, table)


def _log(session: Session, text: str) -> Session:
    return _say(session, steps_table(as_trace(session.walk), steps_of(session.walk), session.marks))


def _undo(session: Session, text: str) -> Session:
    steps = _number(text, 1)
    back = evolve(session, walk=undo(session.walk, steps))
    return _say(back, Text(f"back after {counted(len(back.walk.events), 'step')}"))


def _check(session: Session, text: str) -> Session:
    yes, no, nothing = session.marks
    table = Table.grid(padding=(0, 2))
    for name, holds in steps_of(session.walk)[-1].truth.items():
        mark, style = {True: (yes, "green"), False: (no, "bold red"), None: (nothing, "dim")}[holds]
        if holds is False and name in settling():
            mark, style = "not yet", "yellow"
        table.add_row(Text(mark, style), Text(name), Text(CATALOGUE[name].says, "dim"))
    return _say(session, table)


def _find(session: Session, text: str) -> Session:
    if not text:
        raise DesignError("find what? A condition such as kv < config, or a property to see broken")
    if not installed("search"):
        raise DesignError(missing("search"))
    from edgeproof.properties.engines.explore.nearest import nearest, where

    walk = session.walk
    asked = {name: CATALOGUE[name] for name in applicable(walk.instance)}
    broken = asked[text] if text in asked else where(predicate(walk.instance.machine, text))
    way = nearest(walk, broken)
    if way.walk is None:
        looked = "nowhere from here" if way.whole else "not that near"
        return _say(session, Text(f"{looked}: {counted(way.states, 'state')} looked at", "yellow"))
    begun = evolve(session, walk=undo(way.walk, len(way.walk.events) - len(walk.events)))
    if way.walk.states[0] != walk.states[0]:
        begun = _say(begun, Text("the same steps, but begun in another of the initial states", "yellow"))
    if len(way.walk.events) == len(walk.events):
        return _say(begun, Text("here", "green"))
    return _go(begun, way.walk)


def _set(session: Session, text: str) -> Session:
    """The same steps with another constant, as far as they can be taken."""
    name, value = pair("set", text.replace(" ", ""))
    old = session.walk
    other = Instance.of(
        old.instance.machine, **{**old.instance.values, name: chosen_of(old.instance.machine, name, value)}
    )
    walk = begin(other, _same_beginning(old, other))
    for event in old.events:
        try:
            walk = step(walk, event)
        except (NotEnabledError, OutOfRangeError) as error:
            stopped = f"{counted(len(walk.events), 'step')} of {len(old.events)} can be taken then: {error}"
            return _say(evolve(session, walk=walk), Text(stopped, "yellow"))
    went = evolve(session, walk=walk)
    return _say(went, Text(f"{name} is {value} now, and the steps are the same"), *_all_broken(walk))


def _all_broken(walk: Walk) -> Iterator[Text]:
    for one in steps_of(walk):
        for name, holds in one.truth.items():
            if holds is False and name not in settling():
                yield Text(f"   {name} is broken after step {one.number}", "bold red")


def _same_beginning(walk: Walk, other: Instance) -> int:
    """The initial state of another instance that is as the walk's own, where there is one: else the first."""
    for number in range(min(initial_count(other), 1_000)):
        if begin(other, number).here == walk.states[0]:
            return number
    return 0


def _begin(session: Session, text: str) -> Session:
    walk = begin(session.walk.instance, _number(text, 0))
    first = steps_of(walk)[0]
    return _say(evolve(session, walk=walk), Text(", ".join(map(str, first.changes)) or "begun anew"))


def _save(session: Session, text: str) -> Session:
    if not text:
        raise DesignError("save where? For instance: save walk.itf.json")
    broken = [name for name, holds in steps_of(session.walk)[-1].truth.items() if holds is False]
    about = next((name for name in broken if name not in settling()), "")
    write_text(text, dump_trace(as_trace(session.walk, about)))
    return _say(session, Text(f"wrote {text}; to see it again: edgeproof show {text}"))


def _help(session: Session, text: str) -> Session:
    table = Table.grid(padding=(0, 2))
    table.add_row(Text("NUMBER, or an event"), Text("take that step: 2, write, read 0 1, tick 3", "dim"))
    for name, one in COMMANDS.items():
        table.add_row(Text(f"{name} {one.takes}".strip()), Text(one.says, "dim"))
    return _say(session, table)


def _quit(session: Session, text: str) -> Session:
    return evolve(session, over=True)


def _number(text: str, default: int) -> int:
    if not text:
        return default
    if text.isascii() and text.isdigit():
        return int(text[:9])
    raise DesignError(f"a whole number, not {text!r}")


COMMANDS: Final[Mapping[str, Command]] = {
    "choices": Command("", "what can happen now", _choices),
    "blocked": Command("[ACTION]", "what cannot, and what it needs", _blocked),
    "state": Command("", "every variable", _state),
    "log": Command("", "the steps so far, and what they broke", _log),
    "check": Command("", "which properties hold here", _check),
    "undo": Command("[STEPS]", "go back", _undo),
    "find": Command("WHAT", "go to the nearest state where a condition holds, or where a property is broken", _find),
    "set": Command("NAME=VALUE", "the same steps with another option, hazard or number", _set),
    "begin": Command("[NUMBER]", "begin anew, in the initial state of that number", _begin),
    "save": Command("FILE", "keep the walk as a trace, for show, replay and pytest", _save),
    "help": Command("", "this", _help),
    "quit": Command("", "leave", _quit),
}
