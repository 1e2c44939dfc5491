# SPDX-License-Identifier: Apache-2.0
"""What a test in lockstep says: of a failure all that it takes to understand it, and of its runs what they covered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from typing import Any, Final, TypeAlias

from rich.console import Console

from edgeproof.model.trace import Trace
from edgeproof.properties.conforms import Conformance
from edgeproof.properties.engines.fuzz.run import LOCKSTEP
from edgeproof.properties.replay import truth_table
from edgeproof.properties.subject import Subject
from edgeproof.reports.changes import trace_steps
from edgeproof.reports.errors import counted
from edgeproof.reports.stepping import headline, steps_table

__all__ = ["Abstract", "coverage_document", "coverage_lines", "failure_text"]

Abstract: TypeAlias = tuple[int, int, str] | str | None
"""How many abstract transitions were driven, of how many, at which sizes; or why not; None if not asked."""

_WIDTH: Final = 120
_MARKS: Final = ("✓", "✗", "·")


def failure_text(
    why: str, subject: Subject, trace: Trace, broken: Sequence[str], kept: str, again: str, here: str
) -> str:
    """The first difference, the steps that lead to it as a table of changes, what it breaks, and how to see it again.

    `kept` is where the trace is, and `again` the command that replays it, both as typed in the folder `here`.
    """
    says = {one.id: one.says for one in subject.properties}
    breaks = [f"breaks {name}: {says.get(name, '')}".rstrip(": ") for name in broken]
    if not breaks:
        breaks = ["breaks no property that was asked, as far as it shows; it is not what the design does"]
    return "\n".join((why, "", _table(subject, trace), *breaks, f"trace: {kept}", f"again: {again}", f"in:    {here}"))


def _table(subject: Subject, trace: Trace) -> str:
    """The steps of a run, each with what it changes in the model."""
    machine = subject.instance.machine
    truth: Sequence[Mapping[str, bool | None]] = [{}] * len(trace.states)
    if trace.about not in ("", LOCKSTEP):
        about = [one for one in subject.properties if one.id == trace.about]
        truth = [{trace.about: row.get(trace.about)} for row in truth_table(trace, machine, about)]
    chosen = [f"{name}={value}" for name, value in subject.case.constants.items()]
    console = Console(file=StringIO(), width=_WIDTH, markup=False, highlight=False, emoji=False, no_color=True)
    console.print(headline(trace, chosen), soft_wrap=True)
    console.print(steps_table(trace, trace_steps(machine, trace, truth), _MARKS))
    file = console.file
    assert isinstance(file, StringIO)
    return file.getvalue()


def coverage_document(node: str, subject: Subject, found: Conformance, abstract: Abstract) -> dict[str, Any]:
    """What the runs of one test covered, as data."""
    came, faults = found.coverage, set(found.coverage.hazards)
    return {
        "test": node,
        "design": subject.instance.machine.name,
        "case": subject.case.name,
        "seed": found.ledger.seed,
        "runs": came.runs,
        "steps": came.steps,
        "actions": {name: times for name, times in came.performed.items() if name not in faults},
        "hazards": {name: times for name, times in came.performed.items() if name in faults},
        "impossible": list(came.impossible),
        "unmet": list(came.unmet),
        "compared": list(came.shown),
        "hidden": list(came.hidden),
        "decided": dict(came.decided),
        "open": dict(came.open),
        "transitions": came.transitions,
        "abstract": dict(zip(("driven", "of", "sizes"), abstract, strict=True))
        if isinstance(abstract, tuple)
        else abstract,
    }


def coverage_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """The same for people."""
    case = document["design"] + (f", {document['case']}" if document["case"] != document["design"] else "")
    yield f"{document['test']} ({case}, seed {document['seed']})"
    yield f"  {counted(document['runs'], 'run')}, {counted(document['steps'], 'step')}"
    for kind in ("actions", "hazards"):
        if document[kind]:
            yield f"  {kind:<12}{_performed(document[kind], document)}"
    yield f"  {'variables':<12}{_of(document['compared'], document['hidden'])} compared" + _named(
        "not shown", document["hidden"]
    )
    yield f"  {'properties':<12}{_of(document['decided'], document['open'])} decided"
    for why in dict.fromkeys(document["open"].values()):
        yield f"    {', '.join(name for name, one in document['open'].items() if one == why)}: {why}"
    yield f"  {'transitions':<12}{document['transitions']:,} different ones{_abstract(document['abstract'])}"


def _performed(times: Mapping[str, int], document: Mapping[str, Any]) -> str:
    never = [name for name, often in times.items() if not often]
    impossible = [name for name in never if name in document["impossible"]]
    unmet = [name for name in never if name in document["unmet"]]
    rest = [name for name in never if name not in impossible and name not in unmet]
    said = f"{len(times) - len(never)} of {len(times) - len(unmet)} performed"
    said += _named("the system cannot", impossible) + _named("possible in no state of the runs", unmet)
    return said + _named("not come to", rest)


def _of(done: Sequence[str] | Mapping[str, Any], left: Sequence[str] | Mapping[str, Any]) -> str:
    return f"{len(done)} of {len(done) + len(left)}"


def _named(what: str, names: Sequence[str]) -> str:
    return f"; {what}: {', '.join(names)}" if names else ""


def _abstract(abstract: Mapping[str, Any] | str | None) -> str:
    if abstract is None:
        return ""
    if isinstance(abstract, str):
        return f"; how many abstract ones there are is not known: {abstract}"
    share = round(100 * abstract["driven"] / abstract["of"])
    return f"; {abstract['driven']:,} of {abstract['of']:,} abstract ones ({share} %) at {abstract['sizes']}"
