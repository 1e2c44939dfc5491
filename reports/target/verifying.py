# SPDX-License-Identifier: Apache-2.0
"""What `verify --target FILE` does: drive the deployment, judge what shows, and make short what is broken."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Final

from attrs import evolve, frozen

from edgeproof.impl.target.driver import Driver, TargetError
from edgeproof.impl.target.events import Recorded, recorded
from edgeproof.impl.target.programs import Budget, programs
from edgeproof.impl.target.session import Session, drive, write_history
from edgeproof.properties.evidence import Case, Evidence, Ledger, Verdict, conclude
from edgeproof.properties.pattern import PATTERN
from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.promise import Promise
from edgeproof.reports.errors import Unusable, counted, one_line
from edgeproof.reports.files import remove_file, write_text
from edgeproof.reports.target.curl import curl_script
from edgeproof.reports.target.file import Described
from edgeproof.reports.target.judging import ASKED, ENGINE, judged, unjudged
from edgeproof.reports.target.replaying import regression_test
from edgeproof.reports.target.rows import ANSWERS
from edgeproof.reports.target.shortening import Breach, breaches

__all__ = ["BUDGETS", "Verified", "verify_target", "write_breaches"]

BUDGETS: Final = {"quick": Budget(20, 12), "full": Budget(100, 20, patience=120.0)}
"""By profile."""

_SHOWN: Final = 3


@frozen
class Verified:
    """What was found, and what was broken as short runs; `requests` is how many were made."""

    ledger: Ledger
    made: tuple[Recorded, ...]
    breaches: tuple[Breach, ...]
    requests: int


def verify_target(
    described: Described,
    budget: Budget,
    names: Sequence[str],
    faults: bool,
    notify: Callable[[int, int], None],
) -> Verified:
    """Judge a deployment for the named properties, for all that can be asked of one without names.

    Raises Unusable where it cannot be driven at all.
    """
    started, target, promise = time.perf_counter(), described.target, described.promise
    driver = Driver(target, described.bearer, f"edgeproof-{budget.seed}")
    try:
        session = drive(driver, programs(target, budget, described.bound, faults), notify)
    except TargetError as error:
        raise Unusable(one_line(error)) from error
    made = [recorded(target, run) for run in session.runs]
    wanted = names or ASKED
    beyond = {one.property: one for one in unjudged(target, promise, wanted)}
    found = judged(target, promise, session.runs, made, [one for one in wanted if one not in beyond], budget.seed)
    of_unit = {name: run for run in session.runs for name in (run.name, run.neighbour_name)}
    anomalies = _anomalies(promise)
    broken = {name: of_unit[units[0]] for name, units in found.broken_in.items() if units and name not in anomalies}
    by_name = {one.property: one for one in found.evidence} | beyond
    evidence = [_answers(session, driver, budget.seed), *(by_name[name] for name in wanted)]
    ledger = _ledger(described, evidence, budget.seed)
    short = breaches(driver, promise, broken)
    return Verified(
        evolve(ledger, seconds=time.perf_counter() - started), tuple(made), tuple(short), driver.client.made
    )


def write_breaches(verified: Verified, described: Described, hosts: Collection[str], out: Path) -> list[str]:
    """Write the history and, of each breach, the script and the test; returns the paths. Raises Unusable.

    A test is only written of what was seen to happen again.
    """
    folder = out / "target"
    for stale in sorted(folder.glob("breach-*")):
        remove_file(stale)
    folder.mkdir(parents=True, exist_ok=True)
    write_history([event for run in verified.made for event in run.events], folder / "history.jsonl")
    written = [folder / "history.jsonl"]
    for number, breach in enumerate(verified.breaches, start=1):
        requests = counted(len(breach.run.in_order), "request")
        title = f"{', '.join(breach.reasons)}: {requests} to {described.target.base}"
        title += "" if breach.again else "; seen once, and not again when the same was done"
        script = folder / f"breach-{number}.sh"
        bearer = described.bearer_file if described.bearer else None
        write_text(script, curl_script(title, breach.run, list(breach.reasons.values()), bearer))
        written.append(script)
        if breach.again:
            test = folder / f"breach-{number}_test.py"
            write_text(test, regression_test(breach, described.path, hosts))
            written.append(test)
    return [str(path) for path in written]


def _answers(session: Session, driver: Driver, seed: int) -> Evidence:
    """The verdict on the answers: UNKNOWN where some were none that the file says there are."""
    complaints = list(dict.fromkeys(map(one_line, driver.complaints)))
    shown = "; ".join(complaints[:_SHOWN]) + ("; …" if len(complaints) > _SHOWN else "")
    reason = "; ".join(part for part in (session.ended and f"the runs ended early: {session.ended}", shown) if part)
    verdict = Verdict.UNKNOWN if reason else Verdict.HOLDS_TO_BOUND
    bound = f"{counted(driver.client.made, 'request')} of {counted(len(session.runs), 'run')}"
    if session.left_out:
        bound += f"; {counted(session.left_out, 'run')} left out, as answers are slow: see answers in [limits]"
    return Evidence(ANSWERS, ENGINE, verdict, bound, reason=one_line(reason), seed=seed)


def _anomalies(promise: Promise) -> list[str]:
    """The properties that nobody promised: they may hold or not."""
    return [name for name in ASKED if name in CHECKS and not CHECKS[name].promised(promise)]


def _ledger(described: Described, found: Sequence[Evidence], seed: int) -> Ledger:
    anomalies = _anomalies(described.promise)
    either = {one.property: one.verdict for one in found if one.property in anomalies and not one.by_runs}
    bound = {} if described.bound is None else {"bound": f"{described.bound:g} s"}
    reader: dict[str, int | str | bool] = {"reader": "guarded"} if described.promise.guarded else {}
    case = Case("target", PATTERN, {**reader, **bound}, tuple(one.property for one in found), either)
    return Ledger(tuple(conclude(case, one.property, (one,)) for one in found), seed, 0.0)
