# SPDX-License-Identifier: Apache-2.0
"""A trace as a regression test: one file for pytest that holds the trace and imports only edgeproof's modules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from attrs import evolve

from edgeproof.model.machine import Instance, Variable
from edgeproof.model.trace import Trace, TraceError, dump_trace
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.possible import fact_called
from edgeproof.properties.timelock import TIME_DIVERGES
from edgeproof.reports.errors import counted, one_line
from edgeproof.reports.view import says

__all__ = ["claims", "fails", "literal", "name_of_test", "regression_test", "spoilt", "steps_of"]

MODEL: Final = "model"
WIDTH: Final = 100

_TEMPLATE: Final = '''\
"""{title}

{what}
{steps}

Written by `edgeproof replay TRACE --pytest FILE`; the trace below is data and replays with `edgeproof replay`, too.
"""

from __future__ import annotations

from edgeproof.model.trace import load_trace
{imports}

TRACE = (
{trace}
)


def test_{name}() -> None:
    {call}
    assert not replay.mismatch, replay.mismatch
    assert replay.completed, "the trace cannot be followed to its end"
{claim}'''

_ON_MODEL: Final = (
    "from edgeproof.properties.replay import replay_on_model",
    "replay = replay_on_model(load_trace(TRACE))",
)
_ON_SYSTEM: Final = (
    "from edgeproof.properties.replay import replay_on\nfrom edgeproof.reports.systems import system_named",
    """system = system_named({system!r})()
    try:
        replay = replay_on(load_trace(TRACE), system)
    finally:
        system.close()""",
)


def claims(trace: Trace) -> bool:
    """Whether the trace is a witness against a property of the catalogue or the passing of time, or of a fact."""
    return trace.about in (TIME_DIVERGES, *CATALOGUE) or fact_called(trace.design, trace.about) is not None


def regression_test(trace: Trace, on: str) -> str:
    """The text of the test. `on` is `model` or a system's name.

    What comes from the trace enters the file only as string literals and as names from our own catalogues, so that no
    trace can bring code along.
    """
    imports, call = _ON_MODEL if on == MODEL else (_ON_SYSTEM[0], _ON_SYSTEM[1].format(system=on))
    steps = counted(len(trace.events), "step")
    where = "the model" if on == MODEL else f"the {on} system"
    if claims(trace):
        fact = fact_called(trace.design, trace.about)
        broken, breaks = ("broken", "breaks") if fact is None else ("shown", "shows")
        title = f"{trace.about}, {broken} in {steps} of {trace.design} on {where}."
        what = f"The property: {says(trace.about)}\n" if fact is None else f"What is possible: {fact.says}\n"
        what += f"The test fails once the trace no longer happens, or no longer {breaks} it.\n"
        claim = f'    assert replay.confirmed is True, "the trace no longer {breaks} {trace.about}"\n'
    else:
        title = f"{steps} of {trace.design} on {where}."
        what, claim = "The test fails once the trace no longer happens.\n", ""
    return _TEMPLATE.format(
        title=one_line(title),
        what=what,
        steps=steps_of(trace),
        imports=imports,
        trace=literal(trace),
        name=name_of_test(trace, on),
        call=call,
        claim=claim,
    )


def steps_of(trace: Trace) -> str:
    """The events of a trace, a line each, as they stand in a docstring."""
    return "\n".join(f"    {number}. {event}" for number, event in enumerate(trace.events, start=1))


def literal(trace: Trace) -> str:
    """A trace as string literals, some lines of them."""
    text = json.dumps(json.loads(dump_trace(trace)))
    return "\n".join(f"    {text[at : at + WIDTH]!r}" for at in range(0, len(text), WIDTH))


def name_of_test(trace: Trace, on: str) -> str:
    """What the test is called, after `test_`."""
    return re.sub(r"[^a-z0-9]+", "_", f"{trace.about or 'run'} of {trace.design} on {on}".lower()).strip("_")


def fails(text: str, trace: Trace | None = None) -> bool:
    """Whether a generated test fails when it is run now; with `trace` instead of its own one, if given.

    Raises whatever else goes wrong in it, such as an import that does not work.
    """
    names: dict[str, Any] = {"__name__": "generated"}
    exec(compile(text, "<generated test>", "exec"), names)
    if trace is not None:
        names["TRACE"] = dump_trace(trace)
    (test,) = (one for name, one in names.items() if name.startswith("test_"))
    try:
        test()
    except (AssertionError, TraceError):
        return True
    return False


def spoilt(instance: Instance, trace: Trace) -> Iterator[Trace]:
    """The same trace with another last state, by one variable each: a test of it has to fail."""
    last = trace.states[-1]
    for name, variable in instance.machine.variables.items():
        other = _another(instance, variable, last[name])
        if other is not None:
            yield evolve(trace, states=(*trace.states[:-1], {**last, name: other}))


def _another(instance: Instance, variable: Variable, value: Any) -> Any:
    """Another value of a variable, None for a clock and where there is no other one."""
    if variable.type.kind == "time":
        return None
    if isinstance(value, tuple):
        first = _another(instance, variable, value[0]) if value else None
        return None if first is None else (first, *value[1:])
    return next((one for one in instance.domain(variable.type, variable.limit) if one != value), None)
