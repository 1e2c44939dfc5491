# SPDX-License-Identifier: Apache-2.0
"""Random runs of the model, and what somebody who records them would write down.

Time is the model's, in ticks; within a tick, steps are told apart by a fraction too small to matter to any bound. One
run is recorded in several ways, as each recorder sees another part of it: `VIEWS`.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import define, evolve, field, frozen

from edgeproof.model.interpret import Event, State, initial_states
from edgeproof.model.kernel import Kernel
from edgeproof.model.machine import TICK
from edgeproof.model.trace import Trace
from tests.properties.histories import Line

__all__ = ["BROKEN", "TESTED", "VIEWS", "Run", "Step", "content", "random_run", "rerun", "retraced", "views"]

STEP: Final = 2.0**-12
"""Ticks between two steps."""

TESTED, BROKEN = 1, 2

_AGAIN: Final = 0.2
"""How often a step that leads nowhere new is a candidate all the same."""

_LIKING: Final = (0.05, 1.0, 5.0)
"""How much a run may like an action, beside the passing of time."""


@frozen
class Step:
    """What happened when, in ticks, between which states, and the flags of the kernel's properties of steps.

    `label` is the event's number in the kernel.
    """

    at: float
    label: int
    event: Event
    before: State
    after: State
    found: Mapping[str, int]


@frozen
class Run:
    """A run, and by property of states whether it was tested or broken in any of them."""

    kernel: Kernel
    first: State
    steps: Sequence[Step]
    found: Mapping[str, int]

    def broken(self, name: str) -> bool:
        """Whether the run breaks a property of the catalogue."""
        flags = self.found.get(name, 0)
        for step in self.steps:
            flags |= step.found.get(name, 0)
        return bool(flags & BROKEN)


def random_run(kernel: Kernel, seed: int, length: int) -> Run:
    """A run of at most so many steps, which prefers what leads somewhere new.

    A share is kept for steps that change nothing, as a reader who is told the same again is one. How often an action is
    chosen is drawn anew for each run (swarm testing: Groce et al., 2012): what takes the absence of one, like the
    healing of a partition, is hardly met by runs that do everything.
    """
    dice = random.Random(seed)
    firsts = list(initial_states(kernel.instance))
    liking = dice.choices(_LIKING, k=kernel.most_successors)
    lazy = dice.choice((0.0, 0.3, 0.6))

    def choose(turn: int, labels: Sequence[int], after: Sequence[tuple[int, ...]], seen: set[tuple[int, ...]]) -> int:
        if turn == length:
            return -1
        everything = range(len(labels))
        ticks = [n for n in everything if kernel.events[labels[n]].action == TICK]
        if ticks and dice.random() < lazy:
            return ticks[0]
        fresh = [n for n in everything if after[n] not in seen or dice.random() < _AGAIN] or list(everything)
        return dice.choices(fresh, [1.0 if n in ticks else liking[labels[n]] for n in fresh])[0] if fresh else -1

    return _walk(kernel, dice.choice(firsts), choose)


def rerun(run: Run, watched: int) -> Run:
    """The same events, with another write under observation."""

    def choose(turn: int, labels: Sequence[int], after: Sequence[tuple[int, ...]], seen: set[tuple[int, ...]]) -> int:
        return -1 if turn == len(run.steps) else list(labels).index(run.steps[turn].label)

    return _walk(run.kernel, {**run.first, "watched": watched}, choose)


def retraced(kernel: Kernel, trace: Trace) -> Run:
    """The run that a trace is of, tick by tick."""
    events = [one for e in trace.events for one in ([evolve(e, delay=1)] * int(e.delay) if e.action == TICK else [e])]

    def choose(turn: int, labels: Sequence[int], after: Sequence[tuple[int, ...]], seen: set[tuple[int, ...]]) -> int:
        if turn == len(events):
            return -1
        return next(n for n, label in enumerate(labels) if kernel.events[label] == events[turn])

    return _walk(kernel, trace.states[0], choose)


def _walk(kernel: Kernel, first: State, choose: Any) -> Run:
    source, parameters = kernel.source, kernel.parameters
    most, size = kernel.most_successors, source.words
    out, labels, flags = [0] * (most * size), [0] * most, [0] * most
    words = list(kernel.pack(first))
    found = _flags(kernel.check(words, 0, parameters), source.states, {})
    steps: list[Step] = []
    seen, at, state = {tuple(words)}, 0.0, first
    while True:
        count = kernel.expand(words, 0, parameters, out, labels, flags)
        assert count >= 0
        after = [tuple(out[n * size : (n + 1) * size]) for n in range(count)]
        which = choose(len(steps), labels[:count], after, seen)
        if which < 0:
            return Run(kernel, first, steps, found)
        label = labels[which]
        event = kernel.events[label]
        # The next whole tick, or a little later.
        at = float(int(at) + 1) if event.action == TICK else at + STEP
        words = list(after[which])
        seen.add(after[which])
        before, state = state, kernel.unpack(words)
        steps.append(Step(at, label, event, before, state, _flags(flags[which], source.steps, {})))
        found = _flags(kernel.check(words, 0, parameters), source.states, found)


def _flags(flags: int, forms: Sequence[Any], known: Mapping[str, int]) -> dict[str, int]:
    found = dict(known)
    for place, form in enumerate(forms):
        found[form.name] = found.get(form.name, 0) | flags >> 2 * place & 3
    return found


# --- recording -------------------------------------------------------------------------------------------------------


def content(version: int, life: str = "") -> str:
    """The digest of a version; of what another life, or half a write, made of it."""
    return hashlib.sha256(b"{}" if version == 0 else f"{version}{life}".encode()).hexdigest()


@define
class Write:
    """A write: when it was asked for, made (None if never), and acknowledged (None if never)."""

    asked: float
    version: int
    era: int
    key: str
    base: int
    made: float | None = None
    acknowledged: float | None = None
    torn: bool = False


@define
class Put:
    """A put: from when on, until when its caller waited (None if it did not), and how it ended for the caller."""

    began: float
    version: int
    era: int
    ended: float | None = None
    outcome: str = "unknown"


@define
class Recorder:
    """Everything that there is to record about a run."""

    epoch: bool
    writes: list[Write] = field(factory=list)
    puts: list[Put] = field(factory=list)
    reads: list[Line] = field(factory=list)
    centre: list[Line] = field(factory=list)
    store: list[Line] = field(factory=list)
    restores: list[Line] = field(factory=list)
    cuts: dict[int, list[list[float]]] = field(factory=dict)
    isolates: dict[int, int] = field(factory=dict)
    pending: Write | None = None
    sending: Put | None = None
    strays: dict[int, tuple[Put, Write | None]] = field(factory=dict)

    def take(self, step: Step) -> None:
        """Note one step."""
        act = getattr(self, f"_{step.event.action}", None)
        if act is not None:
            act(step, **dict(step.event.arguments))
        after = step.after
        if step.event.action == "put_lands" or step.event.action == "stray_lands":
            told = _copy(after["kv"], after["kv_era"], after["torn"])
            self.centre.append(_event("read", step.at, **told, pop="centre", reader="observer", source="centre"))
        if after["request"] != "taken" and step.event.action != TICK:
            told = _copy(after["config"], self.era(after), after["torn"])
            self.store.append(_event("read", step.at, **told, pop="centre", reader="observer", source="store"))

    def era(self, state: State) -> int:
        """As copies carry it."""
        return int(state["restored"]) if self.epoch else 0  # type: ignore[arg-type]

    def _asked(self, step: Step, version: Any, key: str = "", made: bool = True) -> Write:
        number = f"k{len(self.writes)}"
        base = int(version) - 1
        write = Write(step.at, int(version), self.era(step.after), key or number, base, step.at if made else None)
        self.writes.append(write)
        return write

    def _write(self, step: Step) -> None:
        self.pending = self._asked(step, step.after["config"])

    def _acknowledge(self, step: Step) -> None:
        assert self.pending is not None
        self.pending.acknowledged, self.pending = step.at, None

    def _acknowledge_early(self, step: Step) -> None:
        self.pending = self._asked(step, step.after["acked"], made=False)
        self.pending.acknowledged = step.at

    def _commit_late(self, step: Step) -> None:
        assert self.pending is not None
        self.pending.made, self.pending = step.at, None

    def _retry(self, step: Step) -> None:
        first = self.pending
        assert first is not None
        first.acknowledged, self.pending = step.at, None
        if step.after["config"] != step.before["config"]:
            self._asked(step, step.after["config"], first.key).acknowledged = step.at

    def _uncaught(self, step: Step) -> None:
        if step.after["torn"]:
            self._asked(step, step.after["torn"]).torn = True

    def _write_inline(self, step: Step, slot: int) -> None:
        write = self._asked(step, step.after["config"])
        self.strays[slot] = (self._put(step, write.version, write.era), write)

    def _put(self, step: Step, version: Any, era: Any) -> Put:
        put = Put(step.at, int(version), int(era))
        self.puts.append(put)
        return put

    def _fire(self, step: Step) -> None:
        self.sending = self._put(step, step.after["sent"], step.after["sent_era"])

    def _put_confirmed(self, step: Step) -> None:
        self._end(step, "ok")

    def _put_fails(self, step: Step) -> None:
        self._end(step, "fail")

    def _put_ambiguous(self, step: Step) -> None:
        self._end(step, "unknown")

    def _end(self, step: Step, outcome: str) -> None:
        assert self.sending is not None
        self.sending.ended, self.sending.outcome, self.sending = step.at, outcome, None

    def _stray_lands(self, step: Step, slot: int) -> None:
        put, write = self.strays.pop(slot)
        if write is not None:
            put.ended, put.outcome, write.acknowledged = step.at, "ok", step.at

    def _inline_put_fails(self, step: Step, slot: int) -> None:
        put, _ = self.strays.pop(slot)
        put.ended, put.outcome = step.at, "fail"

    def _stray_vanishes(self, step: Step, slot: int) -> None:
        self.strays.pop(slot)

    def _crash(self, step: Step) -> None:
        self.sending = None
        if self.pending is not None and self.pending.made is None:
            self.pending = None
        self.strays = {slot: one for slot, one in self.strays.items() if one[1] is None}

    def _put_late(self, step: Step, slot: int) -> None:
        assert self.sending is not None
        self.strays[slot] = (self.sending, None)
        self._crash(step)

    def _put_given_up(self, step: Step, slot: int) -> None:
        assert self.sending is not None
        self.strays[slot] = (self.sending, None)
        self._end(step, "unknown")

    def _rollback(self, step: Step) -> None:
        told = _copy(step.after["config"], self.era(step.after), 0)
        self.restores.append(_event("fault", step.at, **told, note="rollback"))

    def _evict(self, step: Step, pop: int) -> None:
        self.isolates[pop] = self.isolates.get(pop, 0) + 1

    def _partition(self, step: Step, pop: int) -> None:
        self.cuts.setdefault(pop, []).append([step.at])

    def _heal(self, step: Step, pop: int) -> None:
        self.cuts[pop][-1].append(step.at)

    def _read(self, step: Step, pop: int, cache: int) -> None:
        after = step.after
        who: Line = {"pop": f"p{pop}", "reader": f"r{self.isolates.get(pop, 0)}"}
        if _at(after["failed"], pop):
            self.reads.append(_event("read", step.at, **who, outcome="fail"))
        else:
            told = _copy(_at(after["served"], pop), _at(after["served_era"], pop), after["torn"])
            self.reads.append(_event("read", step.at, **told, **who))


def _at(value: Any, index: int) -> Any:
    return value[index]


def _copy(version: Any, era: Any, torn: Any) -> Line:
    half = "half" if torn and version == torn else ""
    return {"version": int(version), "era": int(era), "digest": content(int(version), half)}


def _event(kind: str, at: float, until: float | None = -1.0, outcome: str = "ok", **columns: Any) -> Line:
    returned = at if until == -1.0 else until
    return {"kind": kind, "invoke": at, "return": returned, "outcome": outcome, **columns}


# --- views -----------------------------------------------------------------------------------------------------------


def views(run: Run) -> dict[str, list[Line]]:
    """The run as each of the recorders of `VIEWS` has it."""
    recorder = Recorder(run.kernel.instance.values["epoch"] == "on")
    for step in run.steps:
        recorder.take(step)
    return {name: list(view(recorder)) for name, view in VIEWS.items()}


def _by_the_store(r: Recorder) -> Iterator[Line]:
    """The changelog with the times of the commits themselves, and the reads. Half a write is in no changelog."""
    for write in r.writes:
        if write.made is not None and not write.torn:
            yield _commit(write, write.made, write.made)
    yield from r.restores
    yield from _client_reads(r)


def _by_clients(r: Recorder) -> Iterator[Line]:
    """Writes from when they were asked for until they were acknowledged, puts, and reads by clients."""
    for write in r.writes:
        yield _commit(write, write.asked, write.acknowledged)
    yield from r.restores
    yield from _puts(r)
    yield from _client_reads(r)


def _by_isolates(r: Recorder) -> Iterator[Line]:
    """Reads by isolate, a new one after each eviction, and the times of being cut off."""
    yield from r.reads
    for pop, cuts in r.cuts.items():
        for began, *ended in cuts:
            until, outcome = (ended[0], "ok") if ended else (None, "unknown")
            yield _event("fault", began, until, outcome, note="partition", pop=f"p{pop}")


def _by_an_observer_of_kv(r: Recorder) -> Iterator[Line]:
    """Puts, and a look into KV's centre after each that landed."""
    yield from _puts(r)
    yield from r.centre


def _by_an_observer_of_the_store(r: Recorder) -> Iterator[Line]:
    """Writes as clients see them, and a look into the store whenever no write is half done."""
    for write in r.writes:
        if not write.torn:
            yield _commit(write, write.asked, write.acknowledged)
    yield from r.restores
    yield from r.store


def _by_the_replicator(r: Recorder) -> Iterator[Line]:
    """The puts alone."""
    yield from _puts(r)


VIEWS: Final = {
    "store": _by_the_store,
    "clients": _by_clients,
    "isolates": _by_isolates,
    "kv": _by_an_observer_of_kv,
    "answers": _by_an_observer_of_the_store,
    "replicator": _by_the_replicator,
}
"""Who records, and what there is for them to see."""


def _commit(write: Write, invoke: float, returned: float | None) -> Line:
    outcome = "unknown" if returned is None else "ok"
    columns = {"version": write.version, "era": write.era, "digest": content(write.version)}
    return _event("commit", invoke, returned, outcome, **columns, key=write.key, base=write.base)


def _puts(r: Recorder) -> Iterator[Line]:
    for put in r.puts:
        yield _event("publish", put.began, put.ended, put.outcome, version=put.version, era=put.era)


def _client_reads(r: Recorder) -> Iterator[Line]:
    """Reads by whoever asks at a location, whichever isolate answers."""
    return ({**line, "reader": "client"} for line in r.reads)
