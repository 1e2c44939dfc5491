# SPDX-License-Identifier: Apache-2.0
"""Did everything happen? An action or hazard that no run on the system ever performed was not tested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from edgeproof.model.machine import Instance
from edgeproof.properties.cases import instance_of
from edgeproof.properties.engines.prove.induct import possible_actions
from edgeproof.properties.evidence import Case, Conclusion, Evidence, Verdict, conclude

__all__ = ["EVERY_ACTION", "coverage"]

ENGINE = "cover"
EVERY_ACTION = "every-action-fires"
"""The id of the verdict on the runs themselves."""


def coverage(
    cases: Sequence[Case], found: Mapping[str, Sequence[Evidence]], instances: Sequence[Instance] = ()
) -> Conclusion:
    """Whether the fuzz runs over all `cases` of one design performed every action that the cases allow.

    `instances` are theirs, needed of a design of one's own.

    Where an exhaustive search ran as well, an action that it never met is impossible and not asked for; without one, an
    action that was never performed may be impossible, and the verdict is UNKNOWN.
    """
    design, instances = cases[0].design, instances or [instance_of(case) for case in cases]
    allowed: set[str] = set()
    searched_all = True
    performed: Counter[str] = Counter()
    steps = 0
    for case, instance in zip(cases, instances, strict=True):
        possible = {action.name for action in possible_actions(instance)}
        searched = [e for e in found[case.name] if e.engine == "explore" and e.exhaustive]
        searched_all = searched_all and bool(searched)
        if searched:
            possible &= {name for name, times in searched[0].fired.items() if times}
        allowed |= possible
        for one in (e for e in found[case.name] if e.engine == "fuzz" and e.property == "lockstep"):
            performed.update(one.fired)
            steps += int(one.measures.get("steps", 0))
    actions = [action.name for action in instances[0].machine.actions]
    missing = [name for name in actions if name in allowed and not performed[name]]
    evidence = Evidence(
        EVERY_ACTION,
        ENGINE,
        _verdict(missing, searched_all),
        bound=f"{len(allowed)} actions and hazards in {steps:,} steps",
        measures={"actions": len(allowed), "performed": len(allowed) - len(missing)},
        reason=f"never performed on the system: {', '.join(missing)}" if missing else "",
        fired={name: performed[name] for name in sorted(allowed)},
    )
    whole = cases[0] if len(cases) == 1 else Case(f"{design}-all-cases", design, {}, (EVERY_ACTION,))
    return conclude(whole, EVERY_ACTION, (evidence,))


def _verdict(missing: Sequence[str], searched_all: bool) -> Verdict:
    if not missing:
        return Verdict.HOLDS_TO_BOUND
    return Verdict.VACUOUS if searched_all else Verdict.UNKNOWN
