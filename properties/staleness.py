# SPDX-License-Identifier: Apache-2.0
"""What is my staleness bound, and why: the formula, its proof, and the run that reaches it.

The run is not searched for but written down: the worst schedule follows the terms of the formula one by one, for any
values of the parameters. The interpreter replays it, and it counts only if it ends with a reader being told, exactly at
the bound, what was superseded at its beginning.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm

from attrs import frozen

from edgeproof.model.designs import load
from edgeproof.model.interpret import Event, State, apply, initial_states
from edgeproof.model.machine import TICK, Instance
from edgeproof.model.trace import Trace
from edgeproof.properties.bounds import dominant, formula, present_terms
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.engines.prove.engine import prove
from edgeproof.properties.evidence import Evidence

__all__ = ["StalenessAnswer", "answer", "tight_trace"]

_DESIGN = "do_kv"
_ABOUT = "bounded-staleness"
_MOST_BEATS = 200
_PUBLISHED = (Event("put_lands"), Event("put_confirmed"))


@frozen
class StalenessAnswer:
    """The bound in seconds; its terms as (formula, meaning, seconds); the term that is largest; the proof.

    `trace` is the worst schedule, its clocks in units of `unit` seconds; `tight` says that it reaches the bound.
    """

    bound: Fraction
    formula: str
    terms: tuple[tuple[str, str, Fraction], ...]
    dominant: str
    proof: Evidence
    trace: Trace | None
    tight: bool
    unit: Fraction


def answer(
    *,
    sync_delay: Fraction,
    put_timeout: Fraction,
    retries: int,
    retry_delay: Fraction,
    cache_ttl: Fraction,
    memo_ttl: Fraction | None = None,
    heartbeat: Fraction | None = None,
    zombie_window: Fraction | None = None,
) -> StalenessAnswer:
    """The staleness bound of an outbox publisher with these parameters (durations in seconds).

    A zombie window counts only with a heartbeat, without which there is no bound: ValueError.
    """
    if zombie_window is not None and heartbeat is None:
        raise ValueError("with late puts there is no bound unless a heartbeat repairs them: give --heartbeat as well")
    seconds = {"S": sync_delay, "D": put_timeout, "R": retry_delay, "T": cache_ttl}
    seconds |= {n: v for n, v in (("M", memo_ttl), ("H", heartbeat), ("Z", zombie_window)) if v is not None}
    # Ticks are whole: the unit is the longest time of which every duration is a multiple.
    unit = Fraction(1, lcm(*(value.denominator for value in seconds.values())))
    instance = Instance.of(
        load(_DESIGN),
        **{name: int(value / unit) for name, value in seconds.items()},
        F=retries,
        put_fails=retries > 0,
        reader="plain" if memo_ttl is None else "memo",
        evict=memo_ttl is not None,
        repair="none" if heartbeat is None else "heartbeat",
        put_late=zombie_window is not None,
        Pop=1,
        Put=1,
    )
    (proof,) = prove(instance, [CATALOGUE[_ABOUT]], dossier_of(_DESIGN).lemmas)
    parts = present_terms(instance)
    bound = sum(value for _, value in parts)
    trace = tight_trace(instance)
    return StalenessAnswer(
        bound * unit,
        formula(instance),
        tuple((term.formula, term.meaning, value * unit) for term, value in parts),
        dominant(instance)[0].formula,
        proof,
        trace,
        trace is not None and trace.states[-1]["since"] == bound,
        unit,
    )


def tight_trace(instance: Instance) -> Trace | None:
    """The worst schedule as a trace, if it can happen and its last read is told what the watched write superseded.

    It shows no violation: it is about no property, and reaches the bound without passing it. There is none where the
    heartbeat beats so often that the schedule would have more than `_MOST_BEATS`.
    """
    if instance.values["repair"] == "heartbeat" and instance.number("T") > _MOST_BEATS * instance.number("H"):
        return None
    late = bool(instance.values["put_late"])
    events = _late_schedule(instance) if late else _schedule(instance)
    state: State = next(s for s in initial_states(instance) if s["watched"] == 2)
    states = [state]
    for event in events:
        try:
            state = apply(instance, state, event)
        except ValueError:
            return None
        states.append(state)
    told = state["served"]
    stale = isinstance(told, tuple) and told[0] == 1
    note = "a reader is told, exactly at the bound, what was superseded at its beginning"
    return (
        Trace(_DESIGN, instance.values, tuple(states), tuple(events), "", None, "bound", None, note) if stale else None
    )


def _schedule(instance: Instance) -> list[Event]:
    """The first write's put is in flight when the watched write is committed; from then on everything takes longest."""
    n = instance.number
    failures = [[*_wait(n("D")), Event("put_fails"), *_wait(n("R")), Event("fire")]] * _failures(instance)
    return [
        *(Event("write"), Event("acknowledge"), Event("fire"), Event("write")),
        *(*_wait(n("D")), Event("put_lands"), Event("put_confirmed")),
        *(*_wait(n("S")), Event("fire")),
        *(event for failed in failures for event in failed),
        *(*_wait(n("D")), _read(), *_evicted(instance), *_PUBLISHED),
        *_last_reads(instance),
    ]


def _late_schedule(instance: Instance) -> list[Event]:
    """The first write's put outlives its instance, and lands over the watched write's put just before it is confirmed.

    It is the worst schedule where the new instance's put can be in flight when the zombie's window ends: Z = R.
    """
    n = instance.number
    failures = [[*_wait(n("D")), Event("put_fails"), *_wait(n("R")), Event("fire")]] * _failures(instance)
    slot = (("slot", 0),)
    return [
        *(Event("write"), Event("acknowledge"), Event("fire"), Event("write")),
        *(*_wait(n("D")), Event("put_late", slot), *_wait(n("R")), Event("fire"), Event("put_lands")),
        *(Event("stray_lands", slot), *_wait(n("D")), Event("put_confirmed"), *_wait(n("H") + n("S")), Event("fire")),
        *(event for failed in failures for event in failed),
        *(*_wait(n("D")), _read(), *_evicted(instance), *_PUBLISHED),
        *_last_reads(instance),
    ]


def _failures(instance: Instance) -> int:
    return instance.number("F") if instance.values["put_fails"] else 0


def _last_reads(instance: Instance) -> list[Event]:
    """A read just before the cached copy expires; with a memo another one just before that expires."""
    waits = [instance.number("T")] + ([instance.number("M")] if instance.values["reader"] == "memo" else [])
    events, since_beat = [], 0
    for wait in waits:
        more, since_beat = _idle(instance, wait, since_beat)
        events += [*more, _read()]
    return events


def _idle(instance: Instance, ticks: int, since_beat: int) -> tuple[list[Event], int]:
    """Let time pass, serving the heartbeat (if there is one) whenever it is due; also how long ago it last beat."""
    if instance.values["repair"] == "none":
        return _wait(ticks), 0
    events = []
    while ticks:
        step = min(ticks, instance.number("H") - since_beat)
        events += _wait(step)
        ticks, since_beat = ticks - step, since_beat + step
        if since_beat == instance.number("H"):
            events += [Event("fire"), *_PUBLISHED]
            since_beat = 0
            if not instance.number("H"):
                break
    return events, since_beat


def _evicted(instance: Instance) -> list[Event]:
    """A fresh isolate, lest one that has read before serves that memo instead of the cached copy."""
    return [Event("evict", (("pop", 0),))] if instance.values["reader"] == "memo" else []


def _read() -> Event:
    return Event("read", (("pop", 0), ("cache", 0)))


def _wait(ticks: int) -> list[Event]:
    return [Event(TICK, (), ticks)] if ticks else []
