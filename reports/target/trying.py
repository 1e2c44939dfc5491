# SPDX-License-Identifier: Apache-2.0
"""What `edgeproof target check` does: each line of the file is tried once, and what was seen is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from attrs import frozen

from edgeproof.impl.target.client import OverspentError
from edgeproof.impl.target.driver import Driver, EndedError, TargetError
from edgeproof.impl.target.order import acknowledged
from edgeproof.impl.target.programs import Program, Step
from edgeproof.impl.target.routes import Target, Versions
from edgeproof.impl.target.runs import Run
from edgeproof.reports.errors import Unusable, one_line
from edgeproof.reports.target.curl import requests_of
from edgeproof.reports.target.file import Described
from edgeproof.reports.target.judging import ASKED, lacking

__all__ = ["Tried", "try_once"]


@frozen
class Tried:
    """The requests that were made with what they were answered, what is wrong, and what can and cannot be judged."""

    requests: tuple[str, ...]
    wrong: tuple[str, ...]
    judged: tuple[str, ...]
    beyond: dict[str, str]


def try_once(described: Described) -> Tried:
    """Make one change, read it in every way, send it again, and base another one on a version that is old.

    Raises Unusable where the deployment cannot be asked at all.
    """
    target = described.target
    driver = Driver(target, described.bearer, "edgeproof-check")
    try:
        run = driver.take(_program(target), neighbour=False)
    except (TargetError, EndedError, OverspentError) as error:
        raise Unusable(one_line(error)) from error
    beyond = {name: what for name in ASKED if (what := lacking(target, described.promise, name))}
    wrong = (*map(one_line, driver.complaints), *_surprises(target, run))
    judged = tuple(name for name in ASKED if name not in beyond)
    return Tried(tuple(requests_of(run)), wrong, judged, beyond)


def _program(target: Target) -> Program:
    again = (Step("again"),) if target.has_keys else ()
    based = tuple(Step("write", value=base, base=base) for base in ("old", "current")) if target.can_expect else ()
    reads = tuple(Step("read", at=name) for name in target.reads)
    return (Step("write", value="one"), *again, Step("write", value="two"), *based, *reads)


def _out_of_order(versions: Versions, made: Sequence[int]) -> Iterator[str]:
    """What is odd about the numbers of writes, in the order in which they were made."""
    for before, after in pairwise(made):
        if after <= before:
            yield f'versions do not go up ({before}, {after}): versions = "opaque", perhaps'
            return
        if versions is Versions.COUNTING and after != before + 1:
            yield f'versions do not go up by one ({before}, {after}): versions = "increasing", perhaps'
            return


def _surprises(target: Target, run: Run) -> Iterator[str]:
    writes = [one for one in run.happened if one.kind == "write"]
    if not acknowledged(writes):
        yield f"no change was made: {writes[0].asked} {writes[0].heard.note or writes[0].heard.complaint}"
        return
    first = [one.heard.version for one in writes if one.number == writes[0].number]
    if len(set(first)) > 1:
        yield f"a write that is sent again makes another version ({first[1]} after {first[0]}): is {{key}} right?"
    for one in writes:
        base, outcome = run.program[one.step].base, one.heard.outcome
        if (base, outcome) == ("old", "ok"):
            yield "a write that is based on an old version is accepted: is {expected} right?"
        if (base, outcome) == ("current", "fail"):
            yield f"a write that is based on the current version is refused ({one.heard.note}): is {{expected}} right?"
    if target.numbered:
        made = {one.number: int(one.heard.version or 0) for one in acknowledged(writes)}
        yield from _out_of_order(target.versions, [*made.values()])
    told = [one for one in run.happened if one.at == "strong"]
    if told and told[-1].heard.version != acknowledged(writes)[-1].heard.version:
        yield f"the store does not show the last version that was made: {told[-1].heard.version}"
