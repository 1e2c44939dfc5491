# SPDX-License-Identifier: Apache-2.0
"""Every property, stated once: an id, a sentence, where it comes from, and its forms.

A form is a plain function over a design's state. `state` must hold in every reachable state; `step` in every step, and
is told which action the step was; `settles` must hold from some moment on, for ever, once writes and faults have
stopped. `tested` says where a property is put to the test at all; a property that never is gets the verdict VACUOUS.
A new property is one new entry in `CATALOGUE`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from attrs import frozen

from model.designs.do_kv import era, newer_or_same
from model.expr import FALSE, TRUE, Expr, all_of, exists, for_all, implies
from model.kernel import StateForm, StepForm
from model.machine import Instance, Machine, State
from properties.bounds import formula, staleness_bound

__all__ = ["CATALOGUE", "Property", "Step", "applicable", "state_form", "step_form"]


@frozen
class Step:
    """One step as a property sees it: the states around it, the action's name and its arguments."""

    before: State
    after: State
    action: str
    arguments: Mapping[str, Expr]


@frozen
class Property:
    """One property and its forms for a model; a property has exactly one of `state`, `step`, `settles`.

    `tested` has the shape of the form. `within` says of steps how soon a property that `settles` does so at the latest,
    which can be proved by induction. `detail` adds what the property means for an instance, such as a bound's formula.
    `anomaly` marks what the pattern is documented to violate. `applies` says for
    which instances the property can be put to the test at all.
    """

    id: str
    says: str
    source: str
    state: Callable[[State], Expr] | None = None
    step: Callable[[Step], Expr] | None = None
    settles: Callable[[State], Expr] | None = None
    tested: Callable[[State], Expr] | None = None
    tested_step: Callable[[Step], Expr] | None = None
    within: Callable[[Step], Expr] | None = None
    detail: Callable[[Instance], str] = lambda instance: ""
    anomaly: bool = False
    applies: Callable[[Instance], bool] = lambda instance: True


def state_form(machine: Machine, one: Property) -> StateForm:
    """The expressions of a property of states (or of the states that one `settles` in)."""
    form = one.state or one.settles
    assert form is not None, f"{one.id} is no property of states"
    s = machine.state()
    return StateForm(one.id, form(s), one.tested(s) if one.tested else TRUE)


def step_form(machine: Machine, one: Property) -> StepForm:
    """The expressions of a property of steps (or of how soon one `settles`), a pair per action that it is about."""
    form = one.step or one.within
    assert form is not None, f"{one.id} is no property of steps"
    per_action = {}
    for action in machine.actions:
        arguments = {str(a.payload): a for a in action.arguments}
        step = Step(machine.state(), State(machine.rigids, machine.variables, action.post), action.name, arguments)
        holds, tested = form(step), one.tested_step(step) if one.tested_step else TRUE
        if holds is not TRUE or tested is not FALSE:
            per_action[action.name] = (holds, tested)
    return StepForm(one.id, per_action)


def applicable(instance: Instance) -> tuple[str, ...]:
    """The ids of the properties that this instance can put to the test, in catalogue order."""
    return tuple(p.id for p in CATALOGUE.values() if p.applies(instance))


# --- the forms -------------------------------------------------------------------------------------------------------


def _copies(s: State) -> Expr:
    """No copy is of a state that the store has not reached in the era the copy is from."""

    def behind(of_era: Expr, version: Expr) -> Expr:
        return newer_or_same(era(s), s.config, of_era, version)

    return all_of(
        [
            behind(s.kv_era, s.kv),
            implies(s.sending != "idle", behind(s.sent_era, s.sent)),
            for_all(s.Put, lambda k: implies(s.stray[k], behind(s.carries_era[k], s.carries[k]))),
            for_all(s.Pop, lambda p: implies(s.cached[p], behind(s.cache_era[p], s.cache[p]))),
            for_all(s.Pop, lambda p: behind(s.served_era[p], s.served[p])),
        ]
    )


def _one_at_a_time(step: Step) -> Expr:
    before, after = step.before, step.after
    if step.action == "rollback":
        return TRUE
    same: Expr = after.config == before.config
    return same if step.action == "write_refused" else same | (after.config == before.config + 1)


def _together(step: Step) -> Expr:
    before, after = step.before, step.after
    kept_in_step: Expr = after.config + before.logged == after.logged + before.config
    return kept_in_step


def _retried_once(step: Step) -> Expr:
    unchanged: Expr = step.after.config == step.before.config
    return unchanged if step.action == "retry" else TRUE


def _kv_forward(step: Step) -> Expr:
    before, after = step.before, step.after
    return newer_or_same(after.kv_era, after.kv, before.kv_era, before.kv)


def _on_read(form: Callable[[State, State, Expr], Expr]) -> Callable[[Step], Expr]:
    """A form for steps in which somebody reads, given the states before and after and the POP."""
    return lambda step: form(step.before, step.after, step.arguments["pop"]) if step.action == "read" else TRUE


def _reading(form: Callable[[State, State, Expr], Expr]) -> Callable[[Step], Expr]:
    """Where a read puts a property to the test; other steps do not."""
    return lambda step: form(step.before, step.after, step.arguments["pop"]) if step.action == "read" else FALSE


def _answered(form: Callable[[State, State, Expr], Expr]) -> Callable[[Step], Expr]:
    """The same, where the reader got an answer."""
    return _on_read(lambda before, after, p: after.failed[p] | form(before, after, p))


def _told(s: State, p: Expr, than_era: Expr, than: Expr) -> Expr:
    return newer_or_same(s.served_era[p], s.served[p], than_era, than)


def _changed(name: str) -> Callable[[Step], Expr]:
    return lambda step: getattr(step.after, name) != getattr(step.before, name)


def _stale(s: State) -> Expr:
    too_old: Expr = s.watching & (staleness_bound(s) < s.since)
    return too_old


def _converged(s: State) -> Expr:
    readers = for_all(s.Pop, lambda p: (s.served[p] == s.config) & (s.served_era[p] == era(s)))
    return (s.kv == s.config) & (s.kv_era == era(s)) & readers


def _settled_reads(before: State) -> Expr:
    return _stale(before) & (before.watched == before.config)


def _converged_in_time(before: State, after: State, p: Expr) -> Expr:
    """Later than the bound after the last write, KV and every read give it. A restore ends the watch, so under that
    hazard this form would say nothing; it is made false there, lest it be taken for more than it is.
    """
    told = (after.served[p] == before.config) & (after.served_era[p] == era(before)) & ~after.failed[p]
    return implies(_settled_reads(before), told & (before.kv == before.config)) & ~before.rollback


_ALL: Final = (
    Property(
        "atomic-write",
        "A write is seen whole or not at all, config and changelog together.",
        "Flagship launch post: the write lands atomically in a Durable Object that holds configuration and changelog.",
        step=_together,
        tested_step=_changed("config"),
    ),
    Property(
        "changelog-complete",
        "Replaying the changelog gives exactly the config, version by version, field by field, without gaps.",
        "Flagship: the changelog sits with the configuration in the same Durable Object.",
        state=lambda s: s.logged == s.config,
        tested=lambda s: s.config > 0,
    ),
    Property(
        "single-writer-order",
        "Versions go up by one, and a write that expects an older version changes nothing.",
        "Durable Objects: one instance per id, input gates order its events.",
        step=_one_at_a_time,
        tested_step=_changed("config"),
    ),
    Property(
        "durable-ack",
        "An acknowledged write survives any crash.",
        "Durable Objects: output gates hold a reply until the writes before it are durable.",
        state=lambda s: (s.acked <= s.config) | (s.request == "taken"),
        tested=lambda s: s.acked > 0,
    ),
    Property(
        "idempotent-write",
        "A retried write is applied once.",
        "HTTP idempotency keys; a client cannot tell a lost reply from a lost request.",
        step=_retried_once,
        tested_step=lambda step: TRUE if step.action == "retry" else FALSE,
        applies=lambda instance: (
            instance.values["publisher"] == "outbox"
            and instance.values["ack"] == "gated"
            and bool({"crash", "put_late"} & set(instance.hazards))
        ),
    ),
    Property(
        "unit-isolation",
        "A write to one unit changes no other.",
        "The pattern: a Durable Object and a KV key per unit.",
        state=lambda s: ~s.neighbour_hit,
        tested=lambda s: s.kv > 0,
    ),
    Property(
        "never-ahead",
        "No copy anywhere holds a version that the store did not commit.",
        "Durable Objects: output gates hold puts, too, until the writes before them are durable.",
        state=_copies,
        tested=lambda s: s.kv > 0,
    ),
    Property(
        "no-partial-read",
        "Every config that a reader at the edge sees is the config of one committed version.",
        "Flagship: no partial-state readers; one KV value holds the whole config.",
        state=lambda s: for_all(s.Pop, lambda p: (s.torn == 0) | (s.served[p] != s.torn)),
        tested=lambda s: exists(s.Pop, lambda p: s.served[p] > 0),
    ),
    Property(
        "monotonic-kv",
        "KV's central copy never goes back.",
        "Workers KV: the last write wins, whichever it is; there are no conditional puts.",
        step=_kv_forward,
        tested_step=_changed("kv"),
    ),
    Property(
        "monotonic-reads",
        "A reader never goes back.",
        "Session guarantees (Terry et al. 1994); Workers KV does not promise them.",
        step=_answered(lambda before, after, p: _told(after, p, before.served_era[p], before.served[p])),
        tested_step=_reading(lambda before, after, p: before.served[p] > 0),
    ),
    Property(
        "bounded-staleness",
        "A reader is never told something that was superseded longer ago than the bound.",
        "Flagship: changes reach every location within seconds; the formula is ours, and proved.",
        step=_answered(lambda before, after, p: implies(_stale(before), after.served[p] >= before.watched)),
        tested_step=_reading(lambda before, after, p: _stale(before)),
        detail=lambda instance: f"B = {formula(instance)}",
    ),
    Property(
        "convergence",
        "When writes stop and faults heal, KV and every reader reach the latest version and stay there.",
        "Workers KV: eventually consistent.",
        settles=_converged,
        tested=lambda s: s.config > 0,
        within=_on_read(_converged_in_time),
        tested_step=_reading(lambda before, after, p: _settled_reads(before)),
    ),
    Property(
        "local-reads",
        "A location that has had a config answers although KV's centre cannot be reached.",
        "Flagship: evaluation continues on the last propagated configuration.",
        step=_on_read(lambda before, after, p: implies(before.loaded[p], ~after.failed[p])),
        tested_step=_reading(lambda before, after, p: before.loaded[p] & before.cut[p]),
        applies=lambda instance: "partition" in instance.hazards,
    ),
    Property(
        "read-your-writes",
        "A client reads what it was told is written.",
        "Session guarantees (Terry et al. 1994); the pattern gives it up across locations.",
        step=_answered(lambda before, after, p: _told(after, p, era(before), before.acked)),
        tested_step=_reading(lambda before, after, p: before.acked > 0),
        anomaly=True,
    ),
    Property(
        "cross-pop-monotonic",
        "A client that moves from one location to another never goes back.",
        "Workers KV: locations see a change at different times.",
        step=_answered(
            lambda before, after, p: for_all(
                before.Pop, lambda q: _told(after, p, before.served_era[q], before.served[q])
            )
        ),
        tested_step=_reading(lambda before, after, p: exists(before.Pop, lambda q: (p != q) & (before.served[q] > 0))),
        anomaly=True,
        applies=lambda instance: instance.number("Pop") > 1,
    ),
)

CATALOGUE: Final[Mapping[str, Property]] = {one.id: one for one in _ALL}
