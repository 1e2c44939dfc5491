# SPDX-License-Identifier: Apache-2.0
"""A run as a picture of its own: an SVG file, light or dark as whoever looks at it likes."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from edgeproof.model.machine import Instance
from edgeproof.model.trace import Trace
from edgeproof.reports.changes import TraceStep, settling
from edgeproof.reports.errors import counted
from edgeproof.reports.html.page import drawn, style_of
from edgeproof.reports.html.spacetime import diagram_of

__all__ = ["run_picture"]


def run_picture(instance: Instance, trace: Trace, steps: Sequence[TraceStep]) -> str:
    """The file. What the run is about is marked where it breaks."""
    false = (one.number for one in steps if one.truth.get(trace.about) is False and trace.about not in settling())
    diagram = diagram_of(instance, trace, steps, next(false, None))
    what = f"{trace.about}: " if trace.about else ""
    title = f"{what}{counted(len(trace.events), 'step')} of {trace.design}"
    return drawn("run.svg", diagram=diagram, title=title, style=Markup(style_of("palette", "run"))).strip() + "\n"
