# SPDX-License-Identifier: Apache-2.0
"""A trace that ends in a power cut as a regression test of a store: it fails while one there leaves it wrong."""

from __future__ import annotations

from typing import Final

from edgeproof.model.trace import Trace
from edgeproof.properties.own import Own
from edgeproof.reports.errors import counted, one_line
from edgeproof.reports.regression import literal, name_of_test, steps_of

__all__ = ["power_cut_test"]

_TEMPLATE: Final = '''\
"""{title}

{steps}
    then the power goes

It fails while a power cut anywhere in the last step leaves the store wrong.

Written by `edgeproof replay TRACE --on {on} --pytest FILE`, which saw it fail; the trace below is data.
"""

from __future__ import annotations

{imports}

TRACE = (
{trace}
)


def test_{name}() -> None:
    wrong = wrong_after_a_power_cut({arguments})
    assert not wrong, wrong
'''


def power_cut_test(trace: Trace, on: str, own: Own | None) -> str:
    """The text of the test; `on` is what makes the store as `pkg.mod:make`, and `own` the design, where it is none of
    ours.

    What comes from the trace enters the file only as string literals and as names of a design.
    """
    module, _, store = on.partition(":")
    imports = [
        "from edgeproof import load_trace",
        "from edgeproof.properties.engines.crash.again import wrong_after_a_power_cut",
        f"from {module} import {store}",
    ]
    arguments = ["load_trace(TRACE)", store]
    if own is not None:
        imports.append(f"from {own.design.__module__} import {own.name}")
        arguments.append(own.name)
    return _TEMPLATE.format(
        title=one_line(f"A power cut leaves the store of {on} wrong, in {counted(len(trace.events), 'step')}."),
        steps=steps_of(trace) or "    nothing is done but start the store",
        on=on,
        imports="\n".join(imports),
        trace=literal(trace),
        name=name_of_test(trace, on),
        arguments=", ".join(arguments),
    )
