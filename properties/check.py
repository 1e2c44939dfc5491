# SPDX-License-Identifier: Apache-2.0
"""`edgeproof.check`, `edgeproof.explore` and `edgeproof.prove`: what holds of one configuration of a design.

The design may be of ours or of one's own; a property, a lemma, a system may be any object, so all of it happens in the
process that asks. `edgeproof verify`, which takes many cases by name, shares them out among processes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from edgeproof.impl.system import System
from edgeproof.model.machine import DesignError
from edgeproof.properties.catalogue import Property
from edgeproof.properties.conforms import driven
from edgeproof.properties.designs.dossier import Lemmas
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.fuzz.cover import coverage
from edgeproof.properties.engines.fuzz.engine import Budget
from edgeproof.properties.engines.fuzz.run import LOCKSTEP
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.engines.prove.engine import Effort, prove_with_time
from edgeproof.properties.evidence import Evidence, Ledger, Verdict
from edgeproof.properties.searching import EXPLORE, can_search, searched
from edgeproof.properties.second_look import (
    cutoffs_within,
    failed_inductions,
    only_searched,
    say_cutoffs,
    say_reachable,
)
from edgeproof.properties.subject import AnyDesign, Subject, subject_of
from edgeproof.properties.verify import PLANS, Plan, conclusions_of, environment

__all__ = ["check", "explore", "prove"]

_QUICK = PLANS["quick"]


def check(
    design: AnyDesign,
    /,
    *,
    properties: Iterable[Property | str] | None = None,
    lemmas: Lemmas | None = None,
    expected: Mapping[str, Verdict] | None = None,
    system: Callable[[], System] | None = None,
    plan: Plan | None = None,
    **constants: int | str | bool,
) -> Ledger:
    """Let every engine decide the properties of one configuration of a design.

        ledger = edgeproof.check("do_kv", crash=True, put_fails=True)
        ledger.of("bounded-staleness").verdict

    `design` is a name or a class of one's own; `constants` are its options, hazards and numbers (durations in ticks,
    sizes of index sorts), as `Instance.of` takes them, with the design's defaults for the rest. A design with a
    constant that has the name of another argument here is given as an `Instance`.

    `properties` are those of the catalogue (by id) or of one's own; unless given, all of the catalogue that the
    configuration can put to the test. `lemmas` are candidate invariants by name, of which none is trusted; a design of
    ours has its own. `expected` names the properties that are known to be violated. With a `system` (a class, or a
    function that makes one) that is driven in lockstep as well. `plan` says how much each engine does, and with which
    seed: about what `edgeproof verify` does unless given.

    Returns a ledger: one conclusion per property, with the evidence of each engine, and of the system where there is
    one. `ledger.ok` is whether all is as expected; nothing is raised for what is violated. Raises DesignError for what
    is asked and does not exist.
    """
    plan = plan or _QUICK
    if plan.beside is not None:
        raise DesignError("a plan with a system beside is for `verify`, which drives two; here it is `system`")
    started = time.perf_counter()
    subject = _subject(design, constants, properties, lemmas, expected)
    found: list[Evidence] = []
    if EXPLORE in plan.engines:
        found += _searched(subject, plan.limits)
    if "prove" in plan.engines:
        found += _proved(subject, plan.effort)
    if EXPLORE in plan.engines and can_search():
        found = _looked_at_again(subject, found, plan.limits)
    if "fuzz" in plan.engines and system is not None:
        found += driven(subject, system, Budget(plan.examples, plan.steps, plan.seed))
    return _ledger(subject, found, plan.seed, started)


def explore(
    design: AnyDesign,
    /,
    *,
    properties: Iterable[Property | str] | None = None,
    expected: Mapping[str, Verdict] | None = None,
    limits: Limits | None = None,
    **constants: int | str | bool,
) -> Ledger:
    """Search every reachable state of one configuration of a design, at its sizes and in whole ticks.

    A property is VIOLATED with a shortest trace, or HOLDS_TO_BOUND: that of the sizes. `limits` says how far the search
    may go. The rest is as in `check`.
    """
    started = time.perf_counter()
    subject = _subject(design, constants, properties, None, expected)
    return _ledger(subject, _searched(subject, limits or Limits()), 0, started)


def prove(
    design: AnyDesign,
    /,
    *,
    properties: Iterable[Property | str] | None = None,
    lemmas: Lemmas | None = None,
    expected: Mapping[str, Verdict] | None = None,
    effort: Effort | None = None,
    **constants: int | str | bool,
) -> Ledger:
    """Prove the properties of a design for its options and hazards, and for all sizes and all values of its numbers.

    A property is PROVED, VIOLATED with a trace that was met on the way, or UNKNOWN with the reason: often an invariant
    is missing, which `lemmas` can give. `effort` says how hard to try. The rest is as in `check`.
    """
    started = time.perf_counter()
    subject = _subject(design, constants, properties, lemmas, expected)
    return _ledger(subject, _proved(subject, effort or _QUICK.effort), 0, started)


def _subject(
    design: AnyDesign,
    constants: Mapping[str, int | str | bool],
    properties: Iterable[Property | str] | None,
    lemmas: Lemmas | None,
    expected: Mapping[str, Verdict] | None,
) -> Subject:
    subject = subject_of(design, constants, properties=properties, lemmas=lemmas, expected=expected)
    if not subject.properties:
        name = subject.instance.machine.name
        raise DesignError(f"{name} is asked nothing: no property of the catalogue speaks of it, so give `properties`")
    return subject


def _searched(subject: Subject, limits: Limits) -> list[Evidence]:
    source = kernel_source([subject.instance], subject.properties)
    return searched(subject.instance, subject.properties, source, limits)


def _proved(subject: Subject, effort: Effort) -> list[Evidence]:
    return prove_with_time(subject.instance, list(subject.properties), subject.lemmas, effort)


def _looked_at_again(subject: Subject, found: list[Evidence], limits: Limits) -> list[Evidence]:
    """What the engines can say about each other's open ends."""
    instance, asked = subject.instance, {one.id: one for one in subject.properties}
    states = [one.unsettled for one in failed_inductions(found) if one.unsettled is not None]
    if states:
        from edgeproof.properties.engines.explore.engine import reached

        source = kernel_source([instance], subject.properties)
        found = say_reachable(found, reached(instance, source, states, limits))
    open_ones = [asked[name] for name in only_searched(found, asked)]
    sorts = instance.of_role("sort") if open_ones else {}
    lifted = [cutoffs_within(instance, open_ones, sort, int(size)) for sort, size in sorts.items()]
    return say_cutoffs(found, [one for group in lifted for one in group])


def _ledger(subject: Subject, found: list[Evidence], seed: int, started: float) -> Ledger:
    case, conclusions = subject.case, conclusions_of(subject.case, found)
    if any(one.property == LOCKSTEP for one in found):
        conclusions.append(coverage([case], {case.name: found}, [subject.instance]))
    return Ledger(tuple(conclusions), seed, time.perf_counter() - started, environment())
