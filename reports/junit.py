# SPDX-License-Identifier: Apache-2.0
"""`junit.xml`: a case is a test suite, a property of it a test case.

A violation (or a contradiction between engines) is a failure, what is undecided or vacuous an error. A violation that
was expected passes; its output names the trace and how to replay it.
"""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree as xml

from edgeproof.properties.evidence import Evidence, Status
from edgeproof.reports.errors import one_line
from edgeproof.reports.view import Row, Sheet, View, says, standing

__all__ = ["junit_document"]

_FAILURES: Final = (Status.VIOLATED, Status.HOLDS_UNEXPECTEDLY, Status.CONTRADICTION, Status.WEAKER)
_OTHERWISE: Final = {Status.UNDECIDED: "error", Status.NOT_BY_RUNS: "skipped"}


def junit_document(view: View) -> str:
    """The XML text."""
    root = xml.Element("testsuites", name="edgeproof")
    for sheet in view.sheets:
        _suite(view, sheet, xml.SubElement(root, "testsuite"))
    _totals(root, list(root.iter("testcase")))
    xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(root, encoding="unicode") + "\n"


def _suite(view: View, sheet: Sheet, suite: xml.Element) -> None:
    suite.set("name", _clean(f"{sheet.case.design}: {sheet.case.name}"))
    properties = xml.SubElement(suite, "properties")
    for name, value in {"seed": view.ledger.seed, **sheet.case.constants}.items():
        xml.SubElement(properties, "property", name=_clean(name), value=_clean(value))
    for row in sheet.rows:
        _test(view, row, xml.SubElement(suite, "testcase"))
    _totals(suite, list(suite.iter("testcase")))


def _test(view: View, row: Row, test: xml.Element) -> None:
    conclusion = row.conclusion
    test.set("name", _clean(conclusion.property))
    test.set("classname", _clean(f"{conclusion.case.design}.{conclusion.case.name}"))
    test.set("time", f"{sum(finding.evidence.seconds for finding in row.findings):.3f}")
    kind = "failure" if conclusion.status in _FAILURES else _OTHERWISE.get(conclusion.status, "")
    output = _output(view, row)
    if kind:
        message = f"{conclusion.property}: {standing(conclusion)}"
        message += f" ({conclusion.reason})" if conclusion.reason else ""
        element = xml.SubElement(test, kind, message=_clean(message), type=str(conclusion.verdict))
        element.text = output
    xml.SubElement(test, "system-out").text = output


def _output(view: View, row: Row) -> str:
    """What is there to say, line by line; nothing that is said makes a line of its own."""
    lines = [says(row.conclusion.property)]
    lines += [_line(finding.evidence) for finding in row.findings]
    if row.shortest is not None and row.shortest.trace is not None:
        lines += [f"trace: {view.path(row.shortest.trace)}", f"replay: {view.replay(row.shortest.trace)}"]
    return "\n".join(_clean(line) for line in lines if line)


def _line(evidence: Evidence) -> str:
    details = "; ".join(part for part in (evidence.bound, *evidence.assumptions, evidence.reason) if part)
    return f"{evidence.engine}: {evidence.verdict}" + (f" ({details})" if details else "")


def _totals(element: xml.Element, tests: list[xml.Element]) -> None:
    element.set("tests", str(len(tests)))
    element.set("failures", str(sum(test.find("failure") is not None for test in tests)))
    element.set("errors", str(sum(test.find("error") is not None for test in tests)))
    element.set("time", f"{sum(float(test.get('time', 0)) for test in tests):.3f}")


def _clean(value: object) -> str:
    """One line of letters, all of which XML can hold."""
    return one_line(value)
