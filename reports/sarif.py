# SPDX-License-Identifier: Apache-2.0
"""`report.sarif`: what is not as expected, as a code host shows it beside the line of the design that it happens in.

The format is SARIF 2.1.0 (OASIS Standard, https://docs.oasis-open.org/sarif/sarif/v2.1.0/).
"""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any, Final

from edgeproof.reports.faults import Fault, faults
from edgeproof.reports.view import View, says

__all__ = ["sarif_document"]

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif_document(view: View) -> str:
    """The text."""
    found = faults(view)
    rules = [*dict.fromkeys(fault.row.conclusion.property for fault in found)]
    driver = {
        "name": "edgeproof",
        "version": version("edgeproof"),
        "rules": [{"id": rule, "shortDescription": {"text": says(rule) or rule}} for rule in rules],
    }
    results = [_result(fault, rules) for fault in found]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _result(fault: Fault, rules: list[str]) -> dict[str, Any]:
    conclusion = fault.row.conclusion
    physical = {"artifactLocation": {"uri": fault.uri}, "region": {"startLine": fault.line}}
    return {
        "ruleId": conclusion.property,
        "ruleIndex": rules.index(conclusion.property),
        "level": "warning" if fault.undecided else "error",
        "message": {"text": fault.message},
        "locations": [{"physicalLocation": physical}],
        # What stays the same from run to run, so that a code host can tell what is new.
        "partialFingerprints": {
            "edgeproof/v1": f"{conclusion.case.design}/{conclusion.case.name}/{conclusion.property}"
        },
    }
