# SPDX-License-Identifier: Apache-2.0
"""Tests in lockstep that fail, as a code host shows them: beside the user's test, with the action of the design."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from edgeproof.model.trace import Trace
from edgeproof.properties.engines.fuzz.run import LOCKSTEP
from edgeproof.properties.subject import Subject
from edgeproof.reports.errors import Unusable, one_line
from edgeproof.reports.faults import Fault, Place, action_place, place_of
from edgeproof.reports.files import check_directory, write_text
from edgeproof.reports.pytest_plugin.hooks import FAULT, carried
from edgeproof.reports.sarif import sarif_document
from edgeproof.reports.view import says

__all__ = ["SarifFile", "fault_of", "faults_in"]


def fault_of(
    node: pytest.Item,
    message: str,
    subject: Subject | None = None,
    trace: Trace | None = None,
    broken: Sequence[str] = (),
) -> Fault:
    """A test that fails: with what it breaks first, or as a failure of lockstep."""
    path, line, _ = node.location
    about = broken[0] if broken else LOCKSTEP
    own = {} if subject is None else {one.id: one.says for one in subject.properties}
    related = None if subject is None or trace is None else action_place(subject.instance.machine, trace)
    return Fault(
        about,
        own.get(about, says(about)),
        one_line(message),
        place_of(str(node.config.rootpath / path), (line or 0) + 1),
        f"{node.nodeid}/{about}",
        related=related,
        relation="" if trace is None or not trace.events else f"The run ends with {trace.events[-1]}.",
    )


def faults_in(documents: Iterable[Mapping[str, Any]]) -> list[Fault]:
    """What the reports of tests carry, as faults again."""
    return [_read(one) for one in documents]


def _read(said: Mapping[str, Any]) -> Fault:
    places = {name: said[name] and Place(**said[name]) for name in ("place", "related")}
    return Fault(**{**said, **places})


class SarifFile:
    """A plugin of one run of pytest: what failed is written when all is over."""

    def __init__(self, path: Path) -> None:
        try:
            check_directory(path.parent)
            write_text(path, sarif_document([]))
        except Unusable as error:
            raise pytest.UsageError(f"--edgeproof-sarif: {error}") from error
        self._path = path
        self._documents: list[Mapping[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called by pytest."""
        self._documents += carried(report, FAULT)

    def pytest_sessionfinish(self) -> None:
        """Called by pytest. The file is written where nothing failed as well, so that it never tells of another run."""
        write_text(self._path, sarif_document(faults_in(self._documents)))
