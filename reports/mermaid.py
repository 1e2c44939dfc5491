# SPDX-License-Identifier: Apache-2.0
"""A trace as a Mermaid sequence diagram: who sent what to whom, with notes for hazards and for the passing of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from edgeproof.model.interpret import State
from edgeproof.model.machine import TICK, Instance
from edgeproof.model.trace import Trace
from edgeproof.reports.changes import TraceStep, settling
from edgeproof.reports.errors import one_line

__all__ = ["sequence_diagram"]

Arrows = Callable[[State, State, Mapping[str, int]], list[str]]
"""The lines of one step, from the states around it and the action's arguments."""


def sequence_diagram(instance: Instance, trace: Trace, steps: Sequence[TraceStep]) -> str:
    """The text of the diagram, without a fence around it."""
    pops = [f"POP{n}" for n in range(instance.number("Pop"))] if "Pop" in instance.machine.rigids else []
    everyone = f"Client,{pops[-1]}" if pops else "Client,KV"
    lines = ["participant Client", "participant DO as Durable Object", "participant KV as KV centre"]
    lines += [f"participant {pop} as POP {pop[3:]}" for pop in pops]
    if steps[0].changes:
        lines.append(f"Note over {everyone}: start with {', '.join(map(str, steps[0].changes))}")
    for step in steps[1:]:
        if step.looping and not steps[step.number - 1].looping:
            lines.append("loop for ever")
        lines += _step(trace, step, everyone)
        if trace.about not in settling() and step.truth.get(trace.about) is False:
            lines.append(f"Note over {everyone}: {trace.about} is broken")
    if trace.loop is not None:
        if trace.loop < len(trace.events):
            lines.append("end")
        else:
            lines.append(f"Note over {everyone}: and nothing more happens, for ever")
        if trace.about in settling():
            lines.append(f"Note over {everyone}: {trace.about} never comes")
    return "\n".join(["sequenceDiagram", *(f"    {_plain(line)}" for line in lines)]) + "\n"


def _plain(line: str) -> str:
    """A line that stays one: a semicolon would end it, and after a hash stands the code of a letter."""
    return one_line(line).replace("#", "#35\0").replace(";", "#59;").replace("\0", ";")


def _step(trace: Trace, step: TraceStep, everyone: str) -> list[str]:
    assert step.event is not None
    before, after, arguments = trace.states[step.number - 1], trace.states[step.number], dict(step.event.arguments)
    if step.event.action == TICK:
        ticks = "1 tick passes" if step.event.delay == 1 else f"{step.event.delay} ticks pass"
        return [f"Note over {everyone}: {ticks}"]
    if step.hazard:
        where = f"POP{arguments['pop']}" if "pop" in arguments else "DO"
        under = "" if step.event.action == step.hazard else f" (under {step.hazard})"
        return [f"Note over {where}: hazard {step.event}{under}", *_told(_ARROWS, step, before, after)]
    arrows = _told(_ARROWS, step, before, after)
    return arrows or [f"Note over DO: {step.event}"]


def _told(table: Mapping[str, Arrows], step: TraceStep, before: State, after: State) -> list[str]:
    assert step.event is not None
    arrows = table.get(step.event.action)
    try:
        return arrows(before, after, dict(step.event.arguments)) if arrows else []
    except KeyError:
        return []  # an action of another design that has this name, and not the variables


def _say(*lines: str) -> Arrows:
    """Lines about the state after a step.

    {name} stands for a variable, {carries[slot]} for an array's element at an argument, {the_slot} for the argument.
    """

    def arrows(before: State, after: State, arguments: Mapping[str, int]) -> list[str]:
        shown = {n: _At(v, arguments) if isinstance(v, tuple) else v for n, v in after.items()}
        return [line.format(**shown, **{f"the_{n}": v for n, v in arguments.items()}) for line in lines]

    return arrows


class _At:
    """An array in a format string, indexed by the name of an argument."""

    def __init__(self, values: tuple[Any, ...], arguments: Mapping[str, int]) -> None:
        self._values, self._arguments = values, arguments

    def __getitem__(self, argument: str) -> Any:
        return self._values[self._arguments[argument]]


def _write(before: State, after: State, arguments: Mapping[str, int]) -> list[str]:
    armed = ", alarm armed" if after["alarm"] == "sync" and before["alarm"] != "sync" else ""
    return ["Client->>DO: write", f"Note over DO: version {after['config']} committed{armed}"]


def _read(before: State, after: State, arguments: Mapping[str, int]) -> list[str]:
    pop, cache = arguments["pop"], arguments["cache"]
    lines = [f"Client->>POP{pop}: read"]
    if _fetched(before, after, pop, cache):
        lines += [f"POP{pop}->>KV: get" + (f" through cache {cache}" if cache != pop else "")]
        lines += [f"KV-->>POP{pop}: {_version(after['kv'])}"]
    elif cache != pop:
        lines += [f"Note over POP{pop}: served by cache {cache}"]
    answer = "no answer" if _element(after, "failed", pop) else _version(_element(after, "served", pop))
    return [*lines, f"POP{pop}-->>Client: {answer}"]


def _fetched(before: State, after: State, pop: int, cache: int) -> bool:
    """Whether a read went to KV's centre: the cache changed or became young again, or nobody had anything."""
    if any(_element(before, name, cache) != _element(after, name, cache) for name in ("cached", "cache", "cache_era")):
        return True
    if _element(before, "cached", cache):
        return bool(_element(before, "age", cache) != 0 and _element(after, "age", cache) == 0)
    return not _element(before, "loaded", pop) and not _element(after, "failed", pop)


def _element(state: State, name: str, index: int) -> Any:
    values: Any = state[name]
    return values[index]


def _version(number: Any) -> str:
    return f"version {number}" if number else "nothing"


_ARROWS: Final[Mapping[str, Arrows]] = {
    "write": _write,
    "acknowledge": _say("DO-->>Client: version {acked} is written"),
    "acknowledge_early": _say("Client->>DO: write", "DO-->>Client: version {acked} is written (not yet durable)"),
    "commit_late": _say("Note over DO: version {config} committed"),
    "retry": _say("Client->>DO: the same write again", "DO-->>Client: version {acked} is written"),
    "write_refused": _say("Client->>DO: write, expecting an old version", "DO-->>Client: refused"),
    "uncaught": _say("Client->>DO: write", "DO--xClient: exception, config is {config}, changelog {logged}"),
    "write_inline": _say("Client->>DO: write", "DO-)KV: put version {carries[slot]} (request {the_slot})"),
    "fire": _say("Note over DO: the alarm fires", "DO-)KV: put version {sent}"),
    "put_lands": _say("Note over KV: holds version {kv}"),
    "put_confirmed": _say("KV-->>DO: put confirmed"),
    "stray_lands": _say("Note over KV: put {the_slot} lands, holds version {kv}"),
    "put_fails": _say("KV--xDO: put failed"),
    "put_ambiguous": _say("KV--xDO: put reported as failed"),
    "inline_put_fails": _say("KV--xDO: put {the_slot} failed", "DO--xClient: error"),
    "refresh": _say("POP{the_cache}->>KV: refresh", "KV-->>POP{the_cache}: version {cache[cache]}"),
    "heal": _say("Note over POP{the_pop}: reaches KV again"),
    "read": _read,
}
"""How the actions of `do_kv` look between its participants; an action that is not here becomes a note."""
