# SPDX-License-Identifier: Apache-2.0
"""A trace as a regression test of somebody's own system: it fails while the system does what the trace shows."""

from __future__ import annotations

from typing import Final

from edgeproof.model.trace import Trace
from edgeproof.properties.engines.fuzz.run import LOCKSTEP
from edgeproof.properties.own import Own
from edgeproof.reports.errors import counted, one_line
from edgeproof.reports.regression import literal, name_of_test, steps_of
from edgeproof.reports.view import says

__all__ = ["own_regression_test"]

_TEMPLATE: Final = '''\
"""{title}

{what}

{steps}

Written by `edgeproof replay TRACE --on {on} --pytest FILE`, which saw it fail; the trace below is data.
"""

from __future__ import annotations

{imports}

TRACE = (
{trace}
)


def test_{name}() -> None:
    outcome = replay({arguments})
    assert not outcome.undecided, outcome.undecided
    {claim}
'''


def own_regression_test(trace: Trace, on: str, own: Own | None) -> str:
    """The text of the test; `on` is `pkg.mod:Class`, and `own` the design, where it is none of ours.

    What comes from the trace enters the file only as string literals and as names of a design.
    """
    module, _, system = on.partition(":")
    imports = ["from edgeproof import load_trace, replay", f"from {module} import {system}"]
    arguments = ["load_trace(TRACE)", f"on={system}"]
    if own is not None:
        asked = [name for name, one in own.properties.items() if one.id == trace.about]
        imports.append(f"from {own.design.__module__} import {', '.join([own.name, *asked])}")
        arguments += [f"design={own.name}", *(f"properties=[{name}]" for name in asked)]
    steps = counted(len(trace.events), "step")
    if trace.about in ("", LOCKSTEP):
        title = f"{system} does otherwise than {trace.design} does, within {steps}."
        what = "It fails until the system does along this run what the design does."
        claim = "assert not outcome.mismatch, outcome.mismatch"
    else:
        title = f"{system} breaks {trace.about} in {steps}."
        what = f"{says(trace.about)} It fails until the system no longer breaks that by this run."
        claim = f'assert not outcome.confirmed, "{trace.about} is broken"'
    return _TEMPLATE.format(
        title=one_line(title),
        what=what,
        steps=steps_of(trace),
        on=on,
        imports="\n".join(imports),
        trace=literal(trace),
        name=name_of_test(trace, on),
        arguments=", ".join(arguments),
        claim=claim,
    )
