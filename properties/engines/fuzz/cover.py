# SPDX-License-Identifier: Apache-2.0
"""Did enough happen? An action or hazard that no run on the system ever performed was not tested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from attrs import frozen

from edgeproof.model.machine import Instance
from edgeproof.model.smt import possible_actions
from edgeproof.properties.cases import instance_of, with_room
from edgeproof.properties.evidence import Case, Conclusion, Evidence, Verdict, conclude

__all__ = ["EVERY_ACTION", "Least", "coverage"]

ENGINE = "cover"
EVERY_ACTION = "every-action-fires"
"""The id of the verdict on the runs themselves."""


@frozen
class Least:
    """What runs have to cover: a share of the actions, in percent, and so many different transitions of the model."""

    actions: float = 100.0
    transitions: int = 0


def coverage(
    cases: Sequence[Case],
    found: Mapping[str, Sequence[Evidence]],
    instances: Sequence[Instance] = (),
    least: Least = Least(),
) -> Conclusion:
    """Whether the fuzz runs over all `cases` of one design performed every action that the cases allow.

    `instances` are theirs, needed of a design of one's own.

    That is asked by default; `least` may ask for less, or for more. Where an exhaustive search ran as well, an action
    that it never met is impossible and not asked for; without one, an action is asked for if the model allowed it in
    some state of the runs, where these say so, and the verdict is UNKNOWN where one was never performed. Where all that
    was searched is what was driven, with no more room, it is also said how many transitions there are (`reachable`).
    """
    design, instances = cases[0].design, instances or [instance_of(case) for case in cases]
    allowed: set[str] = set()
    never: set[str] = set()
    searched_all = True
    performed: Counter[str] = Counter()
    steps = transitions = 0
    reachable: int | None = 0
    for case, instance in zip(cases, instances, strict=True):
        possible = {action.name for action in possible_actions(instance)}
        searched = [e for e in found[case.name] if e.engine == "explore" and e.exhaustive]
        searched_all = searched_all and bool(searched)
        if searched:
            possible &= {name for name, times in searched[0].fired.items() if times}
        reachable = _added(reachable, searched, with_room(instance) == instance)
        runs = [e for e in found[case.name] if e.engine == "fuzz" and e.property == "lockstep"]
        offered = {name for one in runs for name in one.offered}
        never |= possible - offered if offered and not searched else set()
        allowed |= possible & offered if offered and not searched else possible
        for one in runs:
            performed.update(one.fired)
            steps += int(one.measures.get("steps", 0))
            transitions += int(one.measures.get("transitions", 0))
    actions = [action.name for action in instances[0].machine.actions]
    missing = [name for name in actions if name in allowed and not performed[name]]
    done = len(allowed) - len(missing)
    short = [f"never performed on the system: {', '.join(missing)}"] if missing else []
    never -= allowed
    if never:
        short.append(f"possible in no state of the runs: {', '.join(sorted(never))}")
    enough = 100 * done >= least.actions * len(allowed)
    if transitions < least.transitions:
        enough = False
        short.append(f"{transitions:,} different transitions, and {least.transitions:,} are asked for")
    of = "" if reachable is None else f" of {reachable:,}"
    evidence = Evidence(
        EVERY_ACTION,
        ENGINE,
        _verdict(enough, searched_all),
        bound=f"{done} of {len(allowed)} actions and hazards, {transitions:,}{of} transitions in {steps:,} steps",
        measures={
            **{"actions": len(allowed), "performed": done, "transitions": transitions},
            **({} if reachable is None else {"reachable": reachable}),
        },
        reason="; ".join(short),
        fired={name: performed[name] for name in sorted(allowed)},
    )
    whole = cases[0] if len(cases) == 1 else Case(f"{design}-all-cases", design, {}, (EVERY_ACTION,))
    return conclude(whole, EVERY_ACTION, (evidence,))


def _added(reachable: int | None, searched: Sequence[Evidence], as_driven: bool) -> int | None:
    """With the transitions of one more case; None where those of some case are not known to be the ones driven."""
    if reachable is None or not (searched and as_driven and "transitions" in searched[0].measures):
        return None
    return reachable + int(searched[0].measures["transitions"])


def _verdict(enough: bool, searched_all: bool) -> Verdict:
    if enough:
        return Verdict.HOLDS_TO_BOUND
    return Verdict.VACUOUS if searched_all else Verdict.UNKNOWN
