# SPDX-License-Identifier: Apache-2.0
"""Small traces of `do_kv` and a ledger with every kind of result in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from edgeproof.model.designs import load
from edgeproof.model.interpret import Event, apply, initial_states
from edgeproof.model.machine import Instance
from edgeproof.model.trace import Trace
from edgeproof.properties.costs.meter import Bill
from edgeproof.properties.costs.table import Cost
from edgeproof.properties.evidence import Case, Evidence, Ledger, Verdict, conclude

INLINE = {"publisher": "inline"}


COSTS = (
    Cost("do_kv", Bill(3600, 12, 900, 0, 12, 0), 200.0, "its Durable Object", ("D + S + D + T", 63), 1_000_000, "all"),
    Cost("do_only", Bill(3600, 3600, 900, 900, 3600, 890), 197.0, "the same, asked by reads", ("0", 0), 0, "nothing"),
)


def run(constants: Mapping[str, int | str | bool], *events: Event, about: str = "", loop: int | None = None) -> Trace:
    """A trace that really happens."""
    instance = Instance.of(load("do_kv"), **constants)
    states = [next(s for s in initial_states(instance) if s["watched"] == 1)]
    for event in events:
        states.append(apply(instance, states[-1], event))
    return Trace("do_kv", instance.values, tuple(states), events, about, loop, "explore", 0)


def slot(action: str, number: int) -> Event:
    return Event(action, (("slot", number),))


def read(pop: int) -> Event:
    return Event("read", (("pop", pop), ("cache", pop)))


def overtaken() -> Trace:
    """Two inline requests; the older put lands last: KV goes back."""
    events = (slot("write_inline", 0), slot("write_inline", 1), slot("stray_lands", 1), slot("stray_lands", 0))
    return run(dict(INLINE), *events, about="monotonic-kv")


def abandoned() -> Trace:
    """An inline request dies before its put, and then nothing happens: a false claim, as readers go on."""
    return run(INLINE | {"crash": True}, slot("write_inline", 0), Event("crash"), about="convergence", loop=2)


def polling() -> Trace:
    """The same, where readers go on reading and nobody ever puts again: a lasso that goes round."""
    events = (slot("write_inline", 0), Event("crash"), read(0), read(1), Event("tick"))
    return run(INLINE | {"crash": True}, *events, about="convergence", loop=2)


def delivered() -> Trace:
    """The outbox at work, with time passing; it is a witness of nothing."""
    events = (Event("write"), Event("acknowledge"), Event("tick"), Event("fire"), Event("put_lands"), read(1))
    return run({}, *events)


def ledger() -> Ledger:
    """One case as expected, one with each way of not being so."""
    inline = Case(
        "inline", "do_kv", INLINE, ("monotonic-kv", "convergence", "atomic-write"),
        {"monotonic-kv": Verdict.VIOLATED, "convergence": Verdict.VIOLATED},
        "two puts at once may land in either order",
    )  # fmt: skip
    odd = Case(
        "odd <&> one", "do_kv", {"crash": True},
        ("monotonic-kv", "never-ahead", "convergence", "local-reads", "monotonic-reads"),
        {"never-ahead": Verdict.VIOLATED},
    )  # fmt: skip

    def all_states(one: str, verdict: Verdict, **more: Any) -> Evidence:
        bound, assumptions = "all 1,234 states with Pop=2", ("time advances in whole ticks",)
        found = Evidence(one, "explore", verdict, bound, True, assumptions, 0, 0.25, {"states": 1234})
        return evolve(found, **more)

    found = [
        conclude(inline, "monotonic-kv", (all_states("monotonic-kv", Verdict.VIOLATED, witness=overtaken()),)),
        conclude(
            inline, "convergence",
            (
                all_states("convergence", Verdict.VIOLATED, witness=polling()),
                Evidence("convergence", "fuzz", Verdict.VIOLATED, "20 runs", seed=7, seconds=1.5, witness=abandoned()),
            ),
        ),
        conclude(
            inline, "atomic-write",
            (
                all_states("atomic-write", Verdict.HOLDS_TO_BOUND),
                Evidence("atomic-write", "prove", Verdict.PROVED, "any number of POPs", True, seconds=0.125),
                Evidence("atomic-write", "fuzz", Verdict.HOLDS_TO_BOUND, "20 runs", seed=7, seconds=1.5),
            ),
        ),
        conclude(odd, "monotonic-kv", (all_states("monotonic-kv", Verdict.VIOLATED, witness=overtaken()),)),
        conclude(odd, "never-ahead", (all_states("never-ahead", Verdict.HOLDS_TO_BOUND),)),
        conclude(odd, "convergence", (Evidence("convergence", "explore", Verdict.UNKNOWN, reason="out of | memory"),)),
        conclude(odd, "local-reads", (Evidence("local-reads", "explore", Verdict.VACUOUS, reason="no cut"),)),
        conclude(
            odd, "monotonic-reads",
            (
                Evidence("monotonic-reads", "prove", Verdict.PROVED),
                Evidence("monotonic-reads", "fuzz", Verdict.VIOLATED, witness=overtaken()),
            ),
        ),
    ]  # fmt: skip
    return Ledger(tuple(found), 7, 12.5, {"python": "3.11"})


def good_ledger() -> Ledger:
    """Only what is as expected."""
    whole = ledger()
    return Ledger(tuple(c for c in whole.conclusions if c.case.name == "inline"), 7, 2.0)
