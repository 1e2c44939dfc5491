# SPDX-License-Identifier: Apache-2.0
"""Whatever a trace, a report, a design or a deployment says is letters wherever it is shown: it ends nothing that it
stands in, begins no line of its own, and moves no cursor.
"""

from __future__ import annotations

import ast
import io
import json
import re
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import pytest
from attrs import evolve
from rich.table import Table

from edgeproof.model.designs import load
from edgeproof.model.machine import Instance
from edgeproof.properties.evidence import Conclusion, Ledger
from edgeproof.reports.bundle import write_bundle
from edgeproof.reports.changes import trace_steps
from edgeproof.reports.consoles import open_terminal
from edgeproof.reports.difference import Change, Direction
from edgeproof.reports.faults import faults
from edgeproof.reports.markdown import markdown_document
from edgeproof.reports.matrix import print_sheet, print_summary
from edgeproof.reports.mermaid import sequence_diagram
from edgeproof.reports.regression import regression_test
from edgeproof.reports.sarif import sarif_document
from edgeproof.reports.view import View, arrange
from edgeproof.reports.workflow_commands import workflow_commands
from tests.reports import examples
from tests.reports.conftest import Keep, Run

HOSTILE: Final = (
    '\x1b[2J\x9b31m\u202e\u2066\x00\r\n::stop-commands::x\n# title\n<img src=x onerror=y>|`[a](http://b)`"""\'\\'
    "\n::error::%0A;#\ud800"
)
"""Escapes of terminals, turns of direction, ends of lines, tables, code and strings, and commands to CI."""


def rude() -> Conclusion:
    """A violation of which everything that is text says what is hostile."""
    one = next(one for one in examples.ledger().conclusions if one.case.name == "odd <&> one")
    found = evolve(one.evidence[0], bound=HOSTILE, assumptions=(HOSTILE,), reason=HOSTILE)
    case = evolve(one.case, name=HOSTILE, because=HOSTILE)
    return evolve(one, case=case, reason=HOSTILE, evidence=(found,))


def view(out: str = "out") -> View:
    return arrange(Ledger((rude(),), 0, 0.0), out)


def plain(text: str) -> None:
    """Letters and ends of lines, and no line that a CI system would obey."""
    assert text.replace("\n", "").isprintable()
    assert not [line for line in text.splitlines() if line.lstrip().startswith(("::stop", "::error::", "# title"))]


def outside_code(text: str) -> str:
    """Markdown without its code spans, in which nothing means anything."""
    return re.sub(r"`[^`\n]*`", "", text.replace("\\`", ""))


def test_a_terminal_shows_letters(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = open_terminal(False)
    for sheet in view().sheets:
        print_sheet(terminal.out, view(), sheet)
    print_summary(terminal.out, view())
    plain(capsys.readouterr().out)


def test_and_so_does_one_that_nobody_thought_of(capsys: pytest.CaptureFixture[str]) -> None:
    terminal, table = open_terminal(False), Table("\x1b[2J\u202e")
    table.add_row("\x9b31m\u2066")
    terminal.out.print(table)
    terminal.err.print("\x1b[2J\u202e")
    said = capsys.readouterr()
    assert (said.out + said.err).replace("\n", "").isprintable()


def test_the_pages_of_a_run_have_the_structure_that_they_have_anyway(tmp_path: Path) -> None:
    write_bundle(view(str(tmp_path)))
    for name in ("report.md", "cases.md"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        plain(text)
        assert "<img" not in outside_code(text)
        markdown = [line for line in text.splitlines() if "<summary>" not in line]  # in there is HTML alone
        assert not [line for line in markdown if "[a](" in outside_code(line)]
        columns = {line.count("|") - line.count("\\|") for line in text.splitlines() if line.startswith("| ")}
        assert len(columns) <= 1, "every row has as many cells"


def test_what_a_base_report_says_is_text_in_the_summary() -> None:
    change = Change(Direction.WEAKER, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    text = markdown_document(arrange(examples.good_ledger(), "out"), [change])
    plain(text)
    (line,) = [line for line in text.splitlines() if line.startswith("- ❌")]
    assert "<img" not in outside_code(line)
    assert "[a](" not in outside_code(line)
    assert line.replace("\\`", "").count("`") == 4, "a code span for the property, one for the engine"


def test_junit_holds_it_as_lines_that_were_there_anyway(tmp_path: Path) -> None:
    write_bundle(view(str(tmp_path)))
    root = ElementTree.fromstring((tmp_path / "junit.xml").read_text(encoding="utf-8"))
    texts = [part for one in root.iter() for part in (one.text or "", *one.attrib.values())]
    assert len([one.tag for one in root.iter("testcase")]) == 1
    for text in texts:
        plain(text)


def test_sarif_and_workflow_commands_say_it_in_one_line() -> None:
    (fault,) = faults(view())
    (result,) = json.loads(sarif_document([fault]))["runs"][0]["results"]
    plain(result["message"]["text"])
    (command,) = workflow_commands([evolve(fault, property=HOSTILE)])
    assert command.isprintable()
    assert command.startswith("::error file=")
    fields = command.removeprefix("::error ").partition("::")[0]
    assert fields.count("=") - fields.partition("title=")[2].count("=") == 3
    assert "%250A" in command, "a percent sign is one"


def test_a_deployment_that_no_file_describes_is_at_no_line_of_ours() -> None:
    (fault,) = faults(evolve(view(), placeless=True))
    (result,) = json.loads(sarif_document([fault]))["runs"][0]["results"]
    assert result["locations"] == []
    (command,) = workflow_commands([fault])
    assert command.startswith("::error title=")


def test_a_line_of_a_diagram_stays_one() -> None:
    trace = examples.overtaken()
    instance = Instance.of(load("do_kv"), **trace.constants)
    truth = [{HOSTILE: False} for _ in trace.states]
    steps = trace_steps(instance.machine, evolve(trace, about=HOSTILE), truth)
    ordinary = sequence_diagram(instance, trace, trace_steps(instance.machine, trace, [{trace.about: False}] * 5))
    diagram = sequence_diagram(instance, evolve(trace, about=HOSTILE), steps)
    assert diagram.count("\n") == ordinary.count("\n")
    assert diagram.replace("\n", "").isprintable()
    assert diagram.count(";") == diagram.count("#35;") + diagram.count("#59;") > 0


def test_a_note_in_a_trace_begins_no_line(cli: Run, keep: Keep) -> None:
    for note in ("::stop-commands::x", HOSTILE):
        path = keep_text(evolve(examples.overtaken(), note=note, origin=note), keep)
        plain(cli("show", path).out)


def keep_text(trace: Any, keep: Keep) -> str:
    """Half a surrogate pair can be written as JSON escapes it, and no other way."""
    path = keep(evolve(trace, note="", origin=""))
    document = json.loads(Path(path).read_text(encoding="utf-8"))
    document["#meta"] |= {"note": trace.note, "origin": trace.origin}
    Path(path).write_text(json.dumps(document), encoding="ascii")
    return path


def test_a_regression_test_has_no_code_but_ours() -> None:
    quiet = ast.parse(regression_test(evolve(examples.overtaken(), about=""), "model"))
    hostile = evolve(examples.overtaken(), about=HOSTILE, note=HOSTILE, origin=HOSTILE)
    loud = ast.parse(regression_test(hostile, "model"))
    assert [type(one) for one in ast.walk(loud)] == [type(one) for one in ast.walk(quiet)]


def test_a_document_for_programs_is_ascii() -> None:
    stream = io.StringIO()
    evolve(open_terminal(True), stream=stream).document({"said": HOSTILE})
    assert stream.getvalue().isascii()
    assert json.loads(stream.getvalue()) == {"said": HOSTILE}
