# SPDX-License-Identifier: Apache-2.0
"""A comparison as one JSON document."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from attrs import asdict

from edgeproof.properties.comparison import Answer, Entry
from edgeproof.properties.evidence import Conclusion
from edgeproof.reports.comparison.costs import cost_document
from edgeproof.reports.comparison.page import Page
from edgeproof.reports.view import MEANING

__all__ = ["page_document"]


def page_document(page: Page) -> dict[str, Any]:
    """The document; the same page gives the same document."""
    comparison = page.comparison
    return {
        "format": "edgeproof-comparison",
        "version": 1,
        "edgeproof": version("edgeproof"),
        "exit_status": comparison.exit_status,
        "meaning": MEANING[comparison.exit_status],
        "seed": comparison.ledger.seed,
        "seconds": round(comparison.ledger.seconds, 3),
        "parameters": asdict(page.parameters),
        "costs": {cost.design: cost_document(cost) for cost in comparison.costs},
        "answers": [_answer(page, one) for one in comparison.answers],
        "cases": [_entry(page, one) for one in comparison.entries],
        "variations": [_entry(page, one) for one in comparison.variations],
    }


def _answer(page: Page, answer: Answer) -> dict[str, Any]:
    return {
        "question": answer.question,
        "text": answer.text,
        "costs": page.costs_of(answer) or None,
        "against": [{"case": c.case.name, "property": c.property, "trace": page.trace(c)} for c in answer.against],
        "instead": [{"case": c.case.name, "property": c.property} for c in answer.instead],
    }


def _entry(page: Page, entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.case.name,
        "design": entry.case.design,
        "constants": dict(entry.case.constants),
        "because": entry.case.because,
        "level": entry.level,
        "strongest": list(entry.strongest),
        "levels": {
            one.level.name: {"verdict": str(one.verdict), "because": list(one.because)} for one in entry.standings
        },
        "properties": {c.property: _conclusion(page, c) for c in entry.conclusions},
    }


def _conclusion(page: Page, one: Conclusion) -> dict[str, Any]:
    expected = one.case.expected.get(one.property)
    return {
        "verdict": str(one.verdict),
        "expected": None if expected is None else str(expected),
        "status": str(one.status) if one.case.because else None,
        "steps": None if one.witness is None else len(one.witness.events),
        "trace": page.trace(one),
        "reason": one.reason,
    }
