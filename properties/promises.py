# SPDX-License-Identifier: Apache-2.0
"""What a design promises of a history: its proved bound with somebody's numbers, and what that takes for granted."""

from __future__ import annotations

from fractions import Fraction

from attrs import asdict, evolve

from edgeproof.model.designs import load
from edgeproof.model.interpret import evaluate
from edgeproof.model.machine import Instance
from edgeproof.properties.bounds import formula, parameters, present_terms
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.designs.dossier import Constants
from edgeproof.properties.environment import Setting
from edgeproof.properties.pattern import PATTERN
from edgeproof.properties.traffic.promise import Promise

__all__ = ["promise_in", "promise_of"]


def promise_of(
    constants: Constants, ticks_per_second: int = 1000, *, design: str = PATTERN, machine: float | None = None
) -> Promise:
    """What the proved formula promises of a run of an implementation, its durations given in ticks.

    `machine` is how many seconds of S are the machine's own, None for all of it. Raises DesignError for a design
    without a bound, and for constants that it does not have.
    """
    promise = promise_in(Setting(Instance.of(load(design), **constants), Fraction(1, ticks_per_second)))
    return promise if machine is None else evolve(promise, machine=machine)


def promise_in(setting: Setting, *, platform: bool = False) -> Promise:
    """What the proved formula promises of a design with somebody's numbers. Raises DesignError where none is promised.

    On a platform, alarms, retries and caches are the environment's, and what the bound takes for granted of them is
    watched as well. In a run of an implementation they are part of what is under test; the machine is not, whose stalls
    are part of S.
    """
    instance, limits = setting.instance, _limits(setting)
    terms = present_terms(instance)
    promise = Promise(
        float(sum(value for _, value in terms) * setting.unit),
        formula(instance),
        instance.values.get("reader") == "guarded",
        (*_numbers(setting), "all times are of one clock"),
        None if limits["failures"] is None else int(limits["failures"]),
        limits["put_timeout"],
        bool(instance.values.get("put_late")),
        machine=None if platform else limits["sync_delay"],
        design=instance.machine.name,
        terms=tuple((term.formula, term.meaning, float(value * setting.unit)) for term, value in terms),
    )
    if not platform:
        return promise
    return evolve(
        promise,
        sync_delay=limits["sync_delay"],
        retry_delay=limits["retry_delay"],
        cache_ttl=limits["cache_ttl"],
    )


def _limits(setting: Setting) -> dict[str, float | None]:
    """What the bound takes for granted, in seconds (failures as a count); None where there is no such thing."""
    instance = setting.instance
    state = instance.machine.state()
    limits = asdict(dossier_of(instance.machine.name).limits)
    found = {name: None if of is None else int(evaluate(instance, of(state), {})) for name, of in limits.items()}
    return {n: v if v is None or n == "failures" else float(v * setting.unit) for n, v in found.items()}


def _numbers(setting: Setting) -> tuple[str, ...]:
    """The numbers that the bound is made of, in words: durations, then counts, failures even if there are none."""
    instance = setting.instance
    used = parameters(instance)
    roles = {name: rigid.role for name, rigid in instance.machine.rigids.items()}
    said = [f"{n} = {float(instance.number(n) * setting.unit):g} s" for n in used if roles[n] == "duration"]
    said += [f"{n} = {instance.number(n)}" for n in used if roles[n] == "count" and n != "F"]
    said += [f"F = {instance.number('F')}"] if "F" in roles else []
    return (", ".join(said),) if said else ()
