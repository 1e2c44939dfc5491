# SPDX-License-Identifier: Apache-2.0
"""Traces: the one format of every witness, as ITF JSON.

The Informal Trace Format is what Apalache and Quint write (Apalache ADR-015): a list of variable names and a list of
states. Beside each state this one says, in the state's `#meta`, which action led to it and with which arguments; the
trace's `#meta` says of which design, with which constants, and what the trace is a witness of. A lasso names the state
that its loop returns to.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from edgeproof.model.interpret import Event, State, apply, is_initial
from edgeproof.model.json_pieces import JsonError, JsonPieces
from edgeproof.model.machine import TICK, Instance, Machine

__all__ = [
    "FORMAT_VERSION",
    "LARGEST_NUMBER",
    "MOST_STATES",
    "PowerCut",
    "Trace",
    "TraceError",
    "dump_trace",
    "load_trace",
    "replay",
]

FORMAT: Final = "edgeproof-trace"
FORMAT_VERSION: Final = 1

LARGEST_NUMBER: Final = 10**100
"""Of a number, and of a fraction's halves: nothing counts beyond it, and Python writes no number of 4,300 digits."""

MOST_STATES: Final = 2_000_000
"""Of one trace."""

_LARGEST_PIECE: Final = 2**22
"""Characters of a state, and of what a trace says of itself."""

_NO_TRACE: Final = "not a trace: an object with `#meta`, `vars` and `states` is needed"

_States: TypeAlias = tuple[list[dict[str, Any]], list[Event]]


class TraceError(ValueError):
    """Something that should be a trace is not one, or does not replay; the message says where."""


@frozen
class PowerCut:
    """After the last event of a run the power of the storage went: when it had been asked for so many operations, of
    which the disk, of some kind, has kept what is listed of those that it was not sure of, in this order: an operation
    by its number, and of a write the bytes of its file from one to before another.
    """

    operations: int
    kept: tuple[tuple[int, int, int], ...]
    disk: str


@frozen
class Trace:
    """A run of a design: `states` has one element more than `events`.

    `constants` are all options, hazards and numbers of the instance. `about` is the id of the property that the run
    is a witness of (empty for none). `loop` is the number of the state that the last state equals, if it is a lasso
    that goes round for ever; a run that stops for ever has its last state's number. `origin` names the engine that
    found it, `seed` what it was found with. With a `cut` the run ends in a power cut, in its last step or after it.
    """

    design: str
    constants: Mapping[str, int | str | bool]
    states: tuple[State, ...]
    events: tuple[Event, ...]
    about: str = ""
    loop: int | None = None
    origin: str = ""
    seed: int | None = None
    note: str = field(default="")
    cut: PowerCut | None = None


def replay(machine: Machine, trace: Trace) -> list[dict[str, Any]]:
    """Run the events of a trace through the interpreter and return the states.

    Raises TraceError at the first step that cannot happen, and at the first state that is not the recorded one.
    """
    instance = Instance.of(machine, **trace.constants)
    if not trace.states or len(trace.states) != len(trace.events) + 1:
        raise TraceError(f"{len(trace.events)} events need {len(trace.events) + 1} states, not {len(trace.states)}")
    if not is_initial(instance, trace.states[0]):
        raise TraceError("state 0 is not an initial state of the design")
    state = dict(trace.states[0])
    states = [state]
    for step, (event, recorded) in enumerate(zip(trace.events, trace.states[1:], strict=True), start=1):
        try:
            state = apply(instance, state, event)
        except ValueError as error:
            raise TraceError(f"step {step}: {error}") from error
        wrong = [name for name in state if state[name] != recorded.get(name)]
        if wrong:
            name = wrong[0]
            raise TraceError(f"step {step} ({event}): {name} is {state[name]}, but recorded as {recorded.get(name)}")
        states.append(state)
    return states


def dump_trace(trace: Trace) -> str:
    """The trace as ITF JSON, with the same bytes for the same trace."""
    meta = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "design": trace.design,
        "constants": dict(trace.constants),
        "about": trace.about,
        "origin": trace.origin,
        "seed": trace.seed,
        "note": trace.note,
    }
    if trace.cut is not None:
        kept = [list(one) for one in trace.cut.kept]
        meta["cut"] = {"operations": trace.cut.operations, "kept": kept, "disk": trace.cut.disk}
    states = []
    for number, state in enumerate(trace.states):
        event = trace.events[number - 1] if number else None
        states.append({"#meta": _event_meta(number, event), **{k: _encode(v) for k, v in state.items()}})
    document: dict[str, Any] = {"#meta": meta, "vars": list(trace.states[0]), "states": states}
    if trace.loop is not None:
        document["loop"] = trace.loop
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def load_trace(text: str | Iterable[str]) -> Trace:
    """Read a trace; a text that comes in pieces is read state by state, and what is equal in two of them is kept once.

    Raises TraceError where the text is not one; nothing in it is ever executed.
    """
    pieces = [text] if isinstance(text, str) else text
    try:
        return _trace(_document(JsonPieces(pieces, _LARGEST_PIECE)))
    except TraceError:
        raise
    except RecursionError as error:
        raise TraceError("not a trace: nested too deeply") from error
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise TraceError(f"a malformed trace: {error!r:.200}") from error


def _document(text: JsonPieces) -> dict[str, Any]:
    """The members of a trace as JSON has them, but the states as those of a trace, each with what its `#meta` says."""
    found: dict[str, Any] = {}
    try:
        if not text.begins("{"):
            text.value()
            raise TraceError(_NO_TRACE)
        for name in text.members():
            if name == "#meta":
                found[name] = _checked(text.value())
            elif name == "states":
                found[name] = _states(text, _names(found["vars"]) if "vars" in found else None)
            else:
                found[name] = text.value()
        text.end()
    except JsonError as error:
        raise TraceError(f"not JSON: {error}") from error
    if "#meta" not in found:
        raise TraceError(_NO_TRACE)
    return found


def _checked(meta: Any) -> Mapping[str, Any]:
    if not isinstance(meta, dict):
        raise TraceError(_NO_TRACE)
    if meta.get("format") != FORMAT:
        raise TraceError(f"not a trace of edgeproof: `#meta.format` is {meta.get('format')!r:.80}, not {FORMAT!r}")
    if meta.get("version") != FORMAT_VERSION:
        raise TraceError(
            f"trace version {meta.get('version')!r:.80} cannot be read; this edgeproof reads {FORMAT_VERSION}"
        )
    return meta


def _states(text: JsonPieces, names: Collection[str] | None) -> _States:
    """The states and what led to each; of the variables only these, if they are known by now."""
    if not text.begins("["):
        raise TraceError("a malformed trace: `states` is no list")
    states: list[dict[str, Any]] = []
    events: list[Event] = []
    known: dict[Any, Any] = {}
    for state in text.elements():
        if len(states) == MOST_STATES:
            raise TraceError(f"it has more than {MOST_STATES:,} states")
        if states:
            event = _event(state["#meta"])
            events.append(known.setdefault(event, event))
        given = state.keys() - {"#meta"} if names is None else names
        states.append({name: _once(known, _decode(state[name])) for name in given})
    return states, events


def _once(known: dict[Any, Any], value: Any) -> Any:
    """The same value, as the same object if it is known. Equal is not enough: so are true and 1."""
    if isinstance(value, tuple):
        return known.setdefault((value, *map(type, value)), value)
    return known.setdefault(value, value) if isinstance(value, str) else value


def _trace(document: Mapping[str, Any]) -> Trace:
    meta, names = document["#meta"], _names(document["vars"])
    states, events = document["states"]
    states = [state if [*state] == names else {name: state[name] for name in names} for state in states]
    loop = document.get("loop")
    if loop is not None and not 0 <= _whole(loop) < len(states):
        raise TraceError(f"loop {loop!r:.80} is not the number of a state")
    constants = {str(k): _constant(v) for k, v in meta["constants"].items()}
    seed = None if meta.get("seed") is None else _whole(meta["seed"])
    texts = (str(meta.get(key, "")) for key in ("about", "origin", "note"))
    about, origin, note = texts
    return Trace(
        str(meta["design"]),
        constants,
        tuple(states),
        tuple(events),
        about,
        loop,
        origin,
        seed,
        note,
        _cut(meta.get("cut")),
    )


def _names(said: Any) -> list[str]:
    return [str(name) for name in said]


def _cut(said: Any) -> PowerCut | None:
    if said is None:
        return None
    kept = tuple((_whole(number), _whole(first), _whole(last)) for number, first, last in said["kept"])
    return PowerCut(_whole(said["operations"]), kept, str(said["disk"]))


def _event_meta(number: int, event: Event | None) -> dict[str, Any]:
    meta: dict[str, Any] = {"index": number}
    if event is not None:
        meta |= {"action": event.action, "arguments": dict(event.arguments)}
        if event.action == TICK:
            meta["delay"] = _encode(event.delay)
    return meta


def _event(meta: Mapping[str, Any]) -> Event:
    arguments = tuple((str(name), _whole(value)) for name, value in meta["arguments"].items())
    delay = _decode(meta.get("delay", 1))
    if isinstance(delay, bool) or not isinstance(delay, (int, Fraction)) or delay <= 0:
        raise TraceError(f"a delay of {delay!r:.80} is not a positive number")
    return Event(str(meta["action"]), arguments, delay)


def _encode(value: Any) -> Any:
    """ITF writes sequences as lists and has no fractions: a fraction becomes a record of two numbers."""
    if isinstance(value, tuple):
        return [_encode(element) for element in value]
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return {"numerator": value.numerator, "denominator": value.denominator} if isinstance(value, Fraction) else value


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_decode(element) for element in value)
    if isinstance(value, dict):
        if "#bigint" in value:
            return _whole(int(value["#bigint"]))
        return Fraction(_whole(value["numerator"]), _whole(value["denominator"]))
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return _whole(value)
    raise TraceError(f"{value!r:.80} is no value of a trace")


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TraceError(f"{value!r:.80} is not a whole number")
    if abs(value) > LARGEST_NUMBER:
        raise TraceError("a number of more than 100 digits is none of a trace")
    return value


def _constant(value: Any) -> int | str | bool:
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return _whole(value)
    raise TraceError(f"{value!r:.80} is no constant of a design")
