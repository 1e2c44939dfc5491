# SPDX-License-Identifier: Apache-2.0
"""`report.sarif`: what is not as expected, as a code host shows it beside the line that it happens in.

The format is SARIF 2.1.0 (OASIS Standard, https://docs.oasis-open.org/sarif/sarif/v2.1.0/).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final

from edgeproof.reports.faults import Fault, Place

__all__ = ["sarif_document"]

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif_document(found: Sequence[Fault]) -> str:
    """The text."""
    rules = {fault.property: fault.says or fault.property for fault in found}
    driver = {
        "name": "edgeproof",
        "version": version("edgeproof"),
        "rules": [{"id": rule, "shortDescription": {"text": says}} for rule, says in rules.items()],
    }
    results = [_result(fault, [*rules]) for fault in found]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _result(fault: Fault, rules: list[str]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": fault.property,
        "ruleIndex": rules.index(fault.property),
        "level": "warning" if fault.undecided else "error",
        "message": {"text": fault.message},
        "locations": [] if fault.place is None else [_location(fault.place)],
        "partialFingerprints": {"edgeproof/v1": fault.identity},
    }
    if fault.related is not None:
        result["relatedLocations"] = [{**_location(fault.related), "message": {"text": fault.relation}}]
    return result


def _location(place: Place) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": {"uri": place.uri}, "region": {"startLine": place.line}}}
