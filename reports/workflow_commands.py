# SPDX-License-Identifier: Apache-2.0
"""What is not as expected as workflow commands, which GitHub Actions shows beside the code.

The form: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from edgeproof.reports.errors import one_line
from edgeproof.reports.faults import Fault, Place

__all__ = ["wants_workflow_commands", "workflow_commands"]

_ESCAPES: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_ESCAPES_OF_FIELDS: Final = _ESCAPES | str.maketrans({":": "%3A", ",": "%2C"})


def wants_workflow_commands(environment: Mapping[str, str]) -> bool:
    """Whether the run is one of GitHub Actions, by the environment that it sets."""
    return environment.get("GITHUB_ACTIONS") == "true"


def workflow_commands(found: Iterable[Fault]) -> Iterator[str]:
    """A line each."""
    for fault in found:
        kind = "warning" if fault.undecided else "error"
        title = one_line(fault.property).translate(_ESCAPES_OF_FIELDS)
        message = one_line(fault.message).translate(_ESCAPES)
        yield f"::{kind} {_where(fault.place)}title={title}::{message}"


def _where(place: Place | None) -> str:
    return "" if place is None else f"file={place.uri.translate(_ESCAPES_OF_FIELDS)},line={place.line},"
