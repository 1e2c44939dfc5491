# SPDX-License-Identifier: Apache-2.0
"""`report.json`: everything a run found, in the shape that `report.schema.json` describes."""

from __future__ import annotations

from collections import Counter
from importlib.metadata import version
from math import isfinite
from typing import Any, Final

from edgeproof.properties.evidence import Status, Verdict
from edgeproof.reports.view import MEANING, Finding, Row, Sheet, View, says

__all__ = ["REPORT_VERSION", "report_document"]

REPORT_VERSION: Final = 1


def report_document(view: View) -> dict[str, Any]:
    """The document; the same view gives the same document."""
    ledger = view.ledger
    verdicts = Counter(conclusion.verdict for conclusion in ledger.conclusions)
    statuses = Counter(conclusion.status for conclusion in ledger.conclusions)
    return {
        "format": "edgeproof-report",
        "version": REPORT_VERSION,
        "edgeproof": version("edgeproof"),
        "exit_status": ledger.exit_status,
        "meaning": MEANING[ledger.exit_status],
        "seed": ledger.seed,
        "seconds": _seconds(ledger.seconds),
        "environment": dict(ledger.environment),
        "summary": {
            "cases": len(view.sheets),
            "properties": len(ledger.conclusions),
            "verdicts": {str(verdict): verdicts[verdict] for verdict in Verdict},
            "statuses": {str(status): statuses[status] for status in Status},
        },
        "cases": [_case(view, sheet) for sheet in view.sheets],
    }


def _case(view: View, sheet: Sheet) -> dict[str, Any]:
    case = sheet.case
    return {
        "name": case.name,
        "design": case.design,
        "constants": dict(case.constants),
        "because": case.because,
        "exit_status": sheet.exit_status,
        "properties": [_row(view, row) for row in sheet.rows],
    }


def _row(view: View, row: Row) -> dict[str, Any]:
    conclusion = row.conclusion
    expected = conclusion.case.expected.get(conclusion.property)
    trace = None if row.shortest is None else row.shortest.trace
    return {
        "id": conclusion.property,
        "says": says(conclusion.property),
        "expected": None if expected is None else str(expected),
        "verdict": str(conclusion.verdict),
        "status": str(conclusion.status),
        "reason": conclusion.reason,
        "trace": trace,
        "replay": None if trace is None else view.replay(trace),
        "evidence": [_finding(finding) for finding in row.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    evidence = finding.evidence
    return {
        "engine": evidence.engine,
        "verdict": str(evidence.verdict),
        "bound": evidence.bound,
        "exhaustive": evidence.exhaustive,
        "assumptions": list(evidence.assumptions),
        "seed": evidence.seed,
        "seconds": _seconds(evidence.seconds),
        "measures": {name: _measure(value) for name, value in evidence.measures.items()},
        "reason": evidence.reason,
        "trace": finding.trace,
        "steps": None if evidence.witness is None else len(evidence.witness.events),
    }


def _measure(value: int | float | str) -> int | float | str:
    """JSON has no infinities."""
    return str(value) if isinstance(value, float) and not isfinite(value) else value


def _seconds(value: float) -> float:
    return round(float(value), 6)
