# SPDX-License-Identifier: Apache-2.0
"""The output folder of a run: `report.html`, `report.md`, `cases.md`, `report.json`, `junit.xml`, `report.sarif`, and a
trace file per witness under `traces/`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from edgeproof.model.trace import dump_trace
from edgeproof.properties.extras import installed
from edgeproof.reports.cases import cases_document
from edgeproof.reports.difference import Change, differences
from edgeproof.reports.faults import faults
from edgeproof.reports.files import remove_file, write_text
from edgeproof.reports.folders import point_latest
from edgeproof.reports.junit import junit_document
from edgeproof.reports.markdown import markdown_document
from edgeproof.reports.report import report_document
from edgeproof.reports.reported import Reported, as_reported
from edgeproof.reports.sarif import sarif_document
from edgeproof.reports.view import View

__all__ = ["write_bundle", "write_files"]


def write_bundle(view: View, base: Reported | None = None) -> list[str]:
    """Write everything, and remove the traces that an earlier run left; returns the paths of what was written.

    The summary says what is other than in a `base` report. Raises Unusable where the folder cannot be written to.
    """
    document = report_document(view)
    report = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    changes = None if base is None else differences(base, as_reported(document))
    documents = {
        **_page(view, changes),
        "report.md": markdown_document(view, changes),
        "cases.md": cases_document(view),
        "report.json": report,
        "junit.xml": junit_document(view),
        "report.sarif": sarif_document(faults(view)),
    }
    written = write_files(view, documents)
    point_latest(view.out)
    return written


def _page(view: View, changes: Sequence[Change] | None) -> dict[str, str]:
    """`report.html`, where what makes it is installed."""
    if not installed("report"):
        return {}
    from edgeproof.reports.html.verified import verified_page
    from edgeproof.reports.html.writing import PAGE

    return {PAGE: verified_page(view, changes)}


def write_files(view: View, documents: Mapping[str, str]) -> list[str]:
    """Write a view's traces and then the documents, each file whole, and remove the traces of an earlier run."""
    texts = {
        name: dump_trace(finding.evidence.witness)
        for name, finding in view.traces().items()
        if finding.evidence.witness
    }
    texts |= {name: dump_trace(trace) for name, trace in view.shown().items()}
    texts |= documents
    out = Path(view.out)
    for stale in sorted((out / "traces").glob("*.*.*.itf.json")):
        if f"traces/{stale.name}" not in texts:
            remove_file(stale)
    for name, text in texts.items():
        write_text(out / name, text)
    return [view.path(name) for name in texts]
