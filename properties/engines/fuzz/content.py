# SPDX-License-Identifier: Apache-2.0
"""What a system's versions stand for, told from the writes that it was given and from nothing that it says.

A model counts versions; what each one holds is followed here on plain dictionaries, by era and version, beside the run.
So whatever a system shows under the name of a version can be compared as content: the config, the changelog, what
clients are answered, and every copy on its way. The run's first state decides what is written, so that a trace does it
again.
"""

from __future__ import annotations

from collections.abc import Set
from functools import lru_cache
from random import Random
from typing import Any, Final

from attrs import define, field

from edgeproof.impl.system import MARKS, Contents, Observation, System, Value, WithContent, Write
from edgeproof.model.interpret import Event, State
from edgeproof.model.machine import TICK, Instance
from edgeproof.properties.engines.fuzz.beside import NO_COPY, UnitBeside, entry_of
from edgeproof.properties.engines.fuzz.content_kv_only import KvOnlyContent
from edgeproof.properties.engines.fuzz.difference import canonical, difference, to_text
from edgeproof.properties.engines.fuzz.writes import seed_of, write_number, write_of_part, write_of_parts

__all__ = ["ANSWERS", "BESIDE", "LATER", "Content", "content_of"]

ANSWERS: Final = "answers"
LATER: Final = "later"
BESIDE: Final = "beside"
_ONE_OF: Final = 4
"""Another unit is written to in one run of so many: it takes about as long as the rest of the run."""
_SELDOM: Final = ("do_only", "kv_only", "do_kv_manifest")
"""The designs whose contents are followed in one run of so many, as that takes longer than the rest of the run."""
_NO_ANSWERS: Final = to_text([])
_REMOVED: Final = object()
_BEFORE: Final = (0, 0, 0, 0, 9, 0, 0, 99)
"""Of eight runs two begin after so many writes: the next version has a digit more."""


@define
class _Version:
    """A version of the unit: its whole config, its changelog entries as a text, and the key of its write."""

    config: dict[str, Any]
    entries: str = ""
    key: str | None = None
    texts: dict[int, str] = field(factory=dict)
    """As a copy, by the era that the copy carries."""
    changelog: str = ""
    """All entries up to here, once somebody has asked."""


def content_of(system: System, instance: Instance, first: State) -> Content | KvOnlyContent | None:
    """What a started system has to show, which is given its writes; None for one that takes none."""
    if not isinstance(system, WithContent):
        return None
    if instance.machine.name in _SELDOM and seed_of(first) % _ONE_OF:
        return None
    kind = KvOnlyContent if "proposed" in instance.machine.variables else Content
    content = kind(system, instance, first)
    system.write_from(content)
    return content


class Content:
    """The contents of one run from its `first` state on, and the writes that lead to them."""

    def __init__(self, system: WithContent, instance: Instance, first: State) -> None:
        self._system = system
        values, hazards = instance.values, instance.hazards
        self._seed = seed_of(first)
        self._dice = Random(self._seed)
        self._keyed = values.get("retries", "keyed") == "keyed"
        self._with_era = values.get("epoch") == "on"
        self._inline = values.get("publisher") == "inline"
        # A label without an era may stand for several contents. A memo may be told instead of what is found.
        self._labels_lie = "rollback" in hazards and not self._with_era and values.get("reader") in ("plain", "guarded")
        gated = not self._inline and values.get("ack", "gated") == "gated"
        # An early reply is a guess that looks at no key, and an inline one waits for another put. Whoever repeats a key
        # has the alarm looked after, which the model has no step for where it may be stuck.
        self._repeats = self._keyed and gated and "alarm_stuck" not in hazards
        # Of half a write the first half shows only if the two differ.
        self._marked = "uncaught" in hazards
        after = {"rollback": "restored", "uncaught": "torn"}
        self._in_parts = "kv_first" in instance.machine.variables
        """Whether every field is published under a key of its own."""
        self._named = str(values["names"]) if "needs" in instance.machine.variables else ""
        """How parts are named where the config has one field, whose part is followed, or none."""
        self._followed = frozenset({"config", *(after[hazard] for hazard in after if hazard in hazards)})
        """What has to be shown for the versions to be followed."""
        self._handed = self._now = self._turn = 0
        self._latest = Write({})
        """The write that was handed out last."""
        self._refusal: dict[str, Any] = {}
        self._free: list[str] = []
        """Keys of writes that a restore has undone."""
        self._answers = _NO_ANSWERS
        self._read: tuple[int, int] | None = None
        """The location and the cache of the read that has just been answered, if labels lie."""
        # Most units begin with nothing. What there is at first where one begins with something is no write of the run.
        self._at = int(first.get("config", 0))  # type: ignore[arg-type]
        """The present version, counted from the unit's first write."""
        self._lineages: list[dict[int, _Version]] = [{self._at: _Version({})}]
        """By era: the versions that there were, the last era's being the present ones."""
        self._other = UnitBeside(self._seed)
        self.known: tuple[str, ...] = ()
        """Of which contents it is known what they should be, by what else the system shows."""
        self._shown: tuple[Set[str], Set[str]] = (frozenset(), frozenset())
        """The names of what was seen last, and of the contents."""
        self._judged: dict[str, tuple[object, ...]] = {}
        """By name: what was shown last and was right, and for which versions."""
        # Who asks the store itself is told what was written before the run.
        copies = "kv" in instance.machine.variables and not self._named
        self.before = _BEFORE[self._seed % len(_BEFORE)] if gated and copies else 0
        """How many writes are made before the run begins."""
        self._seeds = iter(_seeds(self._at, self.before, self._keyed))

    # --- what clients write

    def made(self) -> Write:
        """The next write that is to be made."""
        seed = next(self._seeds, None)
        if seed is not None:
            self._latest, made = seed
            self._at += 1
            self._lineages[-1][self._at] = made
            return self._latest
        write = self._next()
        expected = self._at if self._keyed and self._dice.random() < 0.5 else None
        self._latest = Write(write.changes, write.removed, write.actor, self._new_key(), expected)
        return self._latest

    def refused(self) -> Write:
        """The next request that is to change nothing."""
        write, present = self._next(), self._lineages[-1]
        known = [(one.key, version) for version, one in present.items() if one.key is not None]
        key: str | None
        # In turns: a short trace with one such request is about the expected version, as its name says.
        self._turn += 1
        if self._repeats and known and self._turn % 2 == 0:
            key, version = self._dice.choice(known)
            self._refusal = {"version": version, "repeated": True}
        else:
            key = self._new_key()
            self._refusal = {"refused": self._at}
            # Nothing is remembered of what was refused: a write that is made may carry the key.
            self._free += [] if key is None else [key]
        return Write(write.changes, write.removed, write.actor, key, self._elsewhere())

    def beside(self) -> Write | None:
        """The next write to another unit, under the key of the last one that was made here; None in most runs."""
        return None if self._seed % _ONE_OF else self._other.made(self._latest.key, self._now)

    def _next(self) -> Write:
        self._handed += 1
        if self._named == "place":
            # Whose content a part is has to be told by it.
            return Write({"part": self._at + 1})
        if self._named:
            return write_of_part(self._seed, self._handed)
        if self._in_parts:
            return write_of_parts(self._seed, self._handed)
        return write_number(self._seed, self._handed, self._config, marked=self._marked)

    def _new_key(self) -> str | None:
        """One that no write in the changelog carries, be it because a restore has undone that write."""
        if not self._keyed:
            return None
        if self._free and self._dice.random() < 0.7:
            return self._free.pop(self._dice.randrange(len(self._free)))
        return f"write-{self._seed % 7}-{self._handed}-\u00e9"

    def _elsewhere(self) -> int:
        """Any version but the present one: just behind, far behind, or ahead where there is none behind."""
        behind = (self._at - 1, self._at - 2, 0, self._dice.randrange(self._at + 1))
        return self._dice.choice([one for one in behind if 0 <= one != self._at] or [self._at + 1])

    # --- following the run

    def look(self) -> Contents:
        """What the system shows now."""
        return self._system.contents()

    def follow(self, event: Event, before: Observation, after: Observation) -> None:
        """The system has done what the model did; both states as it shows them."""
        if not self._followed <= after.keys():
            return
        given = dict(event.arguments)
        self._read = (given["pop"], given["cache"]) if self._labels_lie and event.action == "read" else None
        if event.action == TICK:
            self._now += int(event.delay)
        version = _number(after, "config")
        if _number(after, "restored") != _number(before, "restored"):
            self._restore(version)
        elif version != _number(before, "config"):
            if event.action == "write_without":
                self._latest = Write({}, tuple(self._latest.changes), self._latest.actor, self._latest.key)
            self._commit(self._latest, torn=_number(after, "torn") == version)
        answered = self._answered(event, before, after)
        self._answers = to_text(answered) if answered else _NO_ANSWERS

    def _commit(self, write: Write, torn: bool = False) -> None:
        """A write is made, or only the first statement of it."""
        old, self._at = self._config, self._at + 1
        self._lineages[-1][self._at] = _made_of(old, self._at, write, self._now, torn)

    def _restore(self, version: int) -> None:
        self._at = self.before + version
        present = self._lineages[-1]
        self._lineages.append({number: one for number, one in present.items() if number <= self._at})
        self._free += [one.key for number, one in present.items() if number > self._at and one.key is not None]

    def _answered(self, event: Event, before: Observation, after: Observation) -> list[dict[str, Any]]:
        match event.action:
            case "acknowledge" | "acknowledge_early":
                return [{"version": self._absolute(_number(after, "acked")), "repeated": False}]
            case "retry":
                return [{"version": self._absolute(_number(after, "acked")), "repeated": self._keyed}]
            case "write_refused":
                return [self._refusal]
            case "stray_lands" if self._inline:
                put = _elements(before, "carries")[dict(event.arguments)["slot"]]
                return [{"version": self._absolute(put), "repeated": False}]
        return []

    # --- judging what the system shows

    def _recognise(self, seen: Observation, contents: Contents) -> None:
        if (seen.keys(), contents.keys()) != self._shown:
            self._shown = (frozenset(seen), frozenset(contents))
            self.known = tuple(name for name in contents if self._needs(name) <= seen.keys())

    def _needs(self, name: str) -> frozenset[str]:
        if name == ANSWERS:
            return self._followed | {"acked"} | ({"carries"} if self._inline else set())
        if name == BESIDE:
            return frozenset()
        if name == LATER:
            return self._followed | {"logged"}
        era = {f"{name}_era"} if self._with_era and name not in ("config", "logged") else set()
        return self._followed | {name} | era

    def differs(self, seen: Observation, contents: Contents) -> str:
        """The first of the contents that is not what stands under its name in `seen`, and how; or ""."""
        self._recognise(seen, contents)
        for name in self.known:
            shown = contents[name]
            about = (shown, *self._label(name, seen))
            # Most of what is shown is what was shown before. Texts do not change, and neither does a version's content.
            if self._judged.get(name) == about:
                continue
            texts = shown if isinstance(shown, tuple) else (shown,)
            for place, text in enumerate(texts):
                expected = self._expected(name, place, seen)
                if wrong := _differs(NO_COPY if text is None else text, expected):
                    return f"{name}[{place}]: {wrong}" if isinstance(shown, tuple) else f"{name}: {wrong}"
            self._judged[name] = about
        return "" if self._read is None else self._ignored(*self._read, seen, contents)

    def _ignored(self, pop: int, cache: int, seen: Observation, contents: Contents) -> str:
        """How what an isolate keeps differs from what it has just found under the same number; or ""."""
        if not {"kept", "cache", "cached", "cut"} <= seen.keys() or not {"kept", "cache"} <= contents.keys():
            return ""
        # Whoever reaches KV is told what the cache has now, be it that it had to ask.
        told = _elements(seen, "cached")[cache] and not _elements(seen, "cut")[pop]
        if not told or _elements(seen, "kept")[pop] != _elements(seen, "cache")[cache]:
            return ""
        kept, found = _text(contents, "kept", pop), _text(contents, "cache", cache)
        wrong = _differs(kept, [canonical(found)])
        return f"kept[{pop}], which has just read the same number: {wrong}" if wrong else ""

    def _label(self, name: str, seen: Observation) -> tuple[Value | None, ...]:
        """What decides about the contents under a name."""
        if name == ANSWERS:
            return (self._answers,)
        if name == BESIDE:
            return (self._other.written,)
        if name in ("config", "logged", LATER):
            return (self._at, len(self._lineages))
        return (seen[name], seen.get(f"{name}_era"), len(self._lineages))

    def _expected(self, name: str, place: int, seen: Observation) -> list[str]:
        """The texts that are right: several of a copy that does not carry the era that it is of."""
        present = self._lineages[-1]
        if name == ANSWERS:
            return [self._answers]
        if name == BESIDE:
            return self._other.expected(place)
        if name == "config":
            return [_copy(present[self._at], len(self._lineages) - 1, self._at)]
        if name == "logged":
            return [self._changelog()]
        if name == LATER:
            return [self._changelog_after(self._at - 2)]
        version = _elements(seen, name)[place]
        part = name.rpartition("_")[2]
        if self._in_parts and part in MARKS:
            value = present[version].config[part] if version else None
            return [to_text({"value": value, "version": version})]
        era = _elements(seen, f"{name}_era")[place] if f"{name}_era" in seen else 0
        if version == era == 0:
            return [NO_COPY]
        of = [self._lineages[era]] if self._with_era else self._lineages
        version = self._absolute(version)
        return [_copy(one[version], era, version) for one in of if version in one]

    def _changelog(self) -> str:
        present = self._lineages[-1]
        newest = present[self._at]
        if not newest.changelog:
            # Those before this one are those before it in every lineage.
            newest.changelog = self._changelog_after(0)
        return newest.changelog

    def _changelog_after(self, since: int) -> str:
        # The versions of a lineage are in order.
        texts = [one.entries for number, one in self._lineages[-1].items() if number > since and one.entries]
        return f"[{','.join(texts)}]"

    @property
    def _config(self) -> dict[str, Any]:
        return self._lineages[-1][self._at].config

    def _absolute(self, version: int) -> int:
        """A version of the model as the system counts it."""
        return self.before + version


@lru_cache(maxsize=16)
def _seeds(first: int, count: int, keyed: bool) -> tuple[tuple[Write, _Version], ...]:
    """The writes before a run from version `first` on, which are the same before every run, and what they make."""
    made: list[tuple[Write, _Version]] = []
    config: dict[str, Any] = {}
    for version in range(first, first + count):
        write = Write({f"seed-{version}": version}, key=f"seed-{version}" if keyed else None)
        made.append((write, _made_of(config, version + 1, write, 0)))
        config = made[-1][1].config
    return tuple(made)


def _made_of(old: dict[str, Any], version: int, write: Write, now: int, torn: bool = False) -> _Version:
    """What a write makes of a config, or only its first statement."""
    changes = {**write.changes, **dict.fromkeys(write.removed, _REMOVED)}
    if torn:
        changes = dict(list(changes.items())[:1])
    config = {name: value for name, value in {**old, **changes}.items() if value is not _REMOVED}
    # Half a write is no write: the changelog does not know of it, and neither does its key.
    names = [] if torn else sorted(changes, key=str.encode)
    entries = ",".join(to_text(entry_of(version, name, old, config, write, now)) for name in names)
    return _Version(config, entries, None if torn else write.key)


def _differs(shown: str, expected: list[str]) -> str:
    try:
        return "" if shown in expected or canonical(shown) in expected else difference(shown, expected[-1])
    except ValueError as error:
        return f"no JSON: {error}"


def _text(contents: Contents, name: str, place: int) -> str:
    shown = contents[name]
    text = shown[place] if isinstance(shown, tuple) else shown
    return NO_COPY if text is None else text


def _copy(of: _Version, era: int, version: int) -> str:
    if era not in of.texts:
        of.texts[era] = to_text({"config": of.config, "era": era, "version": version})
    return of.texts[era]


def _number(seen: Observation, name: str) -> int:
    value = seen.get(name, 0)
    assert isinstance(value, int)
    return value


def _elements(seen: Observation, name: str) -> tuple[int, ...]:
    value = seen[name]
    return tuple(int(one) for one in value) if isinstance(value, tuple) else (_number(seen, name),)
