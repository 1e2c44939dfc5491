# SPDX-License-Identifier: Apache-2.0
"""What a dossier is made of: cases with expectations, a bound as terms, lemmas, and a costing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import TypeAlias

from attrs import field, frozen

from edgeproof.model.expr import TIME, TRUE, Expr, ite, lift
from edgeproof.model.interpret import Event
from edgeproof.model.machine import Instance, State

__all__ = [
    "Beside",
    "Constants",
    "Costing",
    "Dossier",
    "Fact",
    "Lemmas",
    "Limits",
    "Quantity",
    "Row",
    "Sizes",
    "Term",
    "Writer",
    "total",
]

Constants: TypeAlias = Mapping[str, int | str | bool]

Row: TypeAlias = tuple[str, Constants, tuple[str, ...], str]
"""A case: its name, how it differs from the defaults, the properties that must be violated, and why."""

Lemmas: TypeAlias = Mapping[str, Callable[[State], Expr]]
"""Candidate invariants by name."""

Quantity: TypeAlias = Callable[[State], Expr]
"""A time or a count, made of a design's numbers."""


@frozen
class Term:
    """One summand of a bound: its formula, what it is for, and whether the configuration has it."""

    formula: str
    meaning: str
    value: Expr
    present: Expr


def total(parts: Sequence[Term]) -> Expr:
    """The sum of the terms that the configuration has."""
    result = lift(0, TIME)
    for part in parts:
        result = result + ite(part.present, part.value, lift(0, TIME))
    return result


@frozen
class Beside:
    """A bound beside that of staleness, of which a property of the catalogue speaks.

    `applies` says which configurations have it, and `clock` is the variable that it bounds. `worst_run` gives the
    events of the run that comes closest to it of those that are known; it begins where the write with the number
    `watched` is the one under observation, and `shows` says of its last state that it ends as it should.
    """

    terms: Callable[[State], tuple[Term, ...]]
    applies: Callable[[Instance], bool]
    clock: str
    watched: int
    worst_run: Callable[[Instance], Sequence[Event]]
    shows: Callable[[Mapping[str, object]], bool]


@frozen
class Limits:
    """What a bound takes for granted of the environment, as far as a history shows it; None where there is no such
    thing.

    What a history calls a publish is an attempt to publish a version, with all the puts that takes. `sync_delay` is
    from a commit that waits, with no attempt under way, to its own; `put_timeout` an attempt, until it was confirmed or
    given up; `retry_delay` from one that was not confirmed to the next; `failures` how many in a row were not;
    `cache_ttl` from when KV held something newer to the last read of a location's copy of what it had held.
    """

    sync_delay: Quantity | None = None
    put_timeout: Quantity | None = None
    retry_delay: Quantity | None = None
    failures: Quantity | None = None
    cache_ttl: Quantity | None = None


@frozen
class Sizes:
    """Bytes: of a whole config, of what one change touches, of a part of a config that is kept in parts; locations."""

    config: int = 1_000_000
    change: int = 500
    part: int = 65_536
    locations: int = 3


class Writer(Enum):
    """What all writes to a unit go through, and which therefore limits how many there can be."""

    OBJECT = "its Durable Object"
    OBJECT_THAT_READS_ASK = "its Durable Object, which reads ask too"
    KV_KEY = "its KV key"
    ROLLOUT = "the rollout, one version at a time"


@frozen
class Costing:
    """How what a design costs is found.

    `constants` are the configuration that is charged, `prepared` what happens to it before the load, `write` the
    actions that begin a write, each that can, and `reads` those that make one read. `hops` says how many
    requests leave the location for a read in a state, given its POP. `outage` names the hazards by which the truth gets
    out of reach (for each location where they take one); none means that it falls silent. `published` is how many bytes
    are sent for one change. `writer` is what all writes to a unit go through. `without` is what readers have while the
    truth is out of reach.
    """

    constants: Constants
    hops: Callable[[State, Expr], Expr]
    published: Callable[[Sizes], int]
    writer: Writer
    prepared: Callable[[Instance], tuple[Event, ...]] = lambda instance: ()
    write: tuple[str, ...] = ("write",)
    reads: tuple[str, ...] = ("read",)
    outage: tuple[str, ...] = ()
    without: str = ""


@frozen
class Fact:
    """Something that must be able to happen, as a sentence: in this case there is a state in which `shows` is true,
    and, where `happens` names an action, from which that action leads to one in which `then` is.
    """

    case: str
    says: str
    shows: Callable[[State], Expr] = lambda state: TRUE
    happens: str = ""
    then: Callable[[State], Expr] = lambda state: TRUE


@frozen
class Dossier:
    """All that is said of a design.

    `cases` are its configurations, with what the pattern or the platform promises or denies of each. An expectation
    comes from the pattern's description or the platform's documentation, not from a run. What the machine finds is
    compared with it, and a difference is a failure, whichever of the two is wrong. `anomalies` are the properties that
    it is documented to violate in every configuration. `room` gives the numbers that random runs need: a run uses up in
    a few steps what a search exhausts with two writes. `engines` are those that have something to say: a definition has
    no implementation to drive.

    `terms` are the summands of its staleness bound, in the order in which a write on its way to a reader can meet them;
    none (None) means that it promises no bound, and no summand that a reader is never late. `beside` are its other
    bounds, by the property that speaks of each. `limits` are what that
    takes for granted, and `worst_run` gives, for a configuration, the events of the run that comes closest to the
    bound, if one is known: it begins where the second write is the one under observation, and ends with the read of a
    reader at the first location.

    `lemmas` are candidate invariants, of which nothing is trusted: the proof engine keeps the largest part that is
    inductive for the configuration at hand and throws the rest away. A lemma that is wrong, or wrong under some hazard,
    can only cost a proof.

    `costing` says how what it costs is found; a definition costs nothing.

    `possible` are facts by name, each of which the search has to find.

    `regardless` names, of a case with hazards, what is violated although none of them strikes. `conceded` says, by case
    and property, why less is shown now than was pinned before.
    """

    cases: Sequence[Row] = ()
    anomalies: tuple[str, ...] = ()
    room: Mapping[str, int] = field(factory=dict)
    engines: tuple[str, ...] = ("explore", "prove", "fuzz")
    terms: Callable[[State], tuple[Term, ...]] | None = None
    beside: Mapping[str, Beside] = field(factory=dict)
    limits: Limits = field(factory=Limits)
    worst_run: Callable[[Instance], Sequence[Event] | None] = lambda instance: None
    lemmas: Lemmas = field(factory=dict)
    costing: Costing | None = None
    possible: Mapping[str, Fact] = field(factory=dict)
    regardless: Mapping[str, tuple[str, ...]] = field(factory=dict)
    conceded: Mapping[tuple[str, str], str] = field(factory=dict)
