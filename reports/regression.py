# SPDX-License-Identifier: Apache-2.0
"""A trace as a regression test: one file for pytest that holds the trace and imports only edgeproof's modules."""

from __future__ import annotations

import json
import re
from typing import Final

from edgeproof.model.trace import Trace, dump_trace
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.timelock import TIME_DIVERGES
from edgeproof.reports.errors import counted, one_line
from edgeproof.reports.view import says

__all__ = ["claims", "regression_test"]

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
    """Whether the trace is a witness against a property of the catalogue, or against the passing of time."""
    return trace.about in (TIME_DIVERGES, *CATALOGUE)


def regression_test(trace: Trace, on: str) -> str:
    """The text of the test. `on` is `model` or a system's name.

    What comes from the trace enters the file only as string literals and as names from our own catalogues, so that no
    trace can bring code along.
    """
    imports, call = _ON_MODEL if on == MODEL else (_ON_SYSTEM[0], _ON_SYSTEM[1].format(system=on))
    text = json.dumps(json.loads(dump_trace(trace)))
    steps = counted(len(trace.events), "step")
    where = "the model" if on == MODEL else f"the {on} system"
    if claims(trace):
        title = f"{trace.about}, broken in {steps} of {trace.design} on {where}."
        what = f"The property: {says(trace.about)}\n"
        what += "The test fails once the trace no longer happens, or no longer breaks it.\n"
        claim = f'    assert replay.confirmed is True, "the trace no longer breaks {trace.about}"\n'
    else:
        title = f"{steps} of {trace.design} on {where}."
        what, claim = "The test fails once the trace no longer happens.\n", ""
    return _TEMPLATE.format(
        title=one_line(title),
        what=what,
        steps="\n".join(f"    {number}. {event}" for number, event in enumerate(trace.events, start=1)),
        imports=imports,
        trace="\n".join(f"    {text[at : at + WIDTH]!r}" for at in range(0, len(text), WIDTH)),
        name=re.sub(r"[^a-z0-9]+", "_", f"{trace.about or 'run'} of {trace.design} on {on}".lower()).strip("_"),
        call=call,
        claim=claim,
    )
